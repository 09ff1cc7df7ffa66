"""Citations: sections of laws, printed papers and versions as one cites them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import cardinal
from tevr.readable.citations import write_citation, write_edition, write_lettered
from tevr.readable.place import Piece, Place
from tevr.transcript import Word


def place(text: str, *, at: int = 0, kind: str = "") -> Place:
    """A view of a text without times."""
    words = text.replace("ß", "ss").split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words, at=at, kind=kind)


def texts(pieces: list[Piece] | None) -> list[str | None] | None:
    """What stands on paper."""
    return None if pieces is None else [piece.text for piece in pieces]


@settings(deadline=None)
@given(st.integers(1, 9999), st.sampled_from(["", "a", "d"]))
def test_a_section_comes_back(number: int, letter: str) -> None:
    found = write_citation(place(f"paragraf {cardinal(number)} {letter}"))
    assert texts(found) == ["§", f"{number}{letter}"]


@settings(deadline=None)
@given(st.integers(1, 21), st.integers(1, 32_000))
def test_a_printed_paper_comes_back(period: int, number: int) -> None:
    said = f"drucksache {cardinal(period)} {cardinal(number)}"
    assert texts(write_edition(place(said, at=1))) == [f"{period}/{number}"]


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=4))
def test_a_version_comes_back(numbers: list[int]) -> None:
    said = " punkt ".join(map(cardinal, numbers))
    found = write_edition(place(f"version {said}", at=1))
    assert texts(found) == [".".join(map(str, numbers))]


def test_parts_are_short_only_behind_a_section() -> None:
    assert texts(write_citation(place("absatz drei", kind="law"))) == ["Abs.", "3"]
    assert write_citation(place("absatz drei")) is None


@pytest.mark.parametrize("said", ["paragraf", "paragraf haus", "der paragraf zwölf"])
def test_a_section_needs_its_number(said: str) -> None:
    assert write_citation(place(said)) is None


def test_a_letter_belongs_to_an_article() -> None:
    assert texts(write_lettered(place("artikel sechzehn a", at=1))) == ["16a"]
    assert write_lettered(place("artikel sechzehn haus", at=1)) is None
    assert write_lettered(place("haus sechzehn a", at=1)) is None
