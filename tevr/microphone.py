"""A microphone → blocks of 16 kHz mono float32, whatever happens to the device meanwhile.

    with Microphone("Jabra") as microphone:
        for event in recognizer.listen(microphone.blocks()):
            …

The time axis is that of the clock on the wall: while a device is unplugged, silence stands in for
it, and so it does for blocks that had to be dropped. What was lost is counted and told.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE
from tevr.errors import AudioError, UsageError
from tevr.mixdown import MixDown, Samples
from tevr.portaudio import BLOCK_SECONDS, Capture, Device, PortAudio, Stream, choose_device

#: Hz; what microphones and telephones have.
RATES = (8_000, 192_000)
#: dB below full scale of what is no sound at all.
SILENT_DB = -100.0
# Share of a block's delay that counts as drift of the clocks: 1 % of them suffices for 1 in 1000.
_DRIFT = 0.01

logger = logging.getLogger("tevr.microphone")


@dataclass(frozen=True, slots=True)
class MicrophoneSettings:
    """Patience with a device; all in seconds.

    Attributes:
        kept: sound that may wait for a recogniser that is busy; what comes then is dropped.
        late: a block that comes so much later than the blocks before it made expect is late.
        stalled: without a block for so long, a device counts as gone. Bluetooth headsets pause
            for most of a second.
        retry: between two looks for a device that is gone.
        news: between two sentences about late blocks and lost sound.
    """

    kept: float = 30.0
    late: float = 0.5
    stalled: float = 2.0
    retry: float = 1.0
    news: float = 10.0


@dataclass(slots=True)
class Losses:
    """What went wrong while recording, so far.

    Attributes:
        late: blocks that came late.
        overflows: times that the system reported lost sound, of unknown length.
        dropped: seconds dropped because the recogniser fell too far behind.
        away: seconds for which the device was gone.
    """

    late: int = 0
    overflows: int = 0
    dropped: float = 0.0
    away: float = 0.0

    def __str__(self) -> str:
        """In words, without what did not happen; empty if nothing did."""
        told = {
            f"{_counted(self.late, 'block')} came late": self.late,
            f"the system lost sound {_counted(self.overflows, 'time')}": self.overflows,
            f"{self.dropped:.1f} s were dropped": self.dropped,
            f"the microphone was away for {self.away:.0f} s": self.away,
        }
        return ", ".join(words for words, happened in told.items() if happened)


@dataclass(frozen=True, slots=True)
class _Block:
    sound: NDArray[np.float32]  # (samples, channels)
    dropped: float  # seconds missing before it


class Microphone:
    """One input device, or those that take its place when it is plugged in again.

    Args:
        wanted: number or part of the name; ``None``: the system's own.
        rate: Hz to record at; ``None``: the device's own.
        capture: the devices; those of this machine if left out.
        settings: patience with the device.
        clock: seconds that only grow.

    Attributes:
        device: what is being recorded.
        losses: what went wrong so far.

    Raises:
        AudioError: there is no such device, it cannot be recorded, or PortAudio is missing.
        UsageError: the rate is none, or several devices are called so.
    """

    def __init__(
        self,
        wanted: str | None = None,
        rate: int | None = None,
        *,
        capture: Capture | None = None,
        settings: MicrophoneSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if rate is not None and not RATES[0] <= rate <= RATES[1]:
            raise UsageError(
                f"No microphone records at {rate} Hz", f"Choose from {RATES[0]} to {RATES[1]} Hz."
            )
        self.settings = settings or MicrophoneSettings()
        self.losses = Losses()
        self._capture = capture or PortAudio()
        self._wanted = wanted
        self._rate = rate
        self._clock = clock
        self._told = (str(self.losses), 0.0)  # what was said last, and when
        self._stream: Stream | None = None
        self._closed = False
        self._open(choose_device(self._capture.devices(), wanted))

    def __enter__(self) -> Microphone:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Record no more."""
        self.close()

    def close(self) -> None:
        """Record no more; `blocks` ends. Twice does no harm."""
        self._closed = True
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    @property
    def name(self) -> str:
        """Of what is being recorded."""
        return self.device.name

    @property
    def waiting(self) -> float:
        """Seconds of sound that were recorded and not given yet."""
        return self._queue.qsize() * BLOCK_SECONDS

    def blocks(self, *, wait: float = 0.1) -> Iterator[Samples]:
        """The sound as float32 (samples,) at 16 kHz, as it comes.

        Args:
            wait: seconds after which an empty block is given where nothing came, so that whoever
                iterates can look after other things.
        """
        while not self._closed:
            try:
                block = self._queue.get(timeout=wait)
            except queue.Empty:
                yield from self._missed()
                continue
            self._heard = self._clock()
            if block.dropped:
                yield np.zeros(round(block.dropped * SAMPLE_RATE), np.float32)
            yield self._resampled(block.sound)
            self._tell()

    def _open(self, device: Device) -> None:
        """Record a device, beginning anew with all that belongs to one stream."""
        rate = self._rate or min(max(device.rate, RATES[0]), RATES[1])
        blocks = max(1, round(self.settings.kept / BLOCK_SECONDS))
        self.device = device
        self._queue: queue.Queue[_Block] = queue.Queue(blocks)
        self._mix = MixDown(f"The microphone {device.name}", None)
        self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        self._heard = self._clock()
        self._stream = self._capture.open(device, rate, _Receiver(self, self._queue, rate))

    def _resampled(self, sound: NDArray[np.float32]) -> Samples:
        resampled: Samples = self._resampler.resample_chunk(self._mix(sound.T))
        return resampled

    def _missed(self) -> Iterator[Samples]:
        """What to give where no block came in time: nothing yet, or silence until one comes."""
        gone = self._clock() - self._heard
        active = self._stream is not None and self._stream.active
        if self._closed or (active and gone < self.settings.stalled):
            yield np.zeros(0, np.float32)
            return
        logger.warning(
            "The microphone %r is gone; it is waited for, and Ctrl-C ends.", self.device.name
        )
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        yield from self._awaited()

    def _awaited(self) -> Iterator[Samples]:
        """Silence of the length that passes until the device, or the one wanted, is there."""
        given = self._heard  # moment up to which sound was given
        looked = self._clock()
        while not self._closed:
            now = self._clock()
            self.losses.away += now - given
            yield np.zeros(round((now - given) * SAMPLE_RATE), np.float32)
            given = now
            if now - looked >= self.settings.retry and self._is_back():
                logger.warning("Now the microphone %r is heard.", self.device.name)
                return
            looked = now if now - looked >= self.settings.retry else looked
            time.sleep(min(BLOCK_SECONDS, self.settings.retry))

    def _is_back(self) -> bool:
        try:
            self._capture.refresh()
            self._open(choose_device(self._capture.devices(), self._wanted_again()))
        except (AudioError, UsageError) as error:
            logger.debug("The microphone is not back: %s", error)
            return False
        return True

    def _wanted_again(self) -> str | None:
        """What to look for: numbers change when devices come and go, names do not."""
        return None if self._wanted is None else self.device.name

    def _tell(self) -> None:
        """Say what was lost, if that is news and the last news are long enough ago."""
        said, when = self._told
        now = self._clock()
        if str(self.losses) != said and (not said or now - when >= self.settings.news):
            self._told = (str(self.losses), now)
            logger.warning("So far %s.", str(self.losses))


