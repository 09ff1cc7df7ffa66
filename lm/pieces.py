"""Pairs of a number and a word, in a text's order → the different pairs, sorted, piece by piece.

Pairs are dealt into files by their place in the order, so that each file can be sorted by itself
in memory, and the files one after the other are all pairs in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tevr.lm.scratch import Column

KEY_BITS = 64
Numbers = NDArray[np.signedinteger]


@dataclass(frozen=True)
class Found:
    """The different pairs of a piece, in order; arrays (different pairs,)."""

    history: Numbers
    word: Numbers
    suffix: Numbers
    """What came with the pair, where it was first met."""
    count: Numbers
    """How often it was met."""


@dataclass(frozen=True)
class Piece:
    """The pairs between two places in the order.

    Attributes:
        first: the lowest history.
        pairs: (pairs, 4) history, word, suffix, place in the block of text; in the text's order.
        numbers: (pairs, 2) place in the block and number among all different pairs.
        dealt: pairs that came from each block of the text.
    """

    first: int
    pairs: Column
    numbers: Column
    dealt: list[int] = field(default_factory=list)

    def sort(self, types: int, number: int, *, keep: bool) -> Found:
        """Return the different pairs; the file of pairs is removed.

        Args:
            types: words are below this.
            number: of the first pair found.
            keep: fill `numbers`.
        """
        pairs = self.pairs.read()
        self.pairs.remove()
        keys, order = _sorted(pairs[:, 0] - self.first, pairs[:, 1], types)
        new = np.concatenate((np.ones(min(len(keys), 1), np.bool_), keys[1:] != keys[:-1]))
        starts = np.flatnonzero(new)
        if keep and len(pairs):
            numbers = np.empty((len(pairs), 2), pairs.dtype)
            numbers[:, 0] = pairs[:, 3]
            numbers[order, 1] = np.cumsum(new) + (number - 1)
            self.numbers.append(numbers)
        history, word = np.divmod(keys[starts], np.uint64(types))
        return Found(
            history=history.astype(np.int64) + self.first,
            word=word.astype(np.int64),
            suffix=pairs[order[starts], 2],
            count=np.diff(starts, append=len(pairs)),
        )


class Pieces:
    """All pairs of one text.

    Args:
        folder: where the files go.
        boundaries: (pieces,) history · types + word of the first pair of each, from 0.
        types: words are below this.
        dtype: type of all numbers.
    """

    def __init__(
        self, folder: Path, boundaries: NDArray[np.int64], types: int, dtype: DTypeLike
    ) -> None:
        self._boundaries = boundaries
        self._types = types
        self.pieces = [
            Piece(
                int(boundary) // types,
                Column(folder / f"pairs-{index}", dtype, 4),
                Column(folder / f"numbers-{index}", dtype, 2),
            )
            for index, boundary in enumerate(boundaries)
        ]

    def deal(self, pairs: Numbers) -> None:
        """Take the pairs of the next block of text, as in `Piece.pairs`."""
        keys = pairs[:, 0].astype(np.int64) * self._types + pairs[:, 1]
        which = np.searchsorted(self._boundaries, keys, side="right") - 1  # (pairs,)
        # Small numbers are sorted in linear time, and stay in the text's order.
        order = np.argsort(which.astype(np.min_scalar_type(len(self.pieces))), kind="stable")
        ends = np.cumsum(np.bincount(which, minlength=len(self.pieces)))
        for piece, part in zip(self.pieces, np.split(order, ends[:-1]), strict=True):
            piece.dealt.append(len(part))
            if len(part):
                piece.pairs.append(pairs[part])

    def numbered(self, block: int, read: list[int], size: int) -> Numbers:
        """Return the number of the pair at each place of a block of text, −1 for none.

        Args:
            block: which block; they are asked for in order.
            read: how much of each piece earlier blocks took; updated.
            size: places of the block.
        """
        numbers = np.full(size, -1, self.pieces[0].pairs.dtype)
        for index, piece in enumerate(self.pieces):
            found = piece.numbers.read(read[index], read[index] + piece.dealt[block])
            read[index] += len(found)
            numbers[found[:, 0]] = found[:, 1]
        return numbers


def boundaries(counts: Column, words: NDArray[np.int64], most: int, rows: int) -> NDArray[np.int64]:
    """Return where to begin pieces of about `most` pairs, as history · types + word.

    Args:
        counts: (histories,) how many pairs each history has at most.
        words: (types,) how often each word occurs.
        most: pairs a piece should have.
        rows: histories read at a time.
    """
    found = [np.zeros(1, np.int64)]
    shares = np.cumsum(words) / words.sum()  # (types,)
    seen = piece = 0
    for start, block in zip(range(0, len(counts), rows), counts.blocks(rows), strict=True):
        before = seen + np.cumsum(block, dtype=np.int64) - block  # (histories,)
        pieces = np.concatenate(([piece], before // most))
        frequent = np.flatnonzero(block > most)
        begins = np.union1d(np.flatnonzero(np.diff(pieces)), frequent)
        found.append((start + begins) * len(words))
        for history in frequent:
            # One history alone is too much: its words are parted as if they were any words.
            parts = 1 + 2 * int(block[history]) // most
            cuts = np.searchsorted(shares, np.arange(1, parts) / parts) + 1
            found.append((start + history) * len(words) + cuts[cuts < len(words)])
        seen, piece = int(before[-1] + block[-1]), int(pieces[-1])
    return np.unique(np.concatenate(found))


def tally(values: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
    """Return the different values and how often each occurs."""
    ordered = np.sort(values)
    first = np.ones(min(len(ordered), 1), np.bool_)
    starts = np.flatnonzero(np.concatenate((first, ordered[1:] != ordered[:-1])))
    return ordered[starts], np.diff(starts, append=len(ordered))


def _sorted(
    history: Numbers, word: Numbers, types: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return history · types + word in order, and where each was; equal ones as they were."""
    keys = history.astype(np.uint64) * np.uint64(types) + word.astype(np.uint64)
    bits = len(keys).bit_length()
    if int(keys.max(initial=0)).bit_length() + bits > KEY_BITS:
        order = np.argsort(keys, kind="stable")
        return keys[order], order
    # One number that holds key and place is sorted several times as fast as an index by keys.
    packed = (keys << np.uint64(bits)) | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    return packed >> np.uint64(bits), (packed & np.uint64((1 << bits) - 1)).astype(np.int64)
