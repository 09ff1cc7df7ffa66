"""Ten minutes each of silence, noise and played notes → words that come out, best none.

    python -m benchmarks.silence [--minutes 10] [--files MUSIC ...]

The sounds are made here, deterministic; `--files` adds recordings without speech.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import table
from tevr.audio import SAMPLE_RATE, read_audio
from tevr.recognizer import load
from tevr.speech import spans
from tevr.store import DEFAULT_MODEL

Samples = NDArray[np.float32]

#: Semitones above the root of four chords, and the root itself, A3.
CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 3, 7))
ROOT = 220.0


def noise(samples: int, exponent: float, level: float) -> Samples:
    """Noise whose power falls with frequency to the `exponent`; root mean square `level` in dB."""
    white = np.random.default_rng(1).normal(size=samples)
    tilt = np.maximum(np.arange(samples // 2 + 1), 1.0) ** (-exponent / 2)
    shaped = np.fft.irfft(np.fft.rfft(white) * tilt, samples)
    return (shaped / shaped.std() * 10 ** (level / 20)).astype(np.float32)


def plucked(samples: int, beat: float) -> Samples:
    """Chords of decaying harmonics, one every `beat` seconds."""
    length = int(beat * SAMPLE_RATE)
    time = np.arange(length) / SAMPLE_RATE
    bars = []
    for chord in CHORDS:
        pitches = [ROOT * 2 ** (step / 12) for step in chord]
        tones = [np.sin(2 * np.pi * p * h * time) / h for p in pitches for h in (1, 2, 3, 4)]
        bars.append(0.1 * np.sum(tones, axis=0) * np.exp(-3 * time / beat))
    return np.resize(np.concatenate(bars), samples).astype(np.float32)


def drums(samples: int) -> Samples:
    """Two beats a second: bursts of noise and a falling low tone, in turns."""
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    snare = 0.3 * noise(len(time), 0.0, 0.0) * np.exp(-20 * time)
    kick = 0.8 * np.sin(2 * np.pi * 60 * time * np.exp(-2 * time)) * np.exp(-8 * time)
    return np.resize(np.concatenate([kick, snare]), samples).astype(np.float32)


def sounds(samples: int) -> Iterator[tuple[str, Samples]]:
    """What has no word in it, by name."""
    yield "digital silence", np.zeros(samples, np.float32)
    for level in (-60, -40, -20):
        yield f"white noise, {level} dB", noise(samples, 0.0, level)
        yield f"pink noise, {level} dB", noise(samples, 1.0, level)
    yield "plucked chords", plucked(samples, 0.5)
    yield "slow chords", plucked(samples, 2.0)
    yield "drums", drums(samples)
    yield "chords and drums", plucked(samples, 0.5) + drums(samples)


def main() -> None:
    """Recognise all and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--files", type=Path, nargs="*", default=[], metavar="MUSIC")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or folder")
    arguments = parser.parse_args()

    recognizer = load(arguments.model)
    made = sounds(round(arguments.minutes * 60 * SAMPLE_RATE))
    recorded = ((path.name, read_audio(path)) for path in arguments.files)
    rows = []
    for name, samples in (*made, *recorded):
        taken = sum(len(span.samples) for span in spans([samples])) / len(samples)
        words = [word.text for word in recognizer.transcribe(samples, rate=SAMPLE_RATE).words]
        minutes = len(samples) / SAMPLE_RATE / 60
        rows.append((name, f"{minutes:.1f}", f"{100 * taken:.1f}", len(words), " ".join(words[:8])))
    table(["sound", "minutes", "taken for speech %", "words", "which"], rows)


if __name__ == "__main__":
    main()
