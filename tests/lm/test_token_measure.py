"""Tokens of a text share its costs: nothing is lost, and rates follow from counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import ModelError
from tevr.lm.characters import CharacterNgram
from tevr.lm.token_measure import Split, Text, measure, overlap, token_costs

MODEL = CharacterNgram.learn(["abc abc cab bac", "ca ab"] * 5, 3)

texts = st.lists(
    st.lists(st.text("abc", min_size=1, max_size=7), min_size=1, max_size=5).map(" ".join),
    min_size=1,
    max_size=6,
)


def in_twos(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(0, len(word), 2)]


@given(texts, st.sampled_from([list, in_twos, lambda word: [word]]))
def test_tokens_carry_all_costs(sentences: list[str], split: Split) -> None:
    text = Text.read(sentences, MODEL)
    found = measure(text, split)
    single = [
        token
        for sentence, bits in zip(text.sentences, text.costs, strict=True)
        for token in token_costs(sentence, bits, split)
    ]
    bits = np.array([cost for _, cost in single])
    assert "".join(name for name, _ in single) == "".join(sentences)
    assert found.moments.tokens == len(bits)
    assert found.moments.bits == pytest.approx(bits.sum())
    assert found.moments.bits == pytest.approx(sum(cost.sum() for cost in text.costs))
    assert found.moments.squares == pytest.approx((bits**2).sum())
    assert found.words == sum(len(sentence.split()) for sentence in sentences)
    assert found.characters == sum(map(len, sentences))


def test_rates_follow_from_counts() -> None:
    found = measure(Text.read(["abca ab", "cab"], MODEL), in_twos)
    assert found.per_word == pytest.approx(6 / 3)
    assert found.per_second(20) == pytest.approx(20 * 6 / 10)


def test_overlap_looks_at_labels_of_several_letters() -> None:
    found = overlap(["", " ", "ich", "en", "e"], ["en", "ich", "ein", "e"])
    assert (found.common, found.own, found.others) == (("ich", "en"), 2, 3)


@pytest.mark.parametrize("sentences", [[], [""]])
def test_a_text_without_words_is_refused(sentences: list[str]) -> None:
    with pytest.raises(ModelError, match="no words"):
        Text.read(sentences, MODEL)
