"""Folders of recordings → clips; texts → error rates; rows → a markdown table."""

from __future__ import annotations

import csv
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tevr.audio import read_audio
from tevr.lm.corpus import normalise

Item = TypeVar("Item")

# Resamples for intervals: enough that their bounds move by less than they are rounded to.
RESAMPLES = 2000


@dataclass(frozen=True)
class Clip:
    """One recording and what is said in it.

    Attributes:
        name: as the manifest has it.
        path: the sound file.
        text: what is said, normalised.
        seconds: length as the manifest states it.
    """

    name: str
    path: Path
    text: str
    seconds: float

    @cached_property
    def samples(self) -> NDArray[np.float32]:
        """The sound, (samples,) at 16 kHz; read once."""
        return read_audio(self.path)


def read_names(path: Path | None) -> set[str]:
    """Names of clips, one a line before any tab; none without a file."""
    if path is None:
        return set()
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[0] for line in lines if line.strip()}


def read_manifest(
    folder: Path,
    count: int | None = None,
    seconds: tuple[float, float] = (0.0, np.inf),
    only: Collection[str] = (),
) -> list[Clip]:
    """The first `count` clips of a folder whose lengths lie within `seconds`.

    `manifest.tsv` has the columns path, text and seconds (others are ignored). If `only` names
    some of its clips, the others are left out; it says nothing of folders of which it names none.
    """
    with (folder / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    clips = [
        Clip(row["path"], folder / row["path"], normalise(row["text"]), float(row["seconds"]))
        for row in rows
    ]
    clips = [clip for clip in clips if clip.name in only] or clips
    shortest, longest = seconds
    return [clip for clip in clips if shortest <= clip.seconds <= longest][:count]


class Whisper:
    """Whisper on faster-whisper, int8, beam 5, German, all else as the package has it.

    Args:
        folder: a model as CTranslate2 has it: model.bin, config.json, tokenizer.json, vocabulary.
        threads: processor threads.
        vad: leave silence out with the package's speech detector.
    """

    def __init__(self, folder: Path, threads: int, *, vad: bool = False) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads
        )
        self._vad = vad

    def __call__(self, sound: Path | NDArray[np.float32]) -> str:
        """The text of a sound file, or of samples (samples,) at 16 kHz."""
        given = str(sound) if isinstance(sound, Path) else sound
        segments, _ = self._model.transcribe(
            given, language="de", beam_size=5, vad_filter=self._vad
        )
        return " ".join(segment.text for segment in segments)


@dataclass(frozen=True)
class Errors:
    """Errors and lengths of references, clip by clip.

    Attributes:
        words: (clips, 2), wrong words and words.
        letters: (clips, 2), wrong letters and letters, spaces counted.
    """

    words: NDArray[np.int64]
    letters: NDArray[np.int64]

    def cells(self) -> tuple[str, str]:
        """Word and character error rate in per cent, with their intervals."""
        return interval(self.words), interval(self.letters)


def count_errors(references: Sequence[str], texts: Iterable[str]) -> Errors:
    """Compare texts, normalised here, with normalised references."""
    import jiwer  # here, so that scripts that count no errors run without it

    words: list[tuple[int, int]] = []
    letters: list[tuple[int, int]] = []
    for reference, text in zip(references, texts, strict=True):
        hypothesis = normalise(text)
        by_word = jiwer.process_words(reference, hypothesis)
        by_letter = jiwer.process_characters(reference, hypothesis)
        for counts, found in ((words, by_word), (letters, by_letter)):
            wrong = found.substitutions + found.deletions + found.insertions
            counts.append((wrong, found.hits + found.substitutions + found.deletions))
    return Errors(np.array(words), np.array(letters))


def interval(counts: NDArray[np.int64]) -> str:
    """(clips, 2) errors and lengths → rate in per cent and its 95 % bootstrap interval."""
    drawn = np.random.default_rng(0).integers(0, len(counts), (RESAMPLES, len(counts)))
    wrong, length = counts[drawn].sum(axis=1).T  # (resamples,) each
    low, high = np.quantile(100 * wrong / length, [0.025, 0.975])
    wrong, length = counts.sum(axis=0)
    return f"{100 * wrong / length:.1f} ({low:.1f}–{high:.1f})"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a markdown table."""
    lines = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    for cells in (head, ["-" * width for width in widths], *lines):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print("|", " | ".join(padded), "|")


def progress(items: Sequence[Item], what: str) -> Iterator[Item]:
    """The items, counted on stderr as they pass."""
    for number, item in enumerate(items, 1):
        print(f"\r{what}: {number} of {len(items)} ", end="", file=sys.stderr, flush=True)
        yield item
    print(file=sys.stderr)
