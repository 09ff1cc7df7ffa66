"""Dictated words and marks: written as one writes it, a spoken mark in place of a guessed one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.dictation import DictatedText, Inserted
from tevr.readable.dictated import DictatedWriter
from tevr.readable.labeller import LabelFiles
from tevr.readable.writer import ReadableOptions, open_files
from tevr.spoken_marks import Fixed, SpokenMarks
from tevr.stream import Final
from tevr.transcript import Word

FILES: LabelFiles = open_files()
WORDS = st.sampled_from("am dritten mai ging ich in die grosse stadt zwanzig euro fünfzig".split())  # noqa: SIM905


def finals(utterance: str, size: int, now: float) -> Iterator[Final]:
    """An utterance in events of so many words; the last closes it."""
    words = [
        Word(text, now + 0.35 * place, now + 0.35 * place + 0.3, 0.9)
        for place, text in enumerate(utterance.split())
    ]
    for place in range(0, len(words), size):
        part = tuple(words[place : place + size])
        yield Final(part, place + size >= len(words), part[-1].end)


def dictated(*utterances: str, size: int = 3) -> str:
    text = DictatedText(DictatedWriter(FILES, ReadableOptions()), SpokenMarks())
    edits = [
        edit
        for place, utterance in enumerate(utterances)
        for final in finals(utterance, size, place * 20.0)
        for edit in text.push(final)
    ]
    assert text.held == ()
    return "".join(edit.text for edit in edits if isinstance(edit, Inserted))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_letter_is_dictated(size: int) -> None:
    said = (
        "sehr geehrte frau doktor braun komma neue zeile vielen dank für ihren brief vom"
        " dritten mai zweitausendzwanzig punkt"
    )
    written = "Sehr geehrte Frau Dr. Braun,\nVielen Dank für Ihren Brief vom 3. Mai 2020."
    assert dictated(said, size=size) == written


def test_marks_that_nobody_said_are_set_and_those_said_take_their_place() -> None:
    text = dictated(
        "die strasse ist gesperrt", "das kostet zwölf euro fünfzig ausrufezeichen", "grüsse"
    )
    assert text.startswith("Die Straße ist gesperrt. Das kostet 12,50 €! Grüße")


def test_no_capital_follows_a_comma_that_was_said() -> None:
    assert dictated("er kam komma sah komma siegte punkt danach ging er").startswith(
        "Er kam, sah, siegte. Danach ging er"
    )


@settings(deadline=None)
@given(
    st.lists(st.one_of(WORDS, st.just(None)), max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_nothing_said_is_lost_or_doubled(said: list[str | None], closing: list[bool]) -> None:
    writer = DictatedWriter(FILES, ReadableOptions())
    given_in: list[Word] = []
    out: list[Word] = []
    for place, (text, closes) in enumerate(zip(said, closing, strict=False)):
        word = Word(text or "komma", float(place), place + 0.5, 0.9)
        item = word if text else Fixed(",", (word,), before=False)
        given_in.append(word)
        out += [each for fixed in writer.push([item], closes=closes) for each in fixed.words]
        assert [*out, *writer.held] == given_in
    out += [each for fixed in writer.push([], closes=True) for each in fixed.words]
    assert out == given_in
