"""Words that hold a number: large ones in digits, names and round ones in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import cardinal
from tevr.readable.derived import is_derived, split_derived, write_decade, write_derived
from tevr.readable.place import Place
from tevr.transcript import Word


def place(text: str) -> Place:
    """A view from the first word of a text without times."""
    words = text.replace("ß", "ss").split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words)


@settings(deadline=None)
@given(
    st.integers(13, 9999).filter(lambda number: number not in (100, 1000)),
    st.sampled_from(["jährige", "prozentig", "tägigen", "fach", "mal"]),
)
def test_large_numbers_are_written_in_digits(number: int, tail: str) -> None:
    word = f"{cardinal(number)}{tail}".replace("ß", "ss")
    assert is_derived(word)
    (piece,) = write_derived(place(f"{word} haus")) or []
    assert piece.text == f"{number}-{tail}"


@pytest.mark.parametrize("word", ["dreijährig", "hundertjährige", "tausendfach", "einmal", "haus"])
def test_small_and_round_ones_stay_words(word: str) -> None:
    assert split_derived(word) is None


def test_wars_keep_their_names() -> None:
    assert write_derived(place("dreissigjähriger krieg")) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("neunzehnhundertneunziger jahre", "1990er"),
        ("neunzehnhundertneunziger", "1990er"),
        ("zwanziger jahren", "20er"),
        ("zwanziger", None),
        ("zehner jahre", None),
        ("hundertern", None),
        ("haus", None),
    ],
)
def test_decades_have_digits_where_years_are_meant(said: str, expected: str | None) -> None:
    found = write_decade(place(said))
    assert (found[0].text if found else None) == expected
