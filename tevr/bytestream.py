"""Turns a path, pipe or binary file object into one stream of bytes that PyAV can read."""

from __future__ import annotations

import io
import os
import shutil
import struct
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from tevr.errors import AudioError, UsageError

#: Bytes looked at to tell what a stream is.
HEAD_BYTES = 4096
#: RIFF sizes from here on (2 GiB less a header) are what programs write that cannot know better.
UNKNOWN_RIFF_SIZE = 0x7FFF_0000
#: An Ogg page is at most 65,307 bytes long, so the last one starts within these.
OGG_TAIL_BYTES = 65_536
OGG_LAST_PAGE = 4  # flag in the page header, RFC 3533

MP4_BOXES = frozenset({b"ftyp", b"moov", b"moof", b"mdat", b"wide", b"free", b"skip", b"styp"})
#: How common files begin.
SIGNATURES = (b"RIFF", b"RF64", b"fLaC", b"OggS", b"ID3", b"\x1a\x45\xdf\xa3", b"FORM", b"caff")


class ByteStream:
    """Bytes with a name for people; keeps an error of reading until it can be raised.

    PyAV swallows `KeyboardInterrupt` and blurs other errors raised inside `read`, so `read`
    notes them, says end of file, and `raise_failure` raises them outside of PyAV.
    """

    def __init__(self, source: str | os.PathLike[str] | BinaryIO) -> None:
        """Open a path, or borrow a file object; a pipe that cannot be streamed is stored first.

        Raises:
            AudioError: the file is missing, a folder, not readable, or empty.
            UsageError: the file object gives text.
        """
        self._owned = ExitStack()
        self._failure: OSError | ValueError | KeyboardInterrupt | None = None
        self._head = b""  # read ahead from a pipe, not yet handed on
        if isinstance(source, (str, os.PathLike)):
            self.name = Path(source).name or os.fspath(source)
            self._file = self._owned.enter_context(_opened(Path(source)))
        else:
            self.name = _stream_name(source)
            if isinstance(source, io.TextIOBase):
                raise UsageError(
                    f"{self.name} gives text, not bytes", "Open it in binary mode, 'rb'."
                )
            self._file = source
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        try:
            self._seekable = self._file.seekable()
            self.head = self._peek()
        except (OSError, ValueError) as error:
            raise _failed(self.name, error) from error
        if not self.head:
            raise AudioError(f"{self.name} is empty (0 bytes)", "Record or copy it again.")
        if not self._seekable and self.is_mp4() and not self._index_comes_first():
            self._spool()

    def _peek(self) -> bytes:
        """The first bytes of the stream, which `read` will give once more."""
        head = b""
        origin = self._file.tell() if self._seekable else 0
        while len(head) < HEAD_BYTES and (piece := self._file.read(HEAD_BYTES - len(head))):
            head += piece
        if self._seekable:
            self._file.seek(origin)
        else:
            self._head = head
        return head

    def _spool(self) -> None:
        """Store the pipe in a temporary file: MP4 needs its index, which may come last."""
        try:
            stored = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
            self._owned.enter_context(stored)
            stored.write(self._head)
            shutil.copyfileobj(self._file, stored)
            stored.seek(0)
        except (OSError, ValueError) as error:
            raise _failed(self.name, error) from error
        self._file, self._head, self._seekable = stored, b"", True

    def read(self, size: int) -> bytes:
        """At most `size` bytes, as soon as some are there; none at the end."""
        head, self._head = self._head[:size], self._head[size:]
        if head or self._failure is not None:  # FFmpeg tries again after the end of file
            return head
        try:
            # A pipe's `read` waits until all is there, which would hold back live sound.
            piece = getattr(self._file, "read1", self._file.read)(size)
        except (OSError, ValueError, KeyboardInterrupt) as error:
            self._failure = error
            return b""
        return piece or b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of a file."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Whether `seek` works."""
        return self._seekable

    def raise_failure(self) -> None:
        """Raise what went wrong while reading, if anything did.

        Raises:
            AudioError: the device or pipe failed.
            KeyboardInterrupt: the user broke off.
        """
        if isinstance(self._failure, KeyboardInterrupt):
            raise self._failure
        if self._failure is not None:
            raise _failed(self.name, self._failure) from self._failure

    def close(self) -> None:
        """Close what was opened here; a borrowed file object stays open."""
        self._owned.close()

    def is_mp4(self) -> bool:
        """Whether the bytes begin like MP4, M4A, MOV or 3GP."""
        return self.head[4:8] in MP4_BOXES

    def is_known(self) -> bool:
        """Whether the bytes begin like another common kind of sound file."""
        return self.head.startswith(SIGNATURES)

    def _index_comes_first(self) -> bool:
        """Whether an MP4's index stands before its sound, as far as the head tells."""
        at = 0
        while at + 8 <= len(self.head):
            size, box = struct.unpack_from(">I4s", self.head, at)
            if box in (b"moov", b"moof"):
                return True
            if box == b"mdat" or size < 8:  # noqa: PLR2004 - the length of a box header
                return False
            at += size
        return False

    def promised_share(self) -> float:
        """Bytes a RIFF header promises for each byte that is there; 1 if whole or unknown."""
        if not self._seekable or not self.head.startswith(b"RIFF"):
            return 1.0
        (promised,) = struct.unpack_from("<I", self.head, 4)
        size = self._size()
        return (promised + 8) / size if size < promised < UNKNOWN_RIFF_SIZE else 1.0

    def lacks_last_ogg_page(self) -> bool:
        """Whether an Ogg file breaks off before the page marked as its last."""
        if not self._seekable:
            return False
        self.seek(max(0, self._size() - OGG_TAIL_BYTES))
        tail = self._file.read(OGG_TAIL_BYTES)
        flags = tail[tail.rfind(b"OggS") + 5 :][:1] if b"OggS" in tail else b""
        return not flags or not flags[0] & OGG_LAST_PAGE

    def _size(self) -> int:
        return self.seek(0, os.SEEK_END)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise AudioError(f"There is no file {path}", "Check its name and folder.") from error
    except IsADirectoryError as error:
        raise AudioError(f"{path} is a folder", "Name the sound files in it.") from error
    except PermissionError as error:
        raise AudioError(
            f"{path} may not be read by this user", "Change its permissions or copy it."
        ) from error
    except (OSError, ValueError) as error:  # too long a name, a null character, a lost drive
        raise _failed(str(path), error) from error


def _failed(name: str, error: OSError | ValueError) -> AudioError:
    reason = getattr(error, "strerror", None) or str(error)
    return AudioError(
        f"Reading {name} failed: {reason}",
        "Check the drive, device or program that it comes from.",
    )


def _stream_name(file: BinaryIO) -> str:
    name = getattr(file, "name", None)
    if name == "<stdin>":
        return "standard input"
    return Path(name).name if isinstance(name, str) and name else "the stream"
