"""The tree of errors: cause and advice, exit codes, built-in relatives."""

from __future__ import annotations

import pickle

import pytest

from tevr.errors import AudioError, ModelError, OutputError, TevrError, UsageError, needed

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


def test_a_missing_package_is_told_with_the_extra_that_brings_it() -> None:
    with pytest.raises(UsageError) as caught, needed("Counting", "train", "export"):
        import absent_package  # noqa: F401
    assert caught.value.cause == "Counting needs the package absent_package, which is missing"
    assert 'pip install "tevr[train,export]"' in caught.value.advice


def test_a_fault_of_our_own_imports_is_no_missing_package() -> None:
    with pytest.raises(ImportError, match=r"tevr\.absent"), needed("Counting", "train"):
        import tevr.absent  # noqa: F401
