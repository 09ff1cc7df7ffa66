"""Recordings → how well `tevr.speech` finds their speech: a small table.

    python -m benchmarks.speech_spans --data DIR [--files 300]

DIR holds recordings and a `manifest.tsv` with a column `path`. Loud means: in 10 ms that reach
-40 dB of the recording's maximum. On clean recordings that is speech; with a noisy background or
music, read the share of the time kept instead.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tevr.audio import SAMPLE_RATE, read_audio
from tevr.speech import Floats, Span, spans

STEP = SAMPLE_RATE // 100
BLOCK = SAMPLE_RATE


@dataclass(frozen=True)
class Row:
    """Counts for one kind of input; times in seconds."""

    name: str
    seconds: float
    files: int
    without_span: tuple[str, ...]
    spans: int
    kept: float
    loud: float
    loud_lost: float
    longest: float
    work: float

    def cells(self) -> list[str]:
        """The row as text, in the order of `HEAD`."""
        return [
            self.name,
            f"{self.seconds:.0f}",
            str(self.files),
            str(len(self.without_span)),
            f"{self.spans / self.files:.2f}",
            f"{self.longest:.1f}",
            f"{self.kept / self.seconds:.2%}",
            f"{self.loud_lost / max(self.loud, 1e-9):.3%}",
            f"{self.work / self.seconds:.5f}",
        ]


HEAD = ["input", "s", "files", "no span", "spans/file", "longest s", "kept", "loud lost", "RTF"]


def loud(samples: Floats) -> npt.NDArray[np.bool_]:
    """Return which samples lie in 10 ms that reach -40 dB of the maximum, (samples,)."""
    padded = np.pad(np.abs(samples), (0, -len(samples) % STEP)).reshape(-1, STEP).max(axis=1)
    return np.repeat(padded > 0.01 * padded.max(), STEP)[: len(samples)]


def blocks(samples: Floats) -> Iterator[Floats]:
    """Yield the samples second by second, as a file is read."""
    return (samples[begin : begin + BLOCK] for begin in range(0, len(samples), BLOCK))


def inside(found: list[Span], length: int) -> npt.NDArray[np.bool_]:
    """Return which samples lie in a span, (length,); raises ValueError if one lies in two."""
    counts = np.zeros(length, int)
    for span in found:
        begin = round(span.start * SAMPLE_RATE)
        counts[begin : begin + len(span.samples)] += 1
    if counts.max(initial=0) > 1:
        raise ValueError("Two spans share samples")
    return counts > 0


def measure(name: str, inputs: list[tuple[str, Floats, npt.NDArray[np.bool_]]]) -> Row:
    """Find the speech in each (name, samples, loud) and add up."""
    without, count, longest, work = [], 0, 0.0, 0.0
    totals = np.zeros(4)  # samples, kept, loud, loud but lost
    for label, samples, speech in inputs:
        begin = time.perf_counter()
        found = list(spans(blocks(samples)))
        work += time.perf_counter() - begin
        within = inside(found, len(samples))
        totals += [len(samples), within.sum(), speech.sum(), (speech & ~within).sum()]
        count += len(found)
        longest = max([longest, *(span.end - span.start for span in found)])
        without += [] if found else [label]
    seconds, kept, spoken, lost = totals / SAMPLE_RATE
    return Row(name, seconds, len(inputs), tuple(without), count, kept, spoken, lost, longest, work)


def joined(
    recordings: list[tuple[str, Floats]], pauses: tuple[float, float], noise: float
) -> tuple[str, Floats, npt.NDArray[np.bool_]]:
    """Return one long recording: the loud stretches, with pauses and white noise (RMS) between."""
    random = np.random.default_rng(0)
    sound, speech = [], []
    for _, samples in recordings:
        mask = loud(samples)
        within = slice(int(mask.argmax()), len(mask) - int(mask[::-1].argmax()))
        gap = np.zeros(int(random.uniform(*pauses) * SAMPLE_RATE), np.float32)
        sound += [samples[within], gap]
        speech += [mask[within], gap > 0]
    whole = np.concatenate(sound)
    whole += random.normal(0, noise, len(whole)).astype(np.float32)
    return "joined", whole, np.concatenate(speech)


def show(rows: list[Row]) -> None:
    """Print the rows as a table, and the recordings in which nothing was found."""
    table = [HEAD, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)))
    for row in rows:
        for label in row.without_span:
            print(f"no span in {label} ({row.name})")


def main() -> None:
    """Measure the folder's recordings one by one, more quietly, and joined to one long file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--files", type=int, default=300, help="recordings to use, evenly chosen")
    arguments = parser.parse_args()
    with (arguments.data / "manifest.tsv").open(encoding="utf-8") as file:
        paths = [
            row["path"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]
    chosen = paths[:: max(1, len(paths) // arguments.files)][: arguments.files]
    recordings = [(path, read_audio(arguments.data / path)) for path in chosen]
    singles = [(path, samples, loud(samples)) for path, samples in recordings]
    quiet = [(path, samples * np.float32(0.01), mask) for path, samples, mask in singles]
    show(
        [
            measure("as recorded", singles),
            measure("40 dB quieter", quiet),
            measure("joined, pauses 0.3-1.5 s", [joined(recordings, (0.3, 1.5), 0.0)]),
            measure("the same, noise -55 dB", [joined(recordings, (0.3, 1.5), 10 ** (-55 / 20))]),
            measure("joined without pauses", [joined(recordings, (0.0, 0.0), 0.0)]),
        ]
    )


if __name__ == "__main__":
    main()
