"""Edits, carried out one after another, give the text that the speaker means."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tevr.dictation import (
    REMEMBERED,
    Closed,
    DictatedText,
    Edit,
    Erased,
    Inserted,
    StopAsked,
)
from tevr.replacements import Dictionary, Replacements
from tevr.spoken_marks import SpokenMarks
from tevr.stream import Final
from tevr.transcript import Word


class Speaker:
    """Says utterances, a second apart."""

    def __init__(self) -> None:
        self.time = 0.0

    def say(self, text: str, *, closes: bool = True) -> Final:
        words = []
        for word in text.split():
            words.append(Word(word, self.time, self.time + 0.3, 0.9))
            self.time += 0.35
        self.time += 1.0 if closes else 0.0
        return Final(tuple(words), closes, self.time)


def document(edits: Iterable[Edit]) -> str:
    text = ""
    for edit in edits:
        if isinstance(edit, Inserted):
            text += edit.text
        if isinstance(edit, Erased):
            assert text.endswith(edit.text)
            text = text[: len(text) - len(edit.text)]
    return text


def dictated(*utterances: str, dictionary: Dictionary | None = None) -> list[Edit]:
    text, speaker = DictatedText(None, SpokenMarks(), Replacements(dictionary)), Speaker()
    return [edit for said in utterances for edit in text.push(speaker.say(said))]


def test_marks_join_words_of_all_utterances() -> None:
    edits = dictated("das ist gut", "punkt", "klammer auf ja klammer zu neue zeile ende")
    assert document(edits) == "das ist gut. (ja)\nende"


def test_each_utterance_closes_once() -> None:
    edits = dictated("eins", "zwei", "punkt")
    assert [type(edit) for edit in edits] == [Inserted, Closed] * 3


def test_the_text_shown_belongs_to_its_words() -> None:
    edits = dictated("hallo komma welt")
    (inserted,) = [edit for edit in edits if isinstance(edit, Inserted)]
    assert inserted.text == "hallo, welt"
    assert [word.text for word in inserted.words] == ["hallo", "komma", "welt"]


def test_the_utterance_before_is_taken_back_and_then_the_one_before_that() -> None:
    edits = dictated("eins", "zwei drei", "lösche das", "vier", "lösche das", "lösche das", "fünf")
    assert document(edits) == "fünf"
    erased = [edit.text for edit in edits if isinstance(edit, Erased)]
    assert erased == [" zwei drei", " vier", "eins"]


def test_nothing_is_taken_back_where_nothing_is() -> None:
    edits = dictated("lösche das", "lösche das", "eins")
    assert edits[:-2] == []
    assert document(edits) == "eins"


def test_the_open_utterance_is_taken_back_alone() -> None:
    text, speaker = DictatedText(None, SpokenMarks()), Speaker()
    edits = text.push(speaker.say("eins"))
    edits += text.push(speaker.say("zwei", closes=False))
    speaker.time += 0.5
    edits += text.push(speaker.say("lösche das"))
    assert document(edits) == "eins"


def test_stop_is_no_text() -> None:
    edits = dictated("genug", "stopp")
    assert edits[-1] == StopAsked()
    assert document(edits) == "genug"


def test_replacements_come_first() -> None:
    dictionary = Dictionary({("gruss", "an"): "Gruß an", ("punkt",): "•", ("ähm",): ""})
    edits = dictated("gruss an ähm alle punkt neue zeile", dictionary=dictionary)
    assert document(edits) == "Gruß an alle •\n"


def test_held_words_are_those_not_inserted_yet() -> None:
    text, speaker = DictatedText(None, SpokenMarks()), Speaker()
    edits = text.push(speaker.say("das ist gut punkt", closes=False))
    assert document(edits) == "das ist gut"
    assert [word.text for word in text.held] == ["punkt"]
    edits += text.push(Final((), True, speaker.time))
    assert document(edits) == "das ist gut."
    assert text.held == ()


def test_a_day_of_dictation_is_not_remembered() -> None:
    edits = dictated(*["wort"] * (REMEMBERED + 50), *["lösche das"] * (REMEMBERED + 50))
    erased = sum(isinstance(edit, Erased) for edit in edits)
    assert REMEMBERED - 2 <= erased <= REMEMBERED
    assert document(edits) == " ".join(["wort"] * (REMEMBERED + 50 - erased))


VOCABULARY = ["das", "haus", "punkt", "komma", "neue zeile", "klammer auf", "lösche das", "ein"]


@given(st.lists(st.lists(st.sampled_from(VOCABULARY), max_size=4), max_size=8))
def test_edits_never_take_back_what_is_not_there(utterances: list[list[str]]) -> None:
    text = document(dictated(*[" ".join(parts) for parts in utterances]))
    assert "  " not in text
    assert not text.startswith(" ")


@given(st.lists(st.lists(st.sampled_from(["das", "ein", "punkt", "stopp"])), max_size=6))
def test_without_marks_and_commands_all_words_stand_as_said(utterances: list[list[str]]) -> None:
    text, speaker = DictatedText(), Speaker()
    edits = [e for said in utterances for e in text.push(speaker.say(" ".join(said)))]
    assert document(edits).split() == [word for said in utterances for word in said]
