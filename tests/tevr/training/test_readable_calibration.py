"""Offsets raise F1 where a mark is set too seldom, and stay away where nothing is to be gained."""

from __future__ import annotations

import numpy as np

from tevr.readable.labeller import LabelFiles
from tevr.readable.labels import MARKS
from tevr.readable.writer import open_files
from tevr.training.readable_calibration import RARE, best_offsets, offsets
from tevr.training.readable_text import parse

COMMA = MARKS.index(",")


def scored(words: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores of words of which a fifth has a comma, told but for noise, and `shift` too low."""
    random = np.random.default_rng(1)
    labels = np.where(random.random(words) < 0.2, COMMA, 0)
    scores = np.full((words, len(MARKS)), -9.0)
    scores[:, 0] = 0
    scores[:, COMMA] = np.where(labels == COMMA, 0.4, -0.4) - shift + random.normal(0, 0.2, words)
    return scores, labels


def test_a_mark_that_is_set_too_seldom_is_set_more_often() -> None:
    scores, labels = scored(2000, shift=1.0)
    found = best_offsets(scores, labels)
    assert 0.75 <= found[COMMA] <= 1.25
    assert np.flatnonzero(found).tolist() == [COMMA]


def test_where_nothing_is_to_be_gained_nothing_is_added() -> None:
    assert not best_offsets(*scored(2000, shift=0.0)).any()
    scores, labels = scored(RARE, shift=1.0)
    assert not best_offsets(scores, labels).any()


def test_texts_are_scored_by_the_model() -> None:
    files: LabelFiles = open_files()
    lines = ["Ich weiß nicht, ob er kommt.", "Wer ist das?"]
    assert offsets(files, [parse(line) for line in lines]).shape == (len(MARKS),)
