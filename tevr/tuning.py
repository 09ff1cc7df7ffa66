"""Recordings with known words → the numbers of the search that make the fewest word errors.

The network listens once; then the search is repeated with other numbers, one changed at a time, as
long as the errors become fewer, and again with half the steps. More errors are never accepted, and
among equals the numbers nearest to the first stay, so that a few recordings cannot lead far astray.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tevr.errors import UsageError
from tevr.labelled import Clip
from tevr.lm.beam import BeamDecoder, BeamSettings, LanguageModelFiles
from tevr.lm.decoder import Decoder
from tevr.recognizer import Recognizer
from tevr.scoring import word_errors

STEPS: Mapping[str, float] = {
    "alpha": 0.1,
    "beta": 0.4,
    "compound_offset": 0.5,
    "unknown_offset": 4.0,
}
"""First change of each number; half as much in the second round."""
_LEAST: Mapping[str, float] = {"alpha": 0.0}
_MOST: Mapping[str, float] = {"unknown_offset": 0.0}
ROUNDS = 2
"""Sizes of steps."""
RESAMPLES = 1000

Arrays = NDArray[np.float32]
Progress = Callable[[int, str], None]
"""Called after each clip or try with their number and what it was."""


def no_progress(number: int, what: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A clip as the decoder is given it.

    Attributes:
        words: what was said.
        spans: log-probabilities of each span of speech, (frames, labels).
    """

    words: tuple[str, ...]
    spans: tuple[Arrays, ...]


@dataclass(frozen=True, slots=True)
class Tuning:
    """What tuning found.

    Attributes:
        settings: with the fewest errors.
        errors: word errors of each clip with them.
        before: word errors of each clip with the settings at the start.
        words: words of each clip.
        tries: settings tried.
    """

    settings: BeamSettings
    errors: tuple[int, ...]
    before: tuple[int, ...]
    words: tuple[int, ...]
    tries: int

    @property
    def word_error_rate(self) -> tuple[float, float]:
        """Before and after, 0 to 1; on other recordings the gain will be smaller."""
        total = sum(self.words)
        return sum(self.before) / total, sum(self.errors) / total

    def gain_interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval over clips of the rate's fall, 0 to 1."""
        clips = np.array([self.before, self.errors, self.words])  # (3, clips)
        drawn = np.random.default_rng(0).integers(0, clips.shape[1], (RESAMPLES, clips.shape[1]))
        before, after, words = clips[:, drawn].sum(axis=2)
        low, high = np.quantile((before - after) / words, [0.025, 0.975])
        return float(low), float(high)


def listen(
    recognizer: Recognizer, clips: Sequence[Clip], progress: Progress = no_progress
) -> list[Heard]:
    """Run the network over the clips.

    Raises:
        AudioError: a clip cannot be read.
    """
    heard = []
    for number, clip in enumerate(clips, 1):
        heard.append(Heard(tuple(clip.text.split()), tuple(recognizer.log_probs(clip.path))))
        progress(number, str(clip.path))
    return heard


def tune(
    labels: Sequence[str],
    heard: Sequence[Heard],
    language_model: LanguageModelFiles,
    start: BeamSettings,
    progress: Progress = no_progress,
) -> Tuning:
    """Find the settings with the fewest word errors.

    Args:
        labels: text of every column.
        heard: clips.
        language_model: what shall be tuned.
        start: where to begin; what is not in `STEPS` stays.
        progress: told of every try.

    Raises:
        UsageError: there are no clips.
    """
    if not heard:
        raise UsageError("There are no recordings to tune on", "Give some with their words.")
    tries: dict[BeamSettings, tuple[int, ...]] = {}

    def errors(settings: BeamSettings) -> int:
        if settings not in tries:
            decoder = BeamDecoder(labels, settings, language_model)
            tries[settings] = tuple(_errors(decoder, clip) for clip in heard)
            progress(len(tries), _told(settings))
        return sum(tries[settings])

    best = start
    errors(start)
    for round_ in range(ROUNDS):
        best = _descend(best, {name: step / 2**round_ for name, step in STEPS.items()}, errors)
    words = tuple(len(clip.words) for clip in heard)
    return Tuning(best, tries[best], tries[start], words, len(tries))


def _descend(
    best: BeamSettings, steps: Mapping[str, float], errors: Callable[[BeamSettings], int]
) -> BeamSettings:
    """Change one number at a time as long as that leaves fewer errors."""
    improved = True
    while improved:
        improved = False
        for name, step in steps.items():
            for change in (step, -step):
                while (other := _changed(best, name, change)) and errors(other) < errors(best):
                    best, improved = other, True
    return best


def _changed(settings: BeamSettings, name: str, change: float) -> BeamSettings | None:
    """The settings with one number changed; None where it cannot be."""
    value = getattr(settings, name)
    if value is None:  # compounds are not wanted
        return None
    changed = round(value + change, 6)
    if not _LEAST.get(name, -np.inf) <= changed <= _MOST.get(name, np.inf):
        return None
    return replace(settings, **{name: changed})


def _errors(decoder: Decoder, clip: Heard) -> int:
    found = [word for span in clip.spans for word in decoder.decode(span).text.split()]
    return word_errors(clip.words, found)


def _told(settings: BeamSettings) -> str:
    return " ".join(f"{name} {getattr(settings, name):g}" for name in STEPS if _has(settings, name))


def _has(settings: BeamSettings, name: str) -> bool:
    return getattr(settings, name) is not None
