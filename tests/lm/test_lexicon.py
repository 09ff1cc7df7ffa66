"""Lexicon files: every word and part is found, scores within their rounding, damage is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import ModelError, OutputError
from tevr.lm.lexicon import Compounding, Lexicon, encode, write_lexicon

WORD = st.text("abcäöüßxyz", min_size=1, max_size=12)
SCORE = st.floats(-12.0, -0.1)


def walk(lexicon: Lexicon, text: str) -> int:
    node = 0
    for letter in text:
        node = lexicon.child(node, letter)
        if node < 0:
            break
    return node


@settings(deadline=None)
@given(
    st.dictionaries(WORD, SCORE, min_size=1, max_size=40),
    st.dictionaries(WORD, SCORE, max_size=20),
    st.dictionaries(WORD, st.floats(-4, 4), max_size=20),
)
def test_all_that_is_put_in_is_found_and_nothing_else(
    words: dict[str, float], modifiers: dict[str, float], heads: dict[str, float]
) -> None:
    made = Compounding(-1.5, -0.5, modifiers, heads)
    lexicon = Lexicon(encode(list(words), list(words.values()), made))
    assert (lexicon.joint, lexicon.more) == (-1.5, -0.5)
    forms = {*words, *modifiers, *heads}
    beginnings = {form[:end] for form in forms for end in range(len(form) + 1)}
    for beginning in beginnings:
        node = walk(lexicon, beginning)
        assert node >= 0
        for found, given_ in (
            (lexicon.word(node), words.get(beginning)),
            (lexicon.modifier(node), modifiers.get(beginning)),
            (lexicon.head(node), heads.get(beginning)),
        ):
            assert (found is None) == (given_ is None)
            if given_ is not None:
                assert found == pytest.approx(given_, abs=0.06)
        letters = {form[len(beginning)] for form in beginnings if is_next(form, beginning)}
        assert {letter for letter, _ in lexicon.children(node)} == letters
        assert walk(lexicon, beginning + "q") == -1


def is_next(form: str, beginning: str) -> bool:
    return len(form) > len(beginning) and form.startswith(beginning)


@settings(deadline=None)
@given(st.dictionaries(WORD, SCORE, min_size=1, max_size=40))
def test_best_is_the_score_of_the_likeliest_word_below(words: dict[str, float]) -> None:
    lexicon = Lexicon(encode(list(words), list(words.values())))
    for beginning in {word[:end] for word in words for end in range(len(word) + 1)}:
        below = max(score for word, score in words.items() if word.startswith(beginning))
        assert lexicon.best(walk(lexicon, beginning)) == pytest.approx(below, abs=0.06)


def test_a_written_lexicon_is_mapped_back(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.bin"
    write_lexicon(encode(["haus", "maus"], [-2.0, -3.0]), path)
    assert [file.name for file in tmp_path.iterdir()] == ["lexicon.bin"]
    lexicon = Lexicon.open(path)
    assert lexicon.word(walk(lexicon, "maus")) == pytest.approx(-3.0)


@pytest.mark.parametrize("damage", [b"", b"tevr lexicon 1\n", b"PK\x03\x04" * 20])
def test_other_files_are_refused(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "lexicon.bin"
    path.write_bytes(damage)
    with pytest.raises(ModelError, match="lexicon"):
        Lexicon.open(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        Lexicon.open(tmp_path / "lexicon.bin")


def test_a_file_cut_short_is_refused() -> None:
    data = encode(["haus", "maus"], [-2.0, -3.0])
    for end in range(len(data)):
        with pytest.raises(ModelError):
            Lexicon(data[:end])


def test_no_words_make_no_lexicon() -> None:
    with pytest.raises(ModelError, match="no words"):
        encode([], [])


def test_a_word_of_endless_letters_is_refused() -> None:
    with pytest.raises(ModelError, match="longer than"):
        encode(["a" * 300], [-1.0])


def test_a_folder_that_is_not_there_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_lexicon(encode(["haus"], [-1.0]), tmp_path / "missing" / "lexicon.bin")
