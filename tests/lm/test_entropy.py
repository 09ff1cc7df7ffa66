"""Deriving labels: valid tables, the score by definition, and less variation on held-out text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.lm.bpe import learn
from tevr.lm.characters import CharacterNgram
from tevr.lm.corpus import ALPHABET
from tevr.lm.entropy import FOREIGN, Derived, DeriveOptions, candidates, derive
from tevr.lm.token_measure import Text, measure
from tevr.lm.word_costs import WordCosts, cost_words
from tevr.tokens import TokenTable

SENTENCES = (
    (Path(__file__).parents[1] / "data" / "kneser_ney" / "sentences.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)
HELD_OUT = SENTENCES[::5]
LEARNT = [text for at, text in enumerate(SENTENCES) if at % 5 in (1, 2)]
COSTED = [text for at, text in enumerate(SENTENCES) if at % 5 in (3, 4)]
SMALL = DeriveOptions(counts=(5, 10, 20), candidates=200)

words = st.text(ALPHABET + FOREIGN, min_size=1, max_size=16)
texts = st.lists(words, min_size=1, max_size=5).map(" ".join)


class ByHeart:
    """A character model whose costs one can compute: a letter's is its place in the alphabet."""

    alphabet = frozenset(ALPHABET + " ")

    def costs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        return [np.array([float(ALPHABET.find(letter) + 1) for letter in text]) for text in texts]


@pytest.fixture(scope="module")
def model() -> CharacterNgram:
    return CharacterNgram.learn(LEARNT, alphabet=ALPHABET)


@pytest.fixture(scope="module")
def other_model() -> CharacterNgram:
    """Of another order, learnt from other text."""
    return CharacterNgram.learn(COSTED, 4, alphabet=ALPHABET)


@pytest.fixture(scope="module")
def costs(model: CharacterNgram) -> WordCosts:
    return cost_words(COSTED, model)


@pytest.fixture(scope="module")
def derived(costs: WordCosts) -> Derived:
    return derive(costs)


@pytest.fixture(scope="module")
def table(derived: Derived) -> TokenTable:
    return TokenTable(("", "", " ", *derived.labels), blank=0, end=1)


def test_the_table_has_the_published_sizes_and_spells_everything(table: TokenTable) -> None:
    lengths = [len(label) for label in table.labels[3:]]
    assert len(table.labels) == 256
    assert lengths == [4] * 40 + [3] * 80 + [2] * 96 + [1] * 37
    assert table.alphabet == set(ALPHABET) | {" ", FOREIGN}


@given(text=texts)
def test_any_text_over_the_alphabet_round_trips(table: TokenTable, text: str) -> None:
    assert table.join(table.segment(text)) == text
    assert " ".join("".join(table.split(word)) for word in text.split(" ")) == text


def test_the_same_text_gives_the_same_labels(model: CharacterNgram) -> None:
    once, again = (derive(cost_words(COSTED, model), SMALL).labels for _ in range(2))
    assert once == again


@pytest.mark.parametrize("judge", ["model", "other_model"])
def test_held_out_text_varies_less_than_in_characters_and_byte_pairs(
    judge: str, table: TokenTable, request: pytest.FixtureRequest
) -> None:
    text = Text.read(HELD_OUT, request.getfixturevalue(judge))
    pairs = learn(Counter(word for text in COSTED for word in text.split()), 256)
    own, letters, bpe = (measure(text, split) for split in (table.split, list, pairs.split))
    assert own.moments.variation < 0.9 * letters.moments.variation
    assert own.moments.variation < bpe.moments.variation
    assert own.moments.variance < bpe.moments.variance


def test_what_was_looked_at_is_counted_as_the_table_parts_it(
    costs: WordCosts, derived: Derived, model: CharacterNgram
) -> None:
    whole = derive(costs, replace(SMALL, words=100_000))
    own = TokenTable(("", "", " ", *whole.labels), blank=0, end=1)
    text = Text.read(COSTED, model)
    for split, found in ((own.split, whole.tokens), (list, whole.characters)):
        known = measure(text, split).moments
        assert found.tokens == pytest.approx(known.tokens)
        assert found.bits == pytest.approx(known.bits)
        assert found.squares == pytest.approx(known.squares)
    assert derived.tokens.variation < derived.characters.variation


def test_more_brevity_makes_fewer_tokens_and_less_makes_less_variance(costs: WordCosts) -> None:
    short, usual, even = (derive(costs, replace(SMALL, brevity=by)).tokens for by in (3, 1, 0.3))
    assert short.tokens < usual.tokens < even.tokens
    assert short.variance > usual.variance > even.variance


def test_candidates_have_the_moments_of_all_their_places() -> None:
    model = ByHeart()
    found = {each.text: each for each in candidates(cost_words(["abab ab", "ba"], model), 2, 10)}
    assert {text: each.count for text, each in found.items()} == {"ab": 3, "ba": 2}
    assert found["ab"].mean == pytest.approx(3)
    assert found["ab"].variance == pytest.approx(0)


def test_labels_that_overlap_themselves_are_laid_as_the_table_reads_them() -> None:
    sentences = ["anananas banane annanan", "ananas ananas"] * 3
    options = DeriveOptions(counts=(2, 2, 2), alphabet="abens", words=100, candidates=100)
    derived = derive(cost_words(sentences, ByHeart()), options)
    table = TokenTable(("", "", " ", *derived.labels), blank=0, end=1)
    known = measure(Text.read(sentences, ByHeart()), table.split).moments
    assert derived.tokens.tokens == known.tokens
    assert derived.tokens.squares == pytest.approx(known.squares)


def test_too_little_text_is_said(model: CharacterNgram) -> None:
    with pytest.raises(ModelError, match="fewer than 40 different pieces of 4 letters"):
        derive(cost_words(["ein kurzer satz"], model))


@pytest.mark.parametrize(
    "wrong",
    [{"counts": (1, 2)}, {"counts": (1, -2, 3)}, {"brevity": 0.0}, {"candidates": 50}],
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        DeriveOptions(**wrong)  # type: ignore[arg-type]  # each is of its field's type
