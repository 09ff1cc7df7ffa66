"""Texts → a folder of spoken sentences with a manifest to train on.

FOLDER/manifest.tsv     path, text, speaker and seconds, a line for each clip
FOLDER/clips/0000000.flac …
FOLDER/synth.json       the settings, so that no other run goes on here

A run that was broken off, even by kill -9, is gone on with by the same call, and ends with the same
files as an unbroken one: what is said, by whom and in which order follows from the seed, a clip is
whole before its line appears, and lines appear in order.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm.corpus import sentences as split
from tevr.lm.documents import Skipped, find_documents, read_documents
from tevr.lm.lock import held
from tevr.lm.whole_file import whole_file
from tevr.training.speakers import Cast
from tevr.training.speaking import Clip, Job, Missed, spoken
from tevr.training.synthesisers import find_voices

MANIFEST, SETTINGS, CLIPS = "manifest.tsv", "synth.json", "clips"
COLUMNS = ("path", "text", "speaker", "seconds")
#: Characters of a sentence: one of less is hardly speech, one of more is too long to train on.
LENGTHS = range(2, 301)
SCHEMA = 1
#: Sentences missed in a row, from the very beginning, after which a voice is taken to be broken.
HOPELESS = 200
_AGAIN = "Free some space, then run the same command: it goes on where it stopped."

Progress = Callable[[int, float], None]
"""Told the clips and the seconds of sound there are."""


@dataclass(frozen=True, slots=True)
class SynthOptions:
    """What is spoken, and by whom.

    Attributes:
        texts: files and folders of running German text, see `tevr.lm.documents`.
        folder: where clips are written.
        sentences: clips at most; ``None``: as many as there are sentences.
        hours: hours of sound after which no more is made; ``None``: no such limit.
        seed: whole number that all choices follow from, at least 0.
        voices: see `tevr.training.synthesisers.find_voices`.
        speakers: number of different speakers.
        read_out: speak numbers and abbreviations as `tevr.lm.spoken` reads them, so that speech and
            normalised text agree, rather than as the voice does. The manifest has them as written.
        jobs: processes that speak.
    """

    texts: Sequence[Path]
    folder: Path
    sentences: int | None = None
    hours: float | None = None
    seed: int = 0
    voices: Sequence[str] = ("pico",)
    speakers: int = 100
    read_out: bool = False
    jobs: int = 1

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError(f"The seed {self.seed} is below 0", "Choose 0 or more.")
        if (
            min(
                self.speakers,
                self.jobs,
                len(self.voices),
                1 if self.sentences is None else self.sentences,
            )
            < 1
        ):
            raise UsageError("Somebody has to speak something", "Choose numbers of 1 or more.")
        if self.hours is not None and not 0 < self.hours < float("inf"):
            raise UsageError(f"{self.hours:g} hours cannot be spoken", "Choose more than 0.")


@dataclass(frozen=True, slots=True)
class SynthReport:
    """What a folder holds.

    Attributes:
        clips: number of clips.
        made: those of them that this run made.
        seconds: of sound.
        missed: sentences that could not be spoken, in all runs.
        sentences: different sentences of the texts.
        unread: documents that could not be read, or not to their end.
    """

    clips: int
    made: int
    seconds: float
    missed: int
    sentences: int
    unread: tuple[Skipped, ...]


def synthesise(options: SynthOptions, progress: Progress | None = None) -> SynthReport:
    """Speak sentences of the texts until there are enough clips, going on from an earlier run.

    All sentences are held in memory.

    Raises:
        UsageError: there is no text or no such voice, another run is at work on the folder, or the
            folder is of other settings.
        ModelError: a voice does not work.
        OutputError: a file cannot be written.
        TevrError: a process that speaks was ended from outside.
    """
    voices = find_voices(options.voices)
    texts, unread = _sentences(options.texts)
    with held(options.folder), _as_output_error(options.folder):
        _claim(options.folder, _settings(options, voices, texts))
        with closing(_Shelf(options.folder)) as shelf:
            before = shelf.clips
            _fill(shelf, texts, Cast(options.seed, voices, options.speakers), options, progress)
    return SynthReport(
        clips=shelf.clips,
        made=shelf.clips - before,
        seconds=shelf.seconds,
        missed=shelf.next - shelf.clips,
        sentences=len(texts),
        unread=unread,
    )


def _sentences(paths: Sequence[Path]) -> tuple[list[str], tuple[Skipped, ...]]:
    """The different sentences of documents, as written, and the documents that are not read."""
    found: dict[str, None] = {}
    unread: list[Skipped] = []
    for part in read_documents(find_documents(paths)):
        if isinstance(part, Skipped):
            unread.append(part)
        else:
            found |= dict.fromkeys(" ".join(each.split()) for each in split(part.text))
    texts = [text for text in found if len(text) in LENGTHS]
    if not texts:
        raise UsageError(
            "There is no sentence to speak in the texts",
            f"Give German text with sentences of {LENGTHS[0]} to {LENGTHS[-1]} characters.",
        )
    return texts, tuple(unread)


def _settings(options: SynthOptions, voices: list[str], texts: list[str]) -> dict[str, object]:
    """All that the clips of a folder depend on, but for their number."""
    return {
        "schema": SCHEMA,
        "seed": options.seed,
        "voices": voices,
        "speakers": options.speakers,
        "read_out": options.read_out,
        "sentences": len(texts),
        "sha256": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
    }


def _claim(folder: Path, settings: dict[str, object]) -> None:
    """Make the folder one of these settings, if it is not of others.

    Raises:
        UsageError: it is of others.
    """
    path = folder / SETTINGS
    try:
        there = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    except ValueError:
        there = {}
    if there is None:
        if (folder / MANIFEST).exists():
            cause = f"{folder} holds recordings that were not made here"
            raise UsageError(cause, "Choose another folder.")
        (folder / CLIPS).mkdir(exist_ok=True)
        with whole_file(path) as file:
            file.write(json.dumps(settings, indent=2).encode() + b"\n")
    elif there != settings:
        others = there if isinstance(there, dict) else {}
        keys = [key for key, value in settings.items() if others.get(key) != value]
        names = {"sha256": "texts", "sentences": "texts"}
        differ = ", ".join(dict.fromkeys(names.get(key, key) for key in keys))
        raise UsageError(
            f"{folder} holds speech made with other settings ({differ})",
            "Choose another folder, or the settings of before.",
        )


class _Shelf:
    """The clips of a folder, and its manifest, which only grows.

    Attributes:
        clips: their number.
        seconds: of sound.
        next: the place, in the order of the seed, of the first sentence not yet tried.
    """

    def __init__(self, folder: Path) -> None:
        self.clips = 0
        self.seconds = 0.0
        self.next = 0
        self._folder = folder
        for part in folder.rglob(".tevr-*.part"):  # of `whole_file`, in a run that was killed
            part.unlink()
        path = folder / MANIFEST
        if not path.exists():
            with whole_file(path) as file:
                file.write("\t".join(COLUMNS).encode() + b"\n")
        self._whole = 0  # bytes of the manifest's whole lines
        self._read(path)
        self._manifest = path.open("r+b", buffering=0)  # a line is there at once, or has failed
        self._manifest.truncate(self._whole)
        self._manifest.seek(self._whole)

    def close(self) -> None:
        """Leave whole lines behind, even if the last could not be written."""
        with self._manifest:
            self._manifest.truncate(self._whole)

    def add(self, place: int, clip: Clip) -> None:
        """Keep the clip of the sentence at a place."""
        name = f"{CLIPS}/{place:07}.flac"
        with whole_file(self._folder / name) as file:
            file.write(clip.sound)
        line = f"{name}\t{clip.text}\t{clip.speaker}\t{clip.seconds:.2f}\n".encode()
        if self._manifest.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._count(line)

    def _read(self, path: Path) -> None:
        """Count what is there; a line that was broken off is forgotten, its clip made again."""
        with path.open("rb") as file:
            head = file.readline()
            if head != "\t".join(COLUMNS).encode() + b"\n":
                raise _damaged(self._folder, "its first line is another")
            self._whole = len(head)
            for line in file:
                if line.endswith(b"\n"):
                    self._count(line)

    def _count(self, line: bytes) -> None:
        try:
            path, _text, _speaker, seconds = line.decode().split("\t")
            self.next = int(Path(path).stem) + 1
            self.seconds += float(seconds)
        except ValueError as error:
            raise _damaged(self._folder, f"line {self.clips + 2} is none") from error
        self.clips += 1
        self._whole += len(line)


def _fill(
    shelf: _Shelf, texts: list[str], cast: Cast, options: SynthOptions, progress: Progress | None
) -> None:
    """Speak sentences in their order until there are enough clips."""
    order = cast.order(len(texts))
    jobs = (
        Job(texts[number], cast.says(number), read_out=options.read_out)
        for number in islice(order, shelf.next, None)
    )
    if _enough(shelf, options):
        return
    reason = ""
    with closing(spoken(jobs, options.jobs)) as results:
        for place, result in enumerate(results, shelf.next):
            if isinstance(result, Missed):
                reason = reason or result.reason
                if not shelf.clips and place + 1 >= HOPELESS:
                    break
                continue
            shelf.add(place, result)
            if progress:
                progress(shelf.clips, shelf.seconds)
            if _enough(shelf, options):
                return
    if not shelf.clips:
        raise ModelError(f"No sentence could be spoken ({reason})", "Try other texts or voices.")
    shelf.next = len(texts)  # the last ones were missed


def _enough(shelf: _Shelf, options: SynthOptions) -> bool:
    clips = options.sentences is not None and shelf.clips >= options.sentences
    return clips or (options.hours is not None and shelf.seconds >= options.hours * 3600)


def _damaged(folder: Path, what: str) -> UsageError:
    return UsageError(
        f"The manifest of {folder} was changed ({what})", "Choose another folder, or remove it."
    )


@contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    """Turn a failure of the disk into an error that says what to do."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        cause = f"Clips cannot be written to {folder} ({error.strerror or error})"
        raise OutputError(cause, _AGAIN) from error
