"""Errors of each utterance → the error rate of all, with its interval.

The rate is that of the corpus: all errors over all words, so that a long utterance counts more
than a short one. A mean of the rates of utterances is another number, and not what is published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tevr.scoring.alignment import Counts

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
RESAMPLES = 2000
"""Enough that the bounds of an interval move by less than they are rounded to."""
QUANTILES = (0.025, 0.975)
_DRAWN = 1 << 21
"""Utterances drawn at once."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An error rate.

    Attributes:
        counts: words or letters by what became of them.
        interval: bounds that hold 95 % of bootstrap resamples over utterances, as the rate.
    """

    counts: Counts
    interval: tuple[float, float]

    @property
    def value(self) -> float:
        """Errors per word of the references, 0 or more; nan without words."""
        return self.counts.errors / self.counts.length if self.counts.length else float("nan")


def rate(counts: Ints) -> Rate:
    """The rate of counts (utterances, 4), see `Counts`, with its interval."""
    errors, lengths = counts[:, 1:].sum(axis=1), counts[:, :3].sum(axis=1)
    drawn = resampled(np.stack([errors, lengths], axis=1))
    known = drawn[drawn[:, 1] > 0]
    rates = known[:, 0] / known[:, 1]
    low, high = np.quantile(rates, QUANTILES) if len(rates) else (np.nan, np.nan)
    return Rate(Counts(*counts.sum(axis=0).tolist()), (float(low), float(high)))


def resampled(values: Ints, seed: int = 0) -> Floats:
    """Sums over utterances drawn with replacement.

    Args:
        values: (utterances, columns).
        seed: draws follow from it and the number of utterances.

    Returns:
        (resamples, columns); none without utterances.
    """
    if not len(values):
        return np.zeros((0, values.shape[1]))
    return np.concatenate(list(_sums(values, seed)))


def _sums(values: Ints, seed: int) -> Iterator[Floats]:
    random = np.random.default_rng(seed)
    size = max(1, _DRAWN // len(values))
    for start in range(0, RESAMPLES, size):
        shape = (min(size, RESAMPLES - start), len(values))
        drawn = random.integers(0, len(values), shape)
        yield np.stack([column[drawn].sum(axis=1) for column in values.T], axis=1).astype(float)
