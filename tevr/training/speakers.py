"""A seed and the number of a sentence → who says it, and how.

A speaker is a synthesiser's voice with a pitch, a tempo and a vocal tract of its own. Each is drawn
from the seed and its own number alone, never from what was drawn before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np

#: Factors within which speakers differ; drawn evenly in their logarithm.
PITCHES = (0.75, 1.35)
PACES = (0.8, 1.3)
TRACTS = (0.86, 1.14)
#: By how much one speaker's pitch and tempo vary from sentence to sentence, as the standard
#: deviation of their natural logarithm.
PITCH_SPREAD, PACE_SPREAD = 0.03, 0.05
#: Numbers that keep what is drawn from one seed apart.
_ORDER, _SPEAKERS, _SENTENCES = range(3)


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of many voices.

    Attributes:
        name: unique among those of a seed, such as ``pico-007``.
        voice: what speaks, see `tevr.training.synthesisers.open_voice`.
        pitch: factor of the voice's usual pitch.
        pace: factor of its usual tempo.
        tract: factor of its formants' frequencies, see `tevr.training.voices.warp`.
    """

    name: str
    voice: str
    pitch: float
    pace: float
    tract: float


class Cast:
    """All speakers of one seed.

    Args:
        seed: any whole number from 0 on.
        voices: names of the voices to draw from, at least one.
        size: number of speakers, at least 1.
    """

    def __init__(self, seed: int, voices: Sequence[str], size: int) -> None:
        self._seed = seed
        self.speakers = tuple(self._speaker(number, voices) for number in range(size))

    def order(self, count: int) -> list[int]:
        """The numbers of all sentences in the order in which they are said."""
        drawn = np.random.default_rng([self._seed, _ORDER]).permutation(count)
        return [int(number) for number in drawn]

    def says(self, sentence: int) -> Speaker:
        """Who says a sentence, with the pitch and tempo of that moment."""
        rng = np.random.default_rng([self._seed, _SENTENCES, sentence])
        speaker = self.speakers[rng.integers(len(self.speakers))]
        return Speaker(
            speaker.name,
            speaker.voice,
            pitch=speaker.pitch * exp(rng.normal(0.0, PITCH_SPREAD)),
            pace=speaker.pace * exp(rng.normal(0.0, PACE_SPREAD)),
            tract=speaker.tract,
        )

    def _speaker(self, number: int, voices: Sequence[str]) -> Speaker:
        rng = np.random.default_rng([self._seed, _SPEAKERS, number])
        voice = voices[number % len(voices)]  # all voices occur, whatever the seed
        kind = voice.split(":")[0]
        pitch, pace, tract = (
            exp(rng.uniform(log(low), log(high))) for low, high in (PITCHES, PACES, TRACTS)
        )
        return Speaker(f"{kind}-{number:03}", voice, pitch, pace, tract)
