"""Rooms, noises and lines do to a signal what their numbers say."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import UsageError
from tevr.training import effects
from tevr.training.effects import Codec, Colour

RATE = 16_000
Samples = NDArray[np.float32]
COLOURS: tuple[Colour, ...] = ("white", "pink", "brown")


def sine(hertz: float) -> Samples:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.float32)


def decibels(ratio: float) -> float:
    return 10 * math.log10(ratio)


def power(samples: NDArray[np.floating]) -> float:
    return float(np.square(samples, dtype=np.float64).mean())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


EFFECTS: dict[str, Callable[[Samples, np.random.Generator], Samples]] = {
    "room": lambda x, draw: effects.room(x, 0.4, 1.0, draw),
    "noise": lambda x, draw: effects.noise(x, 10, "pink", draw),
    "babble": lambda x, draw: effects.babble(x, [x, sine(200)], 10, draw),
    "telephone": lambda x, _: effects.telephone(x),
    "clip_peaks": lambda x, _: effects.clip_peaks(x, 6),
    "gain": lambda x, _: effects.gain(x, 20),
    "pauses": lambda x, draw: effects.pauses(x, [(0.0, 0.0)], draw),
}


@pytest.mark.parametrize("name", EFFECTS)
@given(length=st.integers(0, 2_000), level=st.sampled_from([0.0, 1e-6, 0.1, 1.0]))
@settings(deadline=None, max_examples=40)
def test_any_clip_stays_finite_within_full_scale_and_as_long(
    name: str, length: int, level: float
) -> None:
    samples = (level * rng(length).uniform(-1, 1, length)).astype(np.float32)
    before = samples.copy()
    result = EFFECTS[name](samples, rng())
    assert result.dtype == np.float32
    assert len(result) == length
    assert np.isfinite(result).all()
    assert np.abs(result).max(initial=0) <= 1
    np.testing.assert_array_equal(samples, before)
    np.testing.assert_array_equal(EFFECTS[name](samples, rng()), result)


@pytest.mark.parametrize("name", ["room", "noise", "babble"])
def test_another_seed_gives_another_result(name: str, clip: Samples) -> None:
    assert not np.array_equal(EFFECTS[name](clip, rng(0)), EFFECTS[name](clip, rng(1)))


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("snr", [0.0, 20.0])
def test_noise_is_as_strong_as_asked(colour: Colour, snr: float, clip: Samples) -> None:
    quiet = clip / 8  # nothing is turned down
    added = effects.noise(quiet, snr, colour, rng()) - quiet
    assert decibels(effects.active_power(quiet) / power(added)) == pytest.approx(snr, abs=0.5)


def test_silence_around_speech_makes_no_difference_to_the_noise(clip: Samples) -> None:
    padded = np.pad(clip / 8, RATE)
    added = effects.noise(padded, 10, "white", rng()) - padded
    assert decibels(effects.active_power(clip / 8) / power(added)) == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize(("colour", "fall"), [("white", 0.0), ("pink", 3.0), ("brown", 6.0)])
def test_noise_falls_by_its_colour_an_octave(colour: Colour, fall: float, clip: Samples) -> None:
    added = effects.noise(clip / 8, 0, colour, rng()) - clip / 8
    spectrum = np.abs(np.fft.rfft(added)) ** 2
    hertz = np.fft.rfftfreq(len(added), 1 / RATE)
    low, high = (spectrum[(hertz > a) & (hertz < 2 * a)].mean() for a in (500, 1000))
    assert decibels(low / high) == pytest.approx(fall, abs=0.7)


def test_babble_is_as_strong_as_asked_and_made_of_the_others(clip: Samples) -> None:
    quiet = clip / 8
    added = effects.babble(quiet, [sine(440), sine(880)], 6, rng()) - quiet
    assert decibels(effects.active_power(quiet) / power(added)) == pytest.approx(6, abs=0.5)
    spectrum = np.abs(np.fft.rfft(added))
    hertz = np.fft.rfftfreq(len(added), 1 / RATE)
    near = (np.abs(hertz - 440) < 20) | (np.abs(hertz - 880) < 20)
    assert np.square(spectrum[near]).sum() > 0.98 * np.square(spectrum).sum()


def test_nobody_talking_is_no_babble(clip: Samples) -> None:
    silent = [np.zeros(100, np.float32), np.zeros(0, np.float32)]
    np.testing.assert_array_equal(effects.babble(clip, silent, 0, rng()), clip)


@pytest.mark.parametrize("rt60", [0.2, 0.6])
def test_a_room_decays_by_60_db_in_its_rt60(rt60: float) -> None:
    click = np.zeros(RATE, np.float32)
    click[0] = 0.1
    left = np.cumsum(np.square(effects.room(click, rt60, 3.0, rng()), dtype=np.float64)[::-1])[::-1]
    level = 10 * np.log10(left[: round(rt60 * 0.7 * RATE)] / left[0])
    start, end = np.argmax(level < -10), np.argmax(level < -30)  # Schroeder's curve, ISO 3382
    assert 3 * (end - start) / RATE == pytest.approx(rt60, rel=0.2)


def test_a_room_keeps_the_power_and_the_time_of_speech(clip: Samples) -> None:
    quiet = clip / 8
    wet = effects.room(quiet, 0.4, 0.3, rng())
    assert power(wet) == pytest.approx(power(quiet), rel=1e-3)
    shifts = np.correlate(wet[100:-100], quiet[200:-200])
    assert abs(int(np.argmax(shifts)) - 100) <= 1


def test_distance_makes_a_room_louder() -> None:
    near, far = (effects.impulse_response(0.4, distance, rng()) for distance in (0.5, 2.0))
    ratio = np.square(far[1:]).sum() / np.square(near[1:]).sum()
    assert ratio == pytest.approx(16)


@pytest.mark.parametrize(("hertz", "passes"), [(100, False), (1000, True), (5000, False)])
def test_a_telephone_lets_only_its_band_through(hertz: float, passes: bool) -> None:
    change = decibels(power(effects.telephone(sine(hertz))) / power(sine(hertz)))
    assert abs(change) < 0.5 if passes else change < -20


def test_a_telephone_is_heard_at_the_same_time(clip: Samples) -> None:
    heard = effects.telephone(clip)
    assert int(np.argmax(np.correlate(heard[100:-100], clip[200:-200]))) == 100


@pytest.mark.parametrize("name", ["mp3", "opus"])
@pytest.mark.parametrize("bit_rate", [8_000, 23_456, 64_000])
def test_a_codec_keeps_length_and_time(name: Codec, bit_rate: int, clip: Samples) -> None:
    heard = effects.codec(clip, name, bit_rate)
    assert len(heard) == len(clip)
    assert heard.dtype == np.float32
    assert np.abs(heard).max() <= 1
    assert np.corrcoef(heard, clip)[0, 1] > (0.9 if bit_rate > 8_000 else 0.6)


@pytest.mark.parametrize("name", ["mp3", "opus"])
@pytest.mark.parametrize("length", [0, 1, 100])
def test_a_codec_takes_clips_of_few_samples(name: Codec, length: int) -> None:
    assert len(effects.codec(sine(440)[:length], name, 24_000)) == length


def test_an_unknown_codec_is_refused(clip: Samples) -> None:
    with pytest.raises(UsageError, match="no codec 'gsm'"):
        effects.codec(clip, "gsm", 13_000)  # type: ignore[arg-type]


@given(st.floats(-40, 6))
def test_gain_is_exact(level: float) -> None:
    quiet = sine(440)
    result = effects.gain(quiet, level)
    assert decibels(power(result) / power(quiet)) == pytest.approx(level, abs=1e-3)


def test_peaks_are_cut_and_the_rest_stays() -> None:
    cut = effects.clip_peaks(sine(440), 6)
    limit = 0.5 * 10 ** (-6 / 20)
    assert np.abs(cut).max() == pytest.approx(limit, rel=1e-3)
    below = np.abs(sine(440)) < limit * 0.999
    np.testing.assert_array_equal(cut[below], sine(440)[below])


def test_pauses_stand_where_asked_and_nothing_is_lost(clip: Samples) -> None:
    result = effects.pauses(clip, [(1.0, 0.5), (0.0, 0.25)], rng(), level=-60)
    lead, pause = RATE // 4, slice(RATE // 4 + RATE, RATE // 4 + RATE + RATE // 2)
    assert len(result) == len(clip) + RATE // 4 + RATE // 2
    np.testing.assert_array_equal(result[lead : lead + RATE], clip[:RATE])
    np.testing.assert_array_equal(result[pause.stop :], clip[RATE:])
    assert decibels(power(result[pause])) == pytest.approx(-60, abs=0.5)


def test_gaps_lie_in_silence_within_speech_only() -> None:
    silence = np.zeros(RATE // 2, np.float32)
    joined = np.concatenate([silence, sine(440), silence, sine(440), silence])
    assert effects.gaps(joined) == pytest.approx([1.75], abs=0.02)
    assert effects.gaps(silence) == []
    assert effects.gaps(silence[:0]) == []


@given(st.integers(0, 1 << 20))
def test_fast_lengths_are_little_longer(length: int) -> None:
    assert length <= effects.fast_length(length) <= max(4, length * 4 / 3 + 2)
