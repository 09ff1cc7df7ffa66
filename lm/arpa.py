"""ARPA text ↔ an n-gram model as arrays, plain or compressed with gzip.

The format is the one of the ARPA reports that SRILM describes (ngram-format(5)) and KenLM reads:
a head with the number of n-grams of each length, then one line for each n-gram.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tevr.errors import ModelError, OutputError
from tevr.lm.backoff import MARKERS, NEVER, START, UNKNOWN, BackoffModel, Floats, Ids
from tevr.lm.closure import Rows, closed, joined
from tevr.lm.whole_file import whole_file

MISSING_UNKNOWN = -100.0
"""log10 of `<unk>` in a model that has none, as KenLM takes it."""
_BLOCK = 1 << 17
"""Lines that are read or written at a time."""
_GZIP = b"\x1f\x8b"
_COMPRESSION = 5
"""Level of gzip: beyond it, texts of numbers take twice the time for some per cent."""
_HEAD = 1 << 20
"""Bytes in which `\\data\\` must come; other tools put remarks before it."""
_COUNT = re.compile(rb"ngram\s+(\d+)\s*=\s*(\d+)\s*")
_UNFIT = re.compile("^$|[\0\t-\r \ud800-\udfff]")
"""What no word of an ARPA text may hold."""
_ADVICE = "Take another file, or write it again with the tool that made it."


def write_arpa(model: BackoffModel, path: str | os.PathLike[str]) -> None:
    """Write a model as ARPA text: log10 with six decimals, UTF-8, gzip if the name ends in `.gz`.

    The text is written beside the target and renamed, so that none is ever half there.

    Raises:
        OutputError: the file cannot be written.
        ModelError: a word is empty or holds a space or what is no character in UTF-8.
    """
    path = Path(path)
    unfit = next((word for word in model.words if _UNFIT.search(word)), None)
    if unfit is not None:
        raise ModelError(f"The word {unfit!r} cannot stand in an ARPA text", "Leave it out.")
    try:
        with whole_file(path) as raw, _packed(raw, compressed=path.suffix == ".gz") as file:
            file.writelines(text.encode() for text in _texts(model))
    except OSError as error:
        cause = f"The language model {path} cannot be written: {error.strerror or error}"
        raise OutputError(cause, "Choose another folder or make room there.") from error


def _packed(raw: BinaryIO, *, compressed: bool) -> AbstractContextManager[BinaryIO | gzip.GzipFile]:
    """Give the stream itself, or one that compresses into it; it stays open."""
    # No name and no time: the same model gives the same bytes.
    return gzip.GzipFile("", "wb", _COMPRESSION, raw, mtime=0) if compressed else nullcontext(raw)


def _texts(model: BackoffModel) -> Iterator[str]:
    """Yield the ARPA text in pieces."""
    counts = "".join(f"ngram {length}={size}\n" for length, size in enumerate(model.sizes, 1))
    yield f"\\data\\\n{counts}"
    words = np.array([*model.words, ""], object)[:-1]  # never an array of characters
    for index, level in enumerate(model.levels):
        yield f"\n\\{index + 1}-grams:\n"
        template = "%.6f\t" + " ".join(["%s"] * (index + 1))
        template += "\t%.6f\n" if index + 1 < model.order else "\n"
        for first in range(0, len(level), _BLOCK):
            block = slice(first, first + _BLOCK)
            columns = [words[ids].tolist() for ids in _columns(model, index, block)]
            columns.insert(0, _rounded(np.minimum(level.log10[block], 0)))
            if index + 1 < model.order:
                columns.append(_rounded(level.back_off[block]))
            yield "".join(map(template.__mod__, zip(*columns, strict=True)))
    yield "\n\\end\\\n"


def _columns(model: BackoffModel, index: int, block: slice) -> list[Ids]:
    """Return the words of some n-grams, from the first to the last, each (n-grams,)."""
    at = model.levels[index].history[block]
    columns = [model.levels[index].word[block]]
    for level in model.levels[:index][::-1]:
        columns.append(level.word[at])
        at = level.history[at]
    return columns[::-1]


def _rounded(values: Floats) -> list[float]:
    """Return numbers that print without a minus before zero."""
    rounded: list[float] = (values.astype(np.float64).round(6) + 0.0).tolist()
    return rounded


@dataclass
class _Lines:
    """The lines of a file, counted for error messages."""

    path: Path
    file: BinaryIO | gzip.GzipFile
    number: int = 0
    """Lines read so far; 1 is the first line's number."""

    def next(self) -> bytes:
        """Return the next line that is not blank, without its end; empty at the file's end."""
        while line := self.file.readline(_HEAD):
            self.number += 1
            if line.strip():
                return line.strip()
        return b""

    def take(self, most: int) -> list[bytes]:
        """Return the next lines, as many as there are."""
        lines = list(islice(self.file, most))
        self.number += len(lines)
        return lines

    def expected(self, what: str, found: bytes, number: int | None = None) -> ModelError:
        """Return the error that a line, the last one read if not told, is not what must come."""
        shown = found[:60].decode("utf-8", "backslashreplace")
        cause = f"{self.path}, line {number or self.number}: expected {what}, found {shown!r}"
        return ModelError(cause if found else f"{self.path} ends where {what} must come", _ADVICE)


