"""Pairs of a reference and a hypothesis → errors of each kind, and what was taken for what.

Many pairs are aligned at once: row by row of the table of edit distances, over all pairs of like
length. Counts need the last row alone, so that letters of long texts fit into memory; only an
alignment that is to be shown keeps the steps of the whole table.

Several alignments may cost the same and yet count different kinds of errors. Of these the one is
taken that the established tool with the same costs takes: `jiwer` (RapidFuzz) for `LEVENSHTEIN`,
NIST `sclite` for `SCLITE` (`benchmarks/scoring.py` compares with both).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tevr.errors import UsageError

Tokens = Sequence[Hashable]
Pair = tuple[Tokens, Tokens]
"""Reference and hypothesis, each words or letters."""
Ints = NDArray[np.int64]
_DIAGONAL, _DELETION, _INSERTION = 0, 1, 2
_CELLS = 1 << 22
"""Cells of the tables that are filled at once."""
_MOST_CELLS = 1 << 31
"""Cells of the largest table whose steps are kept, a byte each."""
_INSERTED = 1 << 32
"""What an insertion counts where it shares a number with substitutions."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What errors cost where an alignment is sought.

    Attributes:
        name: for people.
        substitution: of a wrong word.
        gap: of a missing or an additional word.
    """

    name: str
    substitution: int
    gap: int


LEVENSHTEIN = Costs("levenshtein", 1, 1)
"""The fewest errors, as `jiwer` counts."""
SCLITE = Costs("sclite", 4, 3)
"""NIST's costs: a wrong word costs less than a missing and an additional one."""
COSTS = {costs.name: costs for costs in (LEVENSHTEIN, SCLITE)}


class Counts(NamedTuple):
    """Words or letters of a pair by what became of them."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def errors(self) -> int:
        """All that is wrong."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def length(self) -> int:
        """Words or letters of the reference."""
        return self.hits + self.substitutions + self.deletions


class Step(NamedTuple):
    """One step of an alignment: a place in the reference, in the hypothesis, or in both.

    Attributes:
        reference: place in the reference, ``None`` for an insertion.
        hypothesis: place in the hypothesis, ``None`` for a deletion.
        right: whether both are the same.
    """

    reference: int | None
    hypothesis: int | None
    right: bool


def word_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """The fewest substitutions, deletions and insertions that make one of the other."""
    return int(count([(reference, hypothesis)])[0, 1:].sum())


def count(pairs: Sequence[Pair], costs: Costs = LEVENSHTEIN) -> Ints:
    """Count errors.

    Args:
        pairs: references and hypotheses.
        costs: what is sought.

    Returns:
        (pairs, 4): hits, substitutions, deletions, insertions, as in `Counts`.
    """
    trimmed = [_trimmed(pair, costs) for pair in pairs]
    result = np.zeros((len(pairs), len(Counts._fields)), np.int64)
    result[:, 0] = [start + end for _, _, start, end in trimmed]
    for numbers, table in _batches([(ref, hyp) for ref, hyp, _, _ in trimmed], costs):
        ends = table.hypothesis_lengths
        rows = np.arange(len(numbers))
        # Substitutions and insertions on the way to each cell; deletions follow from the lengths.
        carried = np.arange(table.width) * _INSERTED + np.zeros((len(numbers), 1), np.int64)
        mixed = carried[rows, ends].copy()
        for row, steps in enumerate(table.rows(), 1):
            carried = _carry(carried, steps, table.wrong(row - 1))
            done = table.reference_lengths == row
            mixed[done] = carried[rows[done], ends[done]]
        inserted, substituted = np.divmod(mixed, _INSERTED)
        deleted = inserted + table.reference_lengths - ends
        hits = table.reference_lengths - deleted - substituted
        result[numbers] += np.stack([hits, substituted, deleted, inserted], axis=1)
    return result


def align(pairs: Sequence[Pair], costs: Costs = LEVENSHTEIN) -> list[list[Step]]:
    """Find what was taken for what, in order; the counts are those of `count`.

    Raises:
        UsageError: a reference and its hypothesis are too long for one table.
    """
    trimmed = [_trimmed(pair, costs) for pair in pairs]
    result: list[list[Step]] = [[] for _ in pairs]
    for numbers, table in _batches([(ref, hyp) for ref, hyp, _, _ in trimmed], costs):
        if table.cells > _MOST_CELLS:
            cause = f"A reference of {table.reference_lengths.max()} words is too long to align"
            raise UsageError(cause, "Score it utterance by utterance, one a line.")
        kept = np.array(list(table.rows()), np.uint8)
        kept = kept.reshape(-1, len(numbers), table.width)  # (rows, pairs, columns)
        for at, number in enumerate(numbers.tolist()):
            reference, hypothesis, start, end = trimmed[number]
            steps = _trace(kept[:, at], reference, hypothesis, start)
            after = (start + len(reference), start + len(hypothesis))
            result[number] = [Step(each, each, True) for each in range(start)]
            result[number] += steps
            result[number] += [Step(after[0] + k, after[1] + k, True) for k in range(end)]
    return result


def _trimmed(pair: Pair, costs: Costs) -> tuple[Tokens, Tokens, int, int]:
    """What differs of a pair, and how many words before and after it are the same.

    `sclite` looks at all words, and would among equals choose otherwise.
    """
    reference, hypothesis = pair
    if costs is not LEVENSHTEIN:
        return reference, hypothesis, 0, 0
    shorter = min(len(reference), len(hypothesis))
    start = 0
    while start < shorter and reference[start] == hypothesis[start]:
        start += 1
    end = 0
    while end < shorter - start and reference[-1 - end] == hypothesis[-1 - end]:
        end += 1
    middle = (slice(start, len(each) - end) for each in pair)
    return reference[next(middle)], hypothesis[next(middle)], start, end


