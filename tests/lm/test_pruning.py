"""Pruned models are distributions, and lose as much as the published formula says."""

from __future__ import annotations

from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.lm.arpa import read_arpa
from tevr.lm.backoff import UNKNOWN, BackoffModel, Level, balanced, scores, totals
from tevr.lm.pruning import cut, losses, prune, prune_to

texts = st.lists(
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=7).map(" ".join),
    min_size=2,
    max_size=10,
)
thresholds = st.floats(-12, 0).map(lambda power: 10**power)


@pytest.fixture(scope="module")
def trigrams(data: Path) -> BackoffModel:
    """The trigrams of some real sentences."""
    return read_arpa(data / "decoder" / "lm.arpa")


def without(model: BackoffModel, index: int) -> BackoffModel:
    """The model without one of its longest n-grams."""
    top = model.levels[-1]
    names = ("history", "word", "log10", "back_off")
    level = Level(*(np.delete(getattr(top, name), index) for name in names))
    return balanced(model.words, [*model.levels[:-1], level])


@settings(deadline=None, max_examples=25)
@given(lines=texts, order=st.integers(2, 3), counted=st.booleans())
def test_the_loss_is_the_relative_entropy_to_the_model_without_the_ngram(
    lines: list[str], order: int, counted: bool, small: Any
) -> None:
    trained = small.train(lines, order)
    model, whole = trained.model, small.spell(trained.model)
    foretold = sum(len(line.split()) + 1 for line in lines)
    ngrams = small.ngrams(model)
    lost = losses(model, trained.counts if counted else None)
    for index, ngram in enumerate(ngrams[-1]):
        history = ngram[:-1]
        weight = trained.counts[order - 2][ngrams[order - 2].index(history)] / foretold
        if not counted:
            begins = [("</s>",) if history[0] == "<s>" else history[:1]]
            parts = begins + [history[:end] for end in range(2, order)]
            weight = np.prod([whole.probability(part) for part in parts])
        less = small.spell(without(model, index))
        entropy = 0.0
        for word in set(model.words) - {"<s>"}:
            here = whole.probability((*history, word))
            entropy += here * log(here / less.probability((*history, word)))
        assert lost[-1][index] == pytest.approx(weight * entropy, rel=1e-3, abs=2e-7)


@settings(deadline=None, max_examples=50)
@given(lines=texts, order=st.integers(2, 4), threshold=thresholds, counted=st.booleans())
def test_pruned_probabilities_sum_to_one_after_every_history(
    lines: list[str], order: int, threshold: float, counted: bool, small: Any
) -> None:
    trained = small.train(lines, order)
    pruned = prune(trained.model, threshold, trained.counts if counted else None)
    spelt = small.spell(pruned)
    # log10 in 32 bits is exact to 6e-8 of its size: sums of a model are exact to some 1e-7.
    for history in [(), ("zz",), *spelt.log10, *small.spell(trained.model).log10]:
        assert spelt.total(history) == pytest.approx(1, abs=1e-6)
    for sums in totals(pruned):
        np.testing.assert_allclose(sums, 1, atol=1e-6)


@settings(deadline=None, max_examples=50)
@given(lines=texts, order=st.integers(2, 4), one=thresholds, other=thresholds)
def test_a_larger_threshold_keeps_a_closed_subset_with_the_same_probabilities(
    lines: list[str], order: int, one: float, other: float, small: Any
) -> None:
    trained = small.train(lines, order)
    whole = small.spell(trained.model)
    more, fewer = (
        small.spell(prune(trained.model, threshold, trained.counts)).log10
        for threshold in sorted((one, other))
    )
    assert fewer.items() <= more.items() <= whole.log10.items()
    assert {ngram for ngram in whole.log10 if len(ngram) == 1} <= set(fewer)
    for ngram in fewer:
        assert len(ngram) == 1 or {ngram[1:], ngram[:-1]} <= set(fewer)


@settings(deadline=None, max_examples=30)
@given(lines=texts, order=st.integers(1, 4))
def test_threshold_zero_changes_nothing(lines: list[str], order: int, small: Any) -> None:
    model = small.train(lines, order).model
    same = prune(model, 0.0)
    for level, found in zip(model.levels, same.levels, strict=True):
        np.testing.assert_array_equal(level.history, found.history)
        np.testing.assert_array_equal(level.word, found.word)
        np.testing.assert_array_equal(level.log10, found.log10)
        np.testing.assert_allclose(level.back_off, found.back_off, atol=1e-5)