def read_arpa(path: str | os.PathLike[str]) -> BackoffModel:
    """Read a model from ARPA text, plain or gzip, of any tool.

    n-grams may come in any order, with tabs or spaces, with or without back-off weight. A missing
    `<unk>` is added with `MISSING_UNKNOWN`, and n-grams whose history or suffix was pruned get it
    back with the probability that backing off gives. The probability of `<s>` becomes `NEVER`.

    Raises:
        ModelError: the file is missing, damaged or no ARPA text; the message says in which line
            what was expected.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            if raw.peek(len(_GZIP)).startswith(_GZIP):
                with gzip.GzipFile(fileobj=raw) as file:
                    model = _read(_Lines(path, file))
                    while file.read(_HEAD):  # what follows holds the checksum
                        pass
                    return model
            return _read(_Lines(path, raw))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        cause = f"The compressed language model {path} is truncated or damaged"
        raise ModelError(cause, _ADVICE) from error
    except OSError as error:
        cause = f"The language model {path} cannot be read: {error.strerror or error}"
        raise ModelError(cause, "Check the path.") from error


def _read(lines: _Lines) -> BackoffModel:
    """Read all parts of the text."""
    counts, heading = _head(lines)
    words, ids = list(MARKERS), dict[bytes, int]()
    sections: list[Rows] = []
    for length, count in enumerate(counts, 1):
        wanted = f"\\{length}-grams:"
        if heading != wanted.encode():
            raise lines.expected(wanted, heading)
        if length == 1:
            sections.append(_words(lines, count, words, ids))
        else:
            sections.append(_longer(lines, length, count, ids))
        heading = lines.next()
    if heading != b"\\end\\":
        raise lines.expected("\\end\\ after as many n-grams as the head says", heading)
    top = sections[-1]
    if len(counts) > 1 and top.back_off.any():
        cause = f"{lines.path}, line {top.line + int((top.back_off != 0).argmax())}"
        raise ModelError(f"{cause}: the longest n-grams can have no back-off weight", _ADVICE)
    while len(sections) > 1 and not len(sections[-1].ids):
        sections.pop()
    sections[-1] = replace(sections[-1], back_off=np.zeros_like(sections[-1].back_off))
    return closed(words, sections, str(lines.path))


def _head(lines: _Lines) -> tuple[list[int], bytes]:
    """Read the number of n-grams of each length; return also the line after them."""
    size = 0
    while (line := lines.next()) != b"\\data\\":
        size += len(line)
        if not line or size >= _HEAD or b"\0" in line:
            cause = f"{lines.path} is no ARPA text in UTF-8: it has no line \\data\\"
            raise ModelError(cause, _ADVICE)
    counts: list[int] = []
    while found := _COUNT.fullmatch(line := lines.next()):
        if int(found[1]) != len(counts) + 1:
            raise lines.expected(f"'ngram {len(counts) + 1}=' and a number", line)
        counts.append(int(found[2]))
    if not counts or not counts[0]:
        raise lines.expected("the numbers of n-grams, as 'ngram 1=' and a number", line)
    return counts, line


def _words(lines: _Lines, count: int, words: list[str], ids: dict[bytes, int]) -> Rows:
    """Read the single words; enter them into `words` and, as bytes, into `ids`."""
    found: list[tuple[Floats, Floats]] = []
    first = lines.number + 1
    for block, (column,), *scores in _blocks(lines, 1, count):
        found.append((scores[0], scores[1]))
        for number, word in enumerate(column, lines.number - len(block) + 1):
            _enter(lines, word, number, words, ids)
    for marker in MARKERS[1:]:
        if marker.encode() not in ids:
            cause = f"{lines.path} has no {marker} among its single words"
            raise ModelError(cause, "Give a model with marks of sentence borders.")
    at = np.fromiter(ids.values(), np.int64, len(ids))
    log10 = np.full(len(words), MISSING_UNKNOWN, np.float32)
    back_off = np.zeros(len(words), np.float32)
    log10[at], back_off[at] = (np.concatenate(parts) for parts in zip(*found, strict=True))
    log10[START] = NEVER
    ids.setdefault(MARKERS[UNKNOWN].encode(), UNKNOWN)
    every = np.arange(len(words), dtype=np.int32)[:, None]
    return Rows(every, log10, back_off, first)


def _enter(
    lines: _Lines, word: bytes, number: int, words: list[str], ids: dict[bytes, int]
) -> None:
    """Give a word its id; `<UNK>` is another spelling of `<unk>`."""
    try:
        text = word.decode()
    except UnicodeDecodeError:
        raise lines.expected("UTF-8", word, number) from None
    marker = text if text != "<UNK>" else MARKERS[UNKNOWN]
    at = MARKERS.index(marker) if marker in MARKERS else len(words)
    if word in ids or (at == UNKNOWN and UNKNOWN in ids.values()):
        raise lines.expected("every word once", word, number)
    ids[word] = at
    if at == len(words):
        words.append(text)


def _longer(lines: _Lines, length: int, count: int, ids: Mapping[bytes, int]) -> Rows:
    """Read the n-grams of one length above 1."""
    first = lines.number + 1
    found = [Rows(np.zeros((0, length), np.int32), *(np.zeros(0, np.float32),) * 2)]
    for block, columns, log10, back_off in _blocks(lines, length, count):
        rows = np.empty((len(block), length), np.int32)
        try:
            for index, column in enumerate(columns):
                rows[:, index] = np.fromiter(map(ids.__getitem__, column), np.int32, len(block))
        except KeyError:
            raise _complaint(lines, block, length, ids) from None
        found.append(Rows(rows, log10, back_off))
    return joined(found, first)


_Block = tuple[list[bytes], list[list[bytes]], Floats, Floats]
"""Lines, then their columns of words, log10 and back-off weights."""


def _blocks(lines: _Lines, length: int, count: int) -> Iterator[_Block]:
    """Yield a section in blocks."""
    while count:
        block = lines.take(min(_BLOCK, count))
        if not block:
            raise lines.expected(f"{count} more n-grams of length {length}", b"")
        count -= len(block)
        try:
            parsed = _parsed(block, length)
        except ValueError:
            raise _complaint(lines, block, length) from None
        yield block, *parsed


def _parsed(block: Sequence[bytes], length: int) -> tuple[list[list[bytes]], Floats, Floats]:
    """Return the columns of words, log10 and back-off weights of lines.

    Raises:
        ValueError: some line is wrong; `_complaint` tells which.
    """
    # All lines at once, marked off with zeros: a list for each would take twice the time.
    fields = [*b" \0 ".join(block).split(), b"\0"]
    width = length + 3
    if len(fields) != width * len(block) or set(fields[width - 1 :: width]) != {b"\0"}:
        rows = [line.split() for line in block]
        if not {len(row) for row in rows} <= {length + 1, length + 2}:
            raise ValueError
        fields = [
            field for row in rows for field in (*row, *(b"0", b"\0")[len(row) - length - 1 :])
        ]
    columns = [fields[index::width] for index in range(length + 2)]
    log10 = np.fromiter(map(float, columns[0]), np.float64, len(block))
    back_off = np.fromiter(map(float, columns[-1]), np.float64, len(block))
    if not (log10 <= 0).all() or not np.isfinite(back_off).all():
        raise ValueError
    # Some tools write a probability of 0 as minus infinity.
    log10 = np.where(np.isinf(log10), NEVER, log10)
    return columns[1:-1], log10.astype(np.float32), back_off.astype(np.float32)


def _complaint(
    lines: _Lines, block: Sequence[bytes], length: int, ids: Mapping[bytes, int] | None = None
) -> ModelError:
    """Return the error of the first wrong line among some that were just read."""
    for number, line in enumerate(block, lines.number - len(block) + 1):
        row = line.split()
        if not row or row[0].startswith(b"\\"):
            what = f"as many n-grams of length {length} as the head says"
        elif len(row) not in {length + 1, length + 2}:
            what = f"log10, {length} words and perhaps a back-off weight"
        elif not _number(row[0]) <= 0:
            what = "log10 of a probability, 0 at most,"
        elif len(row) > length + 1 and not np.isfinite(_number(row[-1])):
            what = "a finite back-off weight at the end"
        elif ids is not None and not ids.keys() >= set(row[1 : length + 1]):
            what = "only words of the section of single words"
        else:
            continue
        return lines.expected(what, line.strip() or b" ", number)
    raise AssertionError("all lines are right")


def _number(text: bytes) -> float:
    """Return a number, NaN for a text that is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
