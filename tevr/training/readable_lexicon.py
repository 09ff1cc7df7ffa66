"""Labelled sentences → counts of how words are written → the lexicon that a labeller reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tevr.readable.labels import AS_LISTED, CAPITAL, LOWER, SENTENCE_END, UPPER, case_of, fold
from tevr.readable.lexicon import COLUMNS, STEPS, Lexicon
from tevr.training.readable_text import Labelled

LARGEST = 150_000
"""Words of a lexicon."""
RAREST = 2
"""Times that a word of it was counted."""

_PRIOR = 0.4
"""Added to every count, so that what was never seen is unlikely and not impossible."""


class WordCounts:
    """Counts how words are written; capitals at the start of a sentence tell nothing."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.cases: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self._written: Counter[str] = Counter()

    def add(self, sentence: Iterable[Labelled]) -> None:
        """Count the words of a sentence."""
        starts = True
        for written, mark in sentence:
            word = fold(written)
            self.words[word] += 1
            case = case_of(written)
            if not starts:
                self.cases[word][case] += 1
            if "ß" in written:
                self._written[written.lower()] += 1
            if case == AS_LISTED:
                self._written[written] += 1
            starts = mark in SENTENCE_END or mark == ":"

    def lexicon(self, size: int = LARGEST) -> Lexicon:
        """Return what was counted of the most frequent words."""
        ordered = sorted(self.words.items(), key=lambda item: (-item[1], item[0]))
        kept = [word for word, count in ordered[:size] if count >= RAREST]
        sharp, listed = self._forms(set(kept))
        odds = np.array([self._row(word, sharp.get(word)) for word in kept], np.float64)
        odds = odds.reshape(len(kept), COLUMNS)
        steps = np.clip(np.rint(STEPS * odds), -127, 127).astype(np.int8)
        return Lexicon({word: rank for rank, word in enumerate(kept)}, steps, sharp, listed)

    def _forms(self, kept: set[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the most frequent form with ß of each word, and the most frequent mixed one."""
        sharp: dict[str, str] = {}
        listed: dict[str, str] = {}
        for form, _ in sorted(self._written.items(), key=lambda item: (-item[1], item[0])):
            word = fold(form)
            if word in kept:
                (sharp if form == form.lower() else listed).setdefault(word, form)
        return sharp, listed

    def _row(self, word: str, sharp: str | None) -> list[float]:
        cases, total = self.cases[word], self.words[word]
        lower, capital, upper, listed = (cases[case] + _PRIOR for case in _ORDER)
        with_sharp = (self._written[sharp] if sharp else 0) + _PRIOR
        return [
            np.log(capital / lower),
            np.log(upper / (lower + capital)),
            np.log(listed / (lower + capital + upper)),
            np.log(with_sharp / (total - with_sharp + 2 * _PRIOR)) if "ss" in word else 0.0,
            np.log(total) / 2,  # within the range of an int8
        ]


_ORDER = (LOWER, CAPITAL, UPPER, AS_LISTED)


def seen_cases(counts: WordCounts, words: Iterable[str]) -> NDArray[np.int64]:
    """Return how often words were counted within sentences, (words,)."""
    return np.array([sum(counts.cases[word]) if word in counts.cases else 0 for word in words])
