"""Pieces part the pairs of a text so that each can be sorted alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.pieces import Piece, Pieces, boundaries, tally
from tevr.lm.scratch import Column


def test_no_piece_is_much_larger_than_asked_even_if_one_history_is_frequent(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    types, most = 300, 500
    # Half of all pairs begin with word 7; words follow each other as they are frequent.
    share = 1 / np.arange(10, types + 10)
    word = random.choice(types, 40_000, p=share / share.sum())
    history = np.where(random.random(len(word)) < 0.5, 7, random.integers(0, types, len(word)))
    counts = Column(tmp_path / "counts", np.int64)
    counts.append(np.bincount(history, minlength=types))
    begins = boundaries(counts, np.bincount(word, minlength=types), most, rows=32)
    pieces = Pieces(tmp_path, begins, types, np.int32)
    pairs = np.stack([history, word, word, np.arange(len(word))], axis=1)
    for start in range(0, len(pairs), 1000):
        pieces.deal(pairs[start : start + 1000])
    assert sum(len(piece.pairs) for piece in pieces.pieces) == len(word)
    assert max(len(piece.pairs) for piece in pieces.pieces) < 3 * most
    assert len(pieces.pieces) < 5 * len(word) / most


@pytest.mark.parametrize("types", [50, 2**40])
def test_a_piece_gives_its_pairs_in_order_and_numbers_them(types: int, tmp_path: Path) -> None:
    # With 2 to the 40 words no room is left beside the key: another way of sorting.
    pairs = np.array([[2**20, 9, 5, 0], [7, 3, 1, 1], [2**20, 9, 8, 4], [7, 2, 6, 9]])
    columns = Column(tmp_path / "pairs", np.int64, 4), Column(tmp_path / "numbers", np.int64, 2)
    piece = Piece(7, *columns)
    piece.pairs.append(pairs)
    found = piece.sort(types, 100, keep=True)
    assert found.history.tolist() == [7, 7, 2**20]
    assert found.word.tolist() == [2, 3, 9]
    assert found.suffix.tolist() == [6, 1, 5]
    assert found.count.tolist() == [1, 1, 2]
    assert piece.numbers.read().tolist() == [[0, 102], [1, 101], [4, 102], [9, 100]]


@given(values=st.lists(st.integers(0, 9)))
def test_a_tally_says_how_often_each_value_occurs(values: list[int]) -> None:
    found, times = tally(np.array(values, np.int32))
    assert dict(zip(found.tolist(), times.tolist(), strict=True)) == {
        value: values.count(value) for value in set(values)
    }
