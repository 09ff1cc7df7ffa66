"""Normalised sentences → how often every n-gram occurs, for every length, on disk.

An n-gram is a number, its index among the n-grams of its length. The text is read once for each
length: with the number of the n-gram that ends before each word, the n-grams one word longer are
pairs of a number and a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from tevr.errors import UsageError
from tevr.lm.backoff import START
from tevr.lm.pieces import Numbers, Pieces, boundaries, tally
from tevr.lm.scratch import Column
from tevr.lm.token_ids import OWN_BYTES, WORD_BYTES, Tokens, Vocabulary, write_tokens

LONGEST = 6
"""Longest n-grams: what KenLM reads, as it is usually built."""
MEMORY = 2_000_000_000
"""Bytes of memory that counting and estimating keep to, by default."""
LEAST_MEMORY = 200_000_000
"""Least memory that can be kept to: Python with its packages takes a part of it."""
ROW_BYTES = 160
"""Memory for one row while it is sorted, with everything made of it."""
MOST_ROWS = 2_000_000
"""Rows read or sorted at a time, at most: larger pieces are not faster."""
MOST_PIECES = 250
"""Pieces of the text, so long as they fit into memory."""

Progress = Callable[[str, float], None]
"""Called with what is being done and which share of it is done, 0 to 1."""


def no_progress(step: str, share: float) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class CountOptions:
    """What is counted and in how much memory.

    Attributes:
        order: words of the longest n-grams, 1 to 6.
        vocabulary: which words are known.
        memory: bytes the whole process may take.
        rows: words or n-grams handled at a time; None for what fits into the memory.
    """

    order: int = 3
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    memory: int = MEMORY
    rows: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.order <= LONGEST:
            cause = f"n-grams of {self.order} words cannot be counted"
            raise UsageError(cause, f"Choose 1 to {LONGEST}.")
        if self.memory < LEAST_MEMORY:
            cause = f"{self.memory / 1e6:g} MB of memory are too few"
            raise UsageError(cause, f"Allow {LEAST_MEMORY / 1e6:g} MB or more.")
        if self.rows is not None and self.rows < 1:
            raise UsageError(f"{self.rows} rows cannot be handled at a time", "Give 1 or more.")

    def spare(self, types: int) -> int:
        """Return the bytes that are left beside a vocabulary of so many words."""
        return self.memory - OWN_BYTES - WORD_BYTES * types


@dataclass(frozen=True)
class CountedLevel:
    """All n-grams of one length; columns (n-grams,), sorted by history and then word, unique."""

    history: Column
    """Index of the first n−1 words in the level below; 0 for single words."""
    word: Column
    """Id of the last word."""
    suffix: Column
    """Index of the last n−1 words in the level below; 0 for single words."""
    count: Column
    """How often it occurs."""
    adjusted: Column
    """How many different words stand before it, which is what Kneser–Ney takes for its count;
    how often it occurs at the top and at the start of a sentence, where no word stands before."""

    def __len__(self) -> int:
        return len(self.word)


@dataclass(frozen=True)
class Counts:
    """The n-grams of a text, in files of the folder they were counted in.

    Attributes:
        words: `MARKERS` and the vocabulary.
        levels: from single words to the longest n-grams. Ids of `len(words)` and more are words
            outside the vocabulary.
        sentences: number of sentences.
        tokens: number of words, markers not counted.
        rows: n-grams that may be handled at a time.
    """

    words: list[str]
    levels: list[CountedLevel]
    sentences: int
    tokens: int
    rows: int


def count(
    sentences: Iterable[str],
    folder: Path,
    options: CountOptions = CountOptions(),
    progress: Progress = no_progress,
) -> Counts:
    """Count the n-grams of normalised sentences.

    Args:
        sentences: words parted by spaces; gone through once.
        folder: an empty folder with room for about 60 bytes for each word of the text and 24 for
            each different n-gram.
        options: what is counted.
        progress: told of every step.

    Raises:
        ModelError: the text holds no words, or more different ones than the memory allows.
        OutputError: the disk is full.
    """
    progress("reading", 0.0)
    text = write_tokens(sentences, folder, options.vocabulary, options.memory)
    progress("reading", 1.0)
    # Small numbers take half the memory and time; no level has more n-grams than the text words.
    largest = max(len(text.ids), text.types)
    dtype = np.int32 if largest < np.iinfo(np.int32).max else np.int64
    tokens = len(text.ids) - 2 * text.sentences
    counter = _Counter(text, folder, options, dtype, progress)
    levels = counter.levels()
    text.ids.remove()
    return Counts(text.words, levels, text.sentences, tokens, counter.rows)


@dataclass(frozen=True)
class _Counter:
    """The text, and what is needed to count it."""

    text: Tokens
    folder: Path
    options: CountOptions
    dtype: DTypeLike
    progress: Progress

    @property
    def rows(self) -> int:
        """Rows read at a time."""
        return min(self.piece, self.options.rows or MOST_ROWS)

    @property
    def piece(self) -> int:
        """Pairs sorted at a time."""
        fitting = max(self.options.spare(self.text.types) // 2 // ROW_BYTES, 1)
        enough = max(MOST_ROWS, len(self.text.ids) // MOST_PIECES)
        return self.options.rows or min(fitting, enough)

    def levels(self) -> list[CountedLevel]:
        """Count all lengths, from the shortest."""
        levels = [self._single()]
        ending = self.text.ids  # (tokens,): the n-gram that ends here, −1 for none
        for index in range(1, self.options.order):
            last = index + 1 == self.options.order
            step = f"counting {index + 1}-grams"
            pieces = self._deal(ending, levels, step)
            level = self._columns(index)
            for done, piece in enumerate(pieces.pieces, 1):
                found = piece.sort(self.text.types, len(level), keep=not last)
                for column, values in (
                    (level.history, found.history),
                    (level.word, found.word),
                    (level.suffix, found.suffix),
                    (level.count, found.count),
                ):
                    column.append(values)
                self.progress(step, (1 + done / len(pieces.pieces)) / 2)
            if index > 1:
                ending.remove()
            if not last:
                ending = self._endings(pieces, index)
            self._adjust(levels[-1], level)
            levels.append(level)
        for block in levels[-1].count.blocks(self.rows):
            levels[-1].adjusted.append(block)
        return levels

    def _columns(self, index: int) -> CountedLevel:
        """Return an empty level."""
        names = ("history", "word", "suffix", "count", "adjusted")
        return CountedLevel(
            *(Column(self.folder / f"{index + 1}-{name}", self.dtype) for name in names)
        )

    def _single(self) -> CountedLevel:
        """Return the single words."""
        counts = np.zeros(self.text.types, np.int64)
        for block in self.text.ids.blocks(self.rows):
            counts += np.bincount(block, minlength=len(counts))
        level = self._columns(0)
        level.history.append(np.zeros(len(counts)))
        level.word.append(np.arange(len(counts)))
        level.suffix.append(np.zeros(len(counts)))
        level.count.append(counts)
        return level

    def _deal(self, ending: Column, levels: list[CountedLevel], step: str) -> Pieces:
        """Part the pairs of n-gram and following word into pieces that fit into memory."""
        tokens, most = len(self.text.ids), self.piece
        words = levels[0].count.read().astype(np.int64)
        begins = boundaries(levels[-1].count, words, most, self.rows)
        pieces = Pieces(self.folder, begins, self.text.types, self.dtype)
        for start in range(0, tokens, most):
            pieces.deal(self._pairs(ending, start, start + most))
            self.progress(step, min((start + most) / tokens, 1.0) / 2)
        return pieces

    def _pairs(self, ending: Column, start: int, stop: int) -> Numbers:
        """Return history, word, suffix and place of the pairs in a stretch of the text."""
        word = self.text.ids.read(start, stop)
        before = ending.read(max(start - 1, 0), stop)  # one place more than words
        if not start:
            before = np.concatenate(([-1], before))
        history, suffix = before[: len(word)], before[1:]
        place = np.flatnonzero((history >= 0) & (word != START))
        pairs = np.empty((len(place), 4), self.dtype)
        for at, column in enumerate((history, word, suffix)):
            pairs[:, at] = column[place]
        pairs[:, 3] = place
        return pairs

    def _endings(self, pieces: Pieces, index: int) -> Column:
        """Return which n-gram ends at each place of the text."""
        ending = Column(self.folder / f"{index + 1}-ending", self.dtype)
        read = [0] * len(pieces.pieces)
        tokens, most = len(self.text.ids), self.piece
        for block, start in enumerate(range(0, tokens, most)):
            ending.append(pieces.numbered(block, read, min(most, tokens - start)))
        for piece in pieces.pieces:
            piece.numbers.remove()
        return ending

    def _adjust(self, level: CountedLevel, above: CountedLevel) -> None:
        """Fill in how many different words stand before the n-grams of a level."""
        rows = self.rows
        # The whole level at once if that fits, else one stretch after the other.
        stretch = self.options.rows or self.rows * ROW_BYTES // np.dtype(np.int64).itemsize
        for start in range(0, len(level), stretch):
            stop = min(start + stretch, len(level))
            before = np.zeros(stop - start, np.int64)
            for block in above.suffix.blocks(rows):
                values, times = tally(block[(block >= start) & (block < stop)])
                before[values - start] += times
            for at in range(start, stop, rows):
                counts = level.count.read(at, min(at + rows, stop))
                part = before[at - start : at - start + rows]
                level.adjusted.append(np.where(part > 0, part, counts))
