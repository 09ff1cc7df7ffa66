"""A back-off n-gram model as arrays: the form that estimating, pruning, mixing and writing share.

The n-grams of one length form a `Level`: an n-gram is the index of its first n−1 words (its
history) in the level below, and a word. So a model is a tree, and whatever is said about all
n-grams of one length is one operation on arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN, START, END = 0, 1, 2
"""Ids of `<unk>`, `<s>` and `</s>`; the vocabulary follows."""
MARKERS = ("<unk>", "<s>", "</s>")
NEVER = -99.0
"""log10 that models give to `<s>`, which is never foretold."""

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


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
        keys = level.history * len(self.words) + level.word
        wanted = np.where((history < 0) | (word < 0), -1, history * len(self.words) + word)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        if not len(keys):
            return np.full(len(wanted), -1, np.int64)
        return np.where(keys[at] == wanted, at, -1)

    def suffixes(self) -> list[Ids]:
        """For each level, the index in the level below of every n-gram without its first word."""
        found = [np.zeros(len(self.levels[0]), np.int64)]
        for index in range(1, self.order):
            level = self.levels[index]
            found.append(self.find(index - 1, found[-1][level.history], level.word))
        return found
