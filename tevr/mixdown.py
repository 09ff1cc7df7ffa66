"""Turns samples of any type and layout into finite mono float32."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tevr.errors import AudioError

if TYPE_CHECKING:
    from av import AudioFrame

#: float32 (samples,)
Samples = npt.NDArray[np.float32]

#: Larger magnitudes are damage (integers written as floats stay below) and would overflow later.
MAX_MAGNITUDE = 2.0**31
#: FFmpeg's sample formats that PyAV turns into arrays, without the p of planar ones.
NUMPY_FORMATS = frozenset({"u8", "s16", "s32", "flt", "dbl"})
#: With more channels in planes of their own PyAV looks beyond the last one and crashes.
MAX_PLANES = 7

logger = logging.getLogger("tevr.audio")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some mono sound.

    Attributes:
        samples: float32 (samples,), finite.
        rate: Hz.
    """

    samples: Samples
    rate: int


class MixDown:
    """(channels, samples) of any integer or float type → finite float32 (samples,), full scale ±1.

    All channels are averaged, or one is taken. Floats beyond ±1 are kept: the acoustic model
    evens out the level, so clipping would only distort. What is no finite number becomes 0.
    """

    def __init__(self, name: str, channel: int | None) -> None:
        """For the source of this name, all its channels or the one of this number."""
        self._name = name
        self._channel = channel
        self._warned = False

    def __call__(self, values: npt.NDArray[np.generic]) -> Samples:
        """Mix one piece of sound down.

        Raises:
            AudioError: the chosen channel does not exist.
        """
        channels = self._chosen(values)
        kind = channels.dtype
        mixed: Samples
        if np.issubdtype(kind, np.floating):
            mixed = self._finite(channels).mean(axis=0, dtype=np.float32)
            return mixed
        full = 2.0 ** (8 * kind.itemsize - 1)
        centre = full if np.issubdtype(kind, np.unsignedinteger) else 0.0
        mixed = ((channels.mean(axis=0, dtype=np.float64) - centre) / full).astype(np.float32)
        return mixed

    def _chosen(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        if self._channel is None:
            return values
        if self._channel >= len(values):
            many = "1 channel" if len(values) == 1 else f"{len(values)} channels"
            raise AudioError(
                f"{self._name} has {many}, so there is no channel {self._channel}",
                "Channels are counted from 0; choose none to mix them all.",
            )
        return values[self._channel : self._channel + 1]

    def _finite(self, channels: npt.NDArray[np.generic]) -> Samples:
        with np.errstate(over="ignore", invalid="ignore"):
            sound = channels.astype(np.float32)
            sane = np.abs(sound) <= MAX_MAGNITUDE
        if not sane.all():
            sound[~sane] = 0.0
            if not self._warned:
                logger.warning(
                    "%s: samples that are no finite numbers are read as silence", self._name
                )
            self._warned = True
        return sound


def frame_values(frame: AudioFrame) -> npt.NDArray[np.generic]:
    """The samples as decoded, (channels, samples)."""
    from av import AudioResampler

    planar = frame.format.is_planar
    if frame.format.name.removesuffix("p") not in NUMPY_FORMATS or (
        planar and frame.layout.nb_channels > MAX_PLANES
    ):
        (frame,) = AudioResampler(format="dbl").resample(frame)
        planar = False
    values: npt.NDArray[np.generic] = frame.to_ndarray()
    return values if planar else values.reshape(frame.samples, -1).T


def silence(seconds: float, rate: int) -> Iterator[Chunk]:
    """So much silence, in chunks of a second at most."""
    samples = round(seconds * rate)
    for begin in range(0, samples, rate):
        yield Chunk(np.zeros(min(rate, samples - begin), np.float32), rate)
