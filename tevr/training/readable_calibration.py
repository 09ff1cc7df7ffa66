"""Sentences kept apart → what to add to the scores of marks so that their F1 is highest.

A network that learns to be likely right says nothing too often: a comma that is half as likely as
none is left out. F1 counts what is left out like what is too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tevr.readable.features import pause_numbers
from tevr.readable.labeller import LabelFiles
from tevr.readable.labels import MARKS, fold
from tevr.readable.network import Stretch
from tevr.training.readable_text import Labelled

STEPS: Final = np.linspace(-1.5, 1.5, 13)
"""What is tried for each mark, one after the other, twice."""
RARE: Final = 20
"""Marks that are due less often are left as they are."""

Floats = NDArray[np.float32]


def offsets(files: LabelFiles, texts: Iterable[Sequence[Labelled]]) -> NDArray[np.float64]:
    """Return what to add to the score of each mark, (len(MARKS),).

    Args:
        files: the model.
        texts: each is read by itself, from its beginning to its end.
    """
    pairs = list(_scored(files, texts))
    scores = np.concatenate([scores for scores, _ in pairs]).astype(np.float64)
    return best_offsets(scores, np.concatenate([labels for _, labels in pairs]))


def best_offsets(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the offsets with the highest sum of F1.

    Args:
        scores: (words, len(MARKS)).
        labels: the marks that are due, (words,).
    """
    found = np.zeros(len(MARKS))
    due = np.bincount(labels, minlength=len(MARKS))
    for mark in [*range(1, len(MARKS))] * 2:
        if due[mark] < RARE:
            continue
        tried = []
        for step in STEPS:
            trial = found.copy()
            trial[mark] = step
            tried.append((_sum_of_f1(scores + trial, labels, due), -abs(step), step))
        found[mark] = max(tried)[2]
    return found


def _sum_of_f1(
    scores: NDArray[np.float64], labels: NDArray[np.int64], due: NDArray[np.int64]
) -> float:
    """Return the sum of F1 over marks, each by the root of how often it is due."""
    chosen = scores.argmax(axis=1)
    hits = np.bincount(labels[chosen == labels], minlength=len(MARKS))
    set_ = np.bincount(chosen, minlength=len(MARKS))
    f1 = 2 * hits / np.maximum(1, due + set_)
    return float((f1 * np.sqrt(due))[1:].sum())


def _scored(
    files: LabelFiles, texts: Iterable[Sequence[Labelled]]
) -> Iterator[tuple[Floats, NDArray[np.int64]]]:
    place = {mark: number for number, mark in enumerate(MARKS)}
    for text in texts:
        ids, numbers = files.features([fold(word.written) for word in text])
        ends = np.arange(len(text)) == len(text) - 1
        pauses = pause_numbers(np.full(len(text), np.nan, np.float32), ends)
        whole = np.concatenate([numbers, pauses], axis=1)
        words = Stretch(ids, whole, np.zeros(len(text), np.int32), 0, len(text))
        scores, _ = files.model.run(words, files.model.fresh())
        yield scores.marks, np.array([place[word.mark] for word in text])
