"""Rates: published percentages from their counts, corpus-level averages, intervals."""

from __future__ import annotations

import jiwer
import numpy as np
import pytest

from tevr.scoring.alignment import count
from tevr.scoring.rates import RESAMPLES, rate, resampled


@pytest.mark.parametrize(
    ("errors", "length", "percent"),
    [
        # Published for wav2vec2-xls-r-1b-tevr on Common Voice German, test: exact ratios.
        (5_175, 142_040, 3.6433399042523233),
        (14_850, 964_355, 1.5398893560981173),
    ],
)
def test_published_percentages_come_out_to_the_last_digit(
    errors: int, length: int, percent: float
) -> None:
    random = np.random.default_rng(1)
    # The same errors and words, spread over utterances of any lengths.
    cuts = np.sort(random.integers(0, length, 15_587))
    lengths = np.diff(cuts, prepend=0, append=length)
    wrong = np.minimum(random.multinomial(errors, lengths / length), lengths)
    wrong[lengths.argmax()] += errors - wrong.sum()
    counts = np.stack([lengths - wrong, wrong, 0 * wrong, 0 * wrong], axis=1)
    found = rate(counts)
    assert 100 * found.value == percent
    assert found.counts.errors == errors
    low, high = found.interval
    assert low < found.value < high


def test_the_rate_is_that_of_the_corpus_not_a_mean() -> None:
    pairs = [(list("abcdefghij"), list("abcdefghij")), (["x"], ["y"])]
    assert rate(count(pairs)).value == 1 / 11
    assert rate(count(pairs)).value == jiwer.wer(
        ["a b c d e f g h i j", "x"], ["a b c d e f g h i j", "y"]
    )


def test_a_reference_without_words_counts_what_was_heard() -> None:
    found = rate(count([(["a"], ["a"]), ([], ["b"])]))
    assert (found.counts.insertions, found.value) == (1, 1.0)
    assert np.isnan(rate(count([([], [])])).value)
    assert np.isnan(rate(count([])).value)


def test_intervals_hold_about_95_percent() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(100):
        wrong = random.binomial(10, 0.2, 60)
        found = rate(np.stack([10 - wrong, wrong, 0 * wrong, 0 * wrong], axis=1))
        held += found.interval[0] <= 0.2 <= found.interval[1]
    assert 88 <= held <= 99


def test_resampling_is_the_same_again() -> None:
    values = np.arange(10).reshape(5, 2)
    assert resampled(values).shape == (RESAMPLES, 2)
    assert np.array_equal(resampled(values), resampled(values))
