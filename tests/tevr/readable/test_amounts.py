"""Amounts: numbers with decimals and millions, in digits a German reads at a glance."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import cardinal as read_out
from tevr.readable.amounts import Amount, digits, read_amount
from tevr.readable.place import Place
from tevr.transcript import Word


def place(text: str) -> Place:
    """A view from the first word of a text without times."""
    words = text.lower().replace("ß", "ss").split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words)


@settings(deadline=None)
@given(st.integers(0, 10**15), st.sampled_from([".", "\u202f", ""]))
def test_thousands_are_parted_from_five_digits_on(number: int, sign: str) -> None:
    text = digits(number, sign)
    assert int(text.replace(sign or "x", "")) == number
    parts = text.split(sign) if sign else [text]
    assert all(len(part) == 3 for part in parts[1:])
    assert len(parts) == 1 or number >= 10_000


@settings(deadline=None)
@given(
    st.integers(1_000_001, 10**13).filter(
        lambda number: number % 1_000_000 not in (0, *range(1900, 2100))
    )
)
def test_large_numbers_come_back_whole(number: int) -> None:
    text = read_out(number)
    assert read_amount(place(text)) == Amount(number, len(text.split()))


@settings(deadline=None)
@given(st.integers(0, 999_999), st.text("0123456789", min_size=1, max_size=9))
def test_decimals_come_back_digit_by_digit(whole: int, decimals: str) -> None:
    said = " ".join(read_out(int(digit)) for digit in decimals)
    found = read_amount(place(f"{read_out(whole)} komma {said}"))
    assert found == Amount(whole, 2 + len(decimals), decimals)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("zwanzig millionen", Amount(20, 2, scale=True)),
        ("eine million", Amount(1, 2, scale=True, article=True)),
        ("eine millionen", Amount(1, 1, article=True)),
        ("zwei million", Amount(2, 1)),
        ("zwei komma fünf milliarden", Amount(2, 4, "5", scale=True)),
        ("eine milliarde eine million", Amount(1_001_000_000, 4)),
        ("zwei millionen drei milliarden", Amount(2_000_003, 3)),
        ("drei komma fünf sechs komma zwei", Amount(3, 3, "5")),
        ("drei komma haus", Amount(3, 1)),
        ("ein haus", Amount(1, 1, article=True)),
        ("haus", None),
    ],
)
def test_millions_stay_words_where_nothing_follows_them(said: str, expected: Amount | None) -> None:
    assert read_amount(place(said)) == expected


def test_a_scale_word_is_a_piece_of_its_own() -> None:
    pieces = Amount(2, 4, "5", scale=True).pieces(".")
    assert [(piece.count, piece.text) for piece in pieces] == [(3, "2,5"), (1, None)]
