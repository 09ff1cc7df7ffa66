"""A back-off n-gram model as arrays: the form that estimating, pruning, mixing and writing share.

The n-grams of one length form a `Level`: an n-gram is the index of its first n−1 words (its
history) in the level below, and a word. So a model is a tree, and whatever is said about all
n-grams of one length is one operation on arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray

UNKNOWN, START, END = 0, 1, 2
"""Ids of `<unk>`, `<s>` and `</s>`; the vocabulary follows."""
MARKERS = ("<unk>", "<s>", "</s>")
NEVER = -99.0
"""log10 that models give to `<s>`, which is never foretold."""
LEAST = 1e-9
"""Smallest mass taken to be left to the back-off, against division by zero."""
LN10 = log(10)

Ids = NDArray[np.signedinteger]
"""Indices and ids; int32 where they fit, since models hold many."""
Floats = NDArray[np.float32]
Sums = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """All n-grams of one length n; arrays (n-grams,), sorted by history and then word, unique."""

    history: Ids
    """Index of the first n−1 words in the level below; 0 for single words."""
    word: Ids
    """Id of the last word; for single words 0, 1, 2, … without a gap."""
    log10: Floats
    """log10 of the probability of the word after the history."""
    back_off: Floats
    """log10 of the back-off weight that longer n-grams with this history use; 0 at the top."""

    def __len__(self) -> int:
        return len(self.word)


@dataclass(frozen=True)
class BackoffModel:
    """An n-gram model: words and one level for each length.

    Every n-gram's history and its suffix (all words but the first) are in the level below.

    Attributes:
        words: `MARKERS`, then the vocabulary; an id is an index here.
        levels: from single words to the longest n-grams.
    """

    words: Sequence[str]
    levels: Sequence[Level]

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self.levels)

    @property
    def sizes(self) -> list[int]:
        """Number of n-grams by length."""
        return [len(level) for level in self.levels]

    def find(self, index: int, history: Ids, word: Ids) -> Ids:
        """Index of n-grams in `levels[index]`, −1 for those the model has not.

        Args:
            index: 0 for single words, 1 for pairs, …
            history: (n-grams,) indices in the level below; −1 finds nothing.
            word: (n-grams,) ids; −1 finds nothing.
        """
        if index == 0:
            return word
        level = self.levels[index]
        keys = self._keys(level.history, level.word)
        wanted = np.where((history < 0) | (word < 0), -1, self._keys(history, word))
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        if not len(keys):
            return np.full(len(wanted), -1, np.int64)
        return np.where(keys[at] == wanted, at, -1)

    def _keys(self, history: Ids, word: Ids) -> NDArray[np.int64]:
        """Return one number for each n-gram, in the order of its level."""
        # In int64, since the product goes beyond int32.
        return history.astype(np.int64) * len(self.words) + word

    def suffixes(self) -> list[Ids]:
        """For each level, the index in the level below of every n-gram without its first word."""
        found: list[Ids] = [np.zeros(len(self.levels[0]), np.int64)]
        for index in range(1, self.order):
            level = self.levels[index]
            found.append(self.find(index - 1, found[-1][level.history], level.word))
        return found


def balanced(words: Sequence[str], levels: Sequence[Level]) -> BackoffModel:
    """Return a model with the back-offs that let the probabilities after each history sum to 1.

    Args:
        words: as in `BackoffModel`.
        levels: closed as there; their back-offs are not looked at.
    """
    model = BackoffModel(words, levels)
    suffixes = model.suffixes()
    sums: Sums = np.array([power(levels[0].log10).sum()])  # of the histories one word shorter
    weighed = []
    for level, above, suffix, longer in zip(
        levels, [*levels[1:], None], suffixes, [*suffixes[1:], None], strict=True
    ):
        back_off = np.zeros(len(level), np.float32)
        if above is not None and longer is not None:
            listed = _listed(above.history, above.log10, len(level))
            shorter = _listed(above.history, level.log10[longer], len(level))
            # What rounding made of a sum at or beyond 1 still needs a logarithm.
            left = np.maximum(1 - listed, LEAST)
            below = np.maximum(sums[suffix] - shorter, LEAST)
            back_off = np.where(listed > 0, np.log10(left / below), 0.0).astype(np.float32)
            sums = listed + power(back_off) * below
        weighed.append(replace(level, back_off=back_off))
    return BackoffModel(words, weighed)


def totals(model: BackoffModel) -> list[Sums]:
    """Return, for each level, the sum of all probabilities after its n-grams, as the model is.

    1 for sound models; other tools' rounding and KenLM's quantised binaries are off by a little.
    The first array is that of the empty history, (1,); the others are (n-grams,).
    """
    suffixes = model.suffixes()
    sums: list[Sums] = [np.array([power(model.levels[0].log10).sum()])]
    for index in range(model.order - 1):
        level, above = model.levels[index], model.levels[index + 1]
        listed = _listed(above.history, above.log10, len(level))
        shorter = _listed(above.history, level.log10[suffixes[index + 1]], len(level))
        below = np.maximum(sums[-1][suffixes[index]] - shorter, LEAST)
        sums.append(listed + power(level.back_off) * below)
    return sums


def normalised(model: BackoffModel, tolerance: float = 1e-6) -> BackoffModel:
    """Return a model whose probabilities sum to 1: each history's are divided by their sum.

    Args:
        model: returned as it is where no sum is further from 1 than the tolerance.
        tolerance: as a share.
    """
    every = totals(model)
    if all((np.abs(sums - 1) <= tolerance).all() for sums in every):
        return model
    levels = []
    for level, sums in zip(model.levels, every, strict=True):
        scale = np.log10(np.maximum(sums, LEAST))[level.history]
        levels.append(replace(level, log10=(level.log10 - scale).astype(np.float32)))
    return balanced(model.words, levels)


def _listed(history: Ids, log10: Floats, histories: int) -> Sums:
    """Return the sum of the probabilities that n-grams have, by history, (histories,)."""
    return np.bincount(history, power(log10), histories).astype(np.float64, copy=False)


def power(log10: Floats | Sums) -> Sums:
    """Return probabilities in double precision, as sums of many need it."""
    return np.exp(log10.astype(np.float64) * LN10)


def scores(model: BackoffModel, sentences: Sequence[Sequence[int]]) -> Sums:
    """Return log10 of the probability of every word and sentence end, (words + sentences,).

    Args:
        model: the n-grams.
        sentences: ids of words, without markers of the borders. −1 is a word that the model
            cannot foretell: it scores −∞, and n-grams do not reach over it.
    """
    text = np.array([at for ids in sentences for at in (START, *ids, END)], np.int64)  # (tokens,)
    ending = text  # index, in its level, of the n-gram that ends here; −1 for none
    log10: Sums = np.where(text < 0, -np.inf, model.levels[0].log10[text].astype(np.float64))
    for index in range(1, model.order):
        below, level = model.levels[index - 1], model.levels[index]
        history = np.where(text == START, -1, np.roll(ending, 1))
        ending = model.find(index, history, text)
        backed_off = log10 + np.where(history < 0, 0.0, below.back_off[history])
        log10 = np.where(ending < 0, backed_off, level.log10[ending] if len(level) else 0.0)
    scored: Sums = log10[text != START]
    return scored
