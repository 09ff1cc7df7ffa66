"""Alignment: the edit distance by its properties, the kinds of errors by established tools."""

from __future__ import annotations

import json
from pathlib import Path

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.scoring.alignment import (
    COSTS,
    SCLITE,
    Costs,
    Counts,
    align,
    count,
    word_errors,
    wrong_runs,
)

WORDS = st.lists(st.sampled_from(["der", "die", "das", "haus"]), max_size=7)
LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=3)
SENTENCES = st.lists(st.one_of(st.sampled_from("aäbß"), LETTERS.filter(bool)), max_size=9)
PAIRS = st.lists(st.tuples(SENTENCES, SENTENCES), max_size=6)


def test_known_distances() -> None:
    assert word_errors(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert word_errors([], ["a", "b"]) == 2
    assert word_errors(["a", "b"], []) == 2


@settings(deadline=None)  # the machine may be busy
@given(WORDS, WORDS, WORDS)
def test_errors_are_a_distance(a: list[str], b: list[str], c: list[str]) -> None:
    assert (word_errors(a, b) == 0) == (a == b)
    assert word_errors(a, b) == word_errors(b, a)
    assert word_errors(a, c) <= word_errors(a, b) + word_errors(b, c)
    assert abs(len(a) - len(b)) <= word_errors(a, b) <= max(len(a), len(b))


@settings(deadline=None)  # the machine may be busy
@given(PAIRS)
def test_counts_are_those_of_jiwer(pairs: list[tuple[list[str], list[str]]]) -> None:
    for (reference, hypothesis), row in zip(pairs, count(pairs).tolist(), strict=True):
        if reference:  # jiwer refuses to count on no words
            found = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
            assert row == [found.hits, found.substitutions, found.deletions, found.insertions]
        else:
            assert row == [0, 0, 0, len(hypothesis)]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(SENTENCES.filter(bool), SENTENCES), max_size=4))
def test_letters_are_counted_as_jiwer_does(pairs: list[tuple[list[str], list[str]]]) -> None:
    texts = [(" ".join(reference), " ".join(hypothesis)) for reference, hypothesis in pairs]
    for (reference, hypothesis), row in zip(texts, count(texts).tolist(), strict=True):
        found = jiwer.process_characters(reference, hypothesis)
        assert row == [found.hits, found.substitutions, found.deletions, found.insertions]


def test_counts_are_those_of_sclite(data: Path) -> None:
    stored = json.loads((data / "scoring" / "sclite.json").read_text(encoding="utf-8"))
    pairs = [(ref.split(), hyp.split()) for ref, hyp, _ in stored]
    assert count(pairs, SCLITE).tolist() == [counts for _, _, counts in stored]
    # The tool's costs lead to other counts than the fewest errors, or this proves nothing.
    assert count(pairs, SCLITE).tolist() != count(pairs).tolist()


@pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)
@settings(deadline=None)  # the machine may be busy
@given(pairs=PAIRS)
def test_alignments_say_what_counts_count(
    costs: Costs, pairs: list[tuple[list[str], list[str]]]
) -> None:
    counts = count(pairs, costs).tolist()
    for (ref, hyp), steps, row in zip(pairs, align(pairs, costs), counts, strict=True):
        said = [step.reference for step in steps if step.reference is not None]
        heard = [step.hypothesis for step in steps if step.hypothesis is not None]
        assert (said, heard) == ([*range(len(ref))], [*range(len(hyp))])
        right = [step for step in steps if step.right]
        assert all(ref[step.reference or 0] == hyp[step.hypothesis or 0] for step in right)
        missing, added = len(steps) - len(heard), len(steps) - len(said)
        assert Counts(*row) == (len(right), len(ref) - len(right) - missing, missing, added)
        assert sum(map(len, wrong_runs(steps))) == Counts(*row).errors


def test_many_pairs_are_counted_like_one_by_one() -> None:
    words = ["der", "die", "das", "haus", "war", "alt", "und", "grau"]
    pairs = [(words[: n % 9], words[n % 4 : n % 7]) for n in range(200)]
    assert count(pairs).tolist() == [count([pair]).tolist()[0] for pair in pairs]


def test_long_texts_need_no_table_in_memory() -> None:
    text = "straßenbahnen fahren langsam " * 200
    assert count([(text, text.replace("langsam", "schnell"))])[0, 1:].sum() >= 200 * 5
