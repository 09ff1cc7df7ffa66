"""Dates: days of months in digits, other small ordinals in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import cardinal, ordinal
from tevr.readable.dates import MONTHS, write_ordinal, write_year
from tevr.readable.place import AS_SAID, Piece, Place
from tevr.transcript import Word

DAYS, ENDINGS = st.integers(1, 31), st.sampled_from(["", "n", "r"])


def place(text: str, *, at: int = 0) -> Place:
    """A view of a text without times."""
    words = text.replace("ß", "ss").split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words, at=at)


def texts(pieces: list[Piece] | None) -> list[str | None] | None:
    """What stands on paper; None for words as they were said."""
    return None if pieces is None else [piece.text for piece in pieces]


@settings(deadline=None)
@given(DAYS, ENDINGS, st.sampled_from(sorted(MONTHS)))
def test_a_day_before_a_month_has_digits(day: int, ending: str, month: str) -> None:
    assert texts(write_ordinal(place(f"{ordinal(day)}{ending} {month}"))) == [f"{day}."]


@settings(deadline=None)
@given(DAYS, st.integers(1, 12), st.integers(1000, 2199), ENDINGS)
def test_a_date_of_ordinals_with_a_year_comes_back(
    day: int, month: int, year: int, ending: str
) -> None:
    said = f"{ordinal(day)}{ending} {ordinal(month)}{ending} {cardinal(year)}"
    assert texts(write_ordinal(place(said))) == [f"{day}.", f"{month}.", str(year)]


@settings(deadline=None)
@given(st.integers(1, 12), ENDINGS)
def test_small_ordinals_stay_words_elsewhere(number: int, ending: str) -> None:
    assert write_ordinal(place(f"der {ordinal(number)}{ending} mann", at=1)) == [AS_SAID]


@settings(deadline=None)
@given(st.integers(13, 999), ENDINGS)
def test_large_ordinals_have_digits(number: int, ending: str) -> None:
    assert texts(write_ordinal(place(f"{ordinal(number)}{ending} mal"))) == [f"{number}."]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("ersten und zweiten mai", ["1."]),
        ("ersten bis zum zweiten mai", ["1."]),
        ("ersten und letzten mai", [None]),
        ("ersten haus im mai", [None]),
        ("hundertsten ins tausendste", [None]),
        ("haus", None),
    ],
)
def test_linked_ordinals_are_written_alike(said: str, expected: list[str | None] | None) -> None:
    assert texts(write_ordinal(place(said))) == expected


def test_day_and_month_without_a_year_need_a_word_before() -> None:
    assert texts(write_ordinal(place("am dritten fünften", at=1))) == ["3.", "5."]
    assert texts(write_ordinal(place("die dritten fünften", at=1))) == [None]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("jahr zwanzig einundzwanzig", ["2021"]),
        ("mai neunzehn neunundachtzig", ["1989"]),
        ("haus zwanzig einundzwanzig", None),
        ("jahr zwanzig drei", None),
        ("jahr vierzig einundzwanzig", None),
    ],
)
def test_years_are_said_in_two_numbers_after_a_word_for_time(
    said: str, expected: list[str] | None
) -> None:
    assert texts(write_year(place(said, at=1))) == expected
