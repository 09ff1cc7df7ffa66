"""Word posteriors: equal to the sum over all paths, counted by brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.lm.confidence import WordConfidence

LABELS = ("", " ", "a", "b", "ab", "aa")


def brute_force(log_probs: NDArray[np.float32], word: str) -> float:
    """Sum of the probabilities of every path whose collapsed text is the word, spaces around it."""
    total = 0.0
    for path in product(range(len(LABELS)), repeat=len(log_probs)):
        merged = [label for i, label in enumerate(path) if i == 0 or path[i - 1] != label]
        text = "".join(LABELS[label] for label in merged)
        if text.strip(" ") == word:
            total += float(np.exp(sum(log_probs[i, label] for i, label in enumerate(path))))
    return total


def random_log_probs(seed: int, frames: int) -> NDArray[np.float32]:
    raw = np.random.default_rng(seed).normal(0, 2, (frames, len(LABELS)))
    return (raw - np.logaddexp.reduce(raw, axis=1, keepdims=True)).astype(np.float32)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 5), st.text("ab", min_size=1, max_size=5))
def test_posterior_is_the_sum_over_all_paths(seed: int, frames: int, word: str) -> None:
    log_probs = random_log_probs(seed, frames)
    (posterior,) = WordConfidence(LABELS).posteriors(log_probs, [(word, 0, frames)])
    np.testing.assert_allclose(posterior, brute_force(log_probs, word), rtol=1e-4, atol=1e-9)