class _Receiver:
    """Takes blocks of one stream in the thread of the system, and never waits there."""

    def __init__(self, owner: Microphone, blocks: queue.Queue[_Block], rate: int) -> None:
        self._losses = owner.losses
        self._settings = owner.settings
        self._clock = owner._clock
        self._queue = blocks
        self._rate = rate
        self._due: float | None = None  # moment at which the next block should be there
        self._dropped = 0.0  # seconds since the last block that found room

    def __call__(self, sound: NDArray[np.float32], overflowed: bool) -> None:
        seconds = len(sound) / self._rate
        self._losses.overflows += overflowed
        self._note_delay(seconds)
        try:
            self._queue.put_nowait(_Block(sound, self._dropped))
        except queue.Full:
            self._dropped += seconds
            self._losses.dropped += seconds
        else:
            self._dropped = 0.0

    def _note_delay(self, seconds: float) -> None:
        """Count a block that comes late, but not that the device's clock is slower than ours."""
        now = self._clock()
        late = 0.0 if self._due is None else now - self._due
        self._losses.late += late > self._settings.late
        # After a block that came early or very late, the others are due from there on.
        kept = late * (1 - _DRIFT) if 0 < late <= self._settings.late else 0.0
        self._due = now - kept + seconds


def level(samples: Samples) -> float:
    """How loud a block is: its root mean square in dB of full scale, `SILENT_DB` at least."""
    if not len(samples):
        return SILENT_DB
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(SILENT_DB, 10 * float(np.log10(power))) if power > 0 else SILENT_DB


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