def test_a_huge_threshold_leaves_the_single_words(trigrams: BackoffModel) -> None:
    assert prune(trigrams, 1e3).sizes == trigrams.sizes[:1]


def test_the_more_is_pruned_the_worse_the_own_text_is_foretold(
    data: Path, trigrams: BackoffModel
) -> None:
    lines = (data / "decoder" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    ids = {word: index for index, word in enumerate(trigrams.words)}
    text = [[ids.get(word, UNKNOWN) for word in line.split()] for line in lines]
    pruned = [prune(trigrams, threshold) for threshold in (0, 1e-4, 5e-4, 1e-3, 1e-2)]
    sizes = [sum(model.sizes) for model in pruned]
    surprise = [-scores(model, text).mean() for model in pruned]
    assert sizes == sorted(set(sizes), reverse=True)
    assert surprise == sorted(set(surprise))


@settings(deadline=None, max_examples=40)
@given(lines=texts, order=st.integers(2, 4), share=st.floats(0, 1), counted=st.booleans())
def test_pruning_to_a_size_takes_no_more_than_needed(
    lines: list[str], order: int, share: float, counted: bool, small: Any
) -> None:
    trained = small.train(lines, order)
    counts = trained.counts if counted else None
    single, every = trained.model.sizes[0], sum(trained.model.sizes)
    most = single + int(share * (every - single))
    pruned, threshold = prune_to(trained.model, lambda sizes: sum(sizes) <= most, counts)
    assert sum(pruned.sizes) <= most
    assert pruned.sizes == prune(trained.model, threshold, counts).sizes
    if most < every:
        assert sum(prune(trained.model, threshold * (1 - 1e-3), counts).sizes) > most
    else:
        assert threshold == 0


def test_a_size_below_the_single_words_is_a_usage_error(trigrams: BackoffModel) -> None:
    with pytest.raises(UsageError, match="255 words of the language model alone are too large"):
        prune_to(trigrams, lambda sizes: sum(sizes) < 255)


@pytest.mark.parametrize("threshold", [-1e-9, float("nan")])
def test_a_threshold_below_zero_is_a_usage_error(trigrams: BackoffModel, threshold: float) -> None:
    with pytest.raises(UsageError, match="threshold"):
        prune(trigrams, threshold)


def test_counts_of_another_model_are_a_usage_error(trigrams: BackoffModel) -> None:
    counts = [np.ones(size, np.int64) for size in trigrams.sizes]
    with pytest.raises(UsageError, match="do not fit"):
        prune(trigrams, 1e-6, [counts[0], counts[1][1:], counts[2]])


def test_a_coarsely_rounded_model_is_pruned_to_a_distribution(trigrams: BackoffModel) -> None:
    levels = [replace(level, log10=level.log10.round(1)) for level in trigrams.levels]
    rounded = BackoffModel(trigrams.words, levels)
    assert max(np.abs(sums - 1).max() for sums in totals(rounded)) > 0.01
    for sums in totals(prune(rounded, 1e-4)):
        np.testing.assert_allclose(sums, 1, atol=1e-6)


def test_narrow_indices_prune_as_wide_ones(trigrams: BackoffModel) -> None:
    levels = [
        replace(level, history=level.history.astype(np.int64), word=level.word.astype(np.int64))
        for level in trigrams.levels
    ]
    wide = prune(BackoffModel(trigrams.words, levels), 1e-4)
    narrow = prune(trigrams, 1e-4)
    for level, found in zip(wide.levels, narrow.levels, strict=True):
        np.testing.assert_array_equal(level.history, found.history)
        np.testing.assert_array_equal(level.back_off, found.back_off)


@settings(deadline=None, max_examples=20)
@given(lines=texts, order=st.integers(1, 4), shorter=st.integers(1, 4))
def test_a_cut_model_is_the_model_of_its_shorter_ngrams(
    lines: list[str], order: int, shorter: int, small: Any
) -> None:
    model = small.train(lines, order).model
    found = cut(model, shorter)
    assert found.sizes == model.sizes[:shorter]
    assert not found.levels[-1].back_off.any()
    for sums in totals(found):
        np.testing.assert_allclose(sums, 1, atol=1e-6)


def test_no_words_at_all_cannot_be_cut_to(trigrams: BackoffModel) -> None:
    with pytest.raises(UsageError, match="0 words"):
        cut(trigrams, 0)
