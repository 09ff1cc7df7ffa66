"""Text in, readable text out: lines stay, what is there stays, what lacks is added."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.readable.labeller import LabelFiles
from tevr.readable.labels import fold
from tevr.readable.text_writer import rewrite
from tevr.readable.writer import DEFAULTS

READABLE = """\
Der Roboter, den Frau Weiß gekauft hat, fährt jeden Morgen durch das Haus. „Na, wie geht's?“, fragt
er (leise) – und wartet. Wer weiß, ob er’s versteht?

Am 3. Mai 2020 kostete er 1.250,50 €, heute z. B. nur noch die Hälfte! Die GmbH & Co. KG in der
Schloßstraße 7 liefert sog. E-Roller; die Maße stehen in § 12 Abs. 3: Länge 1,20 m, Höhe 80 cm.

„Das Äußere“, sagte Dr. Müller-Lüdenscheidt, „ist mir egal.“ Um 14:30 Uhr fuhr der ICE 75 ab …
"""
OPTIONS = replace(DEFAULTS, numbers=False)


def test_readable_german_stays_as_it_is(files: LabelFiles) -> None:
    assert rewrite(READABLE, files) == READABLE


@settings(max_examples=30, deadline=None)
@given(text=st.lists(st.text("aß sSB,.?\n-„“1", max_size=12), max_size=12).map(" ".join))
def test_letters_and_lines_of_any_text_stay(files: LabelFiles, text: str) -> None:
    done = rewrite(text, files, OPTIONS)
    assert [letters(line) for line in done.splitlines()] == [
        letters(line) for line in text.splitlines()
    ]


def letters(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter.isalnum())


SAID = """\
wir fahren nach berlin und besuchen unsere freunde
ich weiss nicht ob er heute kommt

wie geht es dir
"""


def test_what_lacks_is_added(files: LabelFiles) -> None:
    done = rewrite(SAID, files).splitlines()
    assert done[0].startswith("Wir fahren nach Berlin und besuchen unsere Freunde")
    assert done[1].endswith("ch weiß nicht, ob er heute kommt.")
    assert done[3] == "Wie geht es dir?"


def test_what_was_written_is_not_written_again(files: LabelFiles) -> None:
    once = rewrite(SAID, files)
    assert SequenceMatcher(None, once, rewrite(once, files), autojunk=False).ratio() >= 0.99


def test_every_line_can_be_a_text_of_its_own(files: LabelFiles) -> None:
    done = rewrite("das ist gut\ndas ist alles\n", files, each_line=True)
    assert done == "Das ist gut.\nDas ist alles.\n"


def test_marks_without_capitals_are_kept_and_begin_sentences(files: LabelFiles) -> None:
    done = rewrite("wie geht es dir? das haus ist gross, ja.", files)
    assert done == "Wie geht es dir? Das Haus ist groß, ja.\n"


def test_capitals_without_marks_are_kept(files: LabelFiles) -> None:
    done = rewrite("Das Haus das wir KAUFTEN ist Groß", files)
    assert done.replace(",", "").rstrip(".\n") == "Das Haus das wir KAUFTEN ist Groß"


def test_switzerland_knows_no_sharp_s(files: LabelFiles) -> None:
    done = rewrite("Die Straße ist groß, sagt er.", files, replace(DEFAULTS, sharp_s=False))
    assert done == "Die Strasse ist gross, sagt er.\n"


@pytest.mark.parametrize("text", ["", "\n", "\n\n"])
def test_nothing_is_made_of_nothing(files: LabelFiles, text: str) -> None:
    assert rewrite(text, files) == text


def test_own_spellings_are_written(files: LabelFiles) -> None:
    options = replace(DEFAULTS, spellings=("Müller-Lüdenscheidt", "GmbH & Co. KG"))
    done = rewrite("die müller lüdenscheidt gmbh und co kg ist in berlin", files, options)
    assert done.startswith("Die Müller-Lüdenscheidt GmbH & Co. KG ist in Berlin")
