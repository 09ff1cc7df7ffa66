"""Log-mel spectrograms → the same with masks and moved formants, as training hears them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tevr.training.learning_settings import SpectrumSettings
from tevr.training.network import HOP, SAMPLE_RATE, WINDOW

MASKS_PER_SECONDS = 10.0
_LINEAR_BELOW = 1000.0  # Hz
_HZ_PER_MEL = 200 / 3
_LOG_STEP = np.log(6.4) / 27  # of a mel above that


def mel_filters(bins: int) -> Tensor:
    """Triangles over the bins of the power spectrum, (bins, 201), as Whisper has them.

    Slaney's scale and norm (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above, each
    triangle of the same area.
    """
    top = _LINEAR_BELOW / _HZ_PER_MEL
    highest = top + np.log(SAMPLE_RATE / 2 / _LINEAR_BELOW) / _LOG_STEP
    mels = np.linspace(0, highest, bins + 2)
    edges = np.where(
        mels < top, mels * _HZ_PER_MEL, _LINEAR_BELOW * np.exp(_LOG_STEP * (mels - top))
    )
    frequencies = np.linspace(0, SAMPLE_RATE / 2, WINDOW // 2 + 1)
    rise = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return torch.from_numpy(np.maximum(0, np.minimum(rise, fall)) * area[:, None]).float()


class SpectrumChange:
    """Draws masks and a warp for one clip at a time.

    Args:
        settings: how many and how wide.
        filters: of the mel bins, (mel_bins, bins of the power spectrum).
    """

    def __init__(self, settings: SpectrumSettings, filters: Tensor) -> None:
        self._settings = settings
        weights = filters.double().cpu().numpy()
        bins = np.arange(weights.shape[1])
        self._centres = weights @ bins / np.maximum(weights.sum(axis=1), 1e-12)  # (mel_bins,)

    def __call__(self, mel: Tensor, rng: np.random.Generator) -> Tensor:
        """Change one spectrogram (mel_bins, mel frames); the same generator draws the same."""
        low, high = self._settings.mel_warp
        if low < high or low != 1:
            factor = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            mel = self.warp_matrix(factor).to(mel) @ mel
        return self._masked(mel, rng)

    def warp_matrix(self, factor: float) -> Tensor:
        """(mel_bins, mel_bins): each bin between the two whose frequency is `factor` lower."""
        wanted = self._centres / factor
        place = np.interp(wanted, self._centres, np.arange(len(self._centres)))
        below = np.minimum(place.astype(int), len(place) - 2)
        share = place - below
        matrix = np.zeros((len(place), len(place)), np.float32)
        rows = np.arange(len(place))
        matrix[rows, below] = 1 - share
        matrix[rows, below + 1] = share
        return torch.from_numpy(matrix)

    def _masked(self, mel: Tensor, rng: np.random.Generator) -> Tensor:
        """Bands of bins and of frames at the clip's mean."""
        settings, (bins, frames) = self._settings, mel.shape
        seconds = frames * HOP / SAMPLE_RATE
        number = rng.poisson(settings.time_masks * seconds / MASKS_PER_SECONDS)
        longest = min(frames, round(settings.time_width * SAMPLE_RATE / HOP))
        mask = np.zeros((bins, frames), bool)
        for _ in range(settings.frequency_masks):
            start, width = _band(bins, min(bins, settings.frequency_width), rng)
            mask[start : start + width] = True
        for _ in range(number):
            start, width = _band(frames, longest, rng)
            mask[:, start : start + width] = True
        return mel.masked_fill(torch.from_numpy(mask).to(mel.device), mel.mean().item())


def _band(size: int, longest: int, rng: np.random.Generator) -> tuple[int, int]:
    width = int(rng.integers(0, longest + 1))
    return int(rng.integers(0, size - width + 1)), width
