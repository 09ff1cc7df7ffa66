"""Many weights ↔ a table of a few and a small number for each: bins that hold equally many.

The bins are those of Federico and Bertoldi, "How many bits are needed to store probabilities for
phrase-based translation?" (2006), and the arithmetic is KenLM's (`lm/quantize.cc`), so that the
same weights give the same file.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Codes = NDArray[np.uint64]

_RESERVED = 2
"""Entries of a back-off table for zero: of n-grams that are no history, and of those that are."""


def log10_table(values: Floats, bits: int) -> Floats:
    """Return what each of the 2^bits codes of a log10 stands for, in ascending order."""
    return _means(values, 1 << bits)


def back_off_table(values: Floats, bits: int) -> Floats:
    """Return what each of the 2^bits codes of a back-off stands for; the first two for zero."""
    means = _means(values[values != 0], (1 << bits) - _RESERVED)
    return np.concatenate([np.array([-0.0, 0.0], np.float32), means])


def encode_log10(values: Floats, table: Floats) -> Codes:
    """Return the code of the table's nearest entry for each value (values,)."""
    return _nearest(values, table)


def encode_back_off(values: Floats, table: Floats) -> Codes:
    """Return the code of each value (values,); zeros keep their sign."""
    nearest = _nearest(values, table[_RESERVED:]) + np.uint64(_RESERVED)
    return np.where(values == 0, (~np.signbit(values)).astype(np.uint64), nearest)


def _means(values: Floats, bins: int) -> Floats:
    """Return the means of bins of equally many values; an empty bin repeats the one before."""
    ordered = np.sort(values)
    means = np.full(bins, -np.inf, np.float32)
    stop = 0
    for index in range(bins):
        start, stop = stop, len(ordered) * (index + 1) // bins
        if start < stop:
            # Added one after the other, as KenLM does; np.sum would round differently.
            total = np.cumsum(ordered[start:stop], dtype=np.float64)[-1]
            means[index] = total / np.float64(np.float32(stop - start))
        elif index:
            means[index] = means[index - 1]
    return means


def _nearest(values: Floats, table: Floats) -> Codes:
    """Return the index of the nearest entry of an ascending table; between two, the upper one."""
    above = np.clip(np.searchsorted(table, values), 0, len(table) - 1)
    below = np.maximum(above - 1, 0)
    nearer_below = values - table[below] < table[above] - values
    return np.where(nearer_below, below, above).astype(np.uint64)
