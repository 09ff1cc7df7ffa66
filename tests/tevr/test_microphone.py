"""Whatever a device does, its sound comes at 16 kHz on the time of the clock; losses are told."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.tevr.sound_system import Clock, SoundSystem
from tevr.errors import AudioError, UsageError
from tevr.microphone import SILENT_DB, Microphone, MicrophoneSettings, level
from tevr.portaudio import Device

HEADSET = Device(3, "Headset", 1, 48_000, default=True)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("tevr.microphone.time.sleep", clock.sleep)
    return clock


def take(blocks: Iterator[NDArray[np.float32]], count: int) -> NDArray[np.float32]:
    return np.concatenate([next(blocks) for _ in range(count)])


def tone(rate: int, seconds: float) -> NDArray[np.float32]:
    time = np.arange(round(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_is_heard_at_16_khz(rate: int) -> None:
    system = SoundSystem([Device(0, "any", 1, rate)])
    with Microphone(capture=system) as microphone:
        sound = tone(rate, 2.0)
        for block in np.array_split(sound, 20):
            system.streams[0].say(block)
        heard = take(microphone.blocks(), 20)
    assert 30_000 < len(heard) <= 32_000  # the resampler holds the last samples back
    spectrum = np.abs(np.fft.rfft(heard[8_000:24_000]))
    assert np.argmax(spectrum) == 440
    assert level(heard[8_000:24_000]) == pytest.approx(-9.03, abs=0.1)


def test_channels_are_mixed_down() -> None:
    system = SoundSystem([Device(0, "stereo", 2, 16_000)])
    microphone = Microphone(capture=system)
    system.streams[0].say(np.tile(np.array([[0.5, 0.0]], np.float32), (1600, 1)))
    assert np.allclose(next(microphone.blocks()), 0.25)


@pytest.mark.parametrize("rate", [0, 7_999, 192_001])
def test_other_rates_are_refused(rate: int) -> None:
    with pytest.raises(UsageError, match="No microphone records at"):
        Microphone(rate=rate, capture=SoundSystem([HEADSET]))


def test_an_unusual_rate_of_the_device_is_brought_near() -> None:
    system = SoundSystem([Device(0, "studio", 1, 384_000)])
    Microphone(capture=system)
    assert system.streams[0].rate == 192_000


def test_a_microphone_that_is_closed_ends_its_blocks() -> None:
    system = SoundSystem([HEADSET])
    microphone = Microphone(capture=system)
    microphone.close()
    microphone.close()
    assert list(microphone.blocks()) == []
    assert system.streams[0].closed


def test_late_blocks_and_overflows_are_counted_and_told(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    system = SoundSystem([Device(0, "any", 1, 16_000)])
    microphone = Microphone(capture=system, clock=clock)
    blocks = microphone.blocks()
    for delay in (0.0, 0.0, 0.7, 0.0, 0.0, 0.9):
        clock.now += 0.1 + delay
        system.streams[0].say(np.zeros(1600, np.float32), overflowed=delay == 0.9)
        next(blocks)
    assert (microphone.losses.late, microphone.losses.overflows) == (2, 1)
    clock.now += 11
    system.streams[0].say(np.zeros(1600, np.float32))
    take(blocks, 1)
    next(blocks)
    assert caplog.messages == [
        "So far 1 block came late.",
        "So far 3 blocks came late, the system lost sound 1 time.",
    ]


@given(st.floats(-0.001, 0.001), st.integers(0, 2**32 - 1))
def test_a_clock_that_drifts_and_jitters_is_not_late(drift: float, seed: int) -> None:
    clock = Clock()
    system = SoundSystem([Device(0, "any", 1, 16_000)])
    microphone = Microphone(capture=system, clock=clock, settings=MicrophoneSettings(kept=1000.0))
    jitter = np.random.default_rng(seed).uniform(0, 0.1, 1000)
    start, block = clock.now, np.zeros(1600, np.float32)
    for number, shift in enumerate(jitter):
        clock.now = start + number * 0.1 * (1 + drift) + shift
        system.streams[0].say(block)
    assert microphone.losses.late == 0


@given(st.integers(1, 30), st.integers(1, 30))
def test_what_finds_no_room_is_dropped_counted_and_stands_as_silence(kept: int, given: int) -> None:
    system = SoundSystem([Device(0, "any", 1, 16_000)])
    settings = MicrophoneSettings(kept=kept / 10)
    microphone = Microphone(capture=system, settings=settings)
    for _ in range(given):
        system.streams[0].say(np.ones(1600, np.float32))
    blocks = microphone.blocks()
    room = min(kept, given)
    heard = take(blocks, room)
    system.streams[0].say(np.ones(1600, np.float32))
    heard = np.concatenate([heard, take(blocks, 2 if given > kept else 1)])
    assert len(heard) == (given + 1) * 1600
    assert np.count_nonzero(heard) == (room + 1) * 1600
    assert microphone.losses.dropped == pytest.approx((given - room) / 10)


def test_a_device_that_is_unplugged_is_awaited_while_silence_stands_in(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    system = SoundSystem([HEADSET, Device(0, "other", 1, 44_100)])
    microphone = Microphone("head", capture=system, clock=clock)
    blocks = microphone.blocks(wait=0.0)
    system.plugged.remove(HEADSET)
    system.streams[0].active = False
    begin = clock.now
    heard = 0
    while clock.now - begin < 5.0:
        block = next(blocks)
        assert not block.any()
        heard += len(block)
    assert system.streams[0].closed
    assert heard / 16_000 == pytest.approx(clock.now - begin, abs=0.11)
    system.plugged.append(Device(5, "Headset", 1, 48_000))  # with another number
    while len(system.streams) == 1:
        next(blocks)
    system.streams[1].say(np.ones(4800, np.float32))
    assert any(next(blocks).any() for _ in range(3))
    assert caplog.messages == [
        "The microphone 'Headset' is gone; it is waited for, and Ctrl-C ends.",
        "Now the microphone 'Headset' is heard.",
    ]
    assert 5.0 <= microphone.losses.away < 8.0


def test_where_none_was_wanted_any_device_takes_the_place(clock: Clock) -> None:
    other = Device(0, "other", 1, 44_100)
    system = SoundSystem([HEADSET, other])
    microphone = Microphone(capture=system, clock=clock)
    blocks = microphone.blocks(wait=0.0)
    system.plugged.remove(HEADSET)
    system.streams[0].active = False
    while len(system.streams) == 1:
        next(blocks)
    assert microphone.device == other


def test_a_device_that_stops_giving_sound_counts_as_gone(clock: Clock) -> None:
    system = SoundSystem([HEADSET])
    microphone = Microphone(capture=system, clock=clock)
    blocks = microphone.blocks(wait=0.0)
    clock.now += 1.9
    assert len(next(blocks)) == 0
    clock.now += 0.2
    assert len(next(blocks)) == 33_600  # all that time passed without sound
    while len(system.streams) == 1:
        next(blocks)


def test_a_microphone_that_is_away_can_be_closed(clock: Clock) -> None:
    system = SoundSystem([HEADSET])
    microphone = Microphone(capture=system, clock=clock)
    blocks = microphone.blocks(wait=0.0)
    system.plugged.clear()
    system.streams[0].active = False
    next(blocks)
    microphone.close()
    assert list(blocks) == []


def test_a_system_that_fails_while_the_device_is_away_is_asked_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = SoundSystem([HEADSET])
    microphone = Microphone(capture=system, clock=clock)
    blocks = microphone.blocks(wait=0.0)
    system.streams[0].active = False

    def fail() -> None:
        raise AudioError("PortAudio does not start", "Wait.")

    with monkeypatch.context() as patched:
        patched.setattr(system, "refresh", fail)
        for _ in range(30):
            next(blocks)
        assert len(system.streams) == 1
    for _ in range(30):
        next(blocks)
    assert len(system.streams) == 2


def test_levels_are_in_decibels_of_full_scale() -> None:
    assert level(np.zeros(0, np.float32)) == SILENT_DB
    assert level(np.zeros(1600, np.float32)) == SILENT_DB
    assert level(np.full(1600, 0.1, np.float32)) == pytest.approx(-20, abs=0.01)
    assert level(np.ones(1600, np.float32)) == 0.0
