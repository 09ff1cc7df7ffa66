"""The counted n-grams of one length → those a model keeps, and what is taken from their counts."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from tevr.lm.backoff import START, UNKNOWN, Ids, Sums
from tevr.lm.counts import CountedLevel
from tevr.lm.scratch import Column

_COUNTS = 5
"""Counts from 0 that discounts are estimated from."""


@dataclass(frozen=True)
class Discounts:
    """What is taken from the counts of n-grams of one length."""

    one: float
    two: float
    more: float

    def taken(self, counts: Ids | Sums) -> Sums:
        """Return what is taken from each count."""
        table = np.array([0.0, self.one, self.two, self.more])
        return table[np.minimum(counts, 3).astype(np.int8)]


FALLBACK = Discounts(0.5, 1.0, 1.5)
"""For texts too small or too odd to estimate discounts from; those of KenLM's lmplz."""


@dataclass(frozen=True)
class Selection:
    """What a model keeps of one length.

    Attributes:
        numbers: (counted n-grams,) index in the model; −1 for what is dropped, and for `<unk>`,
            which no longer n-gram holds.
        kept: number of n-grams in the model.
        discounts: what is taken from counts.
    """

    numbers: Column
    kept: int
    discounts: Discounts

    def at(self, ordered: Ids) -> Ids:
        """Return the numbers at some places, which ascend."""
        if not len(ordered):
            return ordered
        first = int(ordered[0])
        found: Ids = self.numbers.read(first, int(ordered[-1]) + 1)[ordered - first]
        return found

    def renumbered(self, places: Ids, stretch: int) -> Ids:
        """Return the numbers at any places, looking at so many of them at a time."""
        result = np.empty_like(places)
        for start in range(0, len(self.numbers), stretch):
            table = self.numbers.read(start, start + stretch)
            inside = np.flatnonzero((places >= start) & (places < start + stretch))
            result[inside] = table[places[inside] - start]
        return result


def select_words(level: CountedLevel, words: int, numbers: Column) -> Selection:
    """Select single words: those of the vocabulary, which keep their ids.

    Args:
        level: the counted words.
        words: ids from here on are dropped.
        numbers: an empty column, to be filled.
    """
    adjusted = level.adjusted.read()
    adjusted[[UNKNOWN, START]] = 0
    ids = np.arange(len(level))
    numbers.append(np.where((ids == UNKNOWN) | (ids >= words), -1, ids))
    return Selection(numbers, words, discounts(_times(adjusted)))


def select(
    level: CountedLevel, below: Selection, words: int, cut_off: int, numbers: Column, rows: int
) -> Selection:
    """Select longer n-grams: those of known words that occur more often than the cut-off.

    Args:
        level: the counted n-grams.
        below: what was selected one word shorter.
        words: ids from here on are of unknown words, as is 0.
        cut_off: n-grams that occur so often or less are dropped.
        numbers: an empty column, to be filled.
        rows: n-grams handled at a time.
    """
    kept = 0
    times = np.zeros(_COUNTS, np.int64)
    for start in range(0, len(level), rows):
        span = (start, start + rows)
        word = level.word.read(*span)
        keep = (below.at(level.history.read(*span)) >= 0) & (level.count.read(*span) > cut_off)
        keep &= (word != UNKNOWN) & (word < words)
        # What is dropped was seen all the same, and tells how rare n-grams are.
        times += _times(level.adjusted.read(*span))
        numbers.append(np.where(keep, np.cumsum(keep) + (kept - 1), -1))
        kept += int(keep.sum())
    return Selection(numbers, kept, discounts(times))


def discounts(times: NDArray[np.int64]) -> Discounts:
    """Return what is taken from counts (Chen and Goodman, equation 26).

    Args:
        times: how many n-grams have a count of 0, 1, 2, 3 and 4.
    """
    _, one, two, three, four = (float(number) for number in times)
    if one and two and three:
        share = one / (one + 2 * two)
        found = Discounts(
            1 - 2 * share * two / one, 2 - 3 * share * three / two, 3 - 4 * share * four / three
        )
        if all(0 <= taken <= count for count, taken in enumerate(astuple(found), 1)):
            return found
    return FALLBACK


def _times(counts: Ids) -> NDArray[np.int64]:
    """Return how many n-grams have a count of 0, 1, 2, 3 and 4."""
    return np.bincount(counts[counts < _COUNTS], minlength=_COUNTS)
