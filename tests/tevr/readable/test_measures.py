"""Units: their symbols are those that the corpus normaliser reads out."""

from __future__ import annotations

import pytest

from tevr.lm.abbreviations import UNITS
from tevr.readable.measures import COUNTED_IN_DIGITS, DURATIONS, RATES, SYMBOLS

READ_OUT = {sign: words.lower() for sign, words in UNITS.items()}


KNOWN = {
    name: sign
    for name, sign in SYMBOLS.items()
    if sign in READ_OUT and sign not in RATES.values()  # km/h has two names
}


@pytest.mark.parametrize(("name", "sign"), KNOWN.items())
def test_symbols_are_read_out_as_they_are_written(name: str, sign: str) -> None:
    assert name.rstrip("n") == READ_OUT[sign].rstrip("n")


@pytest.mark.parametrize(("names", "sign"), RATES.items())
def test_units_of_several_words_are_read_out_as_they_are_written(
    names: tuple[str, ...], sign: str
) -> None:
    assert " ".join(names) == READ_OUT[sign]


def test_durations_are_counted_in_words() -> None:
    assert not COUNTED_IN_DIGITS & DURATIONS.keys()
    assert SYMBOLS.keys() <= COUNTED_IN_DIGITS
