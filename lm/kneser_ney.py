"""Normalised sentences → a word n-gram model: interpolated modified Kneser–Ney.

Chen and Goodman 1998, "An empirical study of smoothing techniques for language modeling"; the
same estimates as KenLM's lmplz (Heafield et al. 2013, "Scalable modified Kneser-Ney language model
estimation"), also where n-grams are dropped: their share goes to the back-off of their history.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.lm.backoff import END, NEVER, START, UNKNOWN, BackoffModel, Ids, Level, Sums
from tevr.lm.counts import MEMORY, CountOptions, Counts, Progress, count, no_progress
from tevr.lm.scratch import Column, scratch_folder
from tevr.lm.selection import FALLBACK, Discounts, Selection, select, select_words
from tevr.lm.token_ids import Vocabulary

NGRAM_BYTES = 20
"""Memory for an n-gram of the finished model and its count."""
WORKING_BYTES = 24
"""Memory for an n-gram of the length being estimated and of the one below, besides."""
BLOCK_BYTES = 100
"""Memory for an n-gram of a block read from disk."""
MOST_ROWS = 200_000
"""n-grams of a block, at most: larger ones are not faster."""

_log = logging.getLogger("tevr.lm")


@dataclass(frozen=True)
class EstimateOptions:
    """How a model is estimated.

    Attributes:
        order: words of the longest n-grams, 1 to 6; KenLM reads models from 2 on.
        vocabulary: which words the model knows.
        cut_offs: for pairs, triples, …: n-grams that occur so often or less are dropped. They
            must not fall; the last holds for all longer ones. Single words are never dropped.
        frequencies: a word list's relative frequencies, that the single words fall back to
            instead of all words being alike; so words that the text lacks get their share.
        unknown: probability of `<unk>`; None for what one of all words alike would get.
        memory: bytes the whole process may take.
        rows: words or n-grams handled at a time; None for what fits into the memory.
    """

    order: int = 3
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    cut_offs: Sequence[int] = ()
    frequencies: Mapping[str, float] | None = None
    unknown: float | None = None
    memory: int = MEMORY
    rows: int | None = None

    def __post_init__(self) -> None:
        cut_offs = [0, *self.cut_offs]
        if sorted(cut_offs) != cut_offs:
            # Else an n-gram could be kept whose history or suffix is dropped.
            cause = f"The cut-offs {tuple(self.cut_offs)} are below 0 or fall with the length"
            raise UsageError(cause, "Give numbers from 0 that stay or rise.")
        if len(cut_offs) > self.counting.order:
            cause = f"{len(self.cut_offs)} cut-offs were given for a model of order {self.order}"
            raise UsageError(cause, "Give one for each length from pairs on, or fewer.")
        if self.unknown is not None and not 0 < self.unknown < 1:
            cause = f"{self.unknown:g} is no probability for unknown words"
            raise UsageError(cause, "Give a number between 0 and 1.")

    @property
    def counting(self) -> CountOptions:
        """How the n-grams are counted."""
        return CountOptions(self.order, self.vocabulary, self.memory, self.rows)

    def cut_off(self, index: int) -> int:
        """Return the cut-off of a level from 1, that of pairs."""
        return self.cut_offs[min(index, len(self.cut_offs)) - 1] if self.cut_offs else 0


@dataclass(frozen=True)
class Estimate:
    """A model and what it was estimated from.

    Attributes:
        model: the model; of a lower order than asked for where no such long n-grams are kept.
        counts: for each level of the model, how often its n-grams occur, (n-grams,).
        discounts: for each level, what was taken from counts.
        counted: for each level, how many different n-grams the text has.
        sentences: number of sentences.
        tokens: number of words, markers not counted.
    """

    model: BackoffModel
    counts: list[Ids]
    discounts: tuple[Discounts, ...]
    counted: tuple[int, ...]
    sentences: int
    tokens: int


def estimate(
    sentences: Iterable[str],
    options: EstimateOptions = EstimateOptions(),
    work: Path | None = None,
    progress: Progress = no_progress,
) -> Estimate:
    """Estimate a model from normalised sentences.

    Args:
        sentences: words parted by spaces; gone through once.
        options: how.
        work: where a folder for intermediate results is made and removed, see `tevr.lm.counts`;
            by default where the system keeps such.
        progress: told of every step.

    Raises:
        ModelError: the text holds no words, or the model does not fit into the memory.
        OutputError: the disk is full.
    """
    with scratch_folder(work or Path(tempfile.gettempdir())) as folder:
        counts = count(sentences, folder, options.counting, progress)
        return _Estimator(counts, options, folder, progress).run()


@dataclass(frozen=True)
class _Rows:
    """The n-grams of a level that the model keeps; arrays (n-grams,)."""

    history: Ids
    word: Ids
    count: Ids
    adjusted: Ids
    suffix: Ids


@dataclass(frozen=True)
class _Estimator:
    """The counts, and how to estimate from them."""

    counts: Counts
    options: EstimateOptions
    folder: Path
    progress: Progress

    @property
    def rows(self) -> int:
        """n-grams handled at a time."""
        return min(self.counts.rows, MOST_ROWS)

    def run(self) -> Estimate:
        """Estimate level by level."""
        selected = [part for part in self._select() if part.kept]
        if len(selected) < self.options.order:
            # Readers of models expect n-grams of every length up to the longest.
            _log.info("The model has no n-grams longer than %d words.", len(selected))
        level, probability = self._single(selected[0].discounts)
        levels, counts = [level], [self.counts.levels[0].count.read(0, len(level))]
        for index in range(1, len(selected)):
            self.progress("estimating", index / len(selected))
            rows, total, left = self._rows(index, selected)
            # A word that nothing follows, such as </s>, leaves its back-off at 1.
            weight = np.divide(left, total, out=left, where=total > 0)
            weight[total == 0] = 1.0
            levels[-1].back_off[:] = _log10(weight)
            log10, probability = self._interpolated(
                rows, selected[index].discounts, total, weight, probability
            )
            back_off = np.zeros(len(rows.word), np.float32)
            levels.append(Level(rows.history, rows.word, log10, back_off))
            counts.append(rows.count)
        self.progress("estimating", 1.0)
        return Estimate(
            BackoffModel(self.counts.words, levels),
            counts,
            tuple(part.discounts for part in selected),
            tuple(map(len, self.counts.levels)),
            self.counts.sentences,
            self.counts.tokens,
        )

    def _select(self) -> list[Selection]:
        """Decide for all levels which n-grams the model keeps."""
        words = len(self.counts.words)
        selected: list[Selection] = []
        for index, level in enumerate(self.counts.levels):
            numbers = Column(self.folder / f"{index + 1}-numbers", level.word.dtype)
            if not index:
                selected.append(select_words(level, words, numbers))
            else:
                cut_off = self.options.cut_off(index)
                selected.append(select(level, selected[-1], words, cut_off, numbers, self.rows))
            self.progress("selecting", (index + 1) / len(self.counts.levels))
        odd = [str(order) for order, part in enumerate(selected, 1) if part.discounts is FALLBACK]
        if odd:
            lengths = ", ".join(odd)
            _log.info("The text is small: usual discounts serve for n-grams of length %s.", lengths)
        self._check_memory([part.kept for part in selected])
        return selected

    def _check_memory(self, kept: list[int]) -> None:
        """Raise an error if the model and what is needed to make it go beyond the memory."""
        most = max(below + level for below, level in zip([0, *kept], kept, strict=False))
        needed = NGRAM_BYTES * sum(kept) + WORKING_BYTES * most + BLOCK_BYTES * self.rows
        spare = self.options.counting.spare(len(self.counts.levels[0]))
        if needed > spare:
            needed += self.options.memory - spare
            cause = f"A model of {sum(kept)} n-grams needs {needed / 1e9:.1f} GB of memory, more "
            cause += f"than the {self.options.memory / 1e9:.1f} GB allowed"
            raise ModelError(cause, "Allow more memory, raise the cut-offs or lower the order.")

    def _single(self, discounts: Discounts) -> tuple[Level, Sums]:
        """Return the single words, and their probabilities."""
        words = len(self.counts.words)
        adjusted = self.counts.levels[0].adjusted.read().astype(np.float64)
        adjusted[[UNKNOWN, START]] = 0.0
        taken = discounts.taken(adjusted)
        left = taken[:words].sum() + adjusted[words:].sum()
        probability = ((adjusted - taken)[:words] + left * self._prior()) / adjusted.sum()
        if self.options.unknown is not None:
            probability[UNKNOWN] = 0.0
            probability *= (1 - self.options.unknown) / probability.sum()
            probability[UNKNOWN] = self.options.unknown
        ids = np.arange(words, dtype=np.int32)
        log10, back_off = _log10(probability), np.zeros(words, np.float32)
        return Level(np.zeros(words, np.int32), ids, log10, back_off), probability

    def _prior(self) -> Sums:
        """Return what the probabilities of single words fall back to, (words,); it sums to 1."""
        words = self.counts.words
        prior = np.ones(len(words))
        prior[START] = 0.0
        prior /= prior.sum()
        listed = np.array([(self.options.frequencies or {}).get(word, 0.0) for word in words])
        listed[[UNKNOWN, START, END]] = 0.0
        if listed.any():
            listed *= (1 - prior[UNKNOWN]) / listed.sum()
            listed[UNKNOWN] = prior[UNKNOWN]
            return listed
        return prior

    def _rows(self, index: int, selected: list[Selection]) -> tuple[_Rows, Sums, Sums]:
        """Return what the model keeps of a level, and two sums for each history.

        They are the adjusted counts of all n-grams, and that part of them which is left to the
        back-off: what discounts take, and all of the n-grams that are dropped. (histories,) both.
        """
        level, below, here = self.counts.levels[index], selected[index - 1], selected[index]
        rows = _Rows(*(np.empty(here.kept, level.word.dtype) for _ in range(5)))
        total, left = np.zeros(below.kept), np.zeros(below.kept)
        filled = 0
        for start in range(0, len(level), self.rows):
            span = (start, start + self.rows)
            history = below.at(level.history.read(*span))
            kept = here.numbers.read(*span) >= 0
            adjusted = level.adjusted.read(*span)
            part = slice(filled, filled + int(kept.sum()))
            filled = part.stop
            rows.history[part], rows.adjusted[part] = history[kept], adjusted[kept]
            rows.word[part] = level.word.read(*span)[kept]
            rows.count[part] = level.count.read(*span)[kept]
            rows.suffix[part] = level.suffix.read(*span)[kept]
            taken = np.where(kept, here.discounts.taken(adjusted), adjusted)
            known = history >= 0
            _add(total, history[known], adjusted[known])
            _add(left, history[known], taken[known])
        if below.kept < len(below.numbers):
            stretch = self.options.rows or self.rows * BLOCK_BYTES // rows.suffix.itemsize
            rows.suffix[:] = below.renumbered(rows.suffix, stretch)
        return rows, total, left

    def _interpolated(
        self, rows: _Rows, discounts: Discounts, total: Sums, weight: Sums, lower: Sums
    ) -> tuple[NDArray[np.float32], Sums]:
        """Return probabilities as log10 and as they are.

        Args:
            rows: the n-grams.
            discounts: what is taken from their counts.
            total: (histories,) sums of counts.
            weight: (histories,) back-off weights.
            lower: (shorter n-grams,) probabilities.
        """
        log10 = np.empty(len(rows.word), np.float32)
        probability = np.empty(len(rows.word))
        for start in range(0, len(log10), self.rows):
            part = slice(start, start + self.rows)
            history, counts = rows.history[part], rows.adjusted[part]
            own = (counts - discounts.taken(counts)) / total[history]
            probability[part] = own + weight[history] * lower[rows.suffix[part]]
            log10[part] = _log10(probability[part])
        return log10, probability


def _add(sums: Sums, ordered: Ids, values: Ids | Sums) -> None:
    """Add values to the sums at some places, which ascend."""
    if len(ordered):
        first, last = int(ordered[0]), int(ordered[-1])
        sums[first : last + 1] += np.bincount(ordered - first, values)


def _log10(probability: Sums) -> NDArray[np.float32]:
    """Return logarithms, `NEVER` at least and 0 at most."""
    return np.log10(np.clip(probability, 10.0**NEVER, 1.0)).astype(np.float32)
