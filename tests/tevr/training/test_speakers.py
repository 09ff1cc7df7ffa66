"""Who says a sentence follows from the seed and its number alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tevr.training.speakers import PACES, PITCHES, TRACTS, Cast

VOICES = ("pico", "espeak:f2", "espeak:m1")
seeds = st.integers(0, 2**64)


@given(seeds, st.integers(0, 10**9))
def test_a_sentence_is_said_alike_whatever_was_drawn_before(seed: int, sentence: int) -> None:
    used = Cast(seed, VOICES, 20)
    used.order(10)
    used.says(sentence + 1)
    assert used.says(sentence) == Cast(seed, VOICES, 20).says(sentence)


@given(seeds, st.integers(1, 30))
def test_speakers_differ_within_their_bounds(seed: int, size: int) -> None:
    speakers = Cast(seed, VOICES, size).speakers
    assert len({speaker.name for speaker in speakers}) == size
    assert {speaker.voice for speaker in speakers} == set(VOICES[:size])
    for speaker in speakers:
        assert PITCHES[0] <= speaker.pitch <= PITCHES[1]
        assert PACES[0] <= speaker.pace <= PACES[1]
        assert TRACTS[0] <= speaker.tract <= TRACTS[1]


@given(seeds)
def test_a_speaker_stays_nearly_the_same(seed: int) -> None:
    cast = Cast(seed, VOICES, 2)
    for sentence in range(50):
        said = cast.says(sentence)
        speaker = next(each for each in cast.speakers if each.name == said.name)
        assert (said.voice, said.tract) == (speaker.voice, speaker.tract)
        assert 0.8 < said.pitch / speaker.pitch < 1.25


def test_more_speakers_leave_the_first_as_they_are() -> None:
    assert Cast(3, VOICES, 30).speakers[:10] == Cast(3, VOICES, 10).speakers


def test_all_speakers_speak() -> None:
    cast = Cast(0, VOICES, 10)
    assert {cast.says(sentence).name for sentence in range(200)} == {
        speaker.name for speaker in cast.speakers
    }


@given(seeds, st.integers(0, 200))
def test_the_order_holds_every_sentence_once(seed: int, count: int) -> None:
    order = Cast(seed, VOICES, 1).order(count)
    assert sorted(order) == list(range(count))


def test_seeds_differ() -> None:
    assert Cast(0, VOICES, 5).speakers != Cast(1, VOICES, 5).speakers
    assert Cast(0, VOICES, 5).order(50) != Cast(1, VOICES, 5).order(50)
