"""Clips joined with known gaps → how far word times lie from the sound, as a markdown table.

    python -m benchmarks.word_times --data DIR [--clips 100] [--noise -60]

DIR holds clean recordings and a `manifest.tsv` (path, text, seconds). Each clip is trimmed to the
20 ms windows that reach `--threshold` dB of its loudest one; so its first word begins and its last
word ends where the clip does. A word belongs to the clip in which its middle lies.
Errors are recognised minus true: negative is too early.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import read_manifest, table
from tevr.audio import SAMPLE_RATE
from tevr.recognizer import Recognizer, load
from tevr.transcript import Word

#: Samples of a window whose energy is looked at, and of the step to the next.
WINDOW, STEP = 320, 80
#: Quantiles shown of the words' durations and of the pauses between them.
QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Joined:
    """Trimmed clips, one after the other.

    Attributes:
        samples: (samples,) at 16 kHz.
        starts: seconds at which each clip begins, (clips,).
        ends: seconds at which each ends, (clips,).
    """

    samples: Samples
    starts: Floats
    ends: Floats


@dataclass(frozen=True)
class Found:
    """What came of a joined recording.

    Attributes:
        starts: seconds by which the first word of each clip begins too late, (clips,).
        ends: seconds by which the last one ends too late, (clips,).
        without: clips in which no word was found.
        durations: seconds that each word lasts, (words,).
        pauses: seconds between neighbouring words of a segment, (pairs,); negative: they overlap.
    """

    starts: Floats
    ends: Floats
    without: int
    durations: Floats
    pauses: Floats


def trim(samples: Samples, threshold: float) -> Samples:
    """Cut off what lies before the first and after the last window that is loud enough."""
    energy = np.convolve(samples.astype(np.float64) ** 2, np.full(WINDOW, 1 / WINDOW), "valid")
    loud = np.flatnonzero(energy[::STEP] >= energy.max() * 10 ** (threshold / 10))
    # From the middle of the first loud window to that of the last.
    return samples[loud[0] * STEP + WINDOW // 2 : loud[-1] * STEP + WINDOW // 2]


def join(clips: Sequence[Samples], noise: float | None, seed: int) -> Joined:
    """Put gaps of 0.3 to 1.5 s around the clips, and white noise (dB, RMS) beneath all."""
    random = np.random.default_rng(seed)
    parts, starts, ends, filled = [], [], [], 0
    for clip in clips:
        gap = np.zeros(round(random.uniform(0.3, 1.5) * SAMPLE_RATE), np.float32)
        parts += [gap, clip]
        starts.append(filled + len(gap))
        filled += len(gap) + len(clip)
        ends.append(filled)
    samples = np.concatenate([*parts, np.zeros(SAMPLE_RATE, np.float32)])
    if noise is not None:
        samples += random.normal(0, 10 ** (noise / 20), len(samples)).astype(np.float32)
    return Joined(samples, np.array(starts) / SAMPLE_RATE, np.array(ends) / SAMPLE_RATE)


def find(recognizer: Recognizer, joined: Joined) -> Found:
    """Recognise, and compare first and last words with their clips."""
    segments = recognizer.transcribe(joined.samples, rate=SAMPLE_RATE).segments
    words = [word for segment in segments for word in segment.words]
    starts, ends = [], []
    for start, end in zip(joined.starts, joined.ends, strict=True):
        within = [word for word in words if start <= middle(word) < end]
        if within:
            starts.append(within[0].start - start)
            ends.append(within[-1].end - end)
    return Found(
        np.array(starts),
        np.array(ends),
        len(joined.starts) - len(starts),
        np.array([word.end - word.start for word in words]),
        np.array([
            right.start - left.end
            for segment in segments
            for left, right in pairwise(segment.words)
        ]),
    )  # fmt: skip


def middle(word: Word) -> float:
    """Seconds at which half of the word is over."""
    return (word.start + word.end) / 2


def milliseconds(values: Floats, quantiles: Sequence[float]) -> list[str]:
    """Quantiles of seconds as whole milliseconds."""
    return [f"{1000 * value:.0f}" for value in np.quantile(values, quantiles)]


def rows(name: str, found: Found) -> list[list[object]]:
    """One row each for starts, ends, durations and pauses."""
    lines: list[list[object]] = [
        [f"{name}: {what}", len(values), *milliseconds(values, QUANTILES)]
        for what, values in (
            ("first start", found.starts),
            ("last end", found.ends),
            ("word length", found.durations),
            ("pause", found.pauses),
        )
    ]
    for line, errors in zip(lines, (found.starts, found.ends), strict=False):
        line.extend(milliseconds(np.abs(errors), (0.5, 0.9)))
    for line in lines[2:]:
        line.extend(["", ""])
    return [*lines, [f"{name}: clips without words", found.without, *[""] * 7]]


def main() -> None:
    """Measure with silent gaps and with faint noise beneath all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--noise", type=float, default=-60.0, help="dB below full scale")
    parser.add_argument("--threshold", type=float, default=-40.0, help="dB below the loudest")
    parser.add_argument("--model", default="de-small")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    recognizer = load(given.model, threads=given.threads)
    clips = [trim(clip.samples, given.threshold) for clip in read_manifest(given.data, given.clips)]
    lines: list[list[object]] = []
    for name, noise in (("silence", None), (f"noise {given.noise:g} dB", given.noise)):
        lines += rows(name, find(recognizer, join(clips, noise, given.seed)))
    head = ["ms", "count", *(f"{100 * share:g} %" for share in QUANTILES)]
    table([*head, "absolute 50 %", "absolute 90 %"], lines)


if __name__ == "__main__":
    main()
