"""Files and folders → one file of sentences to learn from, with their words counted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm.cleaning import CleanOptions, Deduplicated, clean_all
from tevr.lm.counts import MEMORY, Progress, no_progress
from tevr.lm.documents import Block, Skipped, find_documents, read_documents
from tevr.lm.held_out import HeldOut
from tevr.lm.manifest import MANIFEST
from tevr.lm.scratch import PREFIX
from tevr.lm.token_ids import WORD_BYTES

_log = logging.getLogger("tevr.lm")

SMALL = 2_000_000
"""Bytes of text that one process cleans before others have started."""


@dataclass(frozen=True)
class GatherOptions:
    """How texts are gathered.

    Attributes:
        clean: how running text becomes sentences.
        memory: bytes the whole process may take; a quarter of them for words.
        workers: processes that clean larger texts.
    """

    clean: CleanOptions = field(default_factory=CleanOptions)
    memory: int = MEMORY
    workers: int = 2

    @property
    def most_words(self) -> int:
        """Different words counted at the same time."""
        return self.memory // 4 // WORD_BYTES


@dataclass(frozen=True)
class TrainingText:
    """Sentences to learn from, in a file.

    Attributes:
        path: the file, UTF-8, one normalised sentence a line.
        sentences: number of sentences.
        words: number of words.
        counts: how often each different word occurs; of very many, without the rarest.
        files: number of documents found, those skipped among them.
        skipped: documents that could not be read, or not to their end.
        repeated: sentences dropped because they are exact copies of longer ones.
        exact: sentences dropped because they are held out.
        near: sentences dropped because they are nearly a held-out one.
    """

    path: Path
    sentences: int
    words: int
    counts: Counter[str]
    files: int
    skipped: tuple[Skipped, ...]
    repeated: int
    exact: int
    near: int

    def read(self) -> Iterator[str]:
        """Yield the sentences."""
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                yield line.rstrip("\n")


def gather(
    paths: Iterable[Path],
    target: Path,
    held_out: HeldOut,
    options: GatherOptions = GatherOptions(),
    progress: Progress = no_progress,
) -> TrainingText:
    """Read documents, clean them, drop held-out and repeated sentences and count words.

    Args:
        paths: files and folders; a document that cannot be read stops no other.
        target: the file to write.
        held_out: sentences that must not be learnt.
        options: how.
        progress: told of every document.

    Raises:
        UsageError: a path is missing or of an unknown kind, or a reader's package is.
        ModelError: nothing is left to learn from.
        OutputError: the disk is full.
    """
    documents = find_texts(paths)
    reading = _Reading(documents, progress)
    size = sum(path.stat().st_size for path in documents)
    workers = options.workers if size > SMALL else 1
    cleaned = clean_all(reading.texts(), options.clean, workers=workers)
    different = Deduplicated(held_out.without(cleaned))
    sentences, counts = _write(different, target, options.most_words)
    skipped = tuple(reading.skipped)
    if not sentences:
        raise _nothing(len(documents), skipped, held_out)
    return TrainingText(
        path=target,
        sentences=sentences,
        words=counts.words,
        counts=counts.counts,
        files=len(documents),
        skipped=skipped,
        repeated=different.dropped,
        exact=held_out.exact,
        near=held_out.near,
    )


def find_texts(paths: Iterable[Path]) -> list[Path]:
    """Return the documents among files and below folders, but none that building left there.

    Word lists of language models and intermediate results lie below a folder of texts where the
    models are written there; they are read only if they are named.

    Raises:
        UsageError: as `find_documents`.
    """
    paths = list(paths)
    found = [path for path in find_documents(paths) if path in paths or not _is_made(path)]
    if not found:
        cause = "Only files of language models were found"
        raise UsageError(cause, "Name files or folders with texts.")
    return found


def _is_made(path: Path) -> bool:
    """Tell whether a file belongs to a language model or to one being built."""
    scratch = any(part.startswith(PREFIX) for part in path.parts)
    return scratch or (path.parent / MANIFEST).is_file()


class _Reading:
    """Reads documents, and notes those that it must skip.

    Attributes:
        skipped: what could not be read so far.
    """

    def __init__(self, documents: list[Path], progress: Progress) -> None:
        self.skipped: list[Skipped] = []
        self._documents = documents
        self._progress = progress

    def texts(self) -> Iterator[str]:
        """Yield the text of all documents."""
        sizes = [path.stat().st_size for path in self._documents]
        whole, done = max(sum(sizes), 1), 0
        for path, size in zip(self._documents, sizes, strict=True):
            self._progress("reading", done / whole)
            for part in read_documents([path]):
                if isinstance(part, Block):
                    yield part.text
                else:
                    self.skipped.append(part)
            done += size


class _Counts:
    """Counts words in bounded memory.

    Attributes:
        counts: how often the different words occur.
        words: number of words.
    """

    def __init__(self, most: int) -> None:
        self.counts: Counter[str] = Counter()
        self.words = 0
        self._most = most

    def add(self, words: list[str]) -> None:
        """Count some words; where there are too many different ones, forget the rarest."""
        self.counts.update(words)
        self.words += len(words)
        least = 1
        if len(self.counts) > self._most:
            # Half of the room must come free, else the next sentence fills it again.
            while len(self.counts) > self._most // 2:
                kept = {word: number for word, number in self.counts.items() if number > least}
                self.counts = Counter(kept)
                least += 1


def _write(sentences: Iterable[str], target: Path, most_words: int) -> tuple[int, _Counts]:
    """Write sentences to a file; return their number and their words."""
    counts, number = _Counts(most_words), 0
    try:
        with target.open("w", encoding="utf-8") as file:
            for sentence in sentences:
                counts.add(sentence.split())
                file.write(sentence + "\n")
                number += 1
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        cause = f"The sentences cannot be written to {target.parent} ({error.strerror or error})"
        raise OutputError(cause, "Free some space there.") from error
    return number, counts


def _nothing(documents: int, skipped: tuple[Skipped, ...], held_out: HeldOut) -> ModelError:
    """Return the error that no sentence is left, with the likeliest reason."""
    if skipped:
        cause = f"Nothing was learnt: {len(skipped)} of {documents} documents cannot be read"
        return ModelError(cause, f"The first: {skipped[0].reason}")
    if held_out.exact + held_out.near:
        cause = "All sentences of the texts are held out"
        return ModelError(cause, "Give other texts to learn from.")
    return ModelError("The texts hold no sentence of German letters", "Give texts with words.")


def read_sentences(paths: Iterable[Path], clean: CleanOptions | None = None) -> Iterator[str]:
    """Yield the normalised sentences of files and folders; what cannot be read is logged.

    Raises:
        UsageError: a path is missing or of an unknown kind, or a reader's package is.
    """
    reading = _Reading(find_texts(paths), no_progress)
    yield from clean_all(reading.texts(), clean or CleanOptions(), workers=1)
    for skipped in reading.skipped:
        _log.warning("Left out: %s", skipped.reason)
