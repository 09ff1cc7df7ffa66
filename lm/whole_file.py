"""A path → a stream beside it that takes its place once all is written, or leaves no trace."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Give a binary stream whose content stands at `path` once the block ends well.

    It is written beside `path` under a hidden name, synced to the disk and renamed. If the block
    raises, whatever it is, nothing is left of it, and an older file at `path` stays as it was; if
    the process is killed, the older one stays, too.

    Args:
        path: the file; its folder is there. A symbolic link is replaced, not followed.
        sync: wait until the disk has it. Without that a power failure can leave a file cut off.

    Raises:
        OSError: the file cannot be written.
    """
    part = path.with_name(f".tevr-{secrets.token_hex(8)}.part")
    # Mode "x" creates the file with the rights the umask leaves, which tempfile does not.
    stream = part.open("xb")
    try:
        yield stream
        if sync:
            stream.flush()
            os.fsync(stream.fileno())
        stream.close()
        part.replace(path)
    except BaseException:
        with suppress(OSError):  # a full disk fails again on the rest of the buffer
            stream.close()
        with suppress(OSError):
            part.unlink()
        raise


def is_full(error: BaseException) -> bool:
    """Whether writing failed for want of room, on the disk or in a user's share of it."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def why_unwritten(error: BaseException) -> str:
    """Why a file could not be written, for people."""
    if is_full(error):
        return "the disk is full"
    return getattr(error, "strerror", None) or str(error)
