"""Forms: nothing said is lost, streams say what whole texts say, and digits stay as they are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tevr.readable.digit_runs import LONGEST
from tevr.readable.forms import FormsWriter, write_forms
from tevr.readable.forms_options import SPACE, USUAL, FormsOptions
from tevr.readable.word_lists import words
from tevr.readable.written import WrittenWord, text_of
from tevr.transcript import Word

#: Every word that a rule asks for stands among these, and some that none asks for.
SAID = sorted(
    words(
        """
        null eins zwei zwo drei vier fünf sechs sieben acht neun zehn elf zwölf ein eine zwanzig
        dreissig einundzwanzig hundert tausend zweitausend zweihundert million millionen milliarden
        neunzehnhundert neunzehnhundertneunzig komma punkt und bis zu oder von mal plus minus uhr
        euro cent dollar prozent kilometer stunden grad celsius erste ersten dritter dritten
        zwanzigsten mai märz jahr jahrhundert am der die im halb viertel vor nach paragraf absatz
        satz nummer artikel drucksache version telefon seite hauptstrasse ludwig doktor herr
        professor weiss zum beispiel usw neunziger neunzehnhundertneunziger fünfundachtzigjährige
        krieg paar hürde drittel haus 3. 2020 14:30 €
        """
    )
)
OPTIONS = st.builds(
    FormsOptions,
    small_numbers_as_words=st.booleans(),
    thousands=st.sampled_from([".", "", SPACE]),
    euro_sign=st.booleans(),
    percent_sign=st.booleans(),
    unit_symbols=st.booleans(),
    fractions=st.booleans(),
    citations=st.booleans(),
    titles=st.booleans(),
    abbreviations=st.booleans(),
    roman_names=st.booleans(),
)


def timed(text: str, gap: float = 0.05) -> list[Word]:
    """Words of 0.3 s each, silence between them."""
    step = 0.3 + gap
    return [Word(word, step * at, step * at + 0.3, 0.9) for at, word in enumerate(text.split())]


def written(text: str, options: FormsOptions = USUAL) -> str:
    """A text with its forms written."""
    return text_of(write_forms(timed(text), options))


def in_time(texts_and_gaps: list[tuple[str, float]]) -> list[Word]:
    """Words of 0.25 s each, after the pauses given."""
    spoken, now = [], 0.0
    for at, (text, gap) in enumerate(texts_and_gaps):
        start = now + gap
        now = start + 0.25
        spoken.append(Word(text, start, now, (at * 7 % 10) / 10))
    return spoken


def speech() -> st.SearchStrategy[list[Word]]:
    """Words of the grammar in any order, with any pauses between them."""
    pairs = st.tuples(st.sampled_from(SAID), st.sampled_from([0.0, 0.1, 0.3, 0.8]))
    return st.lists(pairs, max_size=16).map(in_time)


@settings(deadline=None)
@given(speech(), OPTIONS)
def test_what_was_said_can_be_read_off(spoken: list[Word], options: FormsOptions) -> None:
    found = write_forms(spoken, options)
    assert [said for word in found for said in word.spoken] == [word.text for word in spoken]


@settings(deadline=None)
@given(speech(), OPTIONS)
def test_times_and_confidence_are_those_of_the_words_merged(
    spoken: list[Word], options: FormsOptions
) -> None:
    at = 0
    found = write_forms(spoken, options)
    for word in found:
        merged = spoken[at : at + len(word.spoken)]
        assert (word.start, word.end) == (merged[0].start, merged[-1].end)
        assert word.confidence == min(one.confidence for one in merged)
        at += len(merged)
    assert all(before.end <= after.start for before, after in pairwise(found))


@settings(deadline=None)
@given(speech(), OPTIONS, st.data())
def test_a_stream_says_what_the_whole_text_says(
    spoken: list[Word], options: FormsOptions, data: st.DataObject
) -> None:
    writer = FormsWriter(options)
    found: list[WrittenWord] = []
    at = 0
    while at < len(spoken):
        size = data.draw(st.integers(1, 5))
        found += writer.push(spoken[at : at + size])
        at += size
    assert found + writer.finish() == write_forms(spoken, options)


@settings(deadline=None)
@given(speech(), speech())
def test_nothing_is_held_back_beyond_a_pause_that_closes(
    first: list[Word], second: list[Word]
) -> None:
    writer = FormsWriter()
    found = writer.push(first, closes=True)
    assert sum(len(word.spoken) for word in found) == len(first)
    assert writer.push(second, closes=True) == write_forms(second)


@settings(deadline=None)
@given(speech())
def test_few_words_are_held_back(spoken: list[Word]) -> None:
    writer = FormsWriter()
    given_out = 0
    for said, word in enumerate(spoken, 1):
        given_out += sum(len(one.spoken) for one in writer.push([word]))
        assert said - given_out <= LONGEST + 6


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("das ist", 0),
        ("haus und hof", 0),
        ("zwanzig", 1),
        ("zwanzig leute kommen", 0),
        ("drei und", 2),
        ("am dritten", 1),
        ("am dritten mai", 0),
        ("zwölf euro", 2),
        ("null drei null eins", 4),
    ],
)
def test_a_word_waits_only_while_it_could_change(said: str, held: int) -> None:
    found = FormsWriter().push(timed(said))
    assert len(said.split()) - sum(len(word.spoken) for word in found) == held


@settings(deadline=None)
@given(speech(), OPTIONS)
@example(timed("der dritte im bunde"), FormsOptions())
def test_writing_again_changes_nothing_that_is_in_digits(
    spoken: list[Word], options: FormsOptions
) -> None:
    found = write_forms(spoken, options)
    again = [
        Word(text, word.start, word.end, word.confidence)
        for word in found
        for text in word.text.split(" ")
        if any(char.isdigit() for char in text)
    ]
    assert [word.text for word in write_forms(again, options)] == [word.text for word in again]


def test_readable_german_stays_as_it_is() -> None:
    text = (
        "Am 3. Mai 2020 um 14:30 Uhr zahlte Herr Dr. Weiß 12,50 € für 3 Bücher, also 5 % von "
        "10.000 Seiten; § 12 Abs. 3, Ludwig XIV. und die 1990er Jahre. Zwei von drei kamen um drei."
    )
    assert written(text) == text


def test_a_pause_parts_numbers() -> None:
    spoken = timed("zweitausend zwanzig")
    assert text_of(write_forms(spoken)) == "2020"
    late = [spoken[0], replace(spoken[1], start=2.0, end=2.3)]
    assert text_of(write_forms(late)) == "2000 20"


def test_pauses_group_the_digits_of_a_telephone_number() -> None:
    spoken = timed("null drei null eins zwei drei", gap=0.0)
    moved = [
        *spoken[:3],
        *(replace(word, start=word.start + 0.3, end=word.end + 0.3) for word in spoken[3:]),
    ]
    assert [word.text for word in write_forms(moved)] == ["030", "123"]


@pytest.mark.parametrize(
    ("said", "options", "expected"),
    [
        ("zwei leute und vierzig", FormsOptions(small_numbers_as_words=False), "2 leute und 40"),
        ("gib acht", FormsOptions(small_numbers_as_words=False), "gib acht"),
        ("zwanzigtausend", FormsOptions(thousands=SPACE), "20\u202f000"),
        ("zwanzigtausend", FormsOptions(thousands=""), "20000"),
        ("zwölf euro fünfzig", FormsOptions(euro_sign=False), "12,50 Euro"),
        ("zwölf euro", FormsOptions(euro_sign=False), "12 euro"),
        ("fünf prozent", FormsOptions(percent_sign=False), "5 prozent"),
        ("drei kilometer", FormsOptions(unit_symbols=True), "3 km"),
        ("ein kilometer", FormsOptions(unit_symbols=True), "1 km"),
        ("fünf grad celsius", FormsOptions(unit_symbols=True), "5 °C"),
        ("neunzig kilometer pro stunde", FormsOptions(unit_symbols=True), "90 km/h"),
        ("drei viertel", FormsOptions(fractions=True), "3/4"),
        ("ein drittel", FormsOptions(fractions=True), "1/3"),
        ("paragraf zwölf absatz drei", FormsOptions(citations=False), "paragraf 12 absatz 3"),
        ("herr doktor weiss", FormsOptions(titles=False), "herr doktor weiss"),
        ("zum beispiel", FormsOptions(abbreviations=True), "z. B."),
        ("und so weiter", FormsOptions(abbreviations=True), "usw."),
        ("das heisst", FormsOptions(abbreviations=True), "d. h."),
        ("ludwig der vierzehnte", FormsOptions(roman_names=True), "ludwig XIV."),
        ("unter karl dem fünften", FormsOptions(roman_names=True), "unter karl V."),
    ],
)
def test_options_change_how_forms_are_written(
    said: str, options: FormsOptions, expected: str
) -> None:
    assert written(said, options) == expected
