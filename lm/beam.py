"""Log-probabilities → words: CTC prefix beam search with a language model and a lexicon.

Hypotheses with the same words, the same letters of an unfinished word and the same last label are
one, their probabilities added (Graves et al. 2006; Hannun et al. 2014, arXiv 1408.2873); so
"st"+"iche" and "st"+"i"+"che" do not compete. Scores are those of pyctcdecode, with which the
search agrees where it is asked for no more. It does more in three ways: the first letters of a word
are charged what the likeliest word beginning so will cost, compounds outside the vocabulary are
composed of known parts, and hot-words are found inside compounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, inf, log1p
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.lm.decoder import SPACE, WHOLE, Hypothesis, Place
from tevr.lm.histories import Histories, History
from tevr.lm.lexicon import Lexicon, encode
from tevr.lm.ngram import LanguageModel
from tevr.lm.prefixes import LN10, Prefix, Prefixes, PrefixSettings


@dataclass(frozen=True, slots=True)
class BeamSettings:
    """The numbers of a beam search; what pyctcdecode has too means the same here.

    Attributes:
        beam: hypotheses kept after each frame.
        alpha: weight of the language model's score.
        beta: bonus for each word, natural log.
        token_floor: labels below this natural-log probability are not tried (the best one is).
        beam_floor: hypotheses this far (natural log) below the best are dropped.
        unknown_offset: added to the log10 score of a word that is neither known nor composed of
            known parts, and, by length, to the natural-log score of letters that begin none.
        hotword_weight: natural-log bonus for a hot-word.
        lookahead: share, 0 to 1, of the score of the likeliest word beginning so that letters
            are charged before the word is finished; 0 is what pyctcdecode does.
        compound_offset: added to the log10 score of a word composed of known parts; None lets no
            such word through, as pyctcdecode does.
    """

    beam: int = 100
    alpha: float = 0.5
    beta: float = 1.5
    token_floor: float = -5.0
    beam_floor: float = -10.0
    unknown_offset: float = -10.0
    hotword_weight: float = 10.0
    lookahead: float = 0.0
    compound_offset: float | None = None


@dataclass(frozen=True, slots=True)
class LanguageModelFiles:
    """The files of a language model.

    Attributes:
        ngrams: a KenLM file, binary or ARPA.
        unigrams: its words, one a line.
        lexicon: the words as `tevr.lm.lexicon` writes them; made of the unigrams if None.
    """

    ngrams: Path
    unigrams: Path
    lexicon: Path | None = None


#: First frame and frame after the last of a word, behind those before it; −1 between words.
_Trace = tuple["_Trace | None", int, int]
#: Joint score, acoustic score, finished words, letters after them, last label, frames of the words.
_Beam = tuple[float, float, History, Prefix, int, _Trace | None]


class BeamDecoder:
    """CTC prefix beam search; may be used from several threads.

    Args:
        labels: text of every column; the blank's is empty and stands for itself only once.
        settings: beam width, weights and floors.
        language_model: scores words as they are completed; ``None`` searches without one.
        hotwords: words or phrases; each of their words gives a hypothesis
            `BeamSettings.hotword_weight`.

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
        if labels.count("") != 1 or labels.count(SPACE) != 1:
            raise ModelError(
                "The labels need one blank and one space for a beam search",
                "Check the label table of the model.",
            )
        self._blank, self._space = labels.index(""), labels.index(SPACE)
        self._settings = settings
        self._model = LanguageModel(language_model.ngrams) if language_model else None
        lexicon = _lexicon(language_model, self._model) if language_model and self._model else None
        hot = frozenset(word for phrase in hotwords for word in phrase.split())
        charges = PrefixSettings(
            word_weight=settings.alpha * LN10,
            word_bonus=settings.beta,
            lookahead=settings.lookahead,
            unknown_offset=settings.unknown_offset,
            compound_offset=settings.compound_offset,
            hotword_weight=settings.hotword_weight,
        )
        self._charges = charges
        self._new_prefixes = partial(Prefixes, labels, lexicon, hot, charges)
        self._prefixes = self._new_prefixes()

    def decode(self, log_probs: NDArray[np.float32], place: Place = WHOLE) -> Hypothesis:
        """log_probs (frames, labels) → the hypothesis with the highest joint score."""
        return self.best(log_probs, 1, place)[0]

    def best(
        self, log_probs: NDArray[np.float32], count: int, place: Place = WHOLE
    ) -> list[Hypothesis]:
        """Up to `count` different hypotheses, best first; at least one, maybe without words."""
        if not len(log_probs):
            return [Hypothesis()]
        if self._prefixes.full:
            self._prefixes = self._new_prefixes()
        words = Histories(self._model, self._prefixes, self._charges, place.before)
        search = _Search(self._prefixes, words, self._blank, self._space, self._settings)
        return search.run(log_probs, ends=place.ends)[:count]


