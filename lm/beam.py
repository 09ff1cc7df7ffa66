"""Log-probabilities → words: greedy, and beam search with a KenLM model and hot-words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError

#: The label between words, for label tables, decoders and confidence alike.
SPACE = " "


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a decoder makes of one span.

    Attributes:
        words: (text, first frame, frame after the last) in order of time.
        acoustic_score: natural-log score of the acoustic model alone.
        score: natural-log score with language model, word bonus and hot-words.
    """

    words: tuple[tuple[str, int, int], ...] = ()
    acoustic_score: float = 0.0
    score: float = 0.0

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(text for text, _, _ in self.words)


class Decoder(Protocol):
    """Turns the log-probabilities of one span into its best hypothesis."""

    def decode(self, log_probs: NDArray[np.float32]) -> Hypothesis:
        """log_probs (frames, labels), natural logarithms → the best hypothesis."""
        ...


@dataclass(frozen=True, slots=True)
class BeamSettings:
    """The numbers of a beam search, named as in pyctcdecode, whose definitions hold.

    Attributes:
        beam: hypotheses kept after each frame.
        alpha: weight of the language model's score.
        beta: bonus for each word, natural log.
        token_floor: labels below this natural-log probability are not tried (the best one is).
        beam_floor: hypotheses this far (natural log) below the best are dropped.
        unknown_offset: added to the log10 score of a word absent from the unigram list.
        hotword_weight: natural-log bonus for a hot-word.
    """

    beam: int = 100
    alpha: float = 0.5
    beta: float = 1.5
    token_floor: float = -5.0
    beam_floor: float = -10.0
    unknown_offset: float = -10.0
    hotword_weight: float = 10.0


@dataclass(frozen=True, slots=True)
class LanguageModelFiles:
    """A KenLM file (binary or ARPA) and the list of its words, one a line."""

    ngrams: Path
    unigrams: Path


class GreedyDecoder:
    """The best label of every frame: repeats merged, blanks dropped, words split at spaces."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = tuple(labels)

    def decode(self, log_probs: NDArray[np.float32]) -> Hypothesis:
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
        return Hypothesis(tuple(words), score, score)


class BeamDecoder:
    """CTC prefix beam search in C++ (package ctc-beam-decoder), equal to pyctcdecode's.

    Args:
        labels: text of every column; the blank's is empty and stands for itself only once.
        settings: beam width, weights and floors.
        language_model: scores words as they are completed; ``None`` searches without one.
        hotwords: words or phrases whose hypotheses get `BeamSettings.hotword_weight`.

    Raises:
        ModelError: the language model cannot be opened or the labels do not suit.
    """

    def __init__(
        self,
        labels: Sequence[str],
        settings: BeamSettings,
        language_model: LanguageModelFiles | None = None,
        hotwords: Sequence[str] = (),
    ) -> None:
        from ctc_beam_decoder import BeamSearchDecoder

        self._settings = settings
        self._hotwords = list(hotwords)
        try:
            self._search = BeamSearchDecoder(
                list(labels),
                kenlm_model_path=language_model and language_model.ngrams,
                unigrams=language_model and read_unigrams(language_model.unigrams),
                alpha=settings.alpha,
                beta=settings.beta,
                unk_score_offset=settings.unknown_offset,
            )
        except (ValueError, FileNotFoundError) as error:
            raise ModelError(
                f"The language model cannot be used ({error})", "Install the model again."
            ) from error

    def decode(self, log_probs: NDArray[np.float32]) -> Hypothesis:
        """log_probs (frames, labels) → the hypothesis with the highest joint score."""
        return self.best(log_probs, 1)[0]

    def best(self, log_probs: NDArray[np.float32], count: int) -> list[Hypothesis]:
        """Up to `count` different hypotheses, best first; at least one, maybe without words."""
        if not len(log_probs):
            return [Hypothesis()]
        beams = self._search.decode_beams(
            log_probs,
            beam_width=self._settings.beam,
            beam_prune_logp=self._settings.beam_floor,
            token_min_logp=self._settings.token_floor,
            hotwords=self._hotwords,
            hotword_weight=self._settings.hotword_weight,
        )
        return [
            Hypothesis(tuple((word, start, end) for word, (start, end) in frames), acoustic, score)
            for _text, _state, frames, acoustic, score in beams[:count]
        ] or [Hypothesis()]


def read_unigrams(path: Path) -> list[str]:
    """The words of a unigram list, one a line.

    Raises:
        ModelError: the file is missing, empty or not UTF-8.
    """
    try:
        words = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"The word list {path} cannot be read", "Install the model again."
        ) from error
    if not words:
        raise ModelError(f"The word list {path} is empty", "Install the model again.")
    return words
