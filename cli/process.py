"""What the command line needs of its process: streams that take any text, and a clean stop."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, NoReturn, TextIO

from tevr.errors import OutputError, TevrError

#: What asks a command to stop, where the system knows it: Ctrl-C, `kill`, a closed terminal.
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")

_received: list[int] = []  # signals, since the command began


class StdoutError(OutputError):
    """Standard output takes nothing more; the next input's text would be lost too."""


class Stopped(KeyboardInterrupt):
    """A signal asked for the end; a `KeyboardInterrupt`, which libraries let pass.

    Attributes:
        exit_code: 128 + the signal's number, as shells report it.
    """

    def __init__(self, signal_number: int) -> None:
        """By this signal."""
        super().__init__()
        self.exit_code = 128 + signal_number


def stop_on_signals() -> None:
    """Let every signal in `STOP_SIGNALS` raise `Stopped`, unless it is ignored, as by nohup."""
    _received.clear()
    on_signals(_stop)
    # FFmpeg calls our readers through C, where an exception can only be printed and dropped.
    sys.excepthook = _excepthook
    sys.unraisablehook = _unraisablehook


def on_signals(handler: Callable[[int, FrameType | None], None]) -> dict[int, Any]:
    """Hand a handler every signal in `STOP_SIGNALS` that is not ignored; returns those before."""
    before = {}
    for name in STOP_SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    return before


def stop_if_asked() -> None:
    """Raise `Stopped` once more if a signal came and its exception was dropped on the way.

    To be called before anything is kept that was made meanwhile.
    """
    if stopping():
        raise Stopped(_received[0])


def stopping() -> bool:
    """Whether a signal has come, so that what fails now may fail because of it."""
    return bool(_received)


def stop_at_once() -> None:
    """Let further signals end the process without a word: all is cleaned up already."""
    for name in STOP_SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is _stop:
            signal.signal(number, signal.SIG_DFL)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    _received.append(number)
    raise Stopped(number)


def _excepthook(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if not isinstance(error, Stopped):
        sys.__excepthook__(kind, error, trace)


def _unraisablehook(dropped: sys.UnraisableHookArgs) -> None:
    if not isinstance(dropped.exc_value, Stopped):
        sys.__unraisablehook__(dropped)


def prepare_streams() -> None:
    """Make standard output fit for any text: UTF-8 like our files, or what the terminal speaks."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(encoding=None if out.isatty() else "utf-8", errors="replace")


@contextmanager
def standard_output() -> Iterator[TextIO]:
    """Give the stream for results; what it meets becomes one of two errors.

    Raises:
        StdoutError: it cannot be written.
        BrokenPipeError: its reader, `head` perhaps, has seen enough.
    """
    try:
        yield sys.stdout
        sys.stdout.flush()
    except (TevrError, BrokenPipeError):
        raise
    except OSError as error:
        # On Windows a reader that left shows as an invalid argument.
        if sys.platform == "win32" and error.errno == errno.EINVAL:
            raise BrokenPipeError(*error.args) from error
        raise StdoutError(
            f"Standard output cannot be written ({error.strerror or error})",
            "Free some space, or send it elsewhere.",
        ) from error


def forget_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
