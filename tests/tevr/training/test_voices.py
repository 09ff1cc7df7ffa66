"""Another speaker has the pitch, formants and tempo asked for, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.training.voices import bounded, fitted, revoice, speed, tempo, warp

RATE = 16_000
Samples = NDArray[np.float32]
factors = st.floats(0.5, 2.0)


def sine(hertz: float, seconds: float = 1.0) -> Samples:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(
        np.float32
    )


def vowel(pitch: int = 125, formant: float = 900.0) -> Samples:
    """A second of a pulse train through one resonance of 100 Hz width."""
    pulses = np.zeros(RATE)
    pulses[:: RATE // pitch] = 1
    times = np.arange(RATE // 10) / RATE
    ringing = np.exp(-np.pi * 100 * times) * np.sin(2 * np.pi * formant * times)
    sound = np.convolve(pulses, ringing)[:RATE]
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def loudest(samples: Samples) -> float:
    """Hz of the strongest frequency, without the ends."""
    middle = samples[len(samples) // 4 : -(len(samples) // 4)]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 17))
    return float(np.argmax(spectrum)) * RATE / (1 << 17)


def pitch_of(samples: Samples) -> float:
    """Hz, between 60 and 400, by autocorrelation."""
    middle = samples[len(samples) // 2 - 2000 : len(samples) // 2 + 2000].astype(np.float64)
    likeness = np.correlate(middle, middle, "full")[len(middle) - 1 :]
    first, last = RATE // 400, RATE // 60
    return RATE / (first + int(np.argmax(likeness[first:last])))


def formant_of(samples: Samples) -> float:
    """Hz of the centre of the spectrum's power between 300 and 2500 Hz."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    inside = (hertz > 300) & (hertz < 2500)
    return float((hertz[inside] * power[inside]).sum() / power[inside].sum())


@given(length=st.integers(0, 5_000), factor=factors)
def test_speed_and_tempo_scale_the_length(length: int, factor: float) -> None:
    samples = sine(300)[:length]
    for change in (speed, tempo):
        assert len(change(samples, factor)) == round(length / factor)


@given(st.integers(0, 5_000), factors, factors)
@settings(deadline=None)
def test_voices_stay_finite_and_within_full_scale(length: int, pitch: float, tract: float) -> None:
    draw = np.random.default_rng(length)
    for samples in (draw.uniform(-1, 1, length).astype(np.float32), np.zeros(length, np.float32)):
        before = samples.copy()
        result = revoice(samples, pitch=pitch, tract=tract)
        assert result.dtype == np.float32
        assert np.isfinite(result).all()
        assert np.abs(result).max(initial=0) <= 1
        assert abs(len(result) - length) <= 2
        np.testing.assert_array_equal(samples, before)


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_speed_moves_a_sine(factor: float) -> None:
    assert loudest(speed(sine(1000), factor)) == pytest.approx(1000 * factor, rel=1e-3)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_tempo_keeps_the_pitch(factor: float) -> None:
    slower = tempo(vowel(), factor)
    assert pitch_of(slower) == pytest.approx(125, rel=0.02)
    assert formant_of(slower) == pytest.approx(formant_of(vowel()), rel=0.03)


def test_tempo_keeps_the_level_of_speech(clip: Samples) -> None:
    assert np.std(tempo(clip, 1.2)) == pytest.approx(np.std(clip), rel=0.15)


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_warp_moves_the_formant_and_keeps_the_pitch(factor: float) -> None:
    moved = warp(vowel(), factor)
    assert len(moved) == RATE
    assert pitch_of(moved) == pytest.approx(125, rel=0.02)
    assert formant_of(moved) == pytest.approx(formant_of(vowel()) * factor, rel=0.06)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_another_pitch_leaves_formants_and_length(factor: float) -> None:
    moved = revoice(vowel(), pitch=factor)
    assert abs(len(moved) - RATE) <= 2
    assert pitch_of(moved) == pytest.approx(125 * factor, rel=0.03)
    assert formant_of(moved) == pytest.approx(formant_of(vowel()), rel=0.06)


def test_no_change_is_no_change(clip: Samples) -> None:
    np.testing.assert_array_equal(revoice(clip), clip)


def test_a_warp_by_nearly_nothing_gives_the_clip_back(clip: Samples) -> None:
    np.testing.assert_allclose(warp(clip, 1 + 1e-9), clip, atol=1e-4)


def test_loud_sound_is_turned_down_as_a_whole() -> None:
    np.testing.assert_allclose(bounded(np.array([0.5, -2.0])), [0.25, -1.0])
    np.testing.assert_array_equal(bounded(np.array([0.5, -1.0])), [0.5, -1.0])


def test_fitting_cuts_or_fills() -> None:
    sound = np.ones(3, np.float32)
    assert fitted(sound, 2).tolist() == [1, 1]
    assert fitted(sound, 4).tolist() == [1, 1, 1, 0]
