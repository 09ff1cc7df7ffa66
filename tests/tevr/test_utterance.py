"""Utterances: opened by speech alone, with all their sound, and no more kept than asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.audio import SAMPLE_RATE
from tevr.errors import AudioError
from tevr.speech import FRAME, FRAME_SECONDS, Floats, SpanSettings
from tevr.utterance import Utterance, frames_of


class Counting:
    """A detector that gives each frame its number as probability."""

    def push(self, samples: Floats) -> Floats:
        before = self.heard // FRAME
        self.heard += len(samples)
        return np.arange(before, self.heard // FRAME, dtype=np.float32)

    def reset(self) -> None:
        self.heard = 0


@given(st.lists(st.integers(0, 3000), max_size=20))
def test_frames_are_the_blocks_cut_anew_each_with_its_own_probability(sizes: list[int]) -> None:
    sound = np.arange(sum(sizes), dtype=np.float32)
    ends = np.cumsum(sizes).astype(int)
    blocks = [sound[end - size : end] for end, size in zip(ends, sizes, strict=True)]
    found = list(frames_of(blocks, Counting()))
    assert [probability for _, probability in found] == list(range(-(-len(sound) // FRAME)))
    assert all(len(samples) == FRAME for samples, _ in found[:-1])
    whole = [samples for samples, _ in found] or [sound]
    np.testing.assert_array_equal(np.concatenate(whole), sound)


def test_a_frame_comes_as_soon_as_it_is_whole() -> None:
    taken = 0

    def blocks() -> Sequence[Floats]:
        nonlocal taken
        for _ in range(10):
            taken += 1
            yield np.zeros(FRAME, np.float32)

    frames = frames_of(blocks(), Counting())
    for number in range(1, 5):
        next(frames)
        assert taken == number


def test_what_is_no_number_becomes_silence() -> None:
    ((samples, _),) = frames_of([np.array([np.nan, np.inf, -np.inf, 0.5])], Counting())
    assert samples.dtype == np.float32
    assert samples.tolist() == [0, 0, 0, 0.5]


@pytest.mark.parametrize("block", [np.zeros((2, 80), np.float32), np.zeros(80, np.int16)])
def test_what_is_no_mono_sound_is_refused(block: Floats) -> None:
    with pytest.raises(AudioError, match="no mono sound"):
        list(frames_of([block], Counting()))


def heard(track: Sequence[float]) -> tuple[Utterance, list[int]]:
    """An utterance after a track of probabilities, and the frames with which one began."""
    utterance = Utterance(SpanSettings())
    frame = np.zeros(FRAME, np.float32)
    return utterance, [number for number, p in enumerate(track) if utterance.push(frame, p)]


def test_speech_has_to_last_to_open_and_may_be_less_likely_then() -> None:
    assert heard([1.0, 1.0, 0.0, 1.0, 0.3])[1] == []
    utterance, begun = heard([0.0, 0.5, 0.3, 0.3, 0.3, 0.1])
    assert begun == [3]
    assert utterance.open
    assert utterance.onset == pytest.approx(FRAME_SECONDS)
    assert utterance.spoken == pytest.approx(5 * FRAME_SECONDS)
    assert utterance.pause == pytest.approx(FRAME_SECONDS)
    assert utterance.quiet


def test_an_utterance_stays_open_until_it_is_closed() -> None:
    utterance, begun = heard([*[1.0] * 5, *[0.0] * 99, *[1.0] * 5])
    assert begun == [2]
    utterance.close()
    assert [utterance.push(np.zeros(FRAME, np.float32), 1.0) for _ in range(2)] == [True, False]
    assert utterance.onset == pytest.approx(104 * FRAME_SECONDS)


@given(st.lists(st.floats(0.0, 10.0), max_size=8), st.integers(1, 200))
def test_sound_is_kept_from_the_second_asked_for_and_on_the_grid(
    asked: list[float], frames: int
) -> None:
    utterance = Utterance(SpanSettings())
    sound = np.arange(frames * FRAME, dtype=np.float32)
    for samples in sound.reshape(-1, FRAME):
        utterance.push(samples, 0.0)
    for until in asked:
        before = utterance.start
        utterance.forget(until)
        assert before <= utterance.start <= max(before, until)
        begin = round(utterance.start * SAMPLE_RATE)
        assert begin % (SAMPLE_RATE // 50) == 0  # a frame of the acoustic model starts there too
        np.testing.assert_array_equal(utterance.samples(), sound[begin:])
    assert utterance.heard == pytest.approx(frames * FRAME_SECONDS)
