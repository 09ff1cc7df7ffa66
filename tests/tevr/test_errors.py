"""The tree of errors: cause and advice, exit codes, built-in relatives."""

from __future__ import annotations

import pickle

import pytest

from tevr.errors import AudioError, ModelError, OutputError, TevrError, UsageError

CLASSES = [
    (UsageError, 2, ValueError),
    (AudioError, 1, OSError),
    (ModelError, 1, RuntimeError),
    (OutputError, 1, OSError),
]


@pytest.mark.parametrize(("kind", "code", "relative"), CLASSES)
def test_an_error_says_what_happened_and_what_to_do(
    kind: type[TevrError], code: int, relative: type[Exception]
) -> None:
    error = kind("The file is empty", "Record it again.")
    assert str(error) == "The file is empty. Record it again."
    assert error.exit_code == code
    assert isinstance(error, relative)


@pytest.mark.parametrize("kind", [kind for kind, _, _ in CLASSES])
def test_an_error_crosses_a_process_border_whole(kind: type[TevrError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("Cause", "Advice.")))  # noqa: S301 - our own bytes
    assert (type(copy), copy.cause, copy.advice) == (kind, "Cause", "Advice.")
