"""Columns of small integers ↔ records of a fixed number of bits, packed without a gap.

The first field of a record takes its lowest bits, the first record the lowest bits of the first
byte: the order that KenLM's tries have on little-endian machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]

GROUP = 64
"""So many records of b bits fill b 64-bit words to the last bit, whatever b is."""
BLOCK = GROUP * 4096
"""Records to pack or unpack at a time, so that the work stays in the processor's cache."""
_WORD = 64


@dataclass(frozen=True)
class Field:
    """Where a number stands in a record."""

    at: int
    """Its lowest bit."""
    bits: int
    """How many bits it takes, 0 to 63."""


def required_bits(largest: int) -> int:
    """Bits that hold every number from 0 to the largest."""
    return largest.bit_length()


def packed_bytes(count: int, size: int) -> int:
    """Bytes that so many records take.

    Args:
        count: number of records.
        size: bits of a record.
    """
    return (count * size + 7) // 8


def pack(columns: Sequence[Words], fields: Sequence[Field], size: int) -> bytes:
    """Pack records; memory is a few times what the columns take, so give them in blocks.

    Blocks of `BLOCK` records end with a whole byte and may be joined.

    Args:
        columns: the numbers of each field (records,), none larger than its field.
        fields: where each column goes.
        size: bits of a record.
    """
    count = len(columns[0])
    groups = -(-count // GROUP)
    packed = np.zeros((size + 1, groups), "<u8")  # one word more for what the last one overflows
    for column, field in zip(columns, fields, strict=True):
        padded = np.zeros(groups * GROUP, np.uint64)
        padded[:count] = column
        rows = np.ascontiguousarray(padded.reshape(groups, GROUP).T)
        for record in range(GROUP):
            word, shift = divmod(record * size + field.at, _WORD)
            packed[word] |= rows[record] << np.uint64(shift)
            if shift + field.bits > _WORD:
                packed[word + 1] |= rows[record] >> np.uint64(_WORD - shift)
    return packed[:size].T.tobytes()[: packed_bytes(count, size)]


def unpack(data: Bytes, count: int, fields: Sequence[Field], size: int) -> list[Words]:
    """Unpack some fields of records.

    Args:
        data: (bytes,), at least `packed_bytes(count, size)` of them.
        count: number of records.
        fields: which fields to read.
        size: bits of a record.

    Returns:
        for each field its numbers (records,).
    """
    columns = [np.empty(count, np.uint64) for _ in fields]
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        packed = _words(data[start * size // 8 :], stop - start, size)
        for column, field in zip(columns, fields, strict=True):
            column[start:stop] = _field(packed, field, size)[: stop - start]
    return columns


def _words(data: Bytes, count: int, size: int) -> Words:
    """Lay out records as words (size + 1, groups), the last row zero."""
    groups = -(-count // GROUP)
    padded = np.zeros(groups * size * 8, np.uint8)
    used = packed_bytes(count, size)
    padded[:used] = data[:used]
    packed = np.zeros((size + 1, groups), np.uint64)
    packed[:size] = padded.view("<u8").reshape(groups, size).T
    return packed


def _field(packed: Words, field: Field, size: int) -> Words:
    """Read one field of all records in words as `_words` lays them out."""
    rows = np.empty((GROUP, packed.shape[1]), np.uint64)
    mask = np.uint64((1 << field.bits) - 1)
    for record in range(GROUP):
        word, shift = divmod(record * size + field.at, _WORD)
        value = packed[word] >> np.uint64(shift)
        if shift + field.bits > _WORD:
            value |= packed[word + 1] << np.uint64(_WORD - shift)
        rows[record] = value & mask
    return rows.T.reshape(-1)
