"""Sentences and a character model → the summed costs of every stretch of letters within words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.lm.characters import CharacterModel
from tevr.lm.counts import Progress, no_progress
from tevr.lm.decoder import SPACE

LONGEST = 4
"""Letters of the longest stretches, as in the published labels."""
_BATCH = 50_000
"""Sentences scored at a time."""

Sums = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Moments:
    """How much the tokens of running text cost, summed up.

    Attributes:
        tokens: number of tokens, spaces among them.
        bits: sum of their costs.
        squares: sum of the squares of their costs.
    """

    tokens: float
    bits: float
    squares: float

    @property
    def mean(self) -> float:
        """Bits per token."""
        return self.bits / self.tokens

    @property
    def variance(self) -> float:
        """Variance of the bits per token."""
        return self.squares / self.tokens - self.mean**2

    @property
    def variation(self) -> float:
        """Coefficient of variation: standard deviation over mean, which has no unit."""
        return float(max(self.variance, 0.0) ** 0.5 / self.mean)


@dataclass(frozen=True)
class WordCosts:
    """The different words of a text, and the cost of each stretch of their letters.

    A stretch costs something else each time, since that depends on the words before. So the
    moments over all occurrences are kept: they give exactly the mean and the variance of the cost
    per token of the whole running text, for any way to part its words into tokens.

    Attributes:
        text: every different word once, each followed by a space; other arrays go along with it.
        counts: (characters,), how often the word occurs; 0 at spaces.
        bits: (LONGEST, characters), at [n − 1, i] the summed costs of the n letters from i on; 0
            where the word ends before.
        squares: (LONGEST, characters), the same of squared costs.
        spaces: the moments of the spaces between words.
    """

    text: str
    counts: Sums
    bits: Sums
    squares: Sums
    spaces: Moments

    @property
    def words(self) -> float:
        """Words of the running text."""
        return float(self.counts[self.begins].sum())

    @property
    def begins(self) -> Numbers:
        """Where the words begin, (different words,)."""
        ends = np.flatnonzero(self.letters < 1)
        return np.concatenate(([0], ends[:-1] + 1)).astype(np.int64)

    def word_counts(self) -> dict[str, int]:
        """Return how often each different word occurs."""
        counts = self.counts[self.begins]
        return dict(zip(self.text.split(SPACE), map(round, counts.tolist()), strict=False))

    @property
    def letters(self) -> NDArray[np.bool_]:
        """Which characters are letters, (characters,)."""
        return np.not_equal(code_points(self.text), ord(SPACE))

    def moments(self, lengths: NDArray[np.int8]) -> Moments:
        """Return the moments of a way to part the words.

        Args:
            lengths: (characters,), letters of the token that begins here; 0 where none does.
        """
        tokens, bits, squares = self.spaces.tokens, self.spaces.bits, self.spaces.squares
        for length in range(1, LONGEST + 1):
            here = lengths == length
            tokens += float(self.counts[here].sum())
            bits += float(self.bits[length - 1, here].sum())
            squares += float(self.squares[length - 1, here].sum())
        return Moments(tokens, bits, squares)

    def frequent(self, most: int) -> WordCosts:
        """Return the most frequent words alone, with their share of the spaces."""
        begins = self.begins
        order = np.argsort(-self.counts[begins], kind="stable")[:most]
        ends = np.append(begins[1:], len(self.text))
        spans = [(int(begins[at]), int(ends[at])) for at in order]
        chosen = np.concatenate([np.arange(*span) for span in spans])
        share = float(self.counts[begins][order].sum()) / self.words
        spaces = self.spaces
        return replace(
            self,
            text="".join(self.text[begin:end] for begin, end in spans),
            counts=self.counts[chosen],
            bits=self.bits[:, chosen],
            squares=self.squares[:, chosen],
            spaces=Moments(spaces.tokens * share, spaces.bits * share, spaces.squares * share),
        )


def cost_words(
    sentences: Iterable[str],
    model: CharacterModel,
    total: int | None = None,
    progress: Progress = no_progress,
) -> WordCosts:
    """Let a character model read sentences, and sum up what it finds.

    Args:
        sentences: normalised; best not those that the model has learnt from.
        model: tells what characters cost.
        total: number of the sentences, for the progress.
        progress: told how far the reading has come.

    Raises:
        ModelError: there is no word.
        UsageError: a character that the model does not know.
    """
    sums = _Sums()
    for number, batch in enumerate(_batches(sentences)):
        progress("measuring", min(number * _BATCH / total, 1.0) if total else 0.0)
        costs = model.costs(batch)
        sums.add(" ".join(batch).split(SPACE), costs)
    if not sums.offsets:
        raise ModelError("The text holds no words", "Give at least one sentence.")
    return sums.result()


def _batches(sentences: Iterable[str]) -> Iterator[list[str]]:
    whole = (sentence for sentence in sentences if sentence)
    while batch := list(islice(whole, _BATCH)):
        yield batch


class _Sums:
    """Sums that grow with the different words.

    Attributes:
        offsets: where each word begins among the characters of all.
    """

    def __init__(self) -> None:
        self.offsets: dict[str, int] = {}
        self._size = 0
        self._counts = np.zeros(0)
        self._bits = [np.zeros(0)] * LONGEST
        self._squares = [np.zeros(0)] * LONGEST

    def add(self, words: list[str], costs: list[NDArray[np.float64]]) -> None:
        """Add running text: its words, and the costs of the characters of each sentence."""
        flat = np.concatenate([np.append(bits, np.nan) for bits in costs])
        between = np.isnan(flat)  # the place after a sentence is no space of the text
        flat[between] = 0.0
        places = self._places(words)
        size = self._size
        self._counts = _grown(self._counts, np.bincount(places[~between], minlength=size))
        total = np.concatenate(([0.0], np.cumsum(flat)))
        for length in range(1, LONGEST + 1):
            summed = np.zeros(len(flat))
            summed[: max(len(flat) - length + 1, 0)] = total[length:] - total[:-length]
            at = length - 1
            self._bits[at] = _grown(self._bits[at], np.bincount(places, summed, size))
            squares = np.bincount(places, summed * summed, size)
            self._squares[at] = _grown(self._squares[at], squares)

    def _places(self, words: list[str]) -> Numbers:
        """Return for each character of running text its place among the different words."""
        for word in words:
            if word not in self.offsets:
                self.offsets[word] = self._size
                self._size += len(word) + 1
        offsets = np.fromiter(map(self.offsets.__getitem__, words), np.int64, len(words))
        lengths = np.fromiter(map(len, words), np.int64, len(words)) + 1
        starts = np.cumsum(lengths) - lengths
        return np.repeat(offsets - starts, lengths) + np.arange(int(lengths.sum()))

    def result(self) -> WordCosts:
        """Return the sums, apart from those of the spaces."""
        text = "".join(f"{word} " for word in self.offsets)
        spaces = code_points(text) == ord(SPACE)
        moments = Moments(
            float(self._counts[spaces].sum()),
            float(self._bits[0][spaces].sum()),
            float(self._squares[0][spaces].sum()),
        )
        counts, bits, squares = self._counts, np.stack(self._bits), np.stack(self._squares)
        counts[spaces] = 0.0
        for length in range(LONGEST):  # of stretches without their last letter
            beyond = spaces.copy()
            for step in range(1, length + 1):
                beyond[:-step] |= spaces[step:]
                beyond[-step:] = True
            bits[length, beyond] = squares[length, beyond] = 0.0
        return WordCosts(text, counts, bits, squares, moments)


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the Unicode points of a text, (characters,)."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _grown(sums: Sums, more: Sums | NDArray[np.intp]) -> Sums:
    """Return longer sums with some added."""
    grown: Sums = more.astype(np.float64)
    grown[: len(sums)] += sums
    return grown
