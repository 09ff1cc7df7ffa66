"""Cardinals: every number that is read out is read back, whole or torn."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import cardinal as read_out
from tevr.readable.cardinals import begins_cardinal, cardinal, read_cardinal
from tevr.readable.place import Place, Undecided
from tevr.transcript import Word


def place(text: str, *, closed: bool = True) -> Place:
    """A view from the first word of a text without times."""
    words = text.replace("ß", "ss").split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words, closed=closed)


def torn(word: str) -> str:
    """A number word as recognisers tear it: at its hundreds, thousands and "und"."""
    for part in ("hundert", "tausend", "und"):
        word = word.replace(part, f" {part} ")
    return word.replace("h und ert", "hundert").replace("taus end", "tausend")


@settings(deadline=None)
@given(st.integers(0, 999_999))
@example(100)
@example(1000)
@example(101_001)
def test_a_number_that_is_read_out_is_read_back(number: int) -> None:
    assert cardinal(read_out(number).replace("ß", "ss")) == number


@settings(deadline=None)
@given(st.integers(1100, 1999))
def test_years_are_read_in_hundreds(year: int) -> None:
    assert cardinal(read_out(year, year=True).replace("ß", "ss")) == year


@settings(deadline=None)
@given(st.integers(0, 999_999))
def test_a_torn_number_is_one_number(number: int) -> None:
    text = torn(read_out(number))
    assert read_cardinal(place(text)) == (number, len(text.split()))


@pytest.mark.parametrize(
    "word",
    [
        *("", "ein", "eine", "und", "haus", "hunderte", "einhaus", "zweiundzwei", "einsund"),
        *("tausendtausend", "nulltausend", "nullhundert", "hundertnull", "zwanzighundert"),
    ],
)
def test_other_words_are_no_numbers(word: str) -> None:
    assert cardinal(word) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zwanzig drei", (20, 1)),
        ("drei zehn", (3, 1)),
        ("drei und leute", (3, 1)),
        ("ein und", None),
        ("ein mann", None),
        ("hundert zweihundert", (100, 1)),
        ("tausend hundert", (1100, 2)),
        ("zwo hundert", (200, 2)),
    ],
)
def test_words_that_are_no_number_together_stay_apart(
    text: str, expected: tuple[int, int] | None
) -> None:
    assert read_cardinal(place(text)) == expected


def test_a_number_that_may_go_on_is_undecided() -> None:
    with pytest.raises(Undecided):
        read_cardinal(place("zwei und", closed=False))
    assert read_cardinal(place("zwanzig leute", closed=False)) == (20, 1)


@settings(deadline=None)
@given(st.integers(0, 99_999))
def test_what_begins_a_number_is_seen_by_its_first_word(number: int) -> None:
    assert begins_cardinal(torn(read_out(number)).replace("ß", "ss").split()[0])
    assert not begins_cardinal("wund")
