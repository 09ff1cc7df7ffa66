"""Folders of recordings with their texts → clips to learn from, and those skipped with reasons."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from tevr.audio import SAMPLE_RATE
from tevr.errors import AudioError, UsageError
from tevr.lm.corpus import normalise, spellable
from tevr.lm.decoder import SPACE
from tevr.tokens import TokenTable
from tevr.training.data_settings import DataSettings, SourceSettings
from tevr.training.sounds import SoundCache

MANIFESTS = ("manifest.tsv", "manifest.jsonl")
#: Threads that decode sound; it spends its time outside Python.
DECODERS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a manifest.

    Attributes:
        name: of the clip, as the manifest has it.
        path: of its sound.
        text: as written.
        speaker: "" where unknown.
    """

    name: str
    path: Path
    text: str
    speaker: str


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording to learn from or to measure on.

    Attributes:
        name: of the clip, as its manifest has it.
        source: number of its source in the settings.
        sound: its decoded samples on disk, see `SoundCache`.
        samples: their number.
        text: normalised.
        labels: ids of the text.
    """

    name: str
    source: int
    sound: Path
    samples: int
    text: str
    labels: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Skipped:
    """A clip that cannot be used."""

    source: Path
    name: str
    reason: str


@dataclass(frozen=True)
class Collection:
    """All clips of a training.

    Attributes:
        train: to learn from, in the order of the sources.
        dev: to measure on.
        skipped: left out.
    """

    train: tuple[Clip, ...]
    dev: tuple[Clip, ...]
    skipped: tuple[Skipped, ...]

    def fingerprint(self) -> str:
        """A hash of all clips that are learnt from: names, lengths and labels."""
        digest = hashlib.blake2b(digest_size=16)
        for clip in self.train:
            digest.update(repr((clip.source, clip.name, clip.samples, clip.labels)).encode())
        return digest.hexdigest()


def frames_needed(labels: Sequence[int]) -> int:
    """The fewest frames that CTC can spread labels over: a blank parts two equal ones."""
    return len(labels) + sum(one == other for one, other in pairwise(labels))


def collect(
    settings: DataSettings,
    tokens: TokenTable,
    cache: SoundCache,
    frames: Callable[[int], int],
    show: Callable[[float], None],
) -> Collection:
    """Read all manifests, decode every clip once, and sort out what cannot be used.

    Args:
        settings: the sources.
        tokens: labels that texts are spelt with.
        cache: keeps decoded sound.
        frames: samples of a clip → frames that the network makes of them.
        show: told how much is done, 0 to 1.

    Raises:
        UsageError: a source has no manifest, or nothing is left to learn from.
        OutputError: decoded sound cannot be kept.
    """
    train: list[Clip] = []
    dev: list[Clip] = []
    skipped: list[Skipped] = []
    chosen = [choose(source) for source in settings.sources]
    jobs = [(number, row) for number, (rows, _) in enumerate(chosen) for row in rows]
    read = partial(_clip, settings=settings, tokens=tokens, cache=cache, frames=frames)
    with ThreadPoolExecutor(DECODERS) as pool:
        for done, ((number, row), found) in enumerate(zip(jobs, pool.map(read, jobs), strict=True)):
            if isinstance(found, str):
                skipped.append(Skipped(settings.sources[number].path, row.name, found))
            else:
                (dev if row.name in chosen[number][1] else train).append(found)
            show((done + 1) / len(jobs))
    if not train:
        reason = f"; the first one was skipped since {skipped[0].reason}" if skipped else ""
        raise UsageError(
            f"No clip is left to learn from{reason}", "Check data.sources and their manifests."
        )
    return Collection(tuple(train), tuple(dev), tuple(skipped))


def choose(source: SourceSettings) -> tuple[list[Row], set[str]]:
    """Read the rows of a source that are used, and the names of those for measuring.

    Raises:
        UsageError: the manifest or a list of clips is none.
    """
    rows = list(read_rows(source))
    names = [row.name for row in rows]
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"{source.path} lists {doubled} twice", "Leave one of the lines out.")
    known = set(names)
    excluded = set(_names(source.exclude, known, source))
    dev = set(_names(source.dev.clips, known, source))
    order = sorted((name for name in names if name not in excluded), key=_hash)
    order = order[: source.first]
    dev |= set([name for name in order if name not in dev][: source.dev.first])
    used = set(order) | (dev - excluded)
    return [row for row in rows if row.name in used], dev


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _names(given: Path | tuple[str, ...], known: set[str], source: SourceSettings) -> list[str]:
    """Names of clips as a list or out of a file; a tab ends the name, as in a manifest."""
    if isinstance(given, Path):
        try:
            lines = given.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            cause = f"The list of clips {given} cannot be read"
            raise UsageError(cause, "Name an existing text file.") from error
        return [line.split("\t")[0] for line in lines if line.strip()]
    for name in given:
        if name not in known:
            raise UsageError(f"{source.path} has no clip {name}", "Name clips as its manifest.")
    return list(given)


class _UnusableError(Exception):
    """A clip cannot be used; the message says why."""


def _clip(
    job: tuple[int, Row],
    settings: DataSettings,
    tokens: TokenTable,
    cache: SoundCache,
    frames: Callable[[int], int],
) -> Clip | str:
    """The clip of a source's number and row, or why it cannot be used."""
    number, row = job
    try:
        text = _text(row.text, "".join(tokens.alphabet - {SPACE}))
        sound, samples = _sound(row.path, settings, cache)
        labels = tuple(tokens.segment(text))
        if frames(samples) < frames_needed(labels):
            seconds = samples / SAMPLE_RATE
            raise _UnusableError(f"its {seconds:.2f} s are too short for {len(labels)} labels")
    except _UnusableError as error:
        return str(error)
    return Clip(row.name, number, sound, samples, text, labels)


