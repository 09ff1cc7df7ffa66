"""What is encoded is read back: the same length, and the same sound as far as the codec goes."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.audio import read_audio
from tevr.training.encoder import encoded


@pytest.mark.parametrize("length", [1, 4096, 4097, 50_000])
def test_flac_gives_16_bits_back(length: int, clip: NDArray[np.float32]) -> None:
    back = read_audio(BytesIO(encoded(clip[:length], "flac", "flac")))
    assert len(back) == length
    np.testing.assert_allclose(back, clip[:length], atol=1 / 32000)


def test_opus_keeps_to_its_bit_rate(clip: NDArray[np.float32]) -> None:
    sizes = [len(encoded(clip, "libopus", "ogg", rate)) for rate in (12_000, 48_000)]
    seconds = len(clip) / 16_000
    assert sizes[0] < 0.4 * sizes[1]
    assert sizes[1] * 8 / seconds == pytest.approx(48_000, rel=0.3)


def test_what_exceeds_full_scale_is_cut() -> None:
    back = read_audio(BytesIO(encoded(np.full(100, 3.0), "flac", "flac")))
    assert np.abs(back).max() <= 1
