"""Records of utterances → all that is found out about them, for the summary and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tevr.evaluation.groups import Group, by_groups
from tevr.evaluation.leaks import Leaks
from tevr.evaluation.records import Record
from tevr.evaluation.sentence_scores import source
from tevr.scoring.alignment import SCLITE, Step, align, count
from tevr.scoring.error_classes import Knowledge, WordError, classify
from tevr.scoring.normalisers import NORMALISERS, Normaliser, get_normaliser
from tevr.scoring.rates import Ints, Rate, rate

Pair = tuple[list[str], list[str]]


@dataclass(frozen=True, slots=True)
class Rates:
    """The error rates by one normaliser.

    Attributes:
        words: the word error rate.
        letters: the character error rate; the spaces between words are letters, too.
        sclite: the word error rate with the alignments of NIST's tool.
    """

    words: Rate
    letters: Rate
    sclite: Rate


@dataclass(frozen=True, slots=True)
class Findings:
    """What is found out.

    Attributes:
        normaliser: the chosen one, by which everything but `rates` is told.
        records: those that were scored.
        problems: those that were not.
        pairs: words of reference and hypothesis of each.
        steps: their alignments.
        counts: (utterances, 4) their words, see `tevr.scoring.alignment.Counts`.
        rates: by the name of each normaliser.
        errors: errors of each utterance with their classes.
        groups: word error rates of groups, by what they are told apart by.
        sources: utterances by which model made something else of them (see `SOURCES`).
        leaks: references that were learnt; None if nobody looked.
    """

    normaliser: Normaliser
    records: tuple[Record, ...]
    problems: tuple[Record, ...]
    pairs: Sequence[Pair]
    steps: Sequence[Sequence[Step]]
    counts: Ints
    rates: Mapping[str, Rates]
    errors: Sequence[Sequence[WordError]]
    groups: Mapping[str, Sequence[Group]]
    sources: Mapping[str, int]
    leaks: Leaks | None = None

    def worst(self, most: int) -> list[int]:
        """Places of the utterances with the most errors, worst first; none without errors."""
        wrong = self.counts[:, 1:].sum(axis=1)
        words = self.counts[:, :3].sum(axis=1)
        ranked = np.lexsort((-wrong / np.maximum(words, 1), -wrong))
        return [place for place in ranked.tolist() if wrong[place]][:most]

    def rate_of(self, names: Container[str]) -> Rate:
        """The word error rate of some utterances."""
        kept = [place for place, record in enumerate(self.records) if record.name in names]
        return rate(self.counts[np.array(kept, np.intp)])


def find_out(
    records: Sequence[Record],
    normaliser: Normaliser,
    *,
    known: Container[str] | None = None,
    leaks: Leaks | None = None,
) -> Findings:
    """Count, align, classify and group.

    Args:
        records: of all utterances.
        normaliser: the one by which errors are told.
        known: words of the language model, which tell names.
        leaks: what `find_leaks` found.
    """
    scored = tuple(record for record in records if record.problem is None)
    texts = [(record.reference, record.hypothesis) for record in scored]
    pairs = normaliser.pairs(texts)
    steps, counts = align(pairs), count(pairs)
    errors = [
        tuple(classify(each, *pair, Knowledge(_capitals(record, pair[0], normaliser), known)))
        for each, pair, record in zip(steps, pairs, scored, strict=True)
    ]
    sources = Counter(
        source(record.said, record.heard)
        for record, wrong in zip(scored, errors, strict=True)
        if wrong and record.said and record.heard
    )
    eszett = normaliser.eszett
    return Findings(
        normaliser=normaliser,
        records=scored,
        problems=tuple(record for record in records if record.problem is not None),
        pairs=pairs,
        steps=steps,
        counts=counts,
        rates={name: _rates(get_normaliser(name, eszett=eszett), texts) for name in NORMALISERS},
        errors=errors,
        groups=by_groups(scored, counts),
        sources=dict(sources),
        leaks=leaks,
    )


def _rates(normaliser: Normaliser, texts: Sequence[tuple[str, str]]) -> Rates:
    pairs = normaliser.pairs(texts)
    letters = [(" ".join(reference), " ".join(heard)) for reference, heard in pairs]
    return Rates(rate(count(pairs)), rate(count(letters)), rate(count(pairs, SCLITE)))


def _capitals(record: Record, words: Sequence[str], normaliser: Normaliser) -> list[bool]:
    """Whether each word is written with a capital; nothing where numbers were read out."""
    found = [
        (word, token.lstrip("„“\"'(»«")[:1].isupper())
        for token in record.reference.split()
        for word in normaliser.words(token)
    ]
    return [capital for _, capital in found] if [word for word, _ in found] == list(words) else []
