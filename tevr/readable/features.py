"""A word as it is said → the numbers that the labeller's network reads for it."""

from __future__ import annotations

from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tevr.readable.lexicon import CAPITAL_ODDS, FREQUENCY, LISTED_ODDS, UPPER_ODDS, Lexicon

EMBEDDED: Final = 60_000
"""Most frequent words that have vectors of their own; 0 is the vector of all others."""
BUCKETS: Final = (4096, 16384, 4096)
"""Vectors shared by words with like checksums of the last 3, the last 5, the first 3 letters."""
IDS: Final = 1 + len(BUCKETS)
WORD_NUMBERS: Final = 8
"""Numbers that tell of a word: known, odds of its cases and of ß, frequency, ss, length."""
PAUSE_NUMBERS: Final = 3
"""Numbers that tell of what follows a word: whether a pause is known, how long, the end of all."""
NUMBERS: Final = WORD_NUMBERS + PAUSE_NUMBERS

_SCALE = 4.0  # log odds to numbers about 1
_LONGEST_PAUSE = 3.0  # seconds; longer ones tell no more
_CACHED = 200_000  # words


class WordFeatures:
    """Numbers of words by a lexicon; words met before are remembered."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._cache: dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]] = {}

    def __call__(self, words: list[str]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return ids (words, IDS) and numbers (words, WORD_NUMBERS)."""
        if len(self._cache) > _CACHED:
            self._cache.clear()
        rows = [self._cache.get(word) or self._remember(word) for word in words]
        ids = np.array([row[0] for row in rows], np.int32).reshape(-1, IDS)
        numbers = np.array([row[1] for row in rows], np.float32).reshape(-1, WORD_NUMBERS)
        return ids, numbers

    def _remember(self, word: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        row = self._cache[word] = self.of(word)
        return row

    def of(self, word: str, *, known: bool = True) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return ids (IDS,) and numbers (WORD_NUMBERS,) of a word in lower case and with ss.

        Args:
            word: the word.
            known: whether the lexicon may be asked for it; else it is read as an unknown one.
        """
        lexicon = self.lexicon
        known = known and word in lexicon.ranks
        source = word if known else lexicon.head(word)
        rank = lexicon.ranks[source] if source is not None else EMBEDDED
        if rank >= EMBEDDED and known:
            source_head = lexicon.head(word)
            rank = EMBEDDED if source_head is None else lexicon.ranks[source_head]
        ids = [rank + 1 if rank < EMBEDDED else 0]
        parts = (word[-3:], word[-5:], "^" + word[:3])
        ids += [crc32(part.encode()) % size for part, size in zip(parts, BUCKETS, strict=True)]
        numbers = np.zeros(WORD_NUMBERS, np.float32)
        if source is not None:
            odds = lexicon.row(source)
            numbers[1:4] = odds[[CAPITAL_ODDS, UPPER_ODDS, LISTED_ODDS]] / _SCALE
            numbers[5] = odds[FREQUENCY] / _SCALE
        numbers[0] = known
        numbers[4] = lexicon.spelt_sharp(word, known=known)[1] / _SCALE
        numbers[6] = "ss" in word
        numbers[7] = len(word) / 10
        return np.array(ids, np.int32), numbers


def pause_numbers(pauses: NDArray[np.float32], ends: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return numbers (words, PAUSE_NUMBERS) of what follows words.

    Args:
        pauses: seconds until the next word, (words,); NaN where nobody knows.
        ends: whether nothing follows at all, (words,).
    """
    known = ~np.isnan(pauses)
    length = np.log1p(10 * np.clip(np.nan_to_num(pauses), 0, _LONGEST_PAUSE)) / 2
    return np.stack([known, np.where(known, length, 0), ends], axis=-1).astype(np.float32)
