"""Log-probabilities and words with frames → how sure the acoustic model is of each word.

The posterior of a word is an exact CTC probability: that, within the word's frames, the network
says these letters and no others, in *any* segmentation into labels and any timing. With labels of
one to four letters a network hedges between spellings ("st"+"iche", "st"+"i"+"ch"+"e"); the
probability of one label sequence would understate its belief in the word.

Long words have more letters to be unsure of, so the confidence is the posterior's geometric mean
per letter, P^(1/letters). For words found with a language model it tells right from wrong better
than P and than a mean per label or frame, and it lies near the share of right words
(`benchmarks/confidence.py`). For greedy words it is too sure: there P itself lies nearer.

The sum is the CTC forward recursion (Graves et al. 2006, section 4.1) over a lattice with one
state per letter position and label length, plus one blank state per position. A label that repeats
the one before it needs a blank between, as in all of CTC.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tevr.lm.decoder import SPACE

Floats = NDArray[np.float64]


class WordConfidence:
    """Confidence of words for one label table.

    Args:
        labels: text of every column of the log-probabilities; the blank's is empty.
        space: the label between words; around a word it counts as silence.
    """

    def __init__(self, labels: Sequence[str], space: str = SPACE) -> None:
        self._ids = {label: index for index, label in enumerate(labels)}
        self._blank = self._ids[""]
        self._space = self._ids[space]
        self._longest = max(map(len, labels))
        self._columns = len(labels)

    def __call__(
        self, log_probs: NDArray[np.float32], words: Sequence[tuple[str, int, int]]
    ) -> list[float]:
        """The confidence of each word, 0…1: its posterior's geometric mean per letter.

        See `posteriors` for the arguments.
        """
        return [
            posterior ** (1 / len(text))
            for (text, _, _), posterior in zip(
                words, self.posteriors(log_probs, words), strict=True
            )
        ]

    def posteriors(
        self, log_probs: NDArray[np.float32], words: Sequence[tuple[str, int, int]]
    ) -> list[float]:
        """The probability of exactly these letters within each word's frames.

        Args:
            log_probs: (frames, labels), natural logarithms, normalised per frame.
            words: (text, first frame, frame after the last), in order of time. Each word may use
                the frames up to half-way to its neighbours.
        """
        if not words:
            return []
        # One column more, of probability 0, for substrings that are no label.
        probs = np.zeros((len(log_probs) + 1, self._columns + 1))  # (frames + 1, labels + 1)
        np.exp(log_probs, out=probs[:-1, :-1], dtype=np.float64)
        first, stop = _windows(words, len(log_probs))
        return [float(p) for p in self._forward(probs, [w for w, _, _ in words], first, stop)]

    def _forward(
        self, probs: Floats, texts: Sequence[str], first: NDArray[np.intp], stop: NDArray[np.intp]
    ) -> Floats:
        """All words at once, each in its own window; every array below is (words, positions, …)."""
        spelled, repeats = self._lattice(texts)
        rows = np.arange(len(texts))
        lengths = np.array([len(text) for text in texts])
        positions = spelled.shape[1]
        quiet = np.zeros((len(texts), positions))  # blank states
        loud = np.zeros(spelled.shape)  # label states, by the label's end and length
        quiet[:, 0] = 1.0
        edge = np.zeros((len(texts), positions))  # where a space counts as silence
        edge[:, 0] = 1.0
        edge[rows, lengths] = 1.0
        for step in range(int((stop - first).max())):
            frame = first + step
            active = frame < stop
            p = probs[np.where(active, frame, len(probs) - 1)]  # (words, labels + 1)
            ended = loud.sum(axis=2)
            silence = p[:, self._blank, None] + edge * p[:, self._space, None]
            spoken = p[rows[:, None, None], spelled] * self._reachable(loud, quiet, ended, repeats)
            quiet = np.where(active[:, None], (quiet + ended) * silence, quiet)
            loud = np.where(active[:, None, None], spoken, loud)
        total: Floats = quiet[rows, lengths] + loud[rows, lengths].sum(axis=1)
        return np.minimum(total, 1.0)

    def _reachable(
        self, loud: Floats, quiet: Floats, ended: Floats, repeats: NDArray[np.bool_]
    ) -> Floats:
        """Probability of standing where a label may start or go on, per label state."""
        reach = loud.copy()
        before = quiet + ended
        for length in range(1, self._longest + 1):
            lane = length - 1
            reach[:, length:, lane] += before[:, :-length]
            twice = repeats[:, length:, lane]  # the label before is the same: blank required
            reach[:, length:, lane] -= np.where(twice, loud[:, :-length, lane], 0.0)
        return reach

    def _lattice(self, texts: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Column of the label of each length that ends at each position, and whether it repeats."""
        shape = (len(texts), max(map(len, texts)) + 1, self._longest)
        spelled = np.full(shape, self._columns, dtype=np.intp)
        repeats = np.zeros(shape, dtype=bool)
        for row, text in enumerate(texts):
            for end in range(1, len(text) + 1):
                for length in range(1, min(self._longest, end) + 1):
                    label = text[end - length : end]
                    spelled[row, end, length - 1] = self._ids.get(label, self._columns)
                    repeats[row, end, length - 1] = text.endswith(label, 0, end - length)
        return spelled, repeats


def _windows(
    words: Sequence[tuple[str, int, int]], frames: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First frame and frame after the last that each word may use, half-way to its neighbours."""
    starts = np.array([start for _, start, _ in words], dtype=np.intp)
    ends = np.array([end for _, _, end in words], dtype=np.intp)
    middle = (ends[:-1] + starts[1:]) // 2
    first = np.concatenate([[0], middle])
    stop = np.concatenate([middle, [frames]])
    # Decoders may give neighbours overlapping frames; a window never loses the word's own start.
    return np.minimum(first, starts), np.maximum(stop, np.minimum(starts + 1, frames))
