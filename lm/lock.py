"""A folder → held by this process alone until the work on it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tevr.errors import OutputError, UsageError

LOCK = ".tevr-lock"
"""The file whose holder works on the folder; it may stay behind, only being held counts."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder if it is not there, and hold it; a killed process holds nothing.

    Raises:
        UsageError: another process holds it.
        OutputError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("ab")
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be written ({error.strerror or error})",
            "Choose another folder.",
        ) from error
    with file:
        try:
            lock(file)
        except OSError as error:
            raise UsageError(
                f"Another run is at work on {folder}", "Wait for it, or choose another folder."
            ) from error
        yield


if sys.platform == "win32":
    import msvcrt

    def lock(file: IO[bytes]) -> None:
        """Hold a file until it is closed; OSError if another process holds it."""
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock(file: IO[bytes]) -> None:
        """Hold a file until it is closed; OSError if another process holds it."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
