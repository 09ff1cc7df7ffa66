"""Spoken German that is easily mistaken → how it is written; and what is mistaken today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tevr.readable.forms import write_forms
from tevr.readable.written import text_of
from tevr.transcript import Word

DATA = Path(__file__).parents[2] / "data" / "readable"
FEWEST = 300


def read_pairs(name: str) -> list[list[str]]:
    """The fields of each line; remarks begin with #."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split(" = ") for line in lines if not line.startswith("#")]


PAIRS = read_pairs("forms.txt")
LIMITS = read_pairs("limits.txt")


def written(text: str) -> str:
    """A text without times, its forms written."""
    return text_of(write_forms([Word(word, 0.0, 0.0, 1.0) for word in text.split()]))


@pytest.mark.parametrize(("said", "expected"), PAIRS)
def test_what_is_easily_mistaken_is_written_right(said: str, expected: str) -> None:
    assert written(said) == expected


@pytest.mark.parametrize(("said", "today", "wanted"), LIMITS)
def test_known_limits_are_as_they_are_told(said: str, today: str, wanted: str) -> None:
    assert written(said) == today
    assert today != wanted


def test_the_list_is_long_and_has_no_pair_twice() -> None:
    said = [pair[0] for pair in (*PAIRS, *LIMITS)]
    assert len(PAIRS) >= FEWEST
    assert len(set(said)) == len(said)
