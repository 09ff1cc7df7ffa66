"""Spectrograms: filters are Whisper's, warps move tones, masks are as wide as allowed."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from tevr.store import bundled
from tevr.training.learning_settings import SpectrumSettings
from tevr.training.spectrum import SpectrumChange, mel_filters

FILTERS = mel_filters(80)


def test_filters_are_those_that_whisper_was_trained_with() -> None:
    graph = onnx.load(str(bundled("de-small") / "model.onnx")).graph
    (whispers,) = (each for each in graph.initializer if each.name == "log_mel.filters")
    np.testing.assert_allclose(FILTERS, numpy_helper.to_array(whispers), atol=1e-8)


@given(st.floats(0.8, 1.25), st.integers(100, 6_000))
def test_a_warp_moves_a_tone_by_its_factor(factor: float, hertz: int) -> None:
    def heard(frequency: float) -> torch.Tensor:
        """Log-mel (bins, 1) of a tone's power spectrum."""
        bins = torch.arange(201)
        power = torch.exp(-0.5 * ((bins - frequency / 40) / 2.0) ** 2) + 1e-6
        return (FILTERS @ power[:, None]).log10()

    warped = SpectrumChange(SpectrumSettings(), FILTERS).warp_matrix(factor) @ heard(hertz)
    expected = heard(hertz * factor)
    assert abs(int(warped.argmax()) - int(expected.argmax())) <= 1 + 2 * (hertz < 300)


def test_a_warp_by_one_changes_nothing() -> None:
    matrix = SpectrumChange(SpectrumSettings(), FILTERS).warp_matrix(1.0)
    torch.testing.assert_close(matrix, torch.eye(80), atol=1e-5, rtol=0)


@pytest.mark.parametrize("frames", [2, 30, 3_000])
def test_masks_hold_the_mean_and_are_no_wider_than_allowed(frames: int) -> None:
    change = SpectrumChange(SpectrumSettings(1, 12, 0.0, 0.0), FILTERS)
    mel = torch.randn(80, frames)
    for seed in range(20):
        changed = change(mel, np.random.default_rng(seed))
        hidden = (changed != mel).any(dim=1)
        assert hidden.sum() <= 12
        assert torch.allclose(changed[hidden], mel.mean())
        torch.testing.assert_close(changed[~hidden], mel[~hidden])


def test_masks_of_time_grow_in_number_with_the_length() -> None:
    change = SpectrumChange(SpectrumSettings(0, 0, 3.0, 0.2), FILTERS)
    shares = []
    for frames in (500, 4_000):
        mel = torch.randn(80, frames)
        hidden = [
            (change(mel, np.random.default_rng(seed)) != mel).all(dim=0).float().mean()
            for seed in range(40)
        ]
        shares.append(float(np.mean(hidden)))
    assert shares == pytest.approx([0.03, 0.03], abs=0.01)  # 3 of 0.1 s in ten seconds, on average


def test_nothing_is_changed_where_nothing_is_asked() -> None:
    mel = torch.randn(80, 100)
    changed = SpectrumChange(SpectrumSettings(), FILTERS)(mel, np.random.default_rng(0))
    torch.testing.assert_close(changed, mel, atol=0, rtol=0)
