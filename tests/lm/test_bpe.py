"""Byte pairs: merges by frequency, by definition and by hand; nothing is lost in splitting."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import ModelError, UsageError
from tevr.lm.bpe import BytePairs, learn

counted = st.dictionaries(
    st.text("abc", min_size=1, max_size=8), st.integers(1, 9), min_size=1, max_size=12
)


def spelt(counts: dict[str, int], merges: int) -> list[tuple[str, str]]:
    """The definition: count all pairs anew before every merge."""
    words = {word: list(word) for word in counts}
    found: list[tuple[str, str]] = []
    while len(found) < merges:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, pieces in words.items():
            for pair in pairwise(pieces):
                pairs[pair] += counts[word]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        found.append(best)
        for pieces in words.values():
            at = 0
            while at < len(pieces) - 1:
                if (pieces[at], pieces[at + 1]) == best:
                    pieces[at : at + 2] = ["".join(best)]
                at += 1
    return found


@given(counted, st.integers(3, 20))
def test_merges_are_those_of_the_definition(counts: dict[str, int], pieces: int) -> None:
    letters = len(set("".join(counts)))
    assert list(learn(counts, pieces).merges) == spelt(counts, pieces - letters)


@given(counted, st.text("abcx", max_size=12))
def test_pieces_of_any_word_join_to_it(counts: dict[str, int], word: str) -> None:
    assert "".join(learn(counts, 12).split(word)) == word


def test_the_example_of_the_paper() -> None:
    pairs = learn({"low": 5, "lowest": 2, "newer": 6, "wider": 3}, 14)
    assert pairs.merges[:2] == (("e", "r"), ("l", "o"))
    assert pairs.split("lower") == ["low", "er"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    pairs = learn({"grösse": 3, "ösen": 2}, 10)
    path = tmp_path / "bpe.json"
    path.write_text(pairs.to_json(), encoding="utf-8")
    assert BytePairs.read(path) == pairs


@pytest.mark.parametrize("content", [None, "[]", "{}", '{"merges": [["a"]]}', "no json"])
def test_a_broken_file_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "bpe.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="no table of byte pairs"):
        BytePairs.read(path)


def test_more_letters_than_pieces_are_refused() -> None:
    with pytest.raises(UsageError, match="3 letters"):
        learn({"abc": 1}, 2)
