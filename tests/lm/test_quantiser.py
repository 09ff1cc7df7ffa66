"""Quantised weights: near what they stand for, in order, and zero where they were zero."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tevr.lm.quantiser import back_off_table, encode_back_off, encode_log10, log10_table

WEIGHTS = arrays(
    np.float32, st.integers(0, 60), elements=st.floats(-99, 2, width=32, allow_subnormal=False)
)
BITS = st.integers(2, 6)


@given(WEIGHTS, BITS)
def test_a_weight_becomes_the_nearest_entry_of_the_table(weights: np.ndarray, bits: int) -> None:
    table = log10_table(weights, bits)
    found = table[encode_log10(weights, table)]
    gaps = np.abs(weights[:, None].astype(float) - table).min(axis=1, initial=np.inf)
    np.testing.assert_allclose(np.abs(weights.astype(float) - found), gaps, rtol=1e-5, atol=1e-5)


@given(WEIGHTS, BITS)
def test_order_is_kept(weights: np.ndarray, bits: int) -> None:
    table = log10_table(weights, bits)
    assert len(table) == 1 << bits
    ordered = table[encode_log10(np.sort(weights), table)]
    assert (ordered[1:] >= ordered[:-1]).all()


@given(WEIGHTS, BITS)
def test_zero_stays_zero_and_keeps_its_sign(weights: np.ndarray, bits: int) -> None:
    signed = np.concatenate([weights, np.array([0.0, -0.0], np.float32)])
    table = back_off_table(signed, bits)
    found = table[encode_back_off(signed, table)]
    zeros = signed == 0
    assert (found[zeros] == 0).all()
    np.testing.assert_array_equal(np.signbit(found[zeros]), np.signbit(signed[zeros]))


def test_bins_hold_equally_many() -> None:
    weights = -np.sqrt(np.arange(1, 4097, dtype=np.float32))
    table = log10_table(weights, 4)
    codes = encode_log10(weights, table)
    assert table.tolist() == pytest.approx(
        [part.mean() for part in np.split(np.sort(weights).astype(float), 16)]
    )
    assert np.bincount(codes.astype(int)).min() > 4096 / 16 * 0.8
