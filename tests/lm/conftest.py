"""Small language models that are trained on the spot, and what they say, spelt out slowly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.lm.backoff import MARKERS, START, UNKNOWN, BackoffModel
from tevr.lm.closure import Rows, closed

NGram = tuple[str, ...]


@dataclass(frozen=True)
class Trained:
    """A model and how often its n-grams occur in its text, by level."""

    model: BackoffModel
    counts: list[NDArray[np.int64]]


@dataclass(frozen=True)
class Spelt:
    """A model as dictionaries; foretells by the definition of backing off, word by word."""

    words: list[str]
    log10: dict[NGram, float]
    back_off: dict[NGram, float]

    def probability(self, ngram: NGram) -> float:
        """Probability of the last word after the others; 0 for a word the model has not."""
        if ngram in self.log10:
            return float(10 ** self.log10[ngram])
        if len(ngram) == 1:
            return 0.0
        return float(10 ** self.back_off.get(ngram[:-1], 0.0)) * self.probability(ngram[1:])

    def total(self, history: NGram) -> float:
        """Sum of the probabilities of all words after a history."""
        return sum(self.probability((*history, word)) for word in self.words)


def spelt_ngrams(model: BackoffModel) -> list[list[NGram]]:
    """The n-grams of each level as words."""
    levels: list[list[NGram]] = []
    for level in model.levels:
        histories = levels[-1] if levels else [()]
        pairs = zip(level.history, level.word, strict=True)
        levels.append([(*histories[history], model.words[word]) for history, word in pairs])
    return levels


def spell(model: BackoffModel) -> Spelt:
    log10: dict[NGram, float] = {}
    back_off: dict[NGram, float] = {}
    for level, ngrams in zip(model.levels, spelt_ngrams(model), strict=True):
        log10 |= dict(zip(ngrams, level.log10.astype(float).tolist(), strict=True))
        back_off |= dict(zip(ngrams, level.back_off.astype(float).tolist(), strict=True))
    return Spelt(list(model.words), log10, back_off)


def train(lines: list[str], order: int = 3, discount: float = 0.5) -> Trained:
    """Interpolated absolute discounting: small, and not what the package estimates with."""
    sentences = [("<s>", *line.split(), "</s>") for line in lines]
    counts = Counter(
        sentence[start : start + length]
        for sentence in sentences
        for length in range(1, order + 1)
        for start in range(len(sentence) - length + 1)
    )
    words = list(dict.fromkeys((*MARKERS, *(word for line in sentences for word in line))))
    after: dict[NGram, list[int]] = {}
    for ngram, count in counts.items():
        if ngram != ("<s>",):
            after.setdefault(ngram[:-1], []).append(count)

    def probability(ngram: NGram) -> float:
        seen = after[ngram[:-1]]
        shorter = probability(ngram[1:]) if len(ngram) > 1 else 1 / (len(words) - 1)
        freed = discount * len(seen) / sum(seen)
        return float(max(counts[ngram] - discount, 0) / sum(seen) + freed * shorter)

    sections = []
    for length in range(1, order + 1):
        ngrams = [ngram for ngram in counts if len(ngram) == length]
        if length == 1:
            ngrams = [(word,) for word in words]
        ids = np.array([[words.index(word) for word in ngram] for ngram in ngrams], np.int32)
        log10 = np.log10([probability(ngram) for ngram in ngrams])
        seen = [after.get(ngram, [1]) for ngram in ngrams]
        weights = [
            np.log10(discount * len(s) / sum(s)) if ngram in after else 0.0
            for s, ngram in zip(seen, ngrams, strict=True)
        ]
        rows = Rows(
            ids.reshape(-1, length), log10.astype(np.float32), np.array(weights, np.float32)
        )
        sections.append(rows)
    sections[0].log10[START] = -99
    model = closed(words, [rows for rows in sections if len(rows.ids)], "text")
    found = [np.array([counts[ngram] for ngram in level]) for level in spelt_ngrams(model)]
    found[0][UNKNOWN] = 0
    return Trained(model, found)


@dataclass(frozen=True)
class Small:
    """The tools of this file, for tests to take as one fixture."""

    train: Callable[..., Trained] = train
    spell: Callable[[BackoffModel], Spelt] = spell
    ngrams: Callable[[BackoffModel], list[list[NGram]]] = spelt_ngrams


@pytest.fixture(scope="session")
def small() -> Small:
    """Training and spelling out of small models."""
    return Small()
