"""Quantities: money and measures in digits, and the neighbours decide about small numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import cardinal
from tevr.readable.amounts import SMALL, digits
from tevr.readable.forms_options import USUAL, FormsOptions
from tevr.readable.measures import SYMBOLS
from tevr.readable.place import AS_SAID, Piece, Place
from tevr.readable.quantities import write_quantity
from tevr.transcript import Word

SMALL_NUMBERS = st.sampled_from([number for number in SMALL if number != 1])


def place(text: str) -> Place:
    """A view from the first word of a text without times."""
    words = text.replace("ß", "ss").split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words)


def texts(said: str, options: FormsOptions = USUAL) -> list[str | None]:
    """What stands on paper of the first words; None for a word as it was said."""
    return [piece.text for piece in write_quantity(place(said), options) or []]


@settings(deadline=None)
@given(st.integers(0, 99_999), st.integers(1, 99))
def test_euros_and_cents_come_back(euros: int, cents: int) -> None:
    said = f"{'ein' if euros == 1 else cardinal(euros)} euro {cardinal(cents)} im monat"
    assert texts(said) == [f"{digits(euros, '.')},{cents:02} €"]


@settings(deadline=None)
@given(SMALL_NUMBERS, st.sampled_from(sorted(SYMBOLS)))
def test_measures_have_digits_and_their_symbols_on_demand(number: int, unit: str) -> None:
    said = f"{cardinal(number)} {unit}"
    assert texts(said) == [str(number)]
    assert texts(said, FormsOptions(unit_symbols=True)) == [str(number), SYMBOLS[unit]]


@settings(deadline=None)
@given(SMALL_NUMBERS)
def test_small_numbers_stay_words_in_running_text(number: int) -> None:
    said = f"{cardinal(number)} leute"
    assert write_quantity(place(said), USUAL) == [AS_SAID]
    counted = FormsOptions(small_numbers_as_words=False)
    assert write_quantity(place(said), counted) == [Piece(1, str(number), "digits")]


@settings(deadline=None)
@given(SMALL_NUMBERS, st.integers(13, 999), st.sampled_from(["bis", "oder", "und", "von"]))
def test_a_small_number_goes_with_a_large_one(small: int, large: int, link: str) -> None:
    if link == "und" and 20 <= large < 100 and large % 10 == 0:
        return  # "drei und zwanzig" is one number
    assert texts(f"{cardinal(small)} {link} {cardinal(large)} leute") == [str(small)]


@pytest.mark.parametrize("said", ["haus", "ein haus", "eine million menschen"])
def test_what_is_no_number_is_left_to_others(said: str) -> None:
    assert write_quantity(place(said), USUAL) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("drei zu zwei", ["3:2"]),
        ("drei zu hundert", ["3"]),
        ("fünf prozent", ["5", "%"]),
        ("zwei millionen euro", ["2", None]),
        ("hundert euro zwanzig prozent", ["100", "€"]),
        ("fünf prozent hürde", ["5-Prozent-Hürde"]),
        ("tausend dank", [None]),
    ],
)
def test_neighbours_decide(said: str, expected: list[str | None]) -> None:
    assert texts(said) == expected
