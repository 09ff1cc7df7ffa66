"""Summed costs of stretches of letters: those of running text, for all words or the frequent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.lm import word_costs
from tevr.lm.word_costs import LONGEST, Moments, cost_words

sentences = st.lists(
    st.lists(st.text("abc", min_size=1, max_size=7), min_size=1, max_size=5).map(" ".join),
    min_size=1,
    max_size=8,
)


class Uneven:
    """A character model to whom each character costs what the one before it decides."""

    alphabet = frozenset("abc ")

    def costs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """A start costs 5, else a character its code's last digit and the earlier one's."""
        return [
            np.array([5.0, *(ord(one) % 10 + ord(two) % 10 / 10 for one, two in pairwise(text))])
            for text in texts
        ]


@given(sentences)
def test_characters_as_tokens_have_the_moments_of_the_text(texts: list[str]) -> None:
    costs = cost_words(texts, Uneven())
    found = costs.moments(costs.letters.astype(np.int8))
    bits = np.concatenate(Uneven().costs(texts))
    assert found.tokens == len(bits)
    assert found.bits == pytest.approx(bits.sum())
    assert found.squares == pytest.approx((bits**2).sum())


@given(sentences)
def test_every_stretch_has_the_sums_over_all_its_places(texts: list[str]) -> None:
    costs = cost_words(texts, Uneven())
    known: Counter[tuple[str, int, int]] = Counter()
    squares: Counter[tuple[str, int, int]] = Counter()
    for text, bits in zip(texts, Uneven().costs(texts), strict=True):
        begin = 0
        for word in text.split(" "):
            for at in range(len(word)):
                for length in range(1, min(LONGEST, len(word) - at) + 1):
                    cost = bits[begin + at : begin + at + length].sum()
                    known[word, at, length] += cost
                    squares[word, at, length] += cost**2
            begin += len(word) + 1
    for begin, word in zip(costs.begins, costs.text.split(), strict=True):
        for at in range(len(word)):
            for length in range(1, min(LONGEST, len(word) - at) + 1):
                here = length - 1, begin + at
                assert costs.bits[here] == pytest.approx(known[word, at, length])
                assert costs.squares[here] == pytest.approx(squares[word, at, length])


@given(sentences)
def test_words_are_counted(texts: list[str]) -> None:
    costs = cost_words(texts, Uneven())
    words = Counter(" ".join(texts).split())
    assert costs.word_counts() == words
    assert costs.words == words.total()


@given(sentences, st.integers(1, 20))
def test_the_frequent_words_keep_their_costs(texts: list[str], most: int) -> None:
    costs = cost_words(texts, Uneven())
    counts, part = costs.word_counts(), costs.frequent(most)
    chosen = part.word_counts()
    assert len(chosen) == min(most, len(counts))
    others = [count for word, count in counts.items() if word not in chosen]
    assert min(chosen.values()) >= max(others, default=0)
    starts = dict(zip(costs.text.split(), costs.begins.tolist(), strict=True))
    for word, begin in zip(part.text.split(), part.begins, strict=True):
        old = slice(starts[word], starts[word] + len(word) + 1)
        new = slice(begin, begin + len(word) + 1)
        np.testing.assert_array_equal(part.bits[:, new], costs.bits[:, old])
        np.testing.assert_array_equal(part.squares[:, new], costs.squares[:, old])
    assert part.spaces.tokens == pytest.approx(costs.spaces.tokens * part.words / costs.words)


def test_sums_do_not_depend_on_how_many_are_read_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = ["ab abc", "c", "abc ab cab", "bb"] * 3
    known = cost_words(texts, Uneven())
    monkeypatch.setattr(word_costs, "_BATCH", 2)
    again = cost_words(texts, Uneven())
    assert again.text == known.text
    np.testing.assert_allclose(again.bits, known.bits)
    np.testing.assert_allclose(again.squares, known.squares)


def test_moments_give_mean_variance_and_variation() -> None:
    values = np.array([1.0, 4.0, 7.0])
    found = Moments(len(values), values.sum(), (values**2).sum())
    assert found.mean == pytest.approx(4)
    assert found.variance == pytest.approx(6)
    assert found.variation == pytest.approx(6**0.5 / 4)


@pytest.mark.parametrize("texts", [[], [""]])
def test_a_text_without_words_is_refused(texts: list[str]) -> None:
    with pytest.raises(ModelError, match="no words"):
        cost_words(texts, Uneven())
