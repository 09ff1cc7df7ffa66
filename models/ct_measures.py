"""What was said of slices, the truth and their sources → measures with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

MEASURES = ("accuracy", "precision", "sensitivity", "specificity", "F1")
DRAWINGS = 2000  # of sources, for intervals


@dataclass(frozen=True)
class Measured:
    """One measure by one protocol, with its interval of 95 %."""

    value: float
    low: float
    high: float

    def show(self) -> str:
        """Return it in per cent."""
        return f"{100 * self.value:.1f} ({100 * self.low:.1f}–{100 * self.high:.1f})"


def measures(truth: NDArray[np.int64], said: NDArray[np.int64]) -> dict[str, float]:
    """Return the five measures of what was said of a truth, both (slices,); 0 where undefined."""
    right, wrong = truth == said, truth != said
    hits, misses = int((right & (said == 1)).sum()), int((wrong & (said == 0)).sum())
    alarms, rejections = int((wrong & (said == 1)).sum()), int((right & (said == 0)).sum())
    return {
        "accuracy": (hits + rejections) / max(1, len(truth)),
        "precision": hits / max(1, hits + alarms),
        "sensitivity": hits / max(1, hits + misses),
        "specificity": rejections / max(1, rejections + alarms),
        "F1": 2 * hits / max(1, 2 * hits + misses + alarms),
    }


def measure(
    truth: NDArray[np.int64], said: NDArray[np.int64], sources: NDArray[np.str_], seed: int = 0
) -> dict[str, Measured]:
    """Return the five measures with intervals from drawing sources again and again.

    Args:
        truth: (slices,).
        said: (slices,).
        sources: (slices,).
        seed: of the drawings.
    """
    draw = np.random.default_rng(seed)
    members = [np.flatnonzero(sources == name) for name in np.unique(sources)]
    drawn: dict[str, list[float]] = {name: [] for name in MEASURES}
    for _ in range(DRAWINGS):
        picked = draw.integers(len(members), size=len(members))
        chosen = np.concatenate([members[at] for at in picked])
        for name, value in measures(truth[chosen], said[chosen]).items():
            drawn[name].append(value)
    found = measures(truth, said)
    limits = {name: np.percentile(drawn[name], [2.5, 97.5]) for name in MEASURES}
    return {name: Measured(found[name], *map(float, limits[name])) for name in MEASURES}


def twins(features: Tensor, sources: NDArray[np.str_]) -> float:
    """Return how often the nearest other slice is of the same source, where there is one.

    Args:
        features: (slices, size).
        sources: (slices,).
    """
    seen = functional.normalize((features - features.mean(0)) / (features.std(0) + 1e-3), dim=1)
    nearest = (seen @ seen.T).fill_diagonal_(-2).argmax(1).numpy()
    names, counts = np.unique(sources, return_counts=True)
    company = np.isin(sources, names[counts > 1])
    same = sources == sources[nearest]
    return float(same[company].mean()) if company.any() else 0.0
