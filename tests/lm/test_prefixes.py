"""Prefixes: one for each text whatever the labels, and never better than what was promised."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.lexicon import Compounding, Lexicon, encode
from tevr.lm.prefixes import HOPELESS, Prefix, Prefixes, PrefixSettings

LABELS = ("", " ", "h", "a", "u", "s", "t", "ü", "r", "st", "au", "tür")
SETTINGS = PrefixSettings(
    word_weight=1.0,
    word_bonus=0.5,
    lookahead=0.9,
    unknown_offset=-10.0,
    compound_offset=0.0,
    hotword_weight=5.0,
)
TEXTS = st.lists(st.sampled_from(LABELS[2:]), max_size=8)


def lexicon() -> Lexicon:
    words = {"haus": -3.0, "tür": -3.5, "rat": -4.0, "staat": -4.5}
    made = Compounding(-1.5, -1.0, {"haus": -2.0, "staats": -2.5}, {"tür": 0.5, "rat": 0.5})
    return Lexicon(encode(list(words), list(words.values()), made))


def reach(prefixes: Prefixes, labels: list[str]) -> Prefix:
    prefix = prefixes.root
    for label in labels:
        prefix = prefixes.extend(prefix, LABELS.index(label))
    return prefix


@given(TEXTS, TEXTS)
def test_a_text_has_one_prefix_whatever_the_labels(first: list[str], second: list[str]) -> None:
    prefixes = Prefixes(LABELS, lexicon(), (), SETTINGS)
    one, other = reach(prefixes, first), reach(prefixes, second)
    assert (one is other) == ("".join(first) == "".join(second))
    assert (one.code == other.code) == (one is other)


@given(TEXTS)
def test_what_a_prefix_is_worth_does_not_depend_on_the_way_to_it(labels: list[str]) -> None:
    slow = reach(Prefixes(LABELS, lexicon(), (), SETTINGS), list("".join(labels)))
    fast = reach(Prefixes(LABELS, lexicon(), (), SETTINGS), labels)
    assert (slow.text, slow.word, slow.extra, slow.bonus) == pytest.approx(
        (fast.text, fast.word, fast.extra, fast.bonus)
    )


@given(TEXTS, st.sampled_from(LABELS[2:]), st.floats(-20, 0))
def test_only_a_prefix_that_falls_too_far_is_hopeless(
    labels: list[str], label: str, gain: float
) -> None:
    prefixes = Prefixes(LABELS, lexicon(), (), SETTINGS)
    before = reach(prefixes, labels)
    tried = prefixes.extend(before, LABELS.index(label), gain)
    after = prefixes.extend(before, LABELS.index(label), -inf)
    if tried is HOPELESS:
        assert after.bonus - before.bonus < gain
    else:
        assert tried is after


@pytest.mark.parametrize(
    ("text", "word", "extra"),
    [
        ("haus", "haus", 0.0),
        ("haustür", "tür", -2.0 - 1.5 + 0.5),
        ("staatshaustür", "tür", -2.5 - 1.5 - 2.0 - 1.0 + 0.5),
        ("hausrau", "hausrau", -10.0),
        ("rathaus", "rathaus", -10.0),  # neither is "rat" a modifier nor "haus" a head here
    ],
)
def test_words_end_as_known_composed_or_unknown(text: str, word: str, extra: float) -> None:
    ended = reach(Prefixes(LABELS, lexicon(), (), SETTINGS), list(text))
    assert ended.word == word
    assert ended.extra == pytest.approx(extra, abs=0.1)


def test_a_closed_vocabulary_composes_nothing() -> None:
    closed = replace(SETTINGS, compound_offset=None)
    ended = reach(Prefixes(LABELS, lexicon(), (), closed), list("haustür"))
    assert (ended.word, ended.extra) == ("haustür", -10.0)


def test_letters_are_charged_more_the_rarer_what_they_lead_to() -> None:
    prefixes = Prefixes(LABELS, lexicon(), (), SETTINGS)
    bonuses = [reach(prefixes, list("hausrau"[:end])).bonus for end in range(1, 8)]
    assert all(longer <= shorter for shorter, longer in pairwise(bonuses))
    assert bonuses[0] == pytest.approx(-0.9 * 3.0, abs=0.1)


def test_a_hotword_is_known_and_earns_its_bonus_letter_by_letter() -> None:
    prefixes = Prefixes(LABELS, lexicon(), ("rast",), SETTINGS)
    ended = reach(prefixes, list("rast"))
    assert ended.extra == 0.0
    assert ended.bonus > reach(Prefixes(LABELS, lexicon(), (), SETTINGS), list("rast")).bonus
    inside = reach(prefixes, list("hausrast"))
    assert inside.word == "rast"
    assert inside.hot == SETTINGS.hotword_weight


@pytest.mark.parametrize(
    ("text", "hot"),
    [
        *[("rast", 1), ("tau", 1), ("haus", 0), ("ras", 0), ("rastr", 0)],
        *[("taurast", 2), ("hausrast", 1), ("rasttür", 1), ("haustür", 0)],
    ],
)
def test_a_finished_word_counts_the_hotwords_it_is_or_is_composed_of(text: str, hot: int) -> None:
    prefixes = Prefixes(LABELS, lexicon(), ("rast", "tau"), SETTINGS)
    assert reach(prefixes, list(text)).hot == hot * SETTINGS.hotword_weight


@pytest.mark.parametrize("composing", [0.0, None])
def test_hotwords_count_without_a_lexicon_as_well(composing: float | None) -> None:
    settings = replace(SETTINGS, compound_offset=composing)
    prefixes = Prefixes(LABELS, None, ("rast", "tau"), settings)
    found = {text: reach(prefixes, list(text)).hot for text in ("rast", "taurast", "tür")}
    assert found == {"rast": SETTINGS.hotword_weight, "taurast": 0.0, "tür": 0.0}
