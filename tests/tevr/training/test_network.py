"""The network: a batch is its clips alone, features are Whisper's, any length works."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tevr.training.network import AcousticNetwork, LogMel, NetworkConfig

SMALL = NetworkConfig(
    width=32, heads=4, inner=64, encoder_blocks=3, positions=400, taps=(0, 1), head_inner=48
)


@pytest.fixture(scope="module")
def network() -> AcousticNetwork:
    """A small network with random weights, and mel filters that overlap as real ones do."""
    torch.manual_seed(1)
    filters = torch.rand(SMALL.mel_bins, 201)
    network = AcousticNetwork(SMALL, filters).eval()
    with torch.no_grad():  # positions start at zero, which would hide a mistake in their use
        network.encoder.positions.normal_()
    return network


def test_a_batch_gives_what_its_clips_give_alone(
    network: AcousticNetwork, clip: NDArray[np.float32]
) -> None:
    clips = [torch.from_numpy(clip[:n]) for n in (50_000, 1_600, 30_077, 48_160)]
    with torch.no_grad():
        together, frames = network.batch(clips)
        for row, alone in enumerate(network(one) for one in clips):
            assert frames[row] == len(alone)
            torch.testing.assert_close(together[row, : len(alone)], alone, atol=1e-4, rtol=1e-4)


def test_output_is_normalised_at_50_frames_a_second(
    network: AcousticNetwork, clip: NDArray[np.float32]
) -> None:
    with torch.no_grad():
        log_probs = network(torch.from_numpy(clip))
    assert log_probs.shape == (158, 256)
    torch.testing.assert_close(log_probs.exp().sum(dim=1), torch.ones(158))


def test_log_mel_agrees_with_a_fourier_transform(clip: NDArray[np.float32]) -> None:
    torch.manual_seed(2)
    filters = torch.rand(80, 201)
    ours = LogMel(filters)(torch.from_numpy(clip))
    spectrum = torch.stft(
        torch.from_numpy(clip), 400, 160, window=torch.hann_window(400), return_complex=True
    )
    power = spectrum[:, :-1].abs().square()
    mel = (filters @ power).clamp(min=1e-10).log10()
    expected = (torch.maximum(mel, mel.max() - 8) + 4) / 4
    torch.testing.assert_close(ours, expected, atol=1e-3, rtol=1e-3)


def test_an_odd_number_of_mel_frames_gets_one_more_at_the_minimum() -> None:
    mel = LogMel(torch.rand(80, 201))(torch.randn(1_760))  # 11 frames
    assert mel.shape == (80, 12)
    assert (mel[:, 11] == mel.min()).all()


def test_gradients_reach_every_parameter(clip: NDArray[np.float32]) -> None:
    network = AcousticNetwork(replace(SMALL, encoder_blocks=2), torch.rand(80, 201))
    network(torch.from_numpy(clip[:16_000]))[:, 3].sum().backward()
    without = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert without == []
