"""A place in a stream: what was not heard yet is undecided, never guessed."""

from __future__ import annotations

import pytest

from tevr.readable.place import CONTEXT, PAUSE, Place, Undecided
from tevr.transcript import Word

NAMES = "a b c d e f g h i j".split()  # noqa: SIM905 - reads better than ten strings
SPOKEN = [Word(name, at, at + 0.5, 1.0) for at, name in enumerate(NAMES)]


def test_words_are_told_by_their_distance() -> None:
    place = Place(SPOKEN, NAMES, at=8)
    assert [place.word(offset) for offset in (-1, 0, 1, 2)] == ["h", "i", "j", ""]
    assert place.word(-CONTEXT) == "c"
    assert place.word(-CONTEXT - 1) == ""
    assert place.said(1) == "j"


def test_words_to_come_are_undecided_until_the_stream_closes() -> None:
    heard = Place(SPOKEN, NAMES, at=9, closed=False)
    assert heard.word() == "j"
    with pytest.raises(Undecided):
        heard.word(1)
    with pytest.raises(Undecided):
        heard.joins(1)
    assert not Place(SPOKEN, NAMES, at=9).joins(1)


@pytest.mark.parametrize(("gap", "joined"), [(0.0, True), (PAUSE - 0.01, True), (PAUSE, False)])
def test_a_pause_parts_words(gap: float, joined: bool) -> None:
    words = [Word("zwei", 0.0, 0.25, 1.0), Word("hundert", 0.25 + gap, 1.0, 1.0)]
    place = Place(words, ["zwei", "hundert"])
    assert place.joins(0)
    assert place.joins(1) == joined
    assert place.gap(1) == pytest.approx(gap)


def test_what_was_written_before_is_known_only_next_to_it() -> None:
    assert Place(SPOKEN, NAMES, kind="law").follows("law")
    assert not Place(SPOKEN, NAMES, kind="law", distance=1).follows("law")
    assert not Place(SPOKEN, NAMES, kind="digits").follows("law")
