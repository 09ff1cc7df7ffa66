"""Ordinals: every one that is read out is read back, with the ending of its case."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm.number_words import ordinal as read_out
from tevr.readable.ordinals import Ordinal, ordinal, read_ordinal
from tevr.readable.place import Place
from tevr.transcript import Word


def place(text: str) -> Place:
    """A view from the first word of a text without times."""
    words = text.split()
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words)


@settings(deadline=None)
@given(st.integers(1, 9999), st.sampled_from(["", "n", "r", "s", "m"]))
def test_an_ordinal_that_is_read_out_is_read_back(number: int, ending: str) -> None:
    word = (read_out(number) + ending).replace("ß", "ss")
    assert ordinal(word) == Ordinal(number, f"e{ending}")


@pytest.mark.parametrize(
    "word", ["", "erstens", "zwanzig", "drittel", "beste", "leichte", "zwanzigte", "geste", "rast"]
)
def test_other_words_are_no_ordinals(word: str) -> None:
    assert ordinal(word) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("drei und zwanzigsten", Ordinal(23, "en", 3)),
        ("ein und dreissigster", Ordinal(31, "er", 3)),
        ("drei und zwanzig", None),
        ("drei und dritten", None),
        ("siebente", Ordinal(7, "e")),
    ],
)
def test_an_ordinal_may_be_torn_at_und(text: str, expected: Ordinal | None) -> None:
    assert read_ordinal(place(text)) == expected
