"""The mix of changes that training hears: drawn by seed alone, and never broken sound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import UsageError
from tevr.training.augment import Augmentation

Samples = NDArray[np.float32]
SPOKEN = ("speed", "voice", "pauses")
RECORDED = ("room", "noise", "babble", "clipping", "telephone", "codec", "gain")
NEVER = dict.fromkeys((*SPOKEN, *RECORDED), 0.0)
ALWAYS = {**dict.fromkeys(NEVER, 1.0), "codec": 0.0}  # slow, and tested by itself


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_nothing_drawn_changes_nothing(clip: Samples) -> None:
    np.testing.assert_array_equal(Augmentation(**NEVER).apply(clip, rng(), [clip]), clip)


@pytest.mark.parametrize("name", NEVER)
def test_each_change_can_be_had_alone(name: str, clip: Samples) -> None:
    result = Augmentation(**{**NEVER, name: 1.0}).apply(clip, rng(), [clip[::-1]])
    assert result.shape != clip.shape or not np.array_equal(result, clip)
    if name in RECORDED:
        assert len(result) == len(clip)


@given(st.integers(0, 9_000), st.sampled_from([0.0, 1e-5, 0.3, 1.0]), st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_any_clip_stays_finite_within_full_scale_and_is_drawn_by_seed(
    length: int, level: float, seed: int
) -> None:
    samples = (level * rng(seed).uniform(-1, 1, length)).astype(np.float32)
    others = [samples, samples[: length // 2], np.ones(300, np.float32)]
    before = samples.copy()
    for augmentation in (Augmentation(), Augmentation(**ALWAYS)):
        result = augmentation.apply(samples, rng(seed), others)
        assert result.dtype == np.float32
        assert np.isfinite(result).all()
        assert np.abs(result).max(initial=0) <= 1
        np.testing.assert_array_equal(result, augmentation.apply(samples, rng(seed), others))
    np.testing.assert_array_equal(samples, before)


def test_seeds_differ(clip: Samples) -> None:
    changed = [Augmentation(**ALWAYS).apply(clip, rng(seed)) for seed in range(2)]
    assert not np.array_equal(changed[0][:1000], changed[1][:1000])


def test_clips_alone_have_no_babble(clip: Samples) -> None:
    alone = Augmentation(**{**NEVER, "babble": 1.0})
    np.testing.assert_array_equal(alone.apply(clip, rng()), clip)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("room", 1.5, "The probability room is 1.5"),
        ("noise", -0.1, "The probability noise is -0.1"),
        ("noise", float("nan"), "The probability noise is nan"),
        ("rt60", (0.5, 0.1), "The range rt60"),
        ("rt60", (0.5,), "The range rt60"),
        ("noise_snr", (0.0, float("inf")), "The range noise_snr"),
        ("speed_range", (0.0, 1.0), "The range speed_range begins at 0"),
        ("pause", (-1.0, 1.0), "The range pause begins at -1"),
    ],
)
def test_what_is_no_probability_or_range_is_refused(field: str, value: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Augmentation(**{field: value})
