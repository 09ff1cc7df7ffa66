"""What people see while a command runs: complaints, notes and progress, all on stderr."""

from __future__ import annotations

import logging
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from tevr.cli.process import stopping

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn

#: Unicode categories that would tear a line or steer the terminal: controls, broken UTF-8, breaks.
UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")


def complain(message: str) -> None:
    """Print one sentence about something that failed, above any progress bar."""
    with suppress(OSError):  # nobody may be reading any more; the results matter, not the news
        print(f"tevr: {printable(message)}", file=sys.stderr, flush=True)


def unexpected(error: BaseException) -> str:
    """What to say about an error that nobody foresaw."""
    return f"tevr itself failed ({error!r}). Run it again with --debug and report what it says."


def printable(text: str) -> str:
    """The text on one line, with an escape such as ``\\n`` for what is no letter or mark."""
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.category(char) in UNPRINTABLE
        else char
        for char in text
    )


@contextmanager
def log_shown(*, debug: bool) -> Iterator[None]:
    """Let the library's notes (damaged packets, files cut short) reach stderr as sentences.

    Args:
        debug: also the tracebacks of errors that were dealt with.
    """
    logger = logging.getLogger("tevr")
    before = logger.level, logger.propagate
    handler = _Sentences()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before


class _Sentences(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if stopping():
            return
        if record.exc_info:
            with suppress(OSError):
                print(logging.Formatter().formatException(record.exc_info), file=sys.stderr)
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

    columns: list[ProgressColumn] = [TextColumn("{task.description}", markup=False), BarColumn()]
    if total is not None:
        columns += [TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn()]
    console = Console(stderr=True)
    # Rich would send what is printed on stdout to stderr, where results do not belong.
    with RichProgress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
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
        self._name = ""
        self._weight = 0.0
        self._seconds: float | None = None

    def file(self, name: str, weight: float, seconds: float | None) -> None:
        """A new input begins, the one before is done."""
        self._before += self._weight
        self._name, self._weight, self._seconds = printable(name), weight, seconds
        self._bar.update(self._task, description=self._name, completed=self._before)

    def at(self, seconds: float) -> None:
        """So many seconds of the current input are done."""
        if self._seconds:
            part = min(1.0, seconds / self._seconds)
            self._bar.update(self._task, completed=self._before + part * self._weight)
        else:
            minutes, rest = divmod(int(seconds), 60)
            self._bar.update(self._task, description=f"{self._name} {minutes}:{rest:02}")
