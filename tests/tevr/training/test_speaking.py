"""Jobs become clips in their order, whatever the number of processes and whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
import pytest

from tevr.audio import read_audio
from tevr.errors import TevrError
from tevr.training.speakers import Cast, Speaker
from tevr.training.speaking import LOUDEST, Clip, Job, Missed, speak, spoken

ALMA = Speaker("alma", "espeak:f2", pitch=1.0, pace=1.0, tract=1.0)
Install = Callable[[str], None]


def clip_of(job: Job) -> Clip:
    result = speak(job)
    assert isinstance(result, Clip)
    return result


def test_a_clip_is_flac_of_the_stated_length() -> None:
    speaker = Speaker("ina", "pico", pitch=1.1, pace=0.9, tract=1.1)
    made = clip_of(Job("Guten Morgen, Frau Müller!", speaker))
    sound = read_audio(BytesIO(made.sound))
    assert made.sound.startswith(b"fLaC")
    assert (made.text, made.speaker) == ("Guten Morgen, Frau Müller!", "ina")
    assert len(sound) / 16_000 == pytest.approx(made.seconds)
    assert 0.1 < np.abs(sound).max() <= LOUDEST + 1e-4


def test_the_vocal_tract_changes_the_sound_and_not_its_length() -> None:
    clips = [
        read_audio(BytesIO(clip_of(Job("Guten Morgen!", Speaker("a", "pico", 1, 1, tract))).sound))
        for tract in (1.0, 1.12)
    ]
    assert len(clips[0]) == len(clips[1])
    hertz = np.fft.rfftfreq(len(clips[0]), 1 / 16_000)
    centres = [
        float((hertz * power).sum() / power.sum())
        for power in (np.abs(np.fft.rfft(clip)) for clip in clips)
    ]
    assert centres[1] > 1.03 * centres[0]


def test_numbers_are_read_out_if_asked(install: Install) -> None:
    install("espeak-ng")
    as_written, read_out = (
        clip_of(Job("Es sind 23.", ALMA, read_out=wanted)) for wanted in (False, True)
    )
    assert read_out.text == as_written.text == "Es sind 23."
    letters = len("Es sind dreiundzwanzig.") / len("Es sind 23.")
    assert read_out.seconds / as_written.seconds == pytest.approx(letters, rel=0.01)


@pytest.mark.parametrize("text", ["kaputt", "stumm", "12."])
def test_what_is_not_said_is_missed(install: Install, text: str) -> None:
    install("espeak-ng")
    assert isinstance(speak(Job(text, ALMA)), Missed)


def test_two_processes_give_what_one_gives_in_the_same_order() -> None:
    cast = Cast(0, ["pico"], 5)
    jobs = [Job(f"Das ist Satz {word}.", cast.says(n)) for n, word in enumerate("abcdefghijklmno")]
    assert list(spoken(jobs, 2)) == [speak(job) for job in jobs]


def test_a_process_that_dies_is_told(install: Install) -> None:
    install("espeak-ng")
    with pytest.raises(TevrError, match="ended from outside"):
        list(spoken([Job("absturz", ALMA)], 1))


def test_jobs_are_taken_only_as_they_are_needed() -> None:
    taken = []

    def jobs() -> Iterator[Job]:
        for number in range(10_000):
            taken.append(number)
            yield Job("Guten Morgen!", Speaker("a", "pico", 1, 1, 1))

    results = spoken(jobs(), 1)
    next(results)
    results.close()
    assert len(taken) < 100
