"""Clips of clean speech → the clips that training hears: other voices, rooms, noises and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from tevr.audio import SAMPLE_RATE
from tevr.errors import UsageError
from tevr.training import effects
from tevr.training.voices import Samples, revoice, speed

Range = tuple[float, float]

#: Clips that talk at the same time in babble at most.
CROWD = 4
_ABOVE_ZERO = ("speed_range", "pitch_range", "tract_range", "pace_range", "rt60", "distance")
_NOT_BELOW_ZERO = ("pause", "codec_rate", "clipping_depth")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How often and how strongly clips are changed: probabilities 0…1, and ranges from which a
    strength is drawn evenly (factors evenly in their logarithm).

    The changes come in the order of the fields, as they would on the way from a mouth to a file.

    Attributes:
        speed: probability of playing faster or slower; alters the length.
        speed_range: factors of the speed, see `tevr.training.voices.speed`.
        voice: probability of another voice; alters the length.
        pitch_range: factors of its pitch.
        tract_range: factors of its formants' frequencies.
        pace_range: factors of its tempo.
        pauses: probability of silence before and behind the clip, and in its gaps; alters the
            length.
        pause: seconds of each such silence.
        room: probability of a room.
        rt60: seconds of its reverberation.
        distance: metres from mouth to microphone.
        noise: probability of steady noise of a drawn colour.
        noise_snr: dB between speech and noise.
        babble: probability of other people talking, where other clips are given.
        babble_snr: dB between speech and babble.
        clipping: probability of cut peaks.
        clipping_depth: dB by which they are cut.
        telephone: probability of a telephone line.
        codec: probability of a lossy codec.
        codec_rate: its bits a second.
        gain: probability of another level.
        gain_range: dB of the change.

    Raises:
        UsageError: a probability or range is none.
    """

    speed: float = 0.3
    speed_range: Range = (0.9, 1.12)
    voice: float = 0.2
    pitch_range: Range = (0.8, 1.25)
    tract_range: Range = (0.88, 1.14)
    pace_range: Range = (0.85, 1.2)
    pauses: float = 0.1
    pause: Range = (0.1, 1.0)
    room: float = 0.3
    rt60: Range = (0.1, 0.7)
    distance: Range = (0.2, 1.5)
    noise: float = 0.3
    noise_snr: Range = (5.0, 35.0)
    babble: float = 0.1
    babble_snr: Range = (8.0, 25.0)
    clipping: float = 0.03
    clipping_depth: Range = (2.0, 12.0)
    telephone: float = 0.05
    codec: float = 0.03
    codec_rate: Range = (12_000.0, 64_000.0)
    gain: float = 0.5
    gain_range: Range = (-20.0, 6.0)

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, (int, float)):
                _check_probability(field.name, value)
            else:
                _check_range(field.name, value)

    def apply(
        self, samples: Samples, rng: np.random.Generator, others: Sequence[Samples] = ()
    ) -> Samples:
        """Change one clip.

        Args:
            samples: float32 (samples,) at 16 kHz within ±1; left as it is.
            rng: draws what is done; the same state and clips give the same result.
            others: clips of other people, for babble; a few are drawn.

        Returns:
            float32 (samples,) within ±1, of another length where speed, voice or pauses were drawn.
        """
        result = self._on_the_air(self._spoken(samples, rng), rng, others)
        return self._recorded(result, rng)

    def _spoken(self, samples: Samples, rng: np.random.Generator) -> Samples:
        if _drawn(self.speed, rng):
            samples = speed(samples, _factor(self.speed_range, rng))
        if _drawn(self.voice, rng):
            samples = revoice(
                samples,
                pitch=_factor(self.pitch_range, rng),
                tract=_factor(self.tract_range, rng),
                pace=_factor(self.pace_range, rng),
            )
        if _drawn(self.pauses, rng):
            moments = [0.0, *effects.gaps(samples), len(samples) / SAMPLE_RATE]
            stops = [(moment, rng.uniform(*self.pause)) for moment in moments]
            samples = effects.pauses(samples, stops, rng, rng.uniform(-90.0, -55.0))
        return samples

    def _on_the_air(
        self, samples: Samples, rng: np.random.Generator, others: Sequence[Samples]
    ) -> Samples:
        if _drawn(self.room, rng):
            rt60, distance = rng.uniform(*self.rt60), rng.uniform(*self.distance)
            samples = effects.room(samples, rt60, distance, rng)
        if _drawn(self.noise, rng):
            colour = tuple(effects.COLOURS)[rng.integers(len(effects.COLOURS))]
            samples = effects.noise(samples, rng.uniform(*self.noise_snr), colour, rng)
        if others and _drawn(self.babble, rng):
            chosen = rng.choice(len(others), size=min(len(others), CROWD), replace=False)
            crowd = [others[number] for number in chosen[: rng.integers(1, CROWD + 1)]]
            samples = effects.babble(samples, crowd, rng.uniform(*self.babble_snr), rng)
        return samples

    def _recorded(self, samples: Samples, rng: np.random.Generator) -> Samples:
        if _drawn(self.clipping, rng):
            samples = effects.clip_peaks(samples, rng.uniform(*self.clipping_depth))
        if _drawn(self.telephone, rng):
            samples = effects.telephone(samples)
        if _drawn(self.codec, rng):
            name = tuple(effects.CODECS)[rng.integers(len(effects.CODECS))]
            samples = effects.codec(samples, name, round(_factor(self.codec_rate, rng)))
        if _drawn(self.gain, rng):
            samples = effects.gain(samples, rng.uniform(*self.gain_range))
        return samples


def _drawn(probability: float, rng: np.random.Generator) -> bool:
    return bool(rng.random() < probability)


def _factor(bounds: Range, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))


def _check_probability(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise UsageError(f"The probability {name} is {value:g}", "Give it between 0 and 1.")


def _check_range(name: str, value: Sequence[float]) -> None:
    try:
        low, high = value
    except ValueError:
        low, high = np.nan, np.nan
    if not -np.inf < low <= high < np.inf:
        raise UsageError(f"The range {name} is {list(value)}", "Give its lowest and highest value.")
    if (name in _ABOVE_ZERO and low <= 0) or (name in _NOT_BELOW_ZERO and low < 0):
        raise UsageError(f"The range {name} begins at {low:g}", "Give values above 0.")
