"""Kneser–Ney models are distributions, whatever the text and whatever is pruned."""

from __future__ import annotations

import math
from pathlib import Path

import kenlm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.lm import kneser_ney
from tevr.lm.kneser_ney import NGrams
from tevr.lm.ngram import LanguageModel

TEXT = [
    "der hund schläft",
    "der hund bellt und der hund schläft",
    "die katze schläft",
    "die katze und der hund",
    "ein vogel singt",
    "der vogel singt und die katze schläft nicht",
] * 2
WORDS = sorted({word for line in TEXT for word in line.split()} - {"nicht"})
texts = st.lists(
    st.lists(st.sampled_from("abcdefx"), min_size=1, max_size=8).map(" ".join), min_size=3
)


def built(lines: list[str], words: list[str], threshold: float = 0.0, order: int = 3) -> NGrams:
    model = kneser_ney.count(lines, words, order)
    kneser_ney.estimate(model)
    if threshold:
        kneser_ney.prune(model, threshold)
    return model


def opened(model: NGrams, folder: Path) -> kenlm.Model:
    kneser_ney.write_arpa(model, folder / "lm.arpa")
    return LanguageModel(folder / "lm.arpa")._model


def total(model: kenlm.Model, words: list[str], history: list[str]) -> float:
    """Sum of the probabilities of all that may follow the history."""
    state, after = kenlm.State(), kenlm.State()
    model.BeginSentenceWrite(state)
    for word in history:
        model.BaseScore(state, word, after)
        state, after = after, kenlm.State()
    return sum(10 ** model.BaseScore(state, word, after) for word in [*words[3:], "</s>", "<unk>"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arpa")


@settings(max_examples=40, deadline=None)
@given(lines=texts, threshold=st.sampled_from([0.0, 1e-4, 1e-2, 1.0]), order=st.integers(2, 4))
def test_probabilities_after_any_history_sum_to_one(
    lines: list[str], threshold: float, order: int, folder: Path
) -> None:
    model = built(lines, list("abcdefg"), threshold, order)
    scorer = opened(model, folder)
    for history in ([], ["a"], ["b", "c"], ["x", "d"], *(line.split()[:3] for line in lines)):
        assert total(scorer, model.words, history) == pytest.approx(1, abs=1e-4)


def test_unpruned_bigrams_follow_the_published_formula() -> None:
    model = built(TEXT, WORDS, order=2)
    single, pairs = model.levels
    counts, before = pairs.count.astype(float), np.bincount(pairs.suffix)
    n1, n2, n3, n4 = ((counts == times).sum() or 1.0 for times in (1, 2, 3, 4))
    share = n1 / (n1 + 2 * n2)
    raw = [1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3]
    bounded = [min(max(value, 0.1), 0.9 + index) for index, value in enumerate(raw)]
    der, hund = model.words.index("der"), model.words.index("hund")
    after_der = counts[pairs.history == der]
    taken = [bounded[min(int(times), 3) - 1] for times in after_der]
    pair = int(np.flatnonzero((pairs.history == der) & (pairs.word == hund))[0])
    discount = bounded[min(int(counts[pair]), 3) - 1]
    expected = (counts[pair] - discount) / after_der.sum()
    expected += sum(taken) / after_der.sum() * single.probability[hund]
    assert pairs.probability[pair] == pytest.approx(expected)
    assert before[hund] == 1  # "hund" stands after "der" alone: its single-word count is one


def test_seen_words_are_likelier_than_unseen_ones(folder: Path) -> None:
    scorer = opened(built(TEXT, WORDS), folder)
    assert scorer.score("der hund schläft") > scorer.score("hund der schläft")
    assert scorer.score("der hund") > scorer.score("der elefant")


def test_a_higher_threshold_keeps_fewer_ngrams_and_foresees_less() -> None:
    sizes = [built(TEXT, WORDS, threshold).sizes for threshold in (1e-6, 3e-3, 1e-2, 1.0)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0][2] > sizes[-1][2] == 0
    assert sizes[-1][0] == len(WORDS) + 3


def test_pruning_keeps_what_every_kept_ngram_begins_and_ends_with() -> None:
    model = built(TEXT, WORDS, 3e-3)
    for below, level in zip(model.levels, model.levels[1:], strict=False):
        assert below.kept[level.history[level.kept]].all()
        assert below.kept[level.suffix[level.kept]].all()


def test_ngrams_with_unknown_words_are_counted_but_not_kept() -> None:
    model = built(TEXT, WORDS)
    assert "nicht" not in model.words
    for level in model.levels[1:]:
        assert (level.word[level.kept] != kneser_ney.UNKNOWN).all()
    assert (model.levels[1].history[model.levels[1].kept] != kneser_ney.UNKNOWN).all()
    assert model.levels[0].probability.sum() == pytest.approx(1)


def test_listed_words_that_the_text_lacks_get_their_share() -> None:
    model = kneser_ney.count(TEXT, [*WORDS, "maus", "esel"], 2)
    kneser_ney.estimate(model, {"maus": 0.02, "esel": 0.01, "hund": 0.03})
    chance = dict(zip(model.words, model.levels[0].probability, strict=True))
    assert chance["maus"] == pytest.approx(2 * chance["esel"])
    assert 0 < chance["maus"] < chance["hund"]


def test_pruning_loses_no_more_than_the_threshold_promises(folder: Path) -> None:
    threshold = 2e-3
    whole, small = built(TEXT, WORDS), built(TEXT, WORDS, threshold)
    dropped = sum(whole.sizes) - sum(small.sizes)
    tokens = sum(len(line.split()) + 1 for line in TEXT)

    def entropy(model: NGrams) -> float:
        scorer = opened(model, folder)
        return -math.log(10) * sum(scorer.score(line) for line in TEXT) / tokens

    assert dropped > 0
    assert entropy(small) - entropy(whole) < 5 * dropped * threshold
