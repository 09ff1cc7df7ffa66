"""What people see while a command runs: complaints, notes and progress, all on stderr."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress


def complain(message: str) -> None:
    """Print one sentence about something that failed, below any progress bar."""
    print(f"tevr: {message}", file=sys.stderr, flush=True)


def show_log() -> None:
    """Let the library's notes (damaged packets, files cut short) reach stderr as sentences."""
    logger = logging.getLogger("tevr")
    if not logger.handlers:
        handler = _Sentences()
        logger.addHandler(handler)
        logger.propagate = False


class _Sentences(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        complain(record.getMessage())


class Progress(Protocol):
    """Shows how far a batch of inputs has come."""

    def file(self, name: str, weight: float, seconds: float | None) -> None:
        """A new input begins; `seconds` is its length where the container tells it."""

    def at(self, seconds: float) -> None:
        """So many seconds of the current input are done."""


@contextmanager
def progress(total: float | None, *, quiet: bool) -> Iterator[Progress]:
    """A bar with the time left on a terminal; nothing elsewhere or with `quiet`.

    Args:
        total: the weights of all inputs together (their sizes in bytes: known at once, without
            opening thousands of files); ``None`` where one is unknown.
        quiet: show nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, total)


class _Silent:
    """No progress shown."""

    def file(self, name: str, weight: float, seconds: float | None) -> None:
        """Show nothing."""

    def at(self, seconds: float) -> None:
        """Show nothing."""


class _Bar:
    """One bar over all inputs, labelled with the current one."""

    def __init__(self, bar: RichProgress, total: float | None) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=total)
        self._before = 0.0  # weight of the inputs before the current one
        self._weight = 0.0
        self._seconds: float | None = None

    def file(self, name: str, weight: float, seconds: float | None) -> None:
        """A new input begins, the one before is done."""
        self._before += self._weight
        self._weight, self._seconds = weight, seconds
        self._bar.update(self._task, description=name, completed=self._before)

    def at(self, seconds: float) -> None:
        """So many seconds of the current input are done."""
        if self._seconds:
            part = min(1.0, seconds / self._seconds)
            self._bar.update(self._task, completed=self._before + part * self._weight)
