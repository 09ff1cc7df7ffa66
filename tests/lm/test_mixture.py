"""Mixtures: the weighted sum of their parents, and weights that foretell a text best."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.lm.arpa import read_arpa, write_arpa
from tevr.lm.backoff import BackoffModel, normalised, totals
from tevr.lm.mixture import best_weight, mix
from tevr.lm.ngram import LanguageModel


def texts(letters: str) -> st.SearchStrategy[list[str]]:
    line = st.lists(st.sampled_from(letters), min_size=1, max_size=7).map(" ".join)
    return st.lists(line, min_size=1, max_size=8)


orders = st.integers(1, 4)


@settings(deadline=None, max_examples=60)
@given(
    a=texts("abcd"), b=texts("cdef"), order_a=orders, order_b=orders, weight=st.floats(0.01, 0.99)
)
def test_each_ngram_has_the_weighted_sum_of_its_parents(
    a: list[str], b: list[str], order_a: int, order_b: int, weight: float, small: Any
) -> None:
    parents = [small.train(a, order_a).model, small.train(b, order_b).model]
    spelt = [small.spell(parent) for parent in parents]
    mixture = small.spell(mix([(parents[0], weight), (parents[1], 1 - weight)]))
    assert set(mixture.log10) == set(spelt[0].log10) | set(spelt[1].log10)
    for ngram in set(mixture.log10) - {("<s>",)}:
        given = [parent.probability(ngram) for parent in spelt]
        wanted = weight * given[0] + (1 - weight) * given[1]
        # 32 bits hold log10 to 6e-8 of its size, and so probabilities to some 1e-6 of theirs.
        assert mixture.probability(ngram) == pytest.approx(wanted, rel=2e-6)
        assert min(given) * (1 - 2e-6) <= mixture.probability(ngram)
        assert mixture.probability(ngram) <= max(given) * (1 + 2e-6)


@settings(deadline=None, max_examples=60)
@given(a=texts("abcd"), b=texts("cdef"), c=texts("ag"), order=orders, weight=st.floats(0.01, 0.49))
def test_mixed_probabilities_sum_to_one_after_every_history(
    a: list[str], b: list[str], c: list[str], order: int, weight: float, small: Any
) -> None:
    models = [small.train(lines, order).model for lines in (a, b, c)]
    mixture = mix(list(zip(models, (weight, weight, 1 - 2 * weight), strict=True)))
    spelt = small.spell(mixture)
    for history in [(), ("zz",), *spelt.log10]:
        assert spelt.total(history) == pytest.approx(1, abs=1e-6)
    for sums in totals(mixture):
        np.testing.assert_allclose(sums, 1, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(lines=texts("abcd"), others=texts("abcd"), order=orders)
def test_a_weight_of_one_gives_the_parent(
    lines: list[str], others: list[str], order: int, small: Any
) -> None:
    model = small.train(lines, order).model
    alone, parent = small.spell(mix([(model, 1.0)])), small.spell(model)
    nearly = small.spell(mix([(model, 1 - 1e-9), (small.train(others, order).model, 1e-9)]))
    assert alone.log10 == pytest.approx(parent.log10, abs=1e-6)
    for ngram in set(parent.log10) - {("<s>",)}:
        assert alone.probability(ngram) == pytest.approx(parent.probability(ngram), rel=1e-5)
        assert nearly.probability(ngram) == pytest.approx(parent.probability(ngram), rel=1e-5)


def test_a_word_has_the_share_of_the_parents_that_know_it(small: Any) -> None:
    a, b = small.train(["eins zwei"], 2).model, small.train(["zwei drei drei"], 2).model
    spelt_a, spelt_b = small.spell(a), small.spell(b)
    mixture = small.spell(mix([(a, 0.25), (b, 0.75)]))
    for word, share_a, share_b in (("eins", 1, 0), ("zwei", 1, 1), ("drei", 0, 1), ("<unk>", 1, 1)):
        wanted = 0.25 * share_a * spelt_a.probability((word,))
        wanted += 0.75 * share_b * spelt_b.probability((word,))
        assert mixture.probability((word,)) == pytest.approx(wanted, rel=1e-5)
    # After a word that only the first knows, the second backs off to single words.
    wanted = 0.25 * spelt_a.probability(("eins", "zwei")) + 0.75 * spelt_b.probability(("zwei",))
    assert mixture.probability(("eins", "zwei")) == pytest.approx(wanted, rel=1e-5)


def test_the_order_of_the_parents_does_not_matter(small: Any) -> None:
    a, b = small.train(["a b c a", "b c"], 3).model, small.train(["c d a", "b b"], 2).model
    one, other = small.spell(mix([(a, 0.3), (b, 0.7)])), small.spell(mix([(b, 0.7), (a, 0.3)]))
    assert one.log10 == pytest.approx(other.log10, abs=1e-6)
    assert one.back_off == pytest.approx(other.back_off, abs=1e-5)


def coarse(model: BackoffModel) -> BackoffModel:
    """A model rounded to twentieths, as a quantised binary may be."""
    levels = [
        replace(
            level,
            log10=np.round(level.log10 * 20) / 20,
            back_off=np.round(level.back_off * 20) / 20,
        )
        for level in model.levels
    ]
    return BackoffModel(model.words, levels)


@settings(deadline=None, max_examples=40)
@given(a=texts("abcd"), b=texts("cdef"), order=orders)
def test_coarsely_rounded_parents_still_mix_to_a_distribution(
    a: list[str], b: list[str], order: int, small: Any
) -> None:
    rounded = coarse(small.train(a, order).model)
    for model in (normalised(rounded), mix([(rounded, 0.6), (small.train(b, order).model, 0.4)])):
        for sums in totals(model):
            np.testing.assert_allclose(sums, 1, atol=1e-6)
    before, after = small.spell(rounded), small.spell(normalised(rounded))
    for ngram in set(before.log10) - {("<s>",)}:
        wanted = before.probability(ngram) / before.total(ngram[:-1])
        assert after.probability(ngram) == pytest.approx(wanted, rel=1e-5)


def test_kenlm_scores_a_mixture_as_the_weighted_sum(data: Path, small: Any, tmp_path: Path) -> None:
    lines = (data / "decoder" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    a, b = read_arpa(data / "decoder" / "lm.arpa"), small.train(lines[::2], 2).model
    write_arpa(mix([(a, 0.6), (b, 0.4)]), tmp_path / "mixed.arpa")
    for name, model in (("a", a), ("b", b)):
        write_arpa(model, tmp_path / f"{name}.arpa")
    mixed, first, second = (LanguageModel(tmp_path / f"{n}.arpa") for n in ("mixed", "a", "b"))
    seen = 0
    for line in lines:
        scored = zip(mixed.words(line), first.words(line), second.words(line), strict=True)
        for found, one, other in scored:
            if one.ngram == 3 and other.known:
                seen += 1
                wanted = 0.6 * 10**one.log10 + 0.4 * 10**other.log10
                assert 10**found.log10 == pytest.approx(wanted, rel=1e-4)
    assert seen > 100


@pytest.mark.parametrize("weights", [(0.5, 0.6), (1.0, 0.0), (1.5, -0.5), (float("nan"), 0.5), ()])
def test_weights_that_are_no_mixture_are_refused(weights: tuple[float, ...], small: Any) -> None:
    model = small.train(["a b"], 2).model
    with pytest.raises(UsageError, match="make no mixture"):
        mix([(model, weight) for weight in weights])


@settings(deadline=None, max_examples=30)
@given(a=texts("abcd"), b=texts("cdef"), held_out=texts("abcdefg"), order=orders)
def test_no_weight_foretells_the_text_better_than_the_best(
    a: list[str], b: list[str], held_out: list[str], order: int, small: Any
) -> None:
    models = [small.train(lines, order).model for lines in (a, b)]
    spelt = [small.spell(model) for model in models]
    known = {*models[0].words, *models[1].words}
    given = []
    for line in held_out:
        words = [word if word in known else "<unk>" for word in line.split()]
        words = ["<s>", *words, "</s>"]
        ngrams = [tuple(words[max(0, at - order + 1) : at + 1]) for at in range(1, len(words))]
        given += [[parent.probability(ngram) for parent in spelt] for ngram in ngrams]

    def surprise(weight: float) -> float:
        return float(-np.log(np.array(given) @ [weight, 1 - weight]).mean())

    best = surprise(best_weight(*models, held_out))
    assert best <= min(surprise(weight) for weight in np.linspace(0.001, 0.999, 97)) + 1e-3


def test_the_parent_of_the_text_gets_nearly_all_the_weight(small: Any) -> None:
    a, b = small.train(["a b c", "b c a"], 2).model, small.train(["c b a", "a c b"], 2).model
    assert best_weight(a, b, ["a b c"]) > 0.99
    assert best_weight(b, a, ["a b c"]) < 0.01
    weight = best_weight(a, b, ["a b c"])
    assert mix([(a, weight), (b, 1 - weight)]).sizes == mix([(a, 0.5), (b, 0.5)]).sizes


def test_a_weight_needs_a_text(small: Any) -> None:
    model = small.train(["a b"], 2).model
    with pytest.raises(UsageError, match="no text"):
        best_weight(model, model, [])
