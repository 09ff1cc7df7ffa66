"""Layout: wrapped lines become paragraphs, other lines stay, and no word is lost."""

from __future__ import annotations

import textwrap
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.layout import join, lines_of, page_paragraphs, paragraphs, without_repeats

PROSE = (
    "Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung aller "
    "staatlichen Gewalt. Das Deutsche Volk bekennt sich darum zu unverletzlichen und "
    "unveräußerlichen Menschenrechten als Grundlage jeder menschlichen Gemeinschaft, des Friedens "
    "und der Gerechtigkeit in der Welt."
)
SENTENCES = [
    "das haus steht am rand der stadt",
    "niemand hat etwas davon gehört",
    "wir fahren morgen früh mit dem ersten zug an die see und bleiben dort",
    "gut",
    "sie hat ihm das buch gestern abend nach der vorstellung gegeben",
    "es regnet",
]


@pytest.mark.parametrize("width", [45, 60, 72, 80, 110])
def test_hard_wrapped_paragraphs_become_whole(width: int) -> None:
    wrapped = textwrap.wrap(PROSE, width, break_on_hyphens=False)
    assert list(paragraphs([*wrapped, "", *wrapped])) == [PROSE, PROSE]


@pytest.mark.parametrize(
    "lines",
    [
        SENTENCES,
        [f"{line.capitalize()}." for line in SENTENCES],
        [line.capitalize() for line in SENTENCES],
        ["Über allen Gipfeln", "ist Ruh,", "in allen Wipfeln", "spürest du", "kaum einen Hauch;"],
        [PROSE, PROSE],
        ["Nur eine Zeile"],
    ],
)
def test_one_sentence_a_line_stays_as_it_is(lines: list[str]) -> None:
    assert list(paragraphs(lines)) == lines


def test_headings_and_list_items_in_a_wrapped_text_stand_alone() -> None:
    wrapped = textwrap.wrap(PROSE, 72)
    lines = ["Artikel 1", *wrapped, "- ein Punkt", "- noch ein Punkt"]
    assert list(paragraphs(lines)) == ["Artikel 1", PROSE, "- ein Punkt", "- noch ein Punkt"]


@pytest.mark.parametrize(
    ("line", "after", "whole"),
    [
        ("die Verfas-", "sung gilt", "die Verfassung gilt"),
        ("die Verfas\u00ad", "sung gilt", "die Verfassung gilt"),
        ("Haupt-", "und Staatsaktion", "Haupt- und Staatsaktion"),
        ("Ein-", "oder Ausgang", "Ein- oder Ausgang"),
        ("Baden-", "Württemberg", "Baden-Württemberg"),
        ("Formel-", "1-Rennen", "Formel-1-Rennen"),
        ("die Stadt", "schläft", "die Stadt schläft"),
        ("er kam –", "wie immer", "er kam – wie immer"),
        ("die Undi-", "nen", "die Undinen"),
    ],
)
def test_divided_words_become_whole(line: str, after: str, whole: str) -> None:
    assert join(line, after) == whole


@given(st.lists(st.text("aB. -\n", max_size=200)), st.integers(1, 40))
def test_joining_and_splitting_keep_every_letter(texts: list[str], longest: int) -> None:
    found = "".join(paragraphs(lines_of(texts, longest)))
    # A hyphen goes only where it divided a word at a line end.
    assert found.replace(" ", "").replace("-", "") == "".join(
        char for text in texts for char in text if char in "aB."
    )


@given(st.text("ab. \nC", max_size=300), st.lists(st.integers(0, 300)), st.integers(1, 30))
def test_block_boundaries_change_nothing(text: str, cuts: list[int], longest: int) -> None:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    blocks = [text[a:b] for a, b in pairwise(places)]
    assert list(lines_of(blocks, longest)) == list(lines_of([text], longest))


def test_a_file_that_is_one_line_is_cut_at_sentence_ends() -> None:
    sentence = "Das Haus steht am Rand der Stadt, z. B. seit dem 3. Mai, und Dr. Weiß wohnt dort."
    lines = list(lines_of([" ".join([sentence] * 1000)], longest=2000))
    assert len(lines) > 40
    assert max(map(len, lines)) <= 2000
    assert all(line.strip() == " ".join([sentence] * line.count("Dr.")) for line in lines)


def test_a_wrapped_text_without_paragraphs_comes_in_bounded_pieces() -> None:
    wrapped = textwrap.wrap(" ".join([PROSE] * 1000), 72)
    found = list(paragraphs(wrapped))
    assert max(map(len, found)) < 1 << 17
    assert all(piece.endswith(".") for piece in found)


def page(number: int, words: str) -> list[str]:
    return ["Jahresbericht 2024", *textwrap.wrap(words, 60), f"Seite {number} von 9"]


def test_headers_and_page_numbers_are_left_out_and_paragraphs_run_over_pages() -> None:
    words = PROSE.split()
    pages = [page(n, " ".join(words[n * 11 : n * 11 + 11])) for n in range(4)]
    assert list(page_paragraphs(pages)) == [" ".join(words)]


def test_lines_that_only_one_page_holds_stay() -> None:
    pages = [["Erster Titel", "a"], ["Zweiter Titel", "b"], ["3"], []]
    assert list(without_repeats(pages)) == ["Erster Titel", "a", "Zweiter Titel", "b"]
