"""Log-probabilities → words: what every decoder is and gives, and the one without a beam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: The label between words, for label tables, decoders and confidence alike.
SPACE = " "


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a decoder makes of one span.

    Attributes:
        words: (text, first frame, frame after the last) in order of time.
        acoustic_score: natural-log score of the acoustic model alone.
        language_score: natural-log score of the language model alone, unweighted.
        score: natural-log score of both as weighted, with word bonus and hot-words.
    """

    words: tuple[tuple[str, int, int], ...] = ()
    acoustic_score: float = 0.0
    language_score: float = 0.0
    score: float = 0.0

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(text for text, _, _ in self.words)


@dataclass(frozen=True, slots=True)
class Place:
    """Where frames stand in what is said.

    Attributes:
        before: words that were said right before them, in order; none at the start of a sentence.
        ends: whether a sentence ends with them; if not, a word may be cut off there.
    """

    before: tuple[str, ...] = ()
    ends: bool = True


#: The place of a span that is a sentence.
WHOLE = Place()


class Decoder(Protocol):
    """Turns the log-probabilities of one span into its best hypothesis."""

    def decode(self, log_probs: NDArray[np.float32], place: Place = WHOLE) -> Hypothesis:
        """Frames of one span → the best hypothesis.

        Args:
            log_probs: (frames, labels), natural logarithms.
            place: where they stand in what is said; only a language model asks for it.
        """
        ...


class GreedyDecoder:
    """The best label of every frame: repeats merged, blanks dropped, words split at spaces."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = tuple(labels)

    def decode(self, log_probs: NDArray[np.float32], place: Place = WHOLE) -> Hypothesis:  # noqa: ARG002 (labels are all it goes by)
        """log_probs (frames, labels) → the best path's words."""
        if not len(log_probs):
            return Hypothesis()
        best = log_probs.argmax(axis=1)
        changed = np.flatnonzero(np.diff(best, prepend=-1))  # first frame of each run
        stops = np.append(changed[1:], len(best))
        words: list[tuple[str, int, int]] = []
        open_word = False
        for start, stop in zip(changed, stops, strict=True):
            label = self._labels[best[start]]
            if label == SPACE:
                open_word = False
            elif label and open_word:
                text, first, _ = words[-1]
                words[-1] = (text + label, first, int(stop))
            elif label:
                words.append((label, int(start), int(stop)))
                open_word = True
        score = float(log_probs.max(axis=1).sum())
        return Hypothesis(tuple(words), score, 0.0, score)
