"""Rulers: their ordinals stay words or become Roman numerals, never Arabic ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.inflection import roman_to_digits
from tevr.lm.number_words import ordinal
from tevr.readable.place import AS_SAID, Place
from tevr.readable.rulers import roman_number, write_ruler
from tevr.transcript import Word


def place(text: str) -> Place:
    """A view from the second word of a text without times."""
    words = text.replace("ß", "ss").split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words, at=1)


@settings(deadline=None)
@given(st.integers(1, 39))
def test_roman_numerals_are_those_that_the_normaliser_reads(number: int) -> None:
    assert roman_to_digits(f"{roman_number(number)}. Kapitel") == f"{number}. Kapitel"


@settings(deadline=None)
@given(st.integers(1, 99), st.sampled_from(["ludwig der", "karl dem", "ottos des", "anna die"]))
def test_a_ruler_has_a_roman_numeral_on_demand(number: int, name: str) -> None:
    said = f"{name} {ordinal(number)}{'' if name.endswith(('er', 'ie')) else 'n'}"
    assert write_ruler(place(said), roman=False) == [AS_SAID, AS_SAID]
    (piece,) = write_ruler(place(said), roman=True) or []
    assert (piece.count, piece.text) == (2, f"{roman_number(number)}.")


@pytest.mark.parametrize(
    "said", ["tisch der vierzehnte", "karl der grosse", "karl und der", "karl"]
)
def test_others_are_no_rulers(said: str) -> None:
    assert write_ruler(place(said), roman=True) is None
