"""Files and folders → running text for language models, block by block.

for part in read_documents(find_documents(paths)):
    match part:
        case Block(path, text): ...      # text ends where a sentence ends
        case Skipped(path, reason): ...  # the file gives nothing (more); the others go on
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tevr.errors import UsageError
from tevr.lm.encoding import DocumentError, read_blocks, read_head, tell_encoding
from tevr.lm.layout import lines_of, paragraphs
from tevr.lm.markup import declared_encoding, html_blocks, markdown_blocks
from tevr.lm.office import docx_blocks, pdf_blocks

_log = logging.getLogger("tevr.lm")

_PACKED = (".xz", ".gz")


@dataclass(frozen=True)
class Block:
    """A stretch of running text that ends where a sentence ends."""

    path: Path
    text: str


@dataclass(frozen=True)
class Skipped:
    """A file that cannot be read, or not to its end."""

    path: Path
    reason: str
    """Cause and advice, for the user."""


def find_documents(paths: Iterable[Path]) -> list[Path]:
    """Return the documents among files and below folders, each once, those of a folder sorted.

    Hidden files and folders are passed over. Files of unknown kinds below folders are counted in
    one log line.

    Raises:
        UsageError: a path does not exist, a named file is of an unknown kind, or nothing is found.
    """
    found: dict[Path, Path] = {}
    unknown: Counter[str] = Counter()
    for path in paths:
        if path.is_dir():
            for file in _files_below(path):
                if _kind(file) is None:
                    unknown[file.suffix.lower()] += 1
                else:
                    found.setdefault(file.resolve(), file)
        else:
            found.setdefault(path.resolve(), _named(path))
    if unknown:
        kinds = ", ".join(f"{suffix} ({count})" for suffix, count in sorted(unknown.items()))
        _log.warning("%d files of other kinds were left out: %s.", unknown.total(), kinds)
    if not found:
        raise UsageError("No documents were found", f"Name files of these kinds: {_known_kinds()}.")
    return list(found.values())


def read_documents(paths: Iterable[Path]) -> Iterator[Block | Skipped]:
    """Yield the text of documents in their order; a file that cannot be read stops no other.

    Raises:
        UsageError: the package that reads a kind is not installed.
    """
    for path in paths:
        try:
            for text in read_document(path):
                yield Block(path, text)
        except DocumentError as error:
            yield Skipped(path, str(error))


def read_document(path: Path) -> Iterator[str]:
    """Yield the running text of one document in blocks of whole sentences.

    A block is a paragraph, heading, list item or table cell; of plain text a line, or a paragraph
    where lines are hard-wrapped (see `tevr.lm.layout`). Plain text, Markdown and HTML are read in
    bounded memory.

    Raises:
        DocumentError: the file is damaged, protected or no text.
        UsageError: the kind is unknown, or the package that reads it is not installed.
    """
    kind = _kind(path)
    if kind is None:
        raise _unknown_kind(path)
    return _READERS[kind](path)


def _plain_blocks(path: Path) -> Iterator[str]:
    yield from paragraphs(lines_of(read_blocks(path, tell_encoding(read_head(path)))))


def _markdown_blocks(path: Path) -> Iterator[str]:
    yield from markdown_blocks(read_blocks(path, tell_encoding(read_head(path))))


def _html_blocks(path: Path) -> Iterator[str]:
    head = read_head(path)
    encoding = tell_encoding(head, declared=declared_encoding(head))
    yield from html_blocks(read_blocks(path, encoding))


_READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    "": _plain_blocks,
    ".txt": _plain_blocks,
    ".text": _plain_blocks,
    ".md": _markdown_blocks,
    ".markdown": _markdown_blocks,
    ".html": _html_blocks,
    ".htm": _html_blocks,
    ".docx": docx_blocks,
    ".pdf": pdf_blocks,
}
_UNPACKED = {".docx", ".pdf"}
"""Kinds that are read only as they are, not packed as .xz or .gz."""


def _kind(path: Path) -> str | None:
    """Return the suffix that decides how a file is read; None if it is not known."""
    suffix = path.suffix.lower()
    packed = suffix in _PACKED
    suffix = Path(path.stem).suffix.lower() if packed else suffix
    return None if suffix not in _READERS or (packed and suffix in _UNPACKED) else suffix


def _named(path: Path) -> Path:
    """Return a path that the user named, if it is a document."""
    if not path.exists():
        raise UsageError(f"{path} does not exist", "Check the name of the file or folder.")
    if not path.is_file() or _kind(path) is None:
        raise _unknown_kind(path)
    return path


def _unknown_kind(path: Path) -> UsageError:
    return UsageError(
        f"{path} is of a kind that is not read",
        f"Give it the ending .txt if it is plain text; these kinds are read: {_known_kinds()}.",
    )


def _known_kinds() -> str:
    return ", ".join(suffix for suffix in _READERS if suffix)


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in the order of their names, without hidden ones."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(root, name)
            if not name.startswith(".") and file.is_file():
                yield file
