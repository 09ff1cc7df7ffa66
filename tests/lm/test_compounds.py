"""How words are composed: learnt from counted words, without any list of compounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.compounds import LINKS, best_split, is_modifier, learn

HEADS = ("haus", "amt", "saal", "schule", "recht", "buch", "weg", "tür")
MODIFIERS = ("gerichts", "kinder", "stadt", "finanz", "haupt", "sonnen")


@pytest.fixture
def counts() -> dict[str, int]:
    """All compounds of the parts but one, and words that are none."""
    words = {modifier + head: 3 for modifier in MODIFIERS for head in HEADS}
    del words["sonnenschule"]
    return words | dict.fromkeys(HEADS, 40) | {"gericht": 20, "kind": 20, "und": 90, "quitte": 2}


@pytest.fixture
def vocabulary() -> dict[str, float]:
    return dict.fromkeys((*HEADS, "gericht", "kind", "stadt", "und"), -2.0)


def test_parts_are_learnt_with_their_linking_elements(
    counts: dict[str, int], vocabulary: dict[str, float]
) -> None:
    made = learn(counts, vocabulary)
    assert set(MODIFIERS) <= set(made.modifiers)
    assert set(HEADS) == set(made.heads)


def test_shares_of_modifiers_are_shares(
    counts: dict[str, int], vocabulary: dict[str, float]
) -> None:
    made = learn(counts, vocabulary)
    assert sum(10**share for share in made.modifiers.values()) == pytest.approx(1.0)


def test_the_rate_of_joints_is_that_of_compounds_in_the_text(
    counts: dict[str, int], vocabulary: dict[str, float]
) -> None:
    compounds = sum(times for word, times in counts.items() if word not in vocabulary) - 2
    rate = compounds / sum(counts.values())
    assert 10 ** learn(counts, vocabulary).joint == pytest.approx(rate)


def test_an_unseen_compound_of_seen_parts_has_a_split(
    counts: dict[str, int], vocabulary: dict[str, float]
) -> None:
    made = learn(counts, vocabulary)
    modifiers = {form: 10**share for form, share in made.modifiers.items()}
    heads = {word: 10**gain for word, gain in made.heads.items()}
    assert best_split("sonnenschule", modifiers, heads) == ("sonnen", "schule")
    assert best_split("quitte", modifiers, heads) is None


def test_a_text_without_compounds_composes_nothing() -> None:
    made = learn({"und": 5, "der": 7}, {"und": -1.0, "der": -1.0})
    assert not made.modifiers
    assert not made.heads


@pytest.mark.parametrize(
    ("form", "known"),
    [("stadt", True), ("gerichts", True), ("kinder", True), ("schul", True), ("haupt", False)],
)
def test_modifiers_are_words_with_a_linking_element_or_without_their_last_e(
    form: str, known: bool
) -> None:
    assert is_modifier(form, {"stadt", "gericht", "kind", "schule"}) == known


@given(st.text("abc", min_size=1), st.sampled_from(LINKS))
def test_every_linking_element_may_follow_a_word(word: str, link: str) -> None:
    assert is_modifier(word + link, {word})


@given(st.text("abc", max_size=12), st.dictionaries(st.text("abc", min_size=3), st.just(1.0)))
def test_a_split_gives_back_the_word(word: str, parts: dict[str, float]) -> None:
    split = best_split(word, parts, parts)
    if split is not None:
        assert "".join(split) == word
        assert all(part in parts for part in split)
