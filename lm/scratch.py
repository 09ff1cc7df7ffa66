"""A folder for intermediate results on disk → columns of numbers, and nothing left behind.

Columns are read and written block by block, never mapped into memory: mapped pages would count
as the process's own, and no limit could be kept.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tevr.errors import OutputError
from tevr.lm.lock import lock

PREFIX = "tevr-scratch-"
"""How the folders' names begin; the rest is drawn."""
_LOCK = "in-use"
_ADVICE = "Free some space there, or name another folder for intermediate results."
_log = logging.getLogger("tevr.lm")


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Make a new folder below the parent, and remove it in the end, whatever happens.

    Folders of runs that were killed are removed first; those of runs still going are left alone.

    Raises:
        OutputError: the folder cannot be made.
    """
    with _as_output_error(parent):
        parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(parent)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        with (folder / _LOCK).open("wb") as file:
            with _as_output_error(folder):
                lock(file)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Column:
    """Numbers of one type in a file: appended to, then read in slices.

    Args:
        path: the file; made at the first `append`.
        dtype: type of the numbers.
        width: numbers a row; rows of more than one come as (rows, width), others as (rows,).
    """

    def __init__(self, path: Path, dtype: DTypeLike, width: int = 1) -> None:
        self.dtype = np.dtype(dtype)
        self._path = path
        self._width = width
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def append(self, values: NDArray[Any]) -> None:
        """Write rows at the end, turned into the column's type.

        Raises:
            OutputError: the disk is full or cannot be written.
        """
        # Opened for each block, since some systems allow few open files and levels have many.
        with _as_output_error(self._path.parent), self._path.open("ab") as file:
            file.write(np.ascontiguousarray(values, self.dtype).data)
        self._rows += len(values)

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Return the rows from `start` to `stop`, by default all."""
        stop = self._rows if stop is None else min(stop, self._rows)
        count = max(stop - start, 0) * self._width
        if not count:
            values: NDArray[Any] = np.zeros(0, self.dtype)
        else:
            offset = start * self._width * self.dtype.itemsize
            values = np.fromfile(self._path, self.dtype, count, offset=offset)
        return values if self._width == 1 else values.reshape(-1, self._width)

    def blocks(self, rows: int) -> Iterator[NDArray[Any]]:
        """Yield all rows, so many at a time."""
        for start in range(0, self._rows, rows):
            yield self.read(start, start + rows)

    def remove(self) -> None:
        """Give the disk space back; the column is empty afterwards."""
        self._path.unlink(missing_ok=True)
        self._rows = 0


@contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    """Turn a failure of the disk into an error that says what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        cause = f"Intermediate results cannot be written to {folder} ({reason})"
        raise OutputError(cause, _ADVICE) from error


def _remove_abandoned(parent: Path) -> None:
    """Remove folders that no living process holds."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            with (folder / _LOCK).open("rb+") as file:
                lock(file)
        except OSError:
            # Held by a living run, made by one this moment, or another user's.
            continue
        shutil.rmtree(folder, ignore_errors=True)
        _log.info("Intermediate results of a run that was broken off were removed: %s", folder)
