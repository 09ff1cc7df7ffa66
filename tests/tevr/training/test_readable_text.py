"""Sentences are labelled with what is said, how it is written, and the mark that follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.corpus import normalise
from tevr.readable.labels import MARKS, fold
from tevr.training.readable_text import (
    BLOCK,
    Labelled,
    blocks,
    is_held_out,
    label,
    parse,
    show,
)

LETTERS = st.text("aäßsB", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("sentence", "labelled"),
    [
        ("Die Straße ist gesperrt, sagte er.", "Die Straße ist gesperrt, sagte er."),
        ("Am 3. Mai kam Dr. Weiß.", "Am dritten Mai kam Doktor Weiß."),
        ("„Komm her!“, sagte er – und ging.", "Komm her, sagte er– und ging."),
        ("Das wird's geben… oder nicht?!", "Das wirds geben oder nicht?"),
        ("Er (der Alte) las: „Ja, gut.“", "Er der Alte las: Ja, gut."),
        ("Die E-Mail der GmbH kam bzw. ging.", "Die E Mail der GmbH kam beziehungsweise ging."),
        ("Ich weiß, daß er muß.", "Ich weiß, dass er muss."),
        ("12 Leute und ein 29-Jähriger.", "Zwölf Leute und ein Neunundzwanzigjähriger."),
        ("J. R. R. Tolkien schrieb.", "J R R Tolkien schrieb."),
    ],
)
def test_sentences_are_labelled(sentence: str, labelled: str) -> None:
    words = label(sentence)
    assert show(words) == labelled
    said = " ".join(fold(word.written) for word in words)
    assert said == normalise(labelled)


def test_numbers_may_stay_numbers() -> None:
    said = label("Am 3. Mai 2020 um 14:30 Uhr kamen 1,5 Liter.", digits=True)
    assert show(said) == "Am 0te Mai 0 um 0 Uhr kamen 0 Liter."


@pytest.mark.parametrize("text", ["", "Eine Überschrift", "Это по-русски.", "…", "1 + 1"])
def test_what_is_no_sentence_is_left_out(text: str) -> None:
    assert label(text) == []


@given(st.lists(st.builds(Labelled, LETTERS, st.sampled_from(MARKS))))
def test_what_is_shown_is_parsed(words: list[Labelled]) -> None:
    assert parse(show(words)) == words


@given(st.lists(st.text("ab", min_size=1), max_size=50), st.integers(1, 9))
def test_held_out_blocks_hang_on_their_own_letters(lines: list[str], one_in: int) -> None:
    parted = list(blocks(lines))
    assert [line for block in parted for line in block] == lines
    assert all(len(block) <= BLOCK for block in parted)
    for block in parted:
        alone = [block[0].upper(), "anything"]
        assert is_held_out(block, one_in) == is_held_out(alone, one_in)
        assert is_held_out(block, 1)
