"""Turns any file, pipe or array into blocks of 16 kHz mono float32 samples.

t = 0 is the moment a player shows as 0:00 (see `tevr.media`); for arrays, the first sample.
`start` and `end` cut exactly: the result is that slice of what the whole would give.
"""

from __future__ import annotations

import math
import os
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from tevr.bytestream import ByteStream
from tevr.errors import AudioError, UsageError
from tevr.media import Media
from tevr.mixdown import Chunk, MixDown, Samples
from tevr.transcript import Options

#: Hz, of everything that leaves this module.
SAMPLE_RATE = 16_000
#: Half a second: short enough for live text, long enough to cost nothing.
BLOCK_SAMPLES = SAMPLE_RATE // 2
#: Whole seconds of sound before `start` that let the resampler settle. At whole seconds the
#: sampling grids of all rates meet, so that resampling may begin there and still be exact.
CONTEXT = 1
#: An array with more channels than this has surely been passed the wrong way round.
MAX_CHANNELS = 64
INTEGERS = ("uint8", "int16", "int32")

#: A path, a binary file object (seekable or not), or an array (samples,) or (samples, channels)
#: of floats within ±1 or of 8, 16 or 32 bit integers.
Source = str | os.PathLike[str] | BinaryIO | npt.NDArray[np.generic]

#: Suffixes that a walk through folders takes for sound or video; a file named outright is
#: opened whatever its suffix.
AUDIO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".aac", ".ac3", ".adts", ".aif", ".aifc", ".aiff", ".amr", ".ape", ".asf",
    ".au", ".avi", ".awb", ".caf", ".dsf", ".dts", ".eac3", ".f4v", ".flac", ".flv", ".gsm",
    ".m2ts", ".m4a", ".m4b", ".m4r", ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4",
    ".mpc", ".mpeg", ".mpg", ".mpga", ".mts", ".mxf", ".oga", ".ogg", ".ogv", ".opus", ".qt",
    ".ra", ".rm", ".rmvb", ".snd", ".spx", ".tak", ".ts", ".tta", ".vob", ".voc", ".w64", ".wav",
    ".wave", ".weba", ".webm", ".wma", ".wmv", ".wv",
})  # fmt: skip


def is_audio_name(path: str | os.PathLike[str]) -> bool:
    """Whether the suffix of a name, in capitals or not, is one of `AUDIO_SUFFIXES`."""
    return Path(path).suffix.lower() in AUDIO_SUFFIXES


class _Sound(Protocol):
    """What `Audio` reads: `tevr.media.Media` or an array."""

    name: str
    total: float | None
    reached: float

    def chunks(self, start: int) -> Iterator[Chunk]: ...
    def close(self) -> None: ...


