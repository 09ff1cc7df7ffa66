"""What a text already tells is found, and nothing of it is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.readable.hints import Hints, Token, hints_of, in_case_of, part_mark, split

TEXTS = st.text("aB ß„“(),.-–?1", max_size=60)


@given(TEXTS)
def test_tokens_hold_all_of_a_line(line: str) -> None:
    tokens = split(line)
    whole = " ".join(f"{token.before}{token.word}{token.after}" for token in tokens)
    assert whole == " ".join(line.split())


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("„Komm!“, sagte", [Token("„", "Komm", "!“,"), Token("", "sagte", "")]),
        ("E-Mail – ja", [Token("", "E-Mail", " –"), Token("", "ja", "")]),
        ("5 % (3,5)", [Token("", "5", ""), Token("", "%", ""), Token("(", "3,5", ")")]),
    ],
)
def test_marks_are_told_from_words(text: str, tokens: list[Token]) -> None:
    assert split(text) == tokens


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("Das Haus steht an der Straße.", Hints(cased=True, marked=True, sharp=True)),
        ("das haus steht an der strasse", Hints(cased=False, marked=False, sharp=False)),
        ("hallo, wie geht es dir?", Hints(cased=False, marked=True, sharp=False)),
        ("Das Haus steht da", Hints(cased=True, marked=False, sharp=False)),
        ("Da steht es", Hints(cased=False, marked=False, sharp=False)),
        ("", Hints(cased=False, marked=False, sharp=False)),
        (" ".join(["wort"] * 60) + " Haus.", Hints(cased=False, marked=False, sharp=False)),
    ],
)
def test_hints_are_found(text: str, hints: Hints) -> None:
    assert hints_of(split(text)) == hints


@pytest.mark.parametrize(
    ("spelt", "cased", "expected"),
    [
        ("straße", "STRASSe", "STRAße"),
        ("strasse", "Straße", "Strasse"),
        ("maße", "Masse", "Maße"),
        ("gmbh", "GmbH", "GmbH"),
    ],
)
def test_capitals_go_over_to_another_spelling(spelt: str, cased: str, expected: str) -> None:
    assert in_case_of(spelt, cased) == expected


@given(st.text("aäßsbASB", max_size=12))
def test_a_word_in_its_own_case_is_itself(word: str) -> None:
    assert in_case_of(word, word) == word


def test_marks_at_the_end_are_parted() -> None:
    assert part_mark("und –") == ("und", " –")
    assert part_mark("Haus,") == ("Haus", ",")
    assert part_mark("Haus") == ("Haus", "")
