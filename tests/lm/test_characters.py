"""What characters cost: the n-grams' own scores, fresh for every text, whatever stands beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import ModelError, UsageError
from tevr.lm import characters
from tevr.lm.backoff import scores
from tevr.lm.characters import CharacterNgram
from tevr.lm.corpus import ALPHABET
from tevr.lm.trie import write_trie

SENTENCES = (
    (Path(__file__).parents[1] / "data" / "kneser_ney" / "sentences.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)
MODEL = CharacterNgram.learn(SENTENCES[100:], 5, alphabet=ALPHABET)
HELD_OUT = SENTENCES[:100]

texts = st.lists(st.text(ALPHABET + " ", max_size=30), max_size=6)


@given(texts)
def test_costs_are_the_scores_of_the_ngrams(sentences: list[str]) -> None:
    ids = {"_" if word == "_" else word: index for index, word in enumerate(MODEL.model.words)}
    for sentence, bits in zip(sentences, MODEL.costs(sentences), strict=True):
        spelt = [ids[letter.replace(" ", "_")] for letter in sentence]
        known = -scores(MODEL.model, [spelt])[:-1] / np.log10(2)
        np.testing.assert_allclose(bits, known, atol=1e-9)
        assert (bits >= 0).all()


@given(texts)
def test_a_text_costs_the_same_whatever_stands_beside_it(sentences: list[str]) -> None:
    for sentence, bits in zip(sentences, MODEL.costs(sentences), strict=True):
        (alone,) = MODEL.costs([sentence])
        np.testing.assert_array_equal(bits, alone)


@given(st.text(ALPHABET + " ", min_size=1, max_size=30))
def test_costs_of_a_beginning_are_the_beginning_of_the_costs(text: str) -> None:
    whole, part = MODEL.costs([text, text[: len(text) // 2]])
    np.testing.assert_array_equal(part, whole[: len(part)])


@pytest.mark.parametrize("before", ["", "die bundesregierun", "é", " "])
def test_probabilities_after_a_text_leave_little_for_its_end(before: str) -> None:
    following = [before + letter for letter in sorted(MODEL.alphabet)]
    share = sum(2.0 ** -bits[-1] for bits in MODEL.costs(following))
    assert 0.9 < share <= 1 + 1e-6


def test_german_is_cheaper_than_its_letters_in_disorder() -> None:
    shuffled = ["".join(np.random.default_rng(1).permutation(list(text))) for text in HELD_OUT]
    real, mixed = (np.concatenate(MODEL.costs(part)).mean() for part in (HELD_OUT, shuffled))
    assert real < 3 < mixed


def test_long_texts_are_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    known = MODEL.costs(HELD_OUT)
    monkeypatch.setattr(characters, "_BLOCK", 300)
    for one, other in zip(MODEL.costs(HELD_OUT), known, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_is_read_from_a_trie(tmp_path: Path) -> None:
    path = tmp_path / "characters.bin"
    write_trie(MODEL.model, path, bits=None)
    read = CharacterNgram.read(path)
    assert read.alphabet == MODEL.alphabet == set(ALPHABET) | {" "}
    for one, other in zip(read.costs(HELD_OUT), MODEL.costs(HELD_OUT), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    with pytest.raises(ModelError):
        CharacterNgram.read(tmp_path / "missing.bin")


def test_a_written_model_keeps_to_its_size_and_still_knows_german(tmp_path: Path) -> None:
    whole, small = tmp_path / "whole.bin", tmp_path / "small.bin"
    MODEL.write(whole, 10**7)
    most = whole.stat().st_size // 3
    MODEL.write(small, most)
    assert small.stat().st_size <= most
    bits = [
        np.concatenate(model.costs(HELD_OUT)).mean()
        for model in (MODEL, CharacterNgram.read(whole), CharacterNgram.read(small))
    ]
    assert bits[1] == pytest.approx(bits[0], rel=0.01)
    assert bits[2] == pytest.approx(bits[0], rel=0.1)
    with pytest.raises(UsageError, match="too large"):
        MODEL.write(small, 100)


@pytest.mark.parametrize("text", ["straße", "A", "a\nb", "drei 3"])
def test_a_character_outside_the_alphabet_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="does not know"):
        MODEL.costs(["gut", text])
