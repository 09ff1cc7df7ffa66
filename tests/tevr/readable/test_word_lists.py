"""Word lists hold the words of all their lines."""

from __future__ import annotations

from tevr.readable.word_lists import words


def test_lines_become_a_set() -> None:
    assert words("\n  ein zwei\n  drei ein\n") == {"ein", "zwei", "drei"}
    assert words("") == frozenset()
