"""Titles are short before names, and words elsewhere."""

from __future__ import annotations

import pytest

from tevr.readable.place import Place
from tevr.readable.titles import ABBREVIATIONS, write_abbreviation, write_title
from tevr.transcript import Word


def place(text: str) -> Place:
    """A view from the first title in a text without times."""
    words = text.split()
    at = next((at for at, word in enumerate(words) if word in ("doktor", "professor")), 0)
    return Place([Word(word, 0.0, 0.0, 1.0) for word in words], words, at=at)


@pytest.mark.parametrize(
    "said", ["doktor weiss", "frau doktor weiss", "herrn doktor müller", "doktor faust kam"]
)
def test_a_title_before_a_name_is_short(said: str) -> None:
    found = write_title(place(said))
    assert found is not None
    assert found[0].text == "Dr."


@pytest.mark.parametrize(
    "said", ["doktor", "der doktor weiss", "zum doktor gehen", "herr doktor ist da", "haus"]
)
def test_other_titles_stay_words(said: str) -> None:
    assert write_title(place(said)) is None


@pytest.mark.parametrize(("phrase", "short"), ABBREVIATIONS.items())
def test_phrases_are_written_short(phrase: tuple[str, ...], short: str) -> None:
    found = write_abbreviation(place(" ".join((*phrase, "haus"))))
    assert found is not None
    assert (found[0].count, found[0].text) == (len(phrase), short)


def test_a_phrase_that_breaks_off_stays_words() -> None:
    assert write_abbreviation(place("und so haus")) is None
