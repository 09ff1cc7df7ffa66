"""A language-model folder ↔ its files, with a manifest that says what they were learnt from.

`lm.bin` holds the n-grams (a KenLM trie), `unigrams.txt` the words, likeliest first, one a
line, `lexicon.bin` how words are spelt and composed (see `tevr.lm.lexicon`) and `lm.json`, the
manifest, the rest. Folders of other tools, with an n-gram file beside `unigrams.txt`, and model
folders with a language model in them can be read too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm.arpa import read_arpa
from tevr.lm.backoff import BackoffModel
from tevr.lm.beam import BeamSettings, LanguageModelFiles, read_unigrams
from tevr.lm.manifest import (
    ADVICE,
    DECODING,
    MANIFEST,
    Decoding,
    FileRecord,
    Manifest,
    Origin,
    checked_decoding,
    read_json,
    read_manifest,
    unusable,
    write_manifest,
)
from tevr.lm.scratch import scratch_folder
from tevr.lm.trie_reader import read_trie

NGRAMS, UNIGRAMS, LEXICON, ARPA = "lm.bin", "unigrams.txt", "lexicon.bin", "lm.arpa.gz"
_MODEL_MANIFEST = "model.json"
_FOREIGN = (".bin", ".binary", ".arpa", ".klm", ".trie", ".mmap")
"""Endings that n-gram files of other tools have."""
_BINARY = b"mmap lm "
_HAS_WORDS_AT = 100  # byte of a KenLM binary that tells whether the words stand at its end


@dataclass(frozen=True, slots=True)
class LanguageModelFolder:
    """A language model on disk.

    Attributes:
        path: the folder.
        files: what a decoder opens.
        origin: what its manifest says; None for a folder without one.
        decoding: numbers of the search that it was tuned to, by their names in `DECODING`; None
            for `compound_offset` lets no compounds through.
        records: size and checksum of every file that the manifest lists.
    """

    path: Path
    files: LanguageModelFiles
    origin: Origin | None = None
    decoding: Decoding = field(default_factory=dict)
    records: Mapping[str, FileRecord] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name, for people."""
        return self.origin.name if self.origin else self.path.resolve().name

    def tuned(self, usual: BeamSettings) -> BeamSettings:
        """The usual settings with the numbers that this model was tuned to."""
        changed: dict[str, Any] = dict(self.decoding)
        return replace(usual, **changed)

    def model(self) -> BackoffModel:
        """Read the n-grams into memory.

        Raises:
            ModelError: the file is damaged, or a KenLM binary that is no trie.
        """
        path = self.files.ngrams
        head = _head(path)
        if not head.startswith(_BINARY):
            return read_arpa(path)
        has_words = len(head) > _HAS_WORDS_AT and head[_HAS_WORDS_AT]
        return read_trie(path, None if has_words else read_unigrams(self.files.unigrams))

    def verify(self) -> None:
        """Read every listed file and compare its checksum with the manifest's.

        Raises:
            ModelError: a file cannot be read or differs.
        """
        for name, record in self.records.items():
            if _record(self.path / name) != record:
                raise ModelError(f"{self.path / name} is damaged", ADVICE)


def read_language_model(path: str | os.PathLike[str]) -> LanguageModelFolder:
    """Find the language model in a folder, and check that its files are there, in full size.

    Args:
        path: a folder that `new_folder` wrote, a model folder with a language model, or any with
            one n-gram file (ARPA text or KenLM binary) beside `unigrams.txt`.

    Raises:
        ModelError: there is none, its manifest cannot be used or a file is missing or cut short.
    """
    folder = Path(path)
    if (folder / MANIFEST).is_file():
        return _with_manifest(folder)
    if (folder / _MODEL_MANIFEST).is_file():
        return _of_model(folder)
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "does not exist"
        raise ModelError(f"The language model {folder} {what}", "Give a language-model folder.")
    ngrams = folder / NGRAMS
    if not ngrams.is_file():
        found = [each for each in sorted(folder.iterdir()) if each.suffix in _FOREIGN]
        if len(found) != 1:
            cause = f"{folder} holds {len(found) or 'no'} files of n-grams"
            advice = "Give a language-model folder, or one with a single .arpa or .bin file"
            raise ModelError(cause, f"{advice} beside {UNIGRAMS}.")
        (ngrams,) = found
    if not (folder / UNIGRAMS).is_file():
        advice = "Write the words of the model into it, one a line."
        raise ModelError(f"{folder} holds n-grams, but no {UNIGRAMS}", advice)
    return LanguageModelFolder(folder, LanguageModelFiles(ngrams, folder / UNIGRAMS))


def check_target(target: Path, *, force: bool) -> None:
    """Refuse to write a language model where something else lies.

    Raises:
        UsageError: the target is a file, a folder with other things, or a language model that
            may not be replaced.
    """
    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return
    if target.is_symlink() or not (target / MANIFEST).is_file():
        cause = f"{target} is there already and no language-model folder"
        raise UsageError(cause, "Choose another name.")
    others = sorted({each.name for each in target.iterdir()} - {MANIFEST, *_own_files()})
    if others:
        cause = f"The language-model folder {target} also holds {others[0]}"
        raise UsageError(cause, "Move that away, or choose another name.")
    if not force:
        raise UsageError(f"{target} is there already", "Replace it with --force, or rename it.")