class _Table:
    """Tables of edit distances of several pairs, filled row by row.

    Attributes:
        reference_lengths: (pairs,) rows of each.
        hypothesis_lengths: (pairs,) columns of each, without the one before the first word.
        width: columns of the widest.
    """

    def __init__(self, pairs: Sequence[Pair], costs: Costs) -> None:
        self.reference_lengths = np.array([len(reference) for reference, _ in pairs])
        self.hypothesis_lengths = np.array([len(hypothesis) for _, hypothesis in pairs])
        self.width = int(self.hypothesis_lengths.max()) + 1
        ids: dict[Hashable, int] = {}
        self._references = _padded([ref for ref, _ in pairs], ids, -1)
        self._hypotheses = _padded([hyp for _, hyp in pairs], ids, -2)
        self._costs = costs

    @property
    def cells(self) -> int:
        """Cells of all tables."""
        return self._references.size * self.width

    def wrong(self, row: int) -> NDArray[np.bool_]:
        """Where a word of the references, from 0, differs from those of the hypotheses."""
        wrong: NDArray[np.bool_] = self._references[:, row, None] != self._hypotheses
        return wrong  # (pairs, columns - 1)

    def rows(self) -> Iterator[NDArray[np.uint8]]:
        """The last step to each cell, a row of all tables at a time: (pairs, columns)."""
        gap = self._costs.gap
        slope = np.arange(self.width, dtype=np.int64) * gap
        before = np.tile(slope, (len(self._references), 1))
        for row in range(self._references.shape[1]):
            diagonal = before[:, :-1] + self._costs.substitution * self.wrong(row)
            straight = before + gap
            best = straight.copy()
            np.minimum(best[:, 1:], diagonal, out=best[:, 1:])
            # An insertion adds the same for each column: the least so far less that is carried on.
            now = np.minimum.accumulate(best - slope, axis=1) + slope
            yield self._steps(before, now, diagonal)
            before = now

    def _steps(self, before: Ints, now: Ints, diagonal: Ints) -> NDArray[np.uint8]:
        """Which way leads to each cell; where several do, the one that the tool takes."""
        steps = np.full(now.shape, _DIAGONAL, np.uint8)
        gap = self._costs.gap
        deleted = now == before + gap
        if self._costs is LEVENSHTEIN:
            steps[:, 1:][now[:, :-1] < before[:, :-1]] = _INSERTION
            steps[deleted] = _DELETION
        else:
            inserted = np.zeros(now.shape, bool)
            inserted[:, 1:] = now[:, 1:] == now[:, :-1] + gap
            steps[deleted] = _DELETION
            steps[inserted] = _INSERTION
            steps[:, 1:][now[:, 1:] == diagonal] = _DIAGONAL
        steps[:, 0] = _DELETION
        return steps


def _padded(lists: Sequence[Tokens], ids: dict[Hashable, int], filler: int) -> Ints:
    """Numbers of words, the same for the same word: (pairs, longest)."""
    padded = np.full((len(lists), max(map(len, lists))), filler, np.int64)
    for row, tokens in zip(padded, lists, strict=True):
        row[: len(tokens)] = [ids.setdefault(token, len(ids)) for token in tokens]
    return padded


def _batches(pairs: Sequence[Pair], costs: Costs) -> Iterator[tuple[Ints, _Table]]:
    """The pairs in batches of like lengths: their numbers and their tables."""
    sizes = np.array([(len(ref), len(hyp)) for ref, hyp in pairs], np.int64).reshape(-1, 2)
    order = np.lexsort((sizes[:, 1], sizes[:, 0]))
    start = 0
    while start < len(order):
        # Rows grow along the order, so the largest table of a batch bounds what each takes.
        rest = sizes[order[start:]]
        cells = np.maximum(rest[:, 0], 1) * (np.maximum.accumulate(rest[:, 1]) + 1)
        stop = start + max(1, int(np.searchsorted(cells * np.arange(1, len(cells) + 1), _CELLS)))
        numbers = order[start:stop]
        yield numbers, _Table([pairs[number] for number in numbers], costs)
        start = stop


def _carry(before: Ints, steps: NDArray[np.uint8], wrong: NDArray[np.bool_]) -> Ints:
    """Errors on the way to each cell of a row, from those of the row before."""
    after = before.copy()  # by a deletion
    diagonal = steps[:, 1:] == _DIAGONAL
    after[:, 1:][diagonal] = (before[:, :-1] + wrong)[diagonal]
    inserted = steps == _INSERTION
    columns = np.arange(steps.shape[1])
    origin = np.maximum.accumulate(np.where(inserted, 0, columns), axis=1)
    return np.take_along_axis(after, origin, axis=1) + (columns - origin) * _INSERTED


def _trace(
    steps: NDArray[np.uint8], reference: Tokens, hypothesis: Tokens, start: int
) -> list[Step]:
    """Follow the steps of one table back from its end."""
    row, column = len(reference), len(hypothesis)
    found: list[Step] = []
    while row or column:
        step = steps[row - 1, column] if row else _INSERTION
        row -= step != _INSERTION
        column -= step != _DELETION
        found.append(
            Step(
                None if step == _INSERTION else start + row,
                None if step == _DELETION else start + column,
                step == _DIAGONAL and reference[row] == hypothesis[column],
            )
        )
    return found[::-1]


def wrong_runs(steps: Sequence[Step]) -> list[list[Step]]:
    """The stretches of an alignment between right words."""
    return [list(run) for right, run in groupby(steps, lambda step: step.right) if not right]
