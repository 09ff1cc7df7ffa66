"""Voices say what they are given, at the pitch and tempo asked for, and the same every time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.training.synthesisers import Espeak, Pico, Piper, Synthesiser, Unspoken, find_voices

SENTENCE = "Danach studierte er ein Jahr lang in München."
Install = Callable[[str], None]


def say(
    voice: Synthesiser, text: str = SENTENCE, *, pitch: float = 1.0, pace: float = 1.0
) -> NDArray[np.float32]:
    return voice.say(text, pitch=pitch, pace=pace)


def loudest(samples: NDArray[np.float32]) -> float:
    """Hz of the strongest frequency."""
    return float(np.argmax(np.abs(np.fft.rfft(samples)))) * 16_000 / len(samples)


def voiced(samples: NDArray[np.float32]) -> float:
    """Hz, the median pitch of the frames of 40 ms that have one."""
    found = []
    for start in range(0, len(samples) - 640, 640):
        frame = samples[start : start + 640].astype(np.float64)
        likeness = np.correlate(frame, frame, "full")[639:]
        lag = 40 + int(np.argmax(likeness[40:266]))
        if likeness[lag] > 0.5 * likeness[0] and frame.std() > 0.01:
            found.append(16_000 / lag)
    return float(np.median(found))


def test_pico_speaks_without_cut_peaks() -> None:
    sound = say(Pico())
    assert sound.dtype == np.float32
    assert 2 < len(sound) / 16_000 < 5
    assert 0.2 < np.abs(sound).max() < 0.999


def test_pico_says_a_sentence_the_same_after_others() -> None:
    voice = Pico()
    first = say(voice)
    for text in ("Guten Morgen!", SENTENCE * 3, SENTENCE):
        used = [np.full(size, 0xA5, np.uint8) for size in range(1_000_000, 9_000_000, 1_000_000)]
        del used  # memory that was in use is handed out again
        again = say(voice, text)
    np.testing.assert_array_equal(again, first)


def test_pico_has_the_pitch_and_tempo_asked_for() -> None:
    voice = Pico()
    usual, higher, faster = say(voice), say(voice, pitch=1.3), say(voice, pace=1.4)
    assert voiced(higher) / voiced(usual) == pytest.approx(1.3, rel=0.1)
    assert len(faster) < 0.85 * len(usual)


@pytest.mark.parametrize("text", ["Москва", "a <speed level='300'> b", "Ein 😀.", "", "a\0b"])
def test_pico_refuses_what_it_would_leave_out(text: str) -> None:
    with pytest.raises(Unspoken, match="does not know"):
        say(Pico(), text)


def test_espeak_speaks_at_the_pitch_and_tempo_asked_for(install: Install) -> None:
    install("espeak-ng")
    voice = Espeak("m1")
    usual, faster = say(voice), say(voice, pace=1.25)
    assert loudest(usual) == pytest.approx(100, abs=1)
    assert loudest(say(voice, pitch=1.25)) == pytest.approx(125, rel=0.02)
    assert len(usual) / len(faster) == pytest.approx(1.25, rel=0.01)
    assert len(usual) / 16_000 == pytest.approx(0.08 * len(SENTENCE), rel=0.01)
    assert loudest(say(Espeak("f2"))) == pytest.approx(200, abs=1)


@pytest.mark.parametrize(("text", "reason"), [("kaputt", "out of words"), ("stumm", "nothing")])
def test_what_espeak_cannot_say_is_told(install: Install, text: str, reason: str) -> None:
    install("espeak-ng")
    with pytest.raises(Unspoken, match=reason):
        say(Espeak("f2"), text)


def test_an_unknown_variant_is_refused(install: Install) -> None:
    install("espeak-ng")
    with pytest.raises(UsageError, match="no variant 'f9'"):
        Espeak("f9")


def test_piper_speaks_at_its_own_rate(install: Install, piper_voice: Path) -> None:
    install("piper")
    voice = Piper(piper_voice)
    usual, faster = say(voice), say(voice, pace=1.25)
    assert loudest(usual) == pytest.approx(200, abs=1)
    assert loudest(say(voice, pitch=1.2)) == pytest.approx(240, rel=0.02)
    assert len(usual) / len(faster) == pytest.approx(1.25, rel=0.01)


def test_a_piper_voice_without_its_settings_is_refused(install: Install, tmp_path: Path) -> None:
    install("piper")
    with pytest.raises(ModelError, match=r"missing\.onnx cannot be used"):
        Piper(tmp_path / "missing.onnx")


@pytest.mark.parametrize("name", ["espeak", "espeak:f2", "piper:voice.onnx"])
@pytest.mark.usefixtures("install")
def test_a_missing_program_is_told(name: str) -> None:
    with pytest.raises(UsageError, match=r"The program \S+ is not installed"):
        find_voices([name])


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py_nanotts", None)
    with pytest.raises(UsageError, match=r"pip install tevr\[synth\]"):
        find_voices(["pico"])


@pytest.mark.parametrize("name", ["", "pico:x", "espeak:", "nobody"])
def test_unknown_voices_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="There is no voice"):
        find_voices([name])


def test_voices_are_found_once(install: Install) -> None:
    install("espeak-ng")
    assert find_voices(["espeak:f2", "pico", "espeak:f2"]) == ["espeak:f2", "pico"]


def test_a_voice_that_says_nothing_is_refused(install: Install, piper_voice: Path) -> None:
    install("piper")
    piper_voice.unlink()
    with pytest.raises(ModelError, match="says nothing"):
        find_voices([f"piper:{piper_voice}"])
