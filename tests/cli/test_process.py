"""Streams take any text whatever the locale; signals stop a command like Ctrl-C does."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import default_signals
from tevr.cli.process import (
    STOP_SIGNALS,
    StdoutError,
    Stopped,
    prepare_streams,
    standard_output,
    stop_at_once,
    stop_if_asked,
    stop_on_signals,
    stopping,
)
from tevr.errors import AudioError


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts the signal handlers and hooks back."""
    monkeypatch.setattr("tevr.cli.process._received", [])
    for name in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    with default_signals():
        yield


@pytest.mark.parametrize("name", STOP_SIGNALS)
@pytest.mark.usefixtures("handlers")
def test_a_signal_stops_like_ctrl_c(name: str) -> None:
    stop_on_signals()
    number = getattr(signal, name)
    with pytest.raises(KeyboardInterrupt) as caught:
        signal.raise_signal(number)
    assert isinstance(caught.value, Stopped)
    assert caught.value.exit_code == 128 + number


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    stop_on_signals()
    signal.raise_signal(signal.SIGHUP)
    stop_at_once()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.usefixtures("handlers")
def test_a_signal_whose_exception_was_dropped_is_not_forgotten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Dropping:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    stop_on_signals()
    stop_if_asked()
    dropping = [Dropping()]
    dropping.clear()  # what __del__ raises, the interpreter prints and drops
    assert stopping()
    assert capsys.readouterr().err == ""
    with pytest.raises(Stopped):
        stop_if_asked()
    stop_on_signals()
    assert not stopping()


@pytest.mark.usefixtures("handlers")
def test_systems_without_a_signal_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as windows:
        windows.delattr(signal, "SIGHUP")
        stop_on_signals()
        stop_at_once()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_results_are_utf8_whatever_the_locale(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    prepare_streams()
    print("Grüße, š\udcff", flush=True)
    assert raw.getvalue() == "Grüße, š?\n".encode()


def test_a_terminal_gets_what_it_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(raw, encoding="latin-1"))
    prepare_streams()
    print("Grüße, š", flush=True)
    assert raw.getvalue() == "Grüße, ?\n".encode("latin-1")


def test_closed_streams_swallow_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    prepare_streams()
    with sys.stdout, sys.stderr:
        print("Grüße", flush=True)
        print("Grüße", file=sys.stderr, flush=True)


def raise_in_stdout(error: Exception) -> None:
    with standard_output():
        raise error


def test_a_failing_stdout_is_told_from_failing_inputs() -> None:
    with pytest.raises(StdoutError, match="No space left"):
        raise_in_stdout(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(AudioError):
        raise_in_stdout(AudioError("It is silent", "Mend it."))
    with pytest.raises(BrokenPipeError):
        raise_in_stdout(BrokenPipeError())


def test_a_reader_that_left_shows_differently_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(BrokenPipeError):
        raise_in_stdout(OSError(errno.EINVAL, "Invalid argument"))


@pytest.mark.parametrize("setting", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}])
def test_help_is_printed_in_any_locale(
    process: Callable[..., Any], setting: dict[str, str]
) -> None:
    environment = {**os.environ, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", **setting}
    result = process("transcribe", "ü\n.wav", "--format", "ä", env=environment)
    assert result.code == 2
    assert "There is no format" in result.sentence
