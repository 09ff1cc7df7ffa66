"""Bytes of a text file → characters: the encoding is told from the bytes, and binaries are refused.

UTF-8 and everything with a byte order mark are certain. Other files are read as UTF-16 where every
other byte is zero, else as the one-byte encoding in which the most bytes within words are German
letters; Windows-1252, which holds all of Latin-1, wins ties.
"""

from __future__ import annotations

import codecs
import gzip
import io
import logging
import lzma
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from tevr.errors import TevrError

SAMPLE = 1 << 16
"""Bytes from which the encoding is told, and of a block; no file is held whole."""
MOST_CONTROLS = 0.001
"""Share of control characters beyond which a file is no text."""

_log = logging.getLogger("tevr.lm")

_MARKS = (  # UTF-32 first: its little-endian mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The bytes of ä, ö, ü and ß; counted only within a word, where quotation marks do not stand.
_GERMAN = {
    "cp1252": re.compile(rb"[A-Za-z][\xe4\xf6\xfc\xdf](?=[a-z])"),
    "mac_roman": re.compile(rb"[A-Za-z][\x8a\x9a\x9f\xa7](?=[a-z])"),
    "cp850": re.compile(rb"[A-Za-z][\x84\x94\x81\xe1](?=[a-z])"),
}
_NAMES = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman", "cp850": "code page 850"}
_CLEARLY = 3
"""Times as many German letters another encoding must give to be preferred to Windows-1252."""
_CONTROLS = re.compile("[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_STRAY = "tevr.stray"
_ZERO_SHARES = (0.7, 0.05)  # least and most zeros in the high and low bytes of UTF-16


class DocumentError(TevrError, OSError):
    """One document cannot be read as text; other documents are not affected."""


def tell_encoding(sample: bytes, *, declared: str | None = None) -> str:
    """Tell the encoding of a text from its first bytes.

    Args:
        sample: the beginning of the file; a character may be cut at its end.
        declared: what the file says of itself, believed where the bytes are not UTF-8.

    Returns:
        The name of a codec of Python.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if wide := _wide_without_mark(sample):
        return wide
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(sample)
    invalid = text.count("\ufffd")
    if invalid and invalid >= sum(char > "\x7f" for char in text) - invalid:
        return _known(declared) or _one_byte_encoding(sample)
    return "utf-8"


def read_head(path: Path) -> bytes:
    """Return the first `SAMPLE` bytes of a file, unpacked if its name ends in .xz or .gz.

    Raises:
        DocumentError: the file cannot be opened or unpacked.
    """
    with _opened(path) as file:
        return file.read(SAMPLE)


def read_blocks(path: Path, encoding: str, size: int = SAMPLE) -> Iterator[str]:
    """Yield the characters of a text in blocks, with every kind of line end as a line feed.

    Bytes that are not valid within an otherwise valid UTF-8 file are read as Windows-1252.

    Args:
        path: a plain, .xz or .gz file.
        encoding: as `tell_encoding` returns it.
        size: bytes read at a time.

    Raises:
        DocumentError: the file cannot be opened or unpacked, or is no text.
    """
    if not encoding.startswith("utf-8"):
        _log.warning("%s is not UTF-8; it was read as %s.", path, _NAMES.get(encoding, encoding))
    with _opened(path) as file:
        for text in _decoded(file, path, encoding, size):
            if len(_CONTROLS.findall(text)) > MOST_CONTROLS * len(text):
                raise DocumentError(
                    f"{path} is no text: it holds control characters",
                    "Save its text as UTF-8 and try again.",
                )
            yield _LINE_ENDS.sub("\n", text)


def _decoded(file: IO[bytes], path: Path, encoding: str, size: int) -> Iterator[str]:
    """Yield the text of a file block by block, with line feeds for the line ends of systems."""
    utf8 = encoding.startswith("utf-8")
    decoder = codecs.getincrementaldecoder(encoding)("strict" if utf8 else "replace")
    lines = io.IncrementalNewlineDecoder(None, translate=True)
    while True:
        block = file.read(size)
        state = decoder.getstate()
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            _log.warning("%s holds bytes that are not UTF-8; they were read as Windows-1252.", path)
            decoder.errors = _STRAY
            decoder.setstate(state)
            text = decoder.decode(block, final=not block)
        if text := lines.decode(text, final=not block):
            yield text
        if not block:
            return


# Beside those that the text wrapper knows: form feeds, and the line ends of Unicode.
_LINE_ENDS = re.compile("[\f\v\x85\u2028\u2029]")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading bytes, unpacked; what goes wrong meanwhile is a DocumentError."""
    try:
        with _open_bytes(path) as file:
            yield file
    except DocumentError:
        raise
    except (lzma.LZMAError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DocumentError(
            f"{path} is damaged and cannot be unpacked ({error})",
            "Copy or download the file again.",
        ) from error
    except OSError as error:
        raise DocumentError(
            f"{path} cannot be opened ({error.strerror or error})",
            "Check the name and the permissions of the file.",
        ) from error


def _open_bytes(path: Path) -> IO[bytes]:
    match path.suffix.lower():
        case ".xz":
            return lzma.open(path, "rb")
        case ".gz":
            return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _wide_without_mark(sample: bytes) -> str | None:
    """Return the byte order of UTF-16 without a mark; None if the zero bytes do not show one."""
    most, least = _ZERO_SHARES
    half = len(sample) // 2
    if half == 0 or b"\0" not in sample:
        return None
    even, odd = (sample[first::2].count(0) / half for first in (0, 1))
    if odd >= most and even <= least:
        return "utf-16-le"
    return "utf-16-be" if even >= most and odd <= least else None


def _known(declared: str | None) -> str | None:
    """Return a declared encoding if Python reads it and it could hold bytes beyond UTF-8."""
    if declared is None:
        return None
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        return None
    # As browsers do: pages that claim Latin-1 or ASCII hold the quotes of Windows-1252.
    name = "cp1252" if name in {"iso8859-1", "ascii"} else name
    return None if name.startswith("utf") else name


def _one_byte_encoding(sample: bytes) -> str:
    hits = {name: len(pattern.findall(sample)) for name, pattern in _GERMAN.items()}
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] > _CLEARLY * hits["cp1252"] else "cp1252"


def _read_stray_bytes(error: UnicodeError) -> tuple[str, int]:
    """Read undecodable bytes as Windows-1252, so that files of mixed encoding keep their words."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_STRAY, _read_stray_bytes)