class Audio:
    """One open source; a context manager. Made by `open_audio`.

    Attributes:
        name: for people: a file's name without folders, "standard input" or "the array".
        duration: seconds expected between start and end, as the source states them; ``None`` when
            unknown. For progress only: headers err.
    """

    def __init__(self, sound: _Sound, start: float, end: float | None) -> None:
        """Take over a sound, to be read between two times in seconds."""
        self.name = sound.name
        self.duration = _stated_duration(sound.total, start, end)
        self._sound = sound
        self._start = start
        self._end = end
        self._read = False

    def __enter__(self) -> Audio:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the source, unless the caller opened it; twice does no harm."""
        self._sound.close()

    def blocks(self) -> Generator[Samples]:
        """The sound between start and end, once, as float32 (samples,) of half a second or less.

        Raises:
            AudioError: nothing lies between start and end, or reading fails half-way. What was
                missing or damaged but could be passed over is logged.
            UsageError: the blocks were read before.
        """
        if self._read:
            raise UsageError(f"{self.name} has been read before", "Open it again.")
        self._read = True
        context = max(0, math.floor(self._start) - CONTEXT)  # second at which reading begins
        begin = round(self._start * SAMPLE_RATE) - context * SAMPLE_RATE
        end = None if self._end is None else round((self._end - context) * SAMPLE_RATE)
        nothing = True
        for block in _reblocked(_cut(_resampled(self._sound.chunks(context)), begin, end)):
            nothing = False
            yield block
        if nothing:
            raise AudioError(
                f"{self.name} ends after {self._sound.reached:.2f} s,"
                f" before the start at {self._start:g} s",
                "Choose an earlier start.",
            )


def open_audio(
    source: Source,
    *,
    start: float = 0.0,
    end: float | None = None,
    channel: int | None = None,
    rate: int | None = None,
) -> Audio:
    """Open a source for reading.

    Args:
        source: see `Source`; a file object is read from where it stands, and stays open.
        start: seconds to skip.
        end: seconds to stop at; ``None`` or past the end reads all.
        channel: number of the only channel to read, from 0; ``None`` takes the mean of all.
        rate: sampling rate of an array, Hz; files know theirs.

    Raises:
        AudioError: the source is missing, empty, or holds no sound that can be decoded.
        UsageError: the span, channel, rate or array makes no sense.
    """
    if not math.isfinite(start) or (end is not None and math.isnan(end)):
        raise UsageError("The start and end are not both numbers", "Give them in seconds.")
    end = None if end == math.inf else end
    Options(start=start, end=end, channel=channel)  # says what is wrong with them
    if end is not None and round(end * SAMPLE_RATE) <= round(start * SAMPLE_RATE):
        raise UsageError("Start and end are less than a sample apart", "Choose a later end.")
    if isinstance(source, np.ndarray):
        return Audio(_Array(source, rate, channel), start, end)
    if rate is not None:
        raise UsageError(
            "A sampling rate was given for a file", "Leave it out, only arrays need one."
        )
    return Audio(_File(source, channel), start, end)


def read_audio(
    source: Source,
    *,
    start: float = 0.0,
    end: float | None = None,
    channel: int | None = None,
    rate: int | None = None,
) -> Samples:
    """Read a whole source at once: float32 (samples,). Arguments and errors as of `open_audio`."""
    with open_audio(source, start=start, end=end, channel=channel, rate=rate) as audio:
        return np.concatenate(list(audio.blocks()))


class _File(Media):
    """A `Media` that closes its byte stream too."""

    def __init__(self, source: str | os.PathLike[str] | BinaryIO, channel: int | None) -> None:
        self._bytes = ByteStream(source)
        try:
            super().__init__(self._bytes, channel)
        except BaseException:
            self._bytes.close()
            raise

    def close(self) -> None:
        super().close()
        self._bytes.close()


class _Array:
    """Sound that is in memory already."""

    name = "the array"

    def __init__(
        self, values: npt.NDArray[np.generic], rate: int | None, channel: int | None
    ) -> None:
        """Check the (samples,) or (samples, channels) array.

        Raises:
            AudioError: it is empty.
            UsageError: its shape, type or rate is no sound's.
        """
        for problem in _array_problems(values, rate):
            raise UsageError(*problem)
        if not values.size:
            raise AudioError("The array holds no sound", "Pass at least one sample.")
        self._values = values.reshape(len(values), -1)  # (samples, channels)
        self._rate = rate or 0
        self._mix = MixDown(self.name, channel)
        self.total: float | None = len(values) / self._rate
        self.reached = 0.0

    def chunks(self, start: int) -> Iterator[Chunk]:
        """From exactly `start` seconds on, in pieces of a second."""
        self.reached = len(self._values) / self._rate
        for at in range(start * self._rate, len(self._values), self._rate):
            piece = self._values[at : at + self._rate]
            yield Chunk(self._mix(piece.T), self._rate)

    def close(self) -> None:
        """Nothing to close."""


def _array_problems(values: npt.NDArray[np.generic], rate: int | None) -> Iterable[tuple[str, str]]:
    if rate is None or rate <= 0:
        yield "An array needs its sampling rate", "Pass rate=, in Hz."
    if values.ndim not in (1, 2) or (values.ndim > 1 and values.shape[1] > MAX_CHANNELS):
        yield (
            f"An array of shape {values.shape} is no sound",
            "Pass (samples,) or (samples, channels).",
        )
    if not np.issubdtype(values.dtype, np.floating) and values.dtype.name not in INTEGERS:
        yield f"An array of type {values.dtype} has no known full scale", "Pass float32 within ±1."


def _stated_duration(total: float | None, start: float, end: float | None) -> float | None:
    if total is None:
        return None if end is None else end - start
    return max(0.0, min(total, math.inf if end is None else end) - start)


def _resampled(chunks: Iterable[Chunk]) -> Iterator[Samples]:
    """Bring chunks to `SAMPLE_RATE`; their rate may change on the way."""
    import soxr

    rate, stream = SAMPLE_RATE, None
    for chunk in chunks:
        if chunk.rate != rate:
            if stream is not None:
                yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
            rate = chunk.rate
            stream = (
                None
                if rate == SAMPLE_RATE
                else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
            )
        yield chunk.samples if stream is None else stream.resample_chunk(chunk.samples)
    if stream is not None:
        yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _cut(pieces: Iterable[Samples], begin: int, end: int | None) -> Iterator[Samples]:
    """Samples number `begin` to `end` of all pieces; reads no further than it must."""
    at = 0
    for piece in pieces:
        kept = piece[max(0, begin - at) : None if end is None else end - at]
        if len(kept):
            yield kept
        at += len(piece)
        if end is not None and at >= end:
            return


def _reblocked(pieces: Iterable[Samples]) -> Iterator[Samples]:
    """The same samples in blocks of `BLOCK_SAMPLES`, the last shorter."""
    held: list[Samples] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= BLOCK_SAMPLES:
            joined = np.concatenate(held)
            full = length - length % BLOCK_SAMPLES
            for at in range(0, full, BLOCK_SAMPLES):
                yield joined[at : at + BLOCK_SAMPLES]
            held, length = [joined[full:]], length - full
    if length:
        yield np.concatenate(held)
