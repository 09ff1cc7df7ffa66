"""Digits said one by one come back as one number, in the groups in which they were said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import cardinal
from tevr.readable.digit_runs import GROUP_GAP, LONGEST, write_digits
from tevr.readable.place import Piece, Place
from tevr.transcript import Word

DIGITS = st.text("0123456789", min_size=4, max_size=LONGEST)


def place(text: str, *, at: int = 0) -> Place:
    """A view of a text without times."""
    words = text.split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words, at=at)


def said(digits: str) -> str:
    return " ".join(cardinal(int(digit)) for digit in digits)


@settings(deadline=None)
@given(DIGITS)
def test_a_telephone_number_comes_back(digits: str) -> None:
    found = write_digits(place(f"telefon {said(digits)}", at=1))
    assert found == [Piece(len(digits), digits, "digits")]


@settings(deadline=None)
@given(DIGITS)
def test_digits_from_zero_on_need_no_name(digits: str) -> None:
    found = write_digits(place(said(f"0{digits[1:]}")))
    assert found == [Piece(len(digits), f"0{digits[1:]}", "digits")]


@settings(deadline=None)
@given(st.lists(st.text("0123456789", min_size=1, max_size=4), min_size=2, max_size=6))
def test_pauses_part_groups(groups: list[str]) -> None:
    words, now = [Word("telefon", 0.0, 0.5, 1.0)], 0.5
    for group in groups:
        now += GROUP_GAP + 0.01
        for digit in group:
            words.append(Word(cardinal(int(digit)), now, now + 0.2, 1.0))
            now += 0.2
    found = write_digits(Place(words, [word.text for word in words], at=1))
    assert found is not None
    assert [piece.text for piece in found] == groups


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("drei fünf sieben", None),
        ("eins zwei drei vier", None),
        ("zwei vier fünf sieben", None),
        ("vier zwei", None),
        ("null acht fünfzehn", "0815"),
        ("plus vier neun drei null", "+4930"),
        ("plus vier", None),
        ("eins sieben neun drei prozent", None),
        ("null komma fünf", None),
    ],
)
def test_few_digits_and_lists_are_no_number_of_digits(text: str, expected: str | None) -> None:
    found = write_digits(place(text))
    assert (found[0].text if found else None) == expected
