"""Two folders of results → which system is better, how sure that is, and where it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tevr.errors import UsageError
from tevr.evaluation.records import UTTERANCES, Record, read_records
from tevr.scoring.alignment import align, count
from tevr.scoring.normalisers import Normaliser
from tevr.scoring.rates import Rate, rate
from tevr.scoring.significance import (
    Difference,
    MatchedPairs,
    matched_pairs,
    paired_bootstrap,
)


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance of which two systems made something else.

    Attributes:
        name: of the utterance.
        reference: what was said.
        first: what the first system heard.
        second: what the second heard.
        gain: errors that the second has fewer; below 0 it has more.
    """

    name: str
    reference: str
    first: str
    second: str
    gain: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems on the same utterances.

    Attributes:
        names: of both folders.
        utterances: that both have scored.
        left_out: that only one has scored.
        rates: word error rates of both, on the same utterances.
        difference: the first rate less the second, by paired bootstrap.
        matched: the matched-pairs test.
        wins: utterances in which the second has fewer errors.
        losses: in which it has more.
        examples: where the difference is largest, gains first.
    """

    names: tuple[str, str]
    utterances: int
    left_out: int
    rates: tuple[Rate, Rate]
    difference: Difference
    matched: MatchedPairs
    wins: int
    losses: int
    examples: tuple[Example, ...]


def compare(first: Path, second: Path, normaliser: Normaliser, examples: int) -> Comparison:
    """Compare two folders of results.

    Args:
        first: the one that is compared with.
        second: the one that is judged.
        normaliser: by which errors are counted.
        examples: utterances to show of either kind.

    Raises:
        UsageError: a folder holds no results, or they share no utterance.
    """
    one, other = _scored(first), _scored(second)
    names = [name for name in one if name in other]
    for name in names:
        if one[name].reference != other[name].reference:
            cause = f"The utterance {name} has another reference in {second} than in {first}"
            raise UsageError(cause, "Compare results on the same data.")
    if not names:
        cause = f"{first} and {second} share no utterance"
        raise UsageError(cause, "Compare results on the same data.")
    pairs = [
        normaliser.pairs([(side[name].reference, side[name].hypothesis) for name in names])
        for side in (one, other)
    ]
    counts = [count(each) for each in pairs]
    wrong = [each[:, 1:].sum(axis=1) for each in counts]
    gains = wrong[0] - wrong[1]
    return Comparison(
        names=(str(first), str(second)),
        utterances=len(names),
        left_out=len(one.keys() ^ other.keys()),
        rates=(rate(counts[0]), rate(counts[1])),
        difference=paired_bootstrap(wrong[0], wrong[1], counts[0][:, :3].sum(axis=1)),
        matched=matched_pairs(align(pairs[0]), align(pairs[1])),
        wins=int((gains > 0).sum()),
        losses=int((gains < 0).sum()),
        examples=tuple(
            Example(
                names[place],
                one[names[place]].reference,
                " ".join(pairs[0][place][1]),
                " ".join(pairs[1][place][1]),
                int(gains[place]),
            )
            for place in _telling(gains.tolist(), examples)
        ),
    )


def _telling(gains: Sequence[int], most: int) -> list[int]:
    """Places of the largest gains, then of the largest losses."""
    order = np.argsort(-np.array(gains), kind="stable").tolist()
    wins = [place for place in order if gains[place] > 0][:most]
    losses = [place for place in reversed(order) if gains[place] < 0][:most]
    return wins + losses


def _scored(folder: Path) -> dict[str, Record]:
    """The scored records of a folder by their names."""
    if not (folder / UTTERANCES).is_file():
        cause = f"{folder} holds no results of an evaluation"
        raise UsageError(cause, "Name folders that tevr evaluate or tevr score -o has written.")
    return {
        record.name: record
        for record in read_records(folder / UTTERANCES)
        if record.problem is None
    }
