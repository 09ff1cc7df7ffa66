"""Errors of two systems on the same utterances → how sure it is that one is better.

The paired bootstrap draws utterances (Bisani and Ney 2004); the matched-pairs test compares the
stretches between words that both got right (Gillick and Cox 1989, as NIST's `sc_stats` does it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from tevr.errors import UsageError
from tevr.scoring.alignment import Step
from tevr.scoring.rates import QUANTILES, Ints, resampled

SEPARATING = 2
"""Words in a row that both systems have right, and that part two segments."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The rate of a first system less that of a second.

    Attributes:
        value: the difference; below 0 the first is better.
        interval: bounds that hold 95 % of the resamples.
        chance: how likely so large a difference were if there were none, two-sided, 0 to 1.
    """

    value: float
    interval: tuple[float, float]
    chance: float


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """What the matched-pairs test found.

    Attributes:
        segments: stretches with an error of either system.
        mean: errors of the first less those of the second, per segment.
        deviation: standard deviation of that.
        z: the mean over its standard error; about normal where the systems are equally good.
        chance: how likely so large a |z| were then, two-sided, 0 to 1.
    """

    segments: int
    mean: float
    deviation: float
    z: float
    chance: float


def paired_bootstrap(first: Ints, second: Ints, lengths: Ints) -> Difference:
    """Compare two systems by drawing utterances, the same for both.

    Args:
        first: (utterances,) errors of the first system.
        second: (utterances,) errors of the second.
        lengths: (utterances,) words of the references.

    Raises:
        UsageError: the references hold no words.
    """
    if not lengths.sum():
        raise UsageError("There are no words to compare on", "Give references with words.")
    drawn = resampled(np.stack([first - second, lengths], axis=1))
    drawn = drawn[drawn[:, 1] > 0]
    differences = drawn[:, 0] / drawn[:, 1]
    low, high = np.quantile(differences, QUANTILES)
    # One more on both sides: no number of draws proves that a chance is zero.
    tails = [(np.count_nonzero(each) + 1) / (len(differences) + 1) for each in _tails(differences)]
    value = float((first - second).sum() / lengths.sum())
    return Difference(value, (float(low), float(high)), float(min(1.0, 2 * min(tails))))


def _tails(differences: np.ndarray) -> Iterator[np.ndarray]:
    yield differences <= 0
    yield differences >= 0


def matched_pairs(
    first: Sequence[Sequence[Step]], second: Sequence[Sequence[Step]]
) -> MatchedPairs:
    """Compare two systems by the stretches between words that both have right.

    Args:
        first: alignments of the first system, utterance by utterance.
        second: those of the second, with the same references.
    """
    differences = np.array(
        [
            difference
            for one, other in zip(first, second, strict=True)
            for difference in _segments(one, other)
        ],
        np.float64,
    )
    if len(differences) < 2:  # noqa: PLR2004 - no deviation of fewer
        mean = float(differences.mean()) if len(differences) else 0.0
        return MatchedPairs(len(differences), mean, 0.0, 0.0, 1.0)
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    z = mean / (deviation / sqrt(len(differences))) if deviation else 0.0
    chance = erfc(abs(z) / sqrt(2))
    if not deviation and mean:  # every segment differs alike
        z, chance = float(np.copysign(np.inf, mean)), 0.0
    return MatchedPairs(len(differences), mean, deviation, z, chance)


def _segments(first: Sequence[Step], second: Sequence[Step]) -> Iterator[int]:
    """Errors of the first less those of the second, for each stretch with an error."""
    places = 1 + max([step.reference for step in first if step.reference is not None], default=-1)
    slots = zip(_errors(first, places), _errors(second, places), strict=True)
    difference, wrong, good = 0, False, 0
    for number, (one, other) in enumerate(slots):
        if one or other:
            difference, wrong, good = difference + one - other, True, 0
        elif number % 2:  # a word, right in both
            good += 1
        if good == SEPARATING and wrong:
            yield difference
            difference, wrong = 0, False
    if wrong:
        yield difference


def _errors(steps: Sequence[Step], places: int) -> list[int]:
    """Errors in each slot: before a word, at it, before the next, …, after the last."""
    errors = [0] * (2 * places + 1)
    passed = 0
    for step in steps:
        if step.reference is None:
            errors[2 * passed] += 1
        else:
            passed = step.reference + 1
            errors[2 * passed - 1] += not step.right
    return errors
