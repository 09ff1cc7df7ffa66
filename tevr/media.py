"""Turns one media file or pipe into mono chunks that lie without gaps on its time axis.

t = 0 is the moment a player shows as 0:00: the start of the container, after what the encoder
declares as its own padding (mp3, AAC, Opus). Where the sound track begins later than the picture,
or packets are missing in the middle, silence stands in, so that times fit the player's.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tevr.bytestream import ByteStream
from tevr.errors import AudioError
from tevr.mixdown import Chunk, MixDown, frame_values, silence

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

#: A frame with its samples as decoded, (channels, samples).
Decoded = tuple["AudioFrame", npt.NDArray[np.generic]]

logger = logging.getLogger("tevr.audio")

#: Lowest and highest sampling rate read, Hz; others stand in damaged headers only.
RATES = (1_000, 1_000_000)
#: Seconds by which time stamps may miss the count of samples: containers round them.
MAX_JITTER = 0.1
#: Seconds of silence put in at once at most; a longer jump means a restarted clock.
MAX_GAP = 60.0
#: Seconds decoded and dropped after a seek; overlapping codecs (AAC, Opus) need 0.1 to settle.
PREROLL = 1
#: Less sound than declared is worth a word from this share or this many seconds on …
SHORT_SHARE, SHORT_SECONDS = 0.02, 1.0
#: … but never below this many seconds: encoders pad.
PADDING_SECONDS = 0.1

#: The only demuxers used: FFmpeg's others read text, pictures, devices, or play lists that
#: open further files and addresses.
DEMUXERS = (
    "wav,w64,aiff,au,caf,flac,mp3,ogg,aac,loas,latm,ac3,eac3,dts,dtshd,truehd,mlp,amr,amrnb,amrwb,"
    "gsm,ape,wv,tta,tak,mpc,mpc8,dsf,iff,voc,sox,oma,qcp,ircam,nistsphere,"
    "mov,matroska,avi,asf,flv,mpegts,mpeg,rm,nut,mxf,dv,gxf,wtv"
)
#: Containers that state a counted duration: others estimate it from the bit rate, and FFmpeg
#: cuts that of a wav down to the bytes that are there.
COUNTED = frozenset({"aiff", "au", "flac", "mov"})
#: Containers that find every PCM sample by its time.
SEEK_PCM = frozenset({"wav", "w64", "aiff", "au", "caf", "mov"})
#: Further containers and codecs whose time stamps after a seek are those of a full decode.
SEEK_EXACT = frozenset({("flac", "flac"), ("ogg", "opus"), ("mov", "aac"), ("mov", "alac")})


class Media:
    """The first sound track of one file or pipe, decoded by PyAV.

    Attributes:
        name: for people.
        total: seconds from t = 0 to the end as the container states them; ``None``: unknown.
        reached: seconds from t = 0 to the end of the last sound decoded so far.
    """

    def __init__(self, file: ByteStream, channel: int | None) -> None:
        """Open the container; the caller keeps and closes the byte stream.

        Raises:
            AudioError: there is no sound track, or none that can be decoded.
        """
        self.name = file.name
        self.reached = 0.0
        self._file = file
        self._mix = MixDown(file.name, channel)
        self._damaged = 0  # packets
        self._filled = 0.0  # seconds of silence put in for lost packets
        self._broken_off = False
        self._open()

    def close(self) -> None:
        """Free the decoder; twice does no harm."""
        self._container.close()

    def _open(self) -> None:
        self._container = _container(self._file)
        try:
            self._stream = _sound_track(self._container, self.name)
        except AudioError:
            self._container.close()
            raise
        self._format = self._container.format.name.split(",")[0]
        self._zero = (self._container.start_time or 0) / 1e6  # container clock at t = 0, seconds
        self.total = self._stated_total()

    def _stated_total(self) -> float | None:
        """Seconds from t = 0 to the end of the sound track, as stated."""
        stream, base = self._stream, self._stream.time_base
        if not self._file.seekable():
            return None
        if stream.duration is not None and base is not None:
            begin = float((stream.start_time or 0) * base) - self._zero
            return float(stream.duration * base) + (begin if 0 < begin <= MAX_GAP else 0.0)
        stated = self._container.duration
        return stated / 1e6 if stated is not None else None

    def chunks(self, start: int) -> Iterator[Chunk]:
        """All sound from exactly `start` (whole seconds from t = 0) on, in order, without gaps.

        Raises:
            AudioError: reading fails half-way, or the headers make no sense.
        """
        frames = self._frames_from(start)
        for chunk in self._placed(frames):
            begin = self.reached
            self.reached += len(chunk.samples) / chunk.rate
            early = round((start - begin) * chunk.rate)  # samples before the start
            if early < len(chunk.samples):
                yield Chunk(chunk.samples[max(0, early) :], chunk.rate)
        self._file.raise_failure()
        if self.reached == 0.0:
            raise AudioError(*self._no_sound())
        self._report()

    def _placed(self, frames: Iterator[Decoded]) -> Iterator[Chunk]:
        """Frames → chunks on the time axis that `reached` goes along; fills what is missing."""
        shift: float | None = None  # restarts of the container's clock, added up, seconds
        for frame, values in frames:
            rate = self._checked_rate(frame)
            time = self._time(frame)
            gap = 0.0 if time is None else time + (shift or 0.0) - self.reached
            begins, shift = shift is None, shift or 0.0
            if (0 if begins else MAX_JITTER) < gap <= MAX_GAP:
                self._filled += 0.0 if begins else gap
                yield from silence(gap, rate)
            elif abs(gap) > MAX_JITTER:
                shift -= gap
            yield Chunk(self._mix(values), rate)

    def _frames_from(self, start: int) -> Iterator[Decoded]:
        """Decoded frames from `start` or earlier on; `reached` is set to the first one's time."""
        frames = self._decoded()
        if start > PREROLL and self.total and start < self.total and self._seeks_exactly():
            first = next(frames, None) if self._seek(start - PREROLL) else None
            time = None if first is None else self._time(first[0])
            if first is not None and time is not None and 0 <= time <= start:
                self.reached = time
                yield first
            else:  # The index misleads: only reading from the beginning is sure.
                frames.close()
                self._container.close()
                self._file.seek(0)
                self._open()
                self._damaged, self._broken_off = 0, False
                frames = self._decoded()
        yield from frames

    def _seek(self, time: int) -> bool:
        """Go to a time or a little before it; whether the container could."""
        from av import FFmpegError

        try:
            at = round((time + self._zero) / (self._stream.time_base or 1))
            self._container.seek(at, stream=self._stream)
        except (FFmpegError, ValueError, OverflowError):
            return False
        return True

    def _seeks_exactly(self) -> bool:
        base, codec = self._stream.time_base, self._stream.codec_context
        if not base or codec.sample_rate <= 0:
            return False
        fine = (1 / (base * codec.sample_rate)).denominator == 1
        kind = self._format, codec.name.removesuffix("float")
        pcm = codec.name.startswith("pcm_") and self._format in SEEK_PCM
        return self._file.seekable() and fine and (pcm or kind in SEEK_EXACT)

    def _decoded(self) -> Generator[Decoded]:
        """All frames that can be decoded; damaged packets are counted and left out."""
        from av import FFmpegError

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, ValueError):
                self._broken_off = True
                return
            except IndexError:  # PyAV, at the end of a file that gained streams on the way
                return
            if packet is None:
                return
            try:
                frames = self._stream.codec_context.decode(packet)
                decoded = [(frame, frame_values(frame)) for frame in frames if frame.samples]
            except (FFmpegError, ValueError):
                self._damaged += 1
                continue
            yield from decoded

    def _time(self, frame: AudioFrame) -> float | None:
        """Seconds from the container's start to the frame's first sample."""
        if frame.pts is None or frame.time_base is None:
            return None
        return float(frame.pts * frame.time_base) - self._zero

    def _checked_rate(self, frame: AudioFrame) -> int:
        low, high = RATES
        if not low <= frame.sample_rate <= high:
            raise AudioError(
                f"{self.name} declares {frame.sample_rate} samples a second, which is no sound",
                "Its header is damaged; convert it again from the original.",
            )
        return frame.sample_rate

    def _no_sound(self) -> tuple[str, str]:
        if self._damaged:
            return (
                f"{self.name} holds no sound that can be decoded, all of its packets are damaged",
                "Copy, record or convert it again.",
            )
        return f"{self.name} holds no sound, its track is 0 s long", "Record or convert it again."

    def _report(self) -> None:
        """Say what was missing once all has been read."""
        if self._damaged:
            packets = "1 packet" if self._damaged == 1 else f"{self._damaged} packets"
            logger.warning("%s: left out %s of sound that could not be decoded", self.name, packets)
        if self._filled:
            logger.warning(
                "%s: %.1f s of sound are missing within it and are read as silence",
                self.name,
                self._filled,
            )
        declared = self._declared()
        missing = 0.0 if declared is None else declared - self.reached
        if missing > SHORT_SECONDS or missing > max(
            PADDING_SECONDS, SHORT_SHARE * (declared or 0.0)
        ):
            logger.warning(
                "%s: only %.1f s of the %.1f s it declares could be read, it seems cut off",
                self.name,
                self.reached,
                declared,
            )
        elif self._broken_off or (self._format == "ogg" and self._file.lacks_last_ogg_page()):
            logger.warning("%s: ends abruptly after %.1f s", self.name, self.reached)

    def _declared(self) -> float | None:
        """Seconds from t = 0 to the end as the container promises; ``None``: nothing reliable."""
        if self._format in ("wav", "avi"):
            return self.reached * self._file.promised_share()
        lone = len(self._container.streams) == 1  # else the picture may go on after the sound
        counted_mp3 = self._format == "mp3" and bool(self._stream.start_time)  # from its Info tag
        if self._format in COUNTED or counted_mp3 or (self._format == "matroska" and lone):
            return self.total
        return None