class _Search:
    """The search through one span."""

    def __init__(
        self, prefixes: Prefixes, words: Histories, blank: int, space: int, settings: BeamSettings
    ) -> None:
        self._prefixes = prefixes
        self._words = words
        self._blank = blank
        self._space = space
        self._settings = settings

    def run(self, log_probs: NDArray[np.float32], *, ends: bool = True) -> list[Hypothesis]:
        """log_probs (frames, labels) → all hypotheses that are left, best first."""
        beams: list[_Beam] = [(0.0, 0.0, self._words.root, self._prefixes.root, self._blank, None)]
        certain = 0.0  # natural log of frames that left all hypotheses as they were
        quiet = False
        for frame, labels in enumerate(_tried(log_probs, self._settings.token_floor)):
            only_blank = len(labels) == 1 and labels[0][0] == self._blank
            if only_blank and quiet:
                certain += labels[0][1]
            else:
                beams = self._step(beams, labels, frame)
            quiet = only_blank
        return self._finish(beams, certain, ends=ends)

    def _step(
        self, beams: list[_Beam], labels: Sequence[tuple[int, float]], frame: int
    ) -> list[_Beam]:
        """All hypotheses after one more frame, best first."""
        least = beams[0][0] + labels[0][1] + self._settings.beam_floor
        found = self._paths(beams, labels, frame, least)
        if not found:  # whatever may follow is unlikely; so the unlikely must do
            found = self._paths(beams, labels, frame, -inf)
        kept = sorted(found.values(), key=_SCORE, reverse=True)[: self._settings.beam]
        least = kept[0][0] + self._settings.beam_floor
        return kept if kept[-1][0] >= least else [beam for beam in kept if beam[0] >= least]

    def _paths(
        self, beams: list[_Beam], labels: Sequence[tuple[int, float]], frame: int, least: float
    ) -> dict[int, _Beam]:
        """What each label makes of each hypothesis, if the score is not less than the least."""
        blank, space, root = self._blank, self._space, self._prefixes.root
        extend = self._prefixes.extend
        found: dict[int, _Beam] = {}
        for score, acoustic, history, prefix, last, trace in beams:
            for label, log_prob in labels:
                gain = least - score - log_prob
                if gain > 0:
                    break  # the labels after it are less likely still
                longer, after, times = prefix, history, trace
                if label == blank or (label == space and (label == last or prefix is root)):
                    pass
                elif label == space:
                    if prefix.most_at_end < gain:
                        continue
                    after = history.longer.get(prefix.text) or self._words.close(history, prefix)
                    longer, times = root, (trace, -1, -1)
                else:
                    if label != last:
                        longer = prefix.next.get(label) or extend(prefix, label, gain)
                        if longer.bonus - prefix.bonus < gain:
                            continue
                    times = _heard(trace, frame)
                _add(found, acoustic + log_prob, after, longer, label, times)
        return found

    def _finish(self, beams: list[_Beam], certain: float, *, ends: bool) -> list[Hypothesis]:
        """End the last words, and the sentence if it ends here."""
        ended: dict[int, tuple[float, History, _Trace | None]] = {}
        for _, acoustic, history, prefix, _, trace in beams:
            after = history
            if prefix is not self._prefixes.root:
                after = history.longer.get(prefix.text) or self._words.close(history, prefix)
            if (rival := ended.get(after.code)) is None:
                ended[after.code] = acoustic, after, trace
            else:
                ended[after.code] = float(np.logaddexp(acoustic, rival[0])), *rival[1:]
        found = [
            self._hypothesis(acoustic + certain, history, trace, ends=ends)
            for acoustic, history, trace in ended.values()
        ]
        return sorted(found, key=lambda hypothesis: hypothesis.score, reverse=True)

    def _hypothesis(
        self, acoustic: float, history: History, trace: _Trace | None, *, ends: bool
    ) -> Hypothesis:
        end = self._words.end(history) if ends else 0.0
        frames: list[tuple[int, int]] = []
        while trace is not None:
            before, start, stop = trace
            if start >= 0:
                frames.append((start, stop))
            trace = before
        words = zip(history.words(), reversed(frames), strict=True)
        return Hypothesis(
            words=tuple((text, start, stop) for text, (start, stop) in words),
            acoustic_score=acoustic,
            language_score=LN10 * (history.language + end),
            score=acoustic + history.score + self._settings.alpha * LN10 * end,
        )


_SCORE: Callable[[_Beam], float] = itemgetter(0)
_NEGLIGIBLE = 15.0
"""Natural-log distance from which on a sum of probabilities is its larger part."""


def _add(
    found: dict[int, _Beam],
    acoustic: float,
    history: History,
    prefix: Prefix,
    label: int,
    trace: _Trace | None,
) -> None:
    """Add a path to the hypothesis it leads to, which keeps the frames of its likeliest path."""
    key = history.code | prefix.code | label
    rival = found.get(key)
    if rival is not None:
        less = acoustic - rival[1]
        if less <= 0:
            acoustic, trace, less = rival[1], rival[5], -less
        if less < _NEGLIGIBLE:
            acoustic += log1p(exp(-less))
    joint = acoustic + history.score + prefix.bonus
    found[key] = (joint, acoustic, history, prefix, label, trace)


def _heard(trace: _Trace | None, frame: int) -> _Trace:
    """The frames of the words after a label of the last one was heard."""
    if trace is None:
        return None, frame, frame + 1
    before, start, _ = trace
    return (before, frame, frame + 1) if start < 0 else (before, start, frame + 1)


def _tried(log_probs: NDArray[np.float32], floor: float) -> Iterator[list[tuple[int, float]]]:
    """For each frame the labels worth trying and their log-probabilities, likeliest first."""
    best = log_probs.argmax(axis=1)
    tried = log_probs > floor
    tried[np.arange(len(best)), best] = True
    frames, labels = np.nonzero(tried)
    values = log_probs[frames, labels]
    order = np.lexsort((-values, frames))
    pairs = list(zip(labels[order].tolist(), values[order].tolist(), strict=True))
    ends = np.cumsum(np.bincount(frames, minlength=len(best))).tolist()
    start = 0
    for end in ends:
        yield pairs[start:end]
        start = end


def _lexicon(files: LanguageModelFiles, model: LanguageModel) -> Lexicon:
    """The lexicon of a language model; made of its words where no file holds it."""
    if files.lexicon is not None:
        return Lexicon.open(files.lexicon)
    words = [word for word in dict.fromkeys(read_unigrams(files.unigrams)) if word in model]
    scores = [model.score(word, start=False, end=False) for word in words]
    return Lexicon(encode(words, scores))


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
