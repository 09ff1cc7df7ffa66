"""Spoken marks are told from the same words; however the words come, the result is the same."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.mark_rules import PAUSE
from tevr.spoken_marks import Command, Fixed, Item, SpokenMarks
from tevr.spoken_phrases import COMMANDS, MARKS
from tevr.transcript import Word

#: What is said → what is meant. "|" is a pause within an utterance, "||" closes it.
CASES = {
    # every mark
    "das ist gut punkt": "das ist gut.",
    "ich komme komma wenn du willst": "ich komme, wenn du willst",
    "kommst du mit fragezeichen": "kommst du mit?",
    "komm her ausrufezeichen": "komm her!",
    "er sagte doppelpunkt ich gehe": "er sagte: ich gehe",
    "er ging strichpunkt sie blieb": "er ging; sie blieb",
    "er ging semikolon sie blieb": "er ging; sie blieb",
    "er ging gedankenstrich und blieb": "er ging – und blieb",
    "baden bindestrich württemberg": "baden-württemberg",
    "und schrägstrich oder": "und/oder",
    "er kommt klammer auf heute klammer zu vorbei": "er kommt (heute) vorbei",
    "das eckige klammer auf alte eckige klammer zu haus": "das [alte] haus",
    "er rief anführungszeichen auf halt anführungszeichen zu": "er rief „halt“",
    "er rief anführungszeichen halt anführungszeichen laut": "er rief „halt“ laut",
    "erstens neue zeile zweitens": "erstens\nzweitens",
    "ende punkt neuer absatz anfang": "ende.\n\nanfang",
    "ende punkt neue absatz anfang": "ende.\n\nanfang",
    "er ging beistrich sie blieb": "er ging, sie blieb",
    "gut ausrufungszeichen": "gut!",
    "also auslassungspunkte": "also …",
    "ja doppel punkt nein": "ja: nein",
    # the words of the marks
    "der punkt ist dass er fehlt": "der punkt ist dass er fehlt",
    "ein komma fehlt": "ein komma fehlt",
    "das ist der springende punkt": "das ist der springende punkt",
    "das ist ein sehr wichtiger punkt": "das ist ein sehr wichtiger punkt",
    "der letzte wichtige punkt fehlt": "der letzte wichtige punkt fehlt",
    "in diesem punkt hast du recht": "in diesem punkt hast du recht",
    "bis zu einem gewissen punkt": "bis zu einem gewissen punkt",
    "wir treffen uns um punkt acht": "wir treffen uns um punkt acht",
    "punkt drei der tagesordnung": "punkt drei der tagesordnung",
    "kommen wir zu punkt vier": "kommen wir zu punkt vier",
    "von punkt a nach punkt b": "von punkt a nach punkt b",
    "nächster punkt": "nächster punkt",
    "auf den punkt gebracht": "auf den punkt gebracht",
    "er redet ohne punkt und komma": "er redet ohne punkt und komma",
    "weder punkt noch komma stehen da": "weder punkt noch komma stehen da",
    "wir gehen es punkt für punkt durch": "wir gehen es punkt für punkt durch",
    "drei komma fünf prozent": "drei komma fünf prozent",
    "version zwei punkt null": "version zwei punkt null",
    "da steht ein grosses fragezeichen": "da steht ein grosses fragezeichen",
    "er liest die drei fragezeichen": "er liest die drei fragezeichen",
    "viele ausrufezeichen stören": "viele ausrufezeichen stören",
    "das war in anführungszeichen gut": "das war in anführungszeichen gut",
    "nach dem doppelpunkt schreibt man gross": "nach dem doppelpunkt schreibt man gross",
    "mach die klammer auf": "mach die klammer auf",
    "eine neue zeile beginnt": "eine neue zeile beginnt",
    "das ist ein neuer absatz": "das ist ein neuer absatz",
    "dieser bindestrich muss weg": "dieser bindestrich muss weg",
    "mit komma getrennt": "mit komma getrennt",
    "das wort komma wird klein geschrieben": "das wort komma wird klein geschrieben",
    "hier komma setzen": "hier komma setzen",
    "punkt ist dass er fehlt": "punkt ist dass er fehlt",
    "kein komma bitte": "kein komma bitte",
    "ihr punkt war gut": "ihr punkt war gut",
    "setze das fehlende komma": "setze das fehlende komma",
    # the mark where the words beside it could mislead
    "er kommt mit punkt": "er kommt mit.",
    "ich fange an komma wenn du willst": "ich fange an, wenn du willst",
    "er wohnt in der langen strasse punkt": "er wohnt in der langen strasse.",
    "das ist die strasse punkt": "das ist die strasse.",
    "ich will das punkt": "ich will das.",
    "was ist das fragezeichen": "was ist das?",
    "wo ist das fragezeichen fragezeichen": "wo ist das fragezeichen?",
    "das ist der punkt punkt": "das ist der punkt.",
    "ich glaube das | komma aber er nicht": "ich glaube das, aber er nicht",
    "hast du drei fragezeichen": "hast du drei?",
    "zwei fragezeichen fehlen": "zwei fragezeichen fehlen",
    "um achtzehn uhr dreissig punkt": "um achtzehn uhr dreissig.",
    "ich nehme drei | komma | fünf sind zu viel": "ich nehme drei, fünf sind zu viel",
    "das stimmt nicht komma hat er gesagt": "das stimmt nicht, hat er gesagt",
    "ich wasche mich komma": "ich wasche mich,",
    "wunderbar punkt": "wunderbar.",
    "das gefällt allen punkt": "das gefällt allen.",
    "warte punkt punkt punkt": "warte...",
    "schreib an info beispiel punkt de": "schreib an info beispiel.de",
    "er sprach laut | punkt | dann ging er": "er sprach laut. dann ging er",
    # pauses and ends of utterances
    "das ist gut || punkt": "das ist gut.",
    "das ist gut || komma weil es stimmt": "das ist gut, weil es stimmt",
    "der | punkt ist dass er fehlt": "der punkt ist dass er fehlt",
    "das ist ein | punkt | den ich mag": "das ist ein punkt den ich mag",
    "das ist ein || punkt || den ich mag": "das ist ein punkt den ich mag",
    "wir müssen || zum || punkt kommen": "wir müssen zum punkt kommen",
    "was || ist das fragezeichen": "was ist das?",
    "neue || zeile": "neue zeile",
    "klammer || auf": "klammer auf",
    # commands stand alone
    "das ist falsch || lösche das": "das ist falsch <delete>",
    "das ist falsch | lösche das | das ist gut": "das ist falsch <delete> das ist gut",
    "ich lösche das": "ich lösche das",
    "lösche das bitte nicht": "lösche das bitte nicht",
    "genug || stopp": "genug <stop>",
    "er rief stopp": "er rief stopp",
    "stopp da kommt ein auto": "stopp da kommt ein auto",
    "stop": "<stop>",
}


def words_of(said: str) -> list[list[Word]]:
    """Utterances of words that follow one another fast, but for the pauses."""
    time, utterances = 1.0, []
    for utterance in said.split("||"):
        words: list[Word] = []
        for text in utterance.split():
            if text == "|":
                time += 0.5
                continue
            words.append(Word(text, time, time + 0.3, 0.9))
            time += 0.35
        utterances.append(words)
        time += 0.5
    return utterances


def written(items: Iterable[Item]) -> str:
    text, space = "", False
    for item in items:
        fixed = item if isinstance(item, Fixed) else Fixed("", ())
        text += " " if space and fixed.before else ""
        text += f"<{item.name}>" if isinstance(item, Command) else item.text
        space = fixed.after
    return text


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize(("said", "meant"), CASES.items())
def test_marks_are_told_from_words(said: str, meant: str) -> None:
    finder = SpokenMarks()
    items = [item for words in words_of(said) for item in finder.push(words, closes=True)]
    assert written(items) == meant
    one_by_one = SpokenMarks()
    items = []
    for words in words_of(said):
        for word in words:
            items += one_by_one.push([word], closes=False)
            assert len(one_by_one.held) <= 5
        items += one_by_one.push([], closes=True)
        assert one_by_one.held == ()
    assert written(items) == meant


VOCABULARY = sorted({
    *(part for name, _ in (*MARKS, *COMMANDS) for part in name.split()),
    *("der", "das", "ein", "und", "für", "drei", "ist", "mit", "gut", "grosse", "dass"),
})  # fmt: skip


@st.composite
def speech(draw: st.DrawFn) -> list[Word]:
    time, words = 0.0, []
    for text in draw(st.lists(st.sampled_from(VOCABULARY), max_size=12)):
        time += draw(st.sampled_from([0.0, 0.1, PAUSE + 0.1]))
        words.append(Word(text, time, time + 0.2, 0.5))
        time += 0.2
    return words


@given(speech(), st.lists(st.integers(0, 12)), st.booleans(), st.booleans())
def test_however_words_come_the_items_are_the_same_and_hold_them_all(
    words: list[Word], cuts: list[int], marks: bool, commands: bool
) -> None:
    whole = SpokenMarks(marks=marks, commands=commands).push(words, closes=True)
    finder = SpokenMarks(marks=marks, commands=commands)
    borders = [0, *sorted(cuts), len(words)]
    pieces: list[Item] = []
    for begin, end in pairwise(borders):
        pieces += finder.push(words[begin:end], closes=False)
        assert len(finder.held) <= 5
    pieces += finder.push([], closes=True)
    assert pieces == whole
    said = [w for item in whole for w in ([item] if isinstance(item, Word) else item.words)]
    assert said == words


@given(speech())
def test_switched_off_nothing_is_found(words: list[Word]) -> None:
    assert SpokenMarks(marks=False, commands=False).push(words, closes=False) == words
    no_commands = SpokenMarks(commands=False).push(words, closes=True)
    assert not any(isinstance(item, Command) for item in no_commands)
    no_marks = SpokenMarks(marks=False).push(words, closes=True)
    assert not any(isinstance(item, Fixed) for item in no_marks)


def test_what_already_stands_for_words_passes_through() -> None:
    word = Word("mfg", 0.0, 0.5, 0.9)
    greeting = Fixed("Mit freundlichen Grüßen", (word,))
    items = SpokenMarks().push([greeting, Word("punkt", 0.5, 0.8, 0.9)], closes=True)
    assert written(items) == "Mit freundlichen Grüßen."


def test_ordinary_words_are_not_held_back() -> None:
    finder = SpokenMarks()
    for words in words_of("das ist ein ganz gewöhnlicher satz"):
        for word in words:
            assert finder.push([word], closes=False) == [word]


def test_a_sharp_s_and_capitals_are_no_obstacle() -> None:
    words = [Word("Großes", 0.0, 0.2, 0.9), Word("Komma", 0.2, 0.5, 0.9)]
    assert SpokenMarks().push(words, closes=True) == words
