"""Packed records: what was packed is unpacked, and every bit stands where it should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.bits import BLOCK, Field, pack, packed_bytes, required_bits, unpack


def laid_out(widths: list[int]) -> list[Field]:
    starts = np.cumsum([0, *widths]).tolist()
    return [Field(at, bits) for at, bits in zip(starts, widths, strict=False)]


def random_columns(widths: list[int], count: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 1 << bits, count, np.uint64) for bits in widths]


@given(
    st.lists(st.integers(0, 63), min_size=1, max_size=4).filter(sum),
    st.integers(0, 200),
    st.integers(0, 2**32),
)
def test_packed_records_are_one_long_number(widths: list[int], count: int, seed: int) -> None:
    fields, size = laid_out(widths), sum(widths)
    columns = random_columns(widths, count, seed)
    number = sum(
        int(value) << (record * size + field.at)
        for column, field in zip(columns, fields, strict=True)
        for record, value in enumerate(column)
    )
    packed = pack(columns, fields, size)
    assert packed == number.to_bytes(packed_bytes(count, size), "little")
    for column, found in zip(
        columns, unpack(np.frombuffer(packed, np.uint8), count, fields, size), strict=True
    ):
        np.testing.assert_array_equal(column, found)


@pytest.mark.parametrize("size", [7, 34, 103])
def test_blocks_join_without_a_gap(size: int) -> None:
    widths = [size // 2, size - size // 2]
    fields, count = laid_out(widths), 2 * BLOCK + 77
    columns = random_columns(widths, count, 1)
    joined = b"".join(
        pack([column[start : start + BLOCK] for column in columns], fields, size)
        for start in range(0, count, BLOCK)
    )
    assert len(joined) == packed_bytes(count, size)
    (second,) = unpack(np.frombuffer(joined, np.uint8), count, fields[1:], size)
    np.testing.assert_array_equal(second, columns[1])


@given(st.integers(0, 2**60))
def test_required_bits_are_enough_and_not_too_many(largest: int) -> None:
    bits = required_bits(largest)
    assert largest < 1 << bits
    assert not largest or largest >= 1 << (bits - 1)
