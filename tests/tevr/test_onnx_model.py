"""The bundled acoustic model: what its float32 original gave, any length, any company."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.onnx_model import OnnxModel
from tevr.store import bundled
from tevr.tokens import TokenTable

MODEL = OnnxModel(bundled("de-small") / "model.onnx", threads=2)


def test_rounded_model_stays_close_to_the_float32_original(
    clip: NDArray[np.float32], data: Path
) -> None:
    exact = np.load(data / "clip_exact.npy").astype(np.float32)  # (158, 38)
    (rounded,) = MODEL.log_probs([clip])
    assert rounded.shape == exact.shape
    assert (rounded.argmax(axis=1) == exact.argmax(axis=1)).mean() >= 0.97
    assert np.abs(np.exp(rounded) - np.exp(exact)).sum(axis=1).mean() < 0.05
    tokens = TokenTable.load(bundled("de-small") / "tokens.json")
    same = [tokens.join(tokens.collapse(each.argmax(axis=1))) for each in (rounded, exact)]
    assert same[0] == same[1]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 30_000))
def test_any_length_gives_normalised_frames_of_20_ms(samples: int) -> None:
    noise = np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)
    (log_probs,) = MODEL.log_probs([noise])
    assert log_probs.shape == ((max(samples, 1_600) // 160 + 1) // 2, 38)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, atol=1e-4)


def test_twenty_seconds_fit() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * 16_000).astype(np.float32)
    (log_probs,) = MODEL.log_probs([noise])
    assert log_probs.shape == (1_000, 38)
    assert np.isfinite(log_probs).all()


@pytest.mark.parametrize("seconds", [0.02, 0.5, 2.0])
def test_silence_after_a_short_clip_changes_nothing(
    clip: NDArray[np.float32], seconds: float
) -> None:
    silence = np.zeros(round(seconds * 16_000), np.float32)
    (alone,), (before_silence,) = (
        MODEL.log_probs([samples]) for samples in (clip, np.concatenate([clip, silence]))
    )
    np.testing.assert_array_equal(before_silence[: len(alone)], alone)


def test_neighbours_in_a_batch_change_nothing(clip: NDArray[np.float32]) -> None:
    clips = [clip[:n] for n in (50_704, 1_600, 30_077, 48_160)]
    together = MODEL.log_probs(clips)
    for alone, beside in zip(clips, together, strict=True):
        np.testing.assert_array_equal(MODEL.log_probs([alone])[0], beside)


def test_a_damaged_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes((bundled("de-small") / "model.onnx").read_bytes()[:1_000_000])
    with pytest.raises(ModelError, match="cannot be opened"):
        OnnxModel(broken, threads=1)