def _text(written: str, alphabet: str) -> str:
    if not written.strip():
        raise _UnusableError("its text is empty")
    if not spellable(written, alphabet=alphabet):
        raise _UnusableError(f"its text has letters outside the alphabet ({written})")
    text = normalise(written, alphabet=alphabet)
    if not text:
        raise _UnusableError(f"its text has no words ({written})")
    return text


def _sound(path: Path, settings: DataSettings, cache: SoundCache) -> tuple[Path, int]:
    if not path.is_file():
        raise _UnusableError("its sound is missing")
    try:
        sound, samples = cache.keep(path)
    except AudioError as error:
        raise _UnusableError(f"its sound cannot be read ({error.cause})") from error
    seconds = samples / SAMPLE_RATE
    if not settings.shortest <= seconds <= settings.longest:
        kind = "short" if seconds < settings.shortest else "long"
        raise _UnusableError(f"its {seconds:.2f} s are too {kind}")
    return sound, samples


def read_rows(source: SourceSettings) -> Iterator[Row]:
    """Read a source's manifest, or the list of a Common Voice split.

    Raises:
        UsageError: there is none, or it lacks a column.
    """
    folder = source.path
    if source.split is not None:
        yield from _rows(folder / f"{source.split}.tsv", folder / "clips", "sentence", "client_id")
        return
    for name in MANIFESTS:
        if (folder / name).is_file():
            yield from _rows(folder / name, folder, "text", "speaker")
            return
    release = " or split, for a Common Voice release" if (folder / "clips").is_dir() else ""
    cause = f"{folder} has no {' or '.join(MANIFESTS)}"
    raise UsageError(cause, f"Correct data.sources: name its folder{release}.")


def _rows(path: Path, sounds: Path, text: str, speaker: str) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(_records(path, lines), 1):
                if not isinstance(row.get("path"), str) or not isinstance(row.get(text), str):
                    raise UsageError(
                        f"{path} has no path or no {text} in its record {number}",
                        f"Give both columns, path and {text}.",
                    )
                yield Row(row["path"], sounds / row["path"], row[text], str(row.get(speaker) or ""))
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        cause = f"The manifest {path} cannot be read ({error})"
        raise UsageError(cause, "Give it as UTF-8 with columns path and text.") from error


def _records(path: Path, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    if path.suffix == ".jsonl":
        for line in lines:
            if line.strip():
                record = json.loads(line)
                yield record if isinstance(record, dict) else {}
        return
    yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