def _container(file: ByteStream) -> InputContainer:
    """Open with the demuxers for sound and video only, and without any way to other files."""
    import av

    fences = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
    try:
        return av.open(file, mode="r", container_options=fences, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        file.raise_failure()
        raise AudioError(*_unopened(file)) from error


def _unopened(file: ByteStream) -> tuple[str, str]:
    if file.is_mp4():
        return (
            f"{file.name} is an MP4 without its index, its recording or copy was cut off",
            "Copy it again, or repair it with a recovery program.",
        )
    if file.is_known():
        return (
            f"{file.name} breaks off before its sound begins, or its header is damaged",
            "Copy, record or convert it again.",
        )
    return (
        f"{file.name} is not a sound or video file of a known kind, whatever its name says",
        "Give a recording such as wav, flac, mp3, ogg, m4a or mp4.",
    )


def _sound_track(container: InputContainer, name: str) -> AudioStream:
    if not container.streams.audio:
        raise AudioError(
            f"{name} has no sound track", "Give a file with sound, or add its track again."
        )
    stream = container.streams.audio[0]
    codec: object = stream.codec_context  # PyAV's types leave out that it may be None
    if codec is None:
        raise AudioError(
            f"The sound of {name} is coded in a way that the installed PyAV cannot decode",
            "Convert it to wav, flac or mp3 with another program.",
        )
    return stream
