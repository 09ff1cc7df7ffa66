"""Word errors: the edit distance, by its properties."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tevr.scoring import word_errors

WORDS = st.lists(st.sampled_from(["der", "die", "das", "haus"]), max_size=7)


def test_known_distances() -> None:
    assert word_errors(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert word_errors([], ["a", "b"]) == 2
    assert word_errors(["a", "b"], []) == 2


@given(WORDS, WORDS, WORDS)
def test_errors_are_a_distance(a: list[str], b: list[str], c: list[str]) -> None:
    assert (word_errors(a, b) == 0) == (a == b)
    assert word_errors(a, b) == word_errors(b, a)
    assert word_errors(a, c) <= word_errors(a, b) + word_errors(b, c)
    assert abs(len(a) - len(b)) <= word_errors(a, b) <= max(len(a), len(b))
