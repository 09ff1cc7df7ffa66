"""Numbers that name the noun before them are told from those that count the noun behind."""

from __future__ import annotations

import pytest

from tevr.readable.numbered import is_house_number, is_numbered
from tevr.readable.place import Place
from tevr.transcript import Word


def place(text: str, number: str) -> Place:
    """A view of a text without times, from a number in it."""
    words = text.split()
    spoken = [Word(word, 0.0, 0.0, 1.0) for word in words]
    return Place(spoken, words, at=words.index(number))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("seite drei", True),
        ("kapitel drei leute", True),
        ("auf platz drei", True),
        ("auf platz drei und", True),
        ("auf dem platz drei leute", False),
        ("in erster linie drei leute", False),
        ("tisch drei", False),
        ("drei", False),
    ],
)
def test_nouns_that_are_numbered(said: str, expected: bool) -> None:
    assert is_numbered(place(said, "drei")) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("hauptstrasse drei", True),
        ("marienplatz drei", True),
        ("strasse drei", True),
        ("am weg drei", False),
        ("heimweg drei", False),
        ("hering drei", False),
    ],
)
def test_streets_are_told_from_other_ways(said: str, expected: bool) -> None:
    assert is_house_number(place(said, "drei")) == expected
