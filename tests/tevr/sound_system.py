"""A sound system whose devices come and go as a test wants, for what records microphones."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tevr.errors import AudioError
from tevr.portaudio import Device, OnBlock


@dataclass
class FakeStream:
    """A stream that a test speaks into."""

    device: Device
    rate: int
    on_block: OnBlock
    active: bool = True
    closed: bool = False

    def close(self) -> None:
        self.active, self.closed = False, True

    def say(self, sound: NDArray[np.float32], *, overflowed: bool = False) -> None:
        """Hand over (samples,) or (samples, channels)."""
        self.on_block(sound.reshape(len(sound), -1), overflowed)


@dataclass
class SoundSystem:
    """Devices as a test plugs them in; what PortAudio sees of them only after `refresh`."""

    plugged: list[Device]
    known: list[Device] = field(default_factory=list)
    streams: list[FakeStream] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = list(self.plugged)

    def devices(self) -> list[Device]:
        return self.known

    def refresh(self) -> None:
        assert all(stream.closed for stream in self.streams), "PortAudio would crash"
        self.known = list(self.plugged)

    def open(self, device: Device, rate: int, on_block: OnBlock) -> FakeStream:
        if device not in self.plugged:
            raise AudioError(f"The microphone {device.name!r} is gone", "Plug it in.")
        self.streams.append(FakeStream(device, rate, on_block))
        return self.streams[-1]


class Clock:
    """Moves when told, or by itself when asked."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 100.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        """In place of `time.sleep`, without waiting."""
        self.now += seconds


def waited_for(condition: object, seconds: float = 10.0) -> bool:
    """Whether a condition, called again and again, comes true in time."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
