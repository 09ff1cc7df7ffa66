"""Words are taken apart as the search does it; mixtures know the compounds of all parts."""

from __future__ import annotations

from math import isclose, log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.composition import MixedPart, compose, mixed
from tevr.lm.lexicon import Compounding, Lexicon, encode
from tevr.store import bundled

WORDS = {"gericht": -3.0, "saal": -4.0, "haus": -3.5, "tür": -3.5}
MADE = Compounding(
    joint=-2.0,
    more=-1.0,
    modifiers={"gerichts": -1.0, "haus": -1.5, "haustür": -4.0},
    heads={"saal": 1.0, "tür": 0.5, "haus": 0.0},
)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(encode(list(WORDS), list(WORDS.values()), MADE))


@pytest.fixture(scope="module")
def large() -> Lexicon:
    return Lexicon.open(bundled("de-small") / "lexicon.bin")


def test_a_word_is_taken_apart(lexicon: Lexicon) -> None:
    made = compose(lexicon, "gerichtssaal")
    assert made is not None
    assert (made.parts, made.head) == (("gerichts", "saal"), "saal")
    assert made.log10 == pytest.approx(-2.0 - 1.0 + 1.0)


def test_the_likeliest_of_several_ways_is_taken(lexicon: Lexicon) -> None:
    made = compose(lexicon, "gerichtshaustür")
    assert made is not None
    assert made.parts == ("gerichts", "haus", "tür")
    assert made.log10 == pytest.approx(-2.0 - 1.0 - 1.0 - 1.5 + 0.5)


@pytest.mark.parametrize("word", ["", "gerichts", "saal", "gerichtssaalx", "gerichtgericht", "ß"])
def test_what_has_no_modifier_and_head_is_not_composed(lexicon: Lexicon, word: str) -> None:
    assert compose(lexicon, word) is None


@given(st.text("aehnrst", max_size=12))
def test_parts_make_up_the_word(large: Lexicon, word: str) -> None:
    made = compose(large, word)
    if made is not None:
        assert "".join(made.parts) == word
        assert len(made.parts) > 1


def test_real_compounds_are_composed(large: Lexicon) -> None:
    for word, parts in {
        "schulausflug": ("schul", "ausflug"),
        "gartenbank": ("garten", "bank"),
        "versicherungsgericht": ("versicherungs", "gericht"),
    }.items():
        made = compose(large, word)
        assert made is not None
        assert made.parts == parts


def test_one_part_is_its_own_mixture() -> None:
    same = mixed([MixedPart(MADE, WORDS, 0.3), MixedPart(Compounding(), {}, 0.7)], WORDS)
    assert same.joint == pytest.approx(MADE.joint)
    assert same.more == pytest.approx(MADE.more)
    assert same.modifiers == pytest.approx(MADE.modifiers)
    assert same.heads == pytest.approx(MADE.heads)


def test_nothing_mixed_composes_nothing() -> None:
    assert mixed([MixedPart(Compounding(), WORDS, 1.0)], WORDS) == Compounding()


@given(st.floats(0.01, 0.99))
def test_a_mixture_has_all_parts_between_their_shares(weight: float) -> None:
    other = Compounding(-1.0, -0.5, {"amts": -1.0, "haus": -0.5}, {"saal": 0.2, "weg": 0.0})
    words = WORDS | {"weg": -3.0}
    parts = [MixedPart(MADE, WORDS, weight), MixedPart(other, words, 1 - weight)]
    made = mixed(parts, words)
    assert set(made.modifiers) == {*MADE.modifiers, *other.modifiers}
    assert set(made.heads) == {*MADE.heads, *other.heads}
    assert MADE.joint <= made.joint <= other.joint
    assert -1.5 <= made.modifiers["haus"] <= -0.5
    assert 0.2 <= made.heads["saal"] <= 1.0
    assert isclose(made.modifiers["amts"], -1.0 + log10(1 - weight), abs_tol=1e-9)