def write_folder(
    target: Path, origin: Origin, fill: Callable[[Path], None], *, force: bool = False
) -> LanguageModelFolder:
    """Write a language-model folder; it appears whole or not at all.

    Args:
        target: where it shall stand; the folders above are made.
        origin: what the manifest tells.
        fill: writes the files into a given empty folder.
        force: replace a language model that stands there.

    Raises:
        UsageError: see `check_target`.
        OutputError: the folder cannot be written.
    """
    check_target(target, force=force)
    with scratch_folder(target.absolute().parent) as scratch:
        new = scratch / "new"
        try:
            new.mkdir()
            fill(new)
            records = {file.name: _record(file) for file in sorted(new.iterdir())}
            write_manifest(Manifest(origin, records), new)
            _replace(target, new, scratch / "old")
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            raise _unwritten(target, error) from error
    return read_language_model(target)


def with_decoding(folder: LanguageModelFolder, decoding: Decoding) -> LanguageModelFolder:
    """Write the numbers that the search was tuned to into the manifest, in place of others.

    Args:
        folder: with a manifest of its own.
        decoding: values by their names in `DECODING`.

    Raises:
        UsageError: a name is unknown, or the folder has no such manifest.
        OutputError: the manifest cannot be written.
    """
    if folder.origin is None:
        cause = f"{folder.path} has no {MANIFEST} to note settings in"
        raise UsageError(cause, "Build a language model with tevr lm build.")
    tuned = replace(folder, decoding=checked_decoding(decoding))
    try:
        write_manifest(Manifest(folder.origin, folder.records, tuned.decoding), folder.path)
    except OSError as error:
        raise _unwritten(folder.path, error) from error
    return tuned


def _own_files() -> tuple[str, ...]:
    return NGRAMS, UNIGRAMS, LEXICON, ARPA


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HAS_WORDS_AT + 1)
    except OSError as error:
        cause = f"The language model {path} cannot be read ({error.strerror})"
        raise ModelError(cause, "Check the path.") from error


def _record(path: Path) -> FileRecord:
    try:
        return FileRecord.of(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", ADVICE) from error


def _replace(target: Path, new: Path, old: Path) -> None:
    """Put the new folder where the old one, if any, was; at any time one of them is there."""
    if not target.exists():
        new.rename(target)
        return
    target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        with suppress(OSError):
            old.rename(target)
        raise


def _unwritten(path: Path, error: OSError) -> OutputError:
    cause = f"The language model {path} cannot be written ({error.strerror or error})"
    return OutputError(cause, "Choose another folder or make room there.")


def _with_manifest(folder: Path) -> LanguageModelFolder:
    """Read a folder that `write_folder` wrote."""
    manifest = read_manifest(folder)
    records = manifest.records
    if missing := {NGRAMS, UNIGRAMS} - records.keys():
        raise unusable(folder / MANIFEST, f"it does not list {min(missing)}")
    _check_sizes(folder, records)
    files = _files(folder, NGRAMS, UNIGRAMS, LEXICON if LEXICON in records else None)
    return LanguageModelFolder(folder, files, manifest.origin, manifest.decoding, records)


def _of_model(folder: Path) -> LanguageModelFolder:
    """Read the language model of a model folder; `tevr.store` reads the other parts."""
    path = folder / _MODEL_MANIFEST
    data = read_json(path)
    ngrams, unigrams = data.get("language_model"), data.get("unigrams")
    if ngrams is None or unigrams is None:
        cause = f"The model {folder} has no language model"
        raise ModelError(cause, "Give a language-model folder.")
    lexicon = data.get("lexicon")
    try:
        listed = [name for name in (ngrams, unigrams, lexicon) if name is not None]
        records = {name: FileRecord(**data["files"][name]) for name in listed}
        tuned = {name: data["decoding"][name] for name in DECODING if name in data["decoding"]}
        decoding = checked_decoding(tuned)
    except (ValueError, KeyError, TypeError) as error:
        raise unusable(path, error) from error
    _check_sizes(folder, records)
    files = _files(folder, ngrams, unigrams, lexicon)
    return LanguageModelFolder(folder, files, None, decoding, records)


def _files(folder: Path, ngrams: str, unigrams: str, lexicon: str | None) -> LanguageModelFiles:
    return LanguageModelFiles(
        folder / ngrams, folder / unigrams, folder / lexicon if lexicon else None
    )


def _check_sizes(folder: Path, records: Mapping[str, FileRecord]) -> None:
    """Refuse a folder that lacks a file or holds one cut short or exchanged."""
    for name, record in records.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"The language model {folder} lacks {name}", ADVICE)
        if (size := path.stat().st_size) != record.bytes:
            cause = f"{path} is damaged: it has {size} bytes of {record.bytes}"
            raise ModelError(cause, ADVICE)
