"""Log-probabilities and a sentence → what each model thinks of it, and which of them was to blame.

If a sentence other than the reference was found, one of four is the source: the network thinks
less of the reference (acoustic), the language model does (language), both do, or neither, taken
together, and the search lost it on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from tevr.evaluation.records import SentenceScore
from tevr.lm.beam import BeamSettings, LanguageModelFiles
from tevr.lm.composition import compose
from tevr.lm.confidence import WordConfidence
from tevr.lm.decoder import SPACE
from tevr.lm.lexicon import Lexicon
from tevr.lm.ngram import LanguageModel

SOURCES = {
    "acoustic": "the network heard something else",
    "language": "the language model preferred other words",
    "both": "both models preferred what was found",
    "search": "both models together preferred the reference, but the search lost it",
}
_LN10 = log(10.0)


class SentenceScorer:
    """Scores sentences as the search does, but for hot-words.

    Args:
        labels: text of every column of the log-probabilities.
        settings: weights and offsets of the search.
        files: its language model; `None` for a search without.
    """

    def __init__(
        self, labels: Sequence[str], settings: BeamSettings, files: LanguageModelFiles | None
    ) -> None:
        self._posterior = WordConfidence(labels)
        self._blank, self._space = (labels.index(label) for label in ("", SPACE))
        self._settings = settings
        self._model = LanguageModel(files.ngrams) if files else None
        self._lexicon = Lexicon.open(files.lexicon) if files and files.lexicon else None

    def __call__(self, spans: Sequence[NDArray[np.float32]], text: str) -> SentenceScore:
        """Score normalised words on the log-probabilities of each span, (frames, labels)."""
        language, unknown = self._language(text.split())
        acoustic = self._acoustic(spans, text)
        weighted = self._settings.alpha * language + self._settings.beta * len(text.split())
        if self._model is None:
            weighted = 0.0
        joint = None if acoustic is None else acoustic + weighted
        return SentenceScore(acoustic, language, joint, unknown)

    def _acoustic(self, spans: Sequence[NDArray[np.float32]], text: str) -> float | None:
        """Natural log of the probability of all letters; a pause parts words."""
        if not spans:
            return 0.0 if not text else None
        pause = np.full((1, spans[0].shape[1]), -np.inf, np.float32)
        pause[0, self._space] = 0.0
        parts = [part for span in spans for part in (pause, span)][1:]
        frames = np.concatenate(parts)  # (frames, labels)
        if not text:  # silence alone
            silent = np.logaddexp(frames[:, self._blank], frames[:, self._space])
            return float(silent.sum(dtype=np.float64))
        (posterior,) = self._posterior.posteriors(frames, [(text, 0, len(frames))])
        return log(posterior) if posterior > 0 else None

    def _language(self, words: Sequence[str]) -> tuple[float, tuple[str, ...]]:
        """Natural log of the words' probability, and those that are not known."""
        if self._model is None:
            return 0.0, ()
        composes = self._settings.compound_offset is not None
        lexicon = self._lexicon if composes else None
        state = self._model.begin()
        total, unknown = 0.0, []
        for word in words:
            judged, extra = word, 0.0
            if word not in self._model:
                made = compose(lexicon, word) if lexicon else None
                judged = made.head if made else word
                extra = self._settings.unknown_offset
                if made:
                    extra = made.log10 + (self._settings.compound_offset or 0.0)
                else:
                    unknown.append(word)
            log10, state = self._model.advance(state, judged)
            total += log10 + extra
        total += self._model.advance(state, "</s>")[0]
        return _LN10 * total, tuple(unknown)


def source(said: SentenceScore, heard: SentenceScore) -> str:
    """Which of `SOURCES` made something else of the reference."""
    if _value(said.joint) > _value(heard.joint):
        return "search"
    acoustic = _value(said.acoustic) < _value(heard.acoustic)
    language = said.language < heard.language
    if acoustic and language:
        return "both"
    return "acoustic" if acoustic else "language"


def _value(score: float | None) -> float:
    return -np.inf if score is None else score
