"""What can go wrong, as a short tree; every message says what happened and what to do.

TevrError
├── UsageError      the call itself is wrong                    exit code 2
├── AudioError      one input cannot be read as sound           exit code 1
├── ModelError      a model is missing, damaged or does not fit exit code 1
└── OutputError     a result cannot be written                  exit code 1

Each class also inherits the built-in exception it resembles, so a caller may catch either.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class TevrError(Exception):
    """Base of all errors raised on purpose; one sentence of cause, one of advice.

    Attributes:
        cause: what happened, without a full stop at the end.
        advice: what the user can do about it.
        exit_code: the process exit code the command line uses for this class.
    """

    exit_code = 1

    def __init__(self, cause: str, advice: str) -> None:
        super().__init__(f"{cause}. {advice}")
        self.cause = cause
        self.advice = advice

    def __reduce__(self) -> tuple[type[TevrError], tuple[str, str]]:
        """Keep cause and advice when the error crosses a process border."""
        return type(self), (self.cause, self.advice)


class UsageError(TevrError, ValueError):
    """The call itself is wrong: an unknown format, a span that ends before it starts."""

    exit_code = 2


class AudioError(TevrError, OSError):
    """One input cannot be read as sound; other inputs are not affected."""


class ModelError(TevrError, RuntimeError):
    """A model or language model is missing, damaged or does not fit the others."""


class OutputError(TevrError, OSError):
    """A result cannot be written; nothing half-written is left in its place."""


@contextmanager
def needed(doing: str, *extras: str) -> Iterator[None]:
    """Tell of packages that a part of tevr imports and that are not installed.

    Args:
        doing: what they are for, as the sentence begins: "Training".
        extras: of tevr, that bring them.

    Raises:
        UsageError: one is missing.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "tevr").split(".")[0] == "tevr":
            raise  # no package is missing: it is our own fault
        cause = f"{doing} needs the package {error.name}, which is missing"
        advice = f'Install it with: pip install "tevr[{",".join(extras)}]".'
        raise UsageError(cause, advice) from error
