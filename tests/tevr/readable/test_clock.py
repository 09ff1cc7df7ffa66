"""Clock times: every full time comes back, parts of hours stay words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import cardinal as read_out
from tevr.readable.clock import write_clock
from tevr.readable.place import AS_SAID, Piece, Place
from tevr.transcript import Word


def place(text: str, *, at: int = 0) -> Place:
    """A view of a text without times."""
    words = text.replace("ß", "ss").split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words, at=at)


@settings(deadline=None)
@given(st.integers(0, 24), st.integers(1, 59), st.booleans())
def test_every_time_comes_back(hour: int, minute: int, zero: bool) -> None:
    said_hour = "ein" if hour == 1 else read_out(hour)
    said = f"{said_hour} uhr {'null ' * (zero and minute < 10)}{read_out(minute)}"
    text = f"{hour}:{minute:02} Uhr"
    assert write_clock(place(said)) == [Piece(len(said.split()), text, "digits")]


@pytest.mark.parametrize(
    ("said", "at"),
    [("halb drei", 1), ("viertel acht", 1), ("dreiviertel acht uhr", 1), ("zehn nach acht uhr", 2)],
)
def test_hours_beside_parts_of_hours_stay_words(said: str, at: int) -> None:
    assert write_clock(place(said, at=at)) == [AS_SAID]


@pytest.mark.parametrize("said", ["zwanzig nach acht", "zwanzig vor halb neun", "fünf nach zwei"])
def test_minutes_before_and_after_the_hour_stay_words(said: str) -> None:
    assert write_clock(place(said)) == [AS_SAID]


@pytest.mark.parametrize(
    "said", ["zwanzig", "dreissig uhr", "zwanzig nach acht jahren", "zwei leute", "eine uhr"]
)
def test_other_numbers_are_no_times(said: str) -> None:
    assert write_clock(place(said)) is None


@pytest.mark.parametrize("unit", ["minuten", "prozent", "euro", "kilometer", "uhr"])
def test_a_number_with_its_own_unit_is_no_minute(unit: str) -> None:
    assert write_clock(place(f"acht uhr zwanzig {unit}")) == [Piece(1, "8", "digits")]
