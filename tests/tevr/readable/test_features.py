"""What the network reads of words: the same for a word met again, told apart by what is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.readable.features import (
    BUCKETS,
    IDS,
    PAUSE_NUMBERS,
    WORD_NUMBERS,
    WordFeatures,
    pause_numbers,
)
from tevr.training.readable_lexicon import WordCounts
from tevr.training.readable_text import parse


@pytest.fixture(scope="module")
def features() -> WordFeatures:
    """By a lexicon of one sentence."""
    counts = WordCounts()
    counts.add(parse("Das ist das Haus und das Haus ist das Haus."))
    return WordFeatures(counts.lexicon())


@given(words=st.lists(st.text("abhusß", max_size=7), min_size=1, max_size=9))
def test_words_are_read_alike_whenever_they_come(features: WordFeatures, words: list[str]) -> None:
    ids, numbers = features(words)
    assert ids.shape == (len(words), IDS)
    assert numbers.shape == (len(words), WORD_NUMBERS)
    assert (ids[:, 1:] < BUCKETS).all()
    for word, row, values in zip(words, ids, numbers, strict=True):
        again = features([word])
        assert np.array_equal(again[0][0], row)
        assert np.array_equal(again[1][0], values)


def test_a_compound_is_read_as_its_head_and_as_unknown(features: WordFeatures) -> None:
    (ids, numbers), (head_ids, head_numbers) = features.of("hochhaus"), features.of("haus")
    assert ids[0] == head_ids[0] > 0
    assert numbers[0] == 0 < head_numbers[0]
    assert np.array_equal(numbers[1:4], head_numbers[1:4])


def test_a_known_word_can_be_read_as_unknown(features: WordFeatures) -> None:
    ids, numbers = features.of("haus", known=False)
    assert ids[0] == 0
    assert numbers[0] == 0


def test_pauses_are_told_from_none_known() -> None:
    numbers = pause_numbers(
        np.array([np.nan, 0, 0.5, 9, 99], np.float32), np.array([True, False, False, False, False])
    )
    assert numbers.shape == (5, PAUSE_NUMBERS)
    assert list(numbers[:, 0]) == [0, 1, 1, 1, 1]
    assert 0 == numbers[1, 1] < numbers[2, 1] < numbers[3, 1] == numbers[4, 1]
    assert list(numbers[:, 2]) == [1, 0, 0, 0, 0]
