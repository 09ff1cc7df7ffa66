"""News are single lines on stderr; the bar lives on a terminal only and never touches results."""

from __future__ import annotations

import errno
import io
import logging
import os
import pty
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.cli.console import complain, log_shown, printable, progress, unexpected


@given(st.text())
def test_any_text_becomes_one_line(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    shown.encode()  # would raise for broken UTF-8
    assert printable(shown) == shown


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_a_complaint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain("Grüße\nvon \x1b[31m\udcff")
    assert capsys.readouterr().err == "tevr: Grüße\\nvon \\x1b[31m\\udcff\n"


def test_complaints_that_nobody_can_read_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    stream = Full()
    monkeypatch.setattr(sys, "stderr", stream)
    complain("Nobody reads this.")
    assert stream.getvalue() == ""


def test_an_unforeseen_error_names_itself() -> None:
    assert "ValueError('odd')" in unexpected(ValueError("odd"))


def test_notes_of_the_library_are_shown_and_nothing_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logger = logging.getLogger("tevr")
    before = (list(logger.handlers), logger.level, logger.propagate)
    with log_shown(debug=False):
        logging.getLogger("tevr.audio").warning("%s: ends abruptly", "a.mp3")
        logging.getLogger("tevr.audio").debug("details")
    logging.getLogger("tevr.audio").debug("too late")
    assert capsys.readouterr().err == "tevr: a.mp3: ends abruptly\n"
    assert (logger.handlers, logger.level, logger.propagate) == before


def test_debug_shows_tracebacks_of_errors_that_were_dealt_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with log_shown(debug=True):
        try:
            raise ValueError("odd")
        except ValueError:
            logging.getLogger("tevr.cli").debug("That was:", exc_info=True)
    assert "Traceback" in capsys.readouterr().err


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(10.0, quiet=False) as shown:
        shown.file("a.wav", 10.0, 2.0)
        shown.at(1.0)
    assert capsys.readouterr() == ("", "")


# On a terminal: a process of its own, its stderr the far end of a pseudo-terminal.

SCRIPT = """
import logging, sys, time
from tevr.cli.console import log_shown, progress
total, quiet = {total}, {quiet}
with log_shown(debug=False), progress(total, quiet=quiet) as shown:
    shown.file("first\\n.wav", 30.0, 60.0)
    for second in range(30):
        shown.at(second)
        print("result", second, flush=True)
        if second == 20:
            logging.getLogger("tevr.audio").warning("first: ends abruptly")
        time.sleep(0.02)
    shown.file("second.wav", 70.0, None)
    shown.at(75.0)
    time.sleep(0.2)
"""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def lines_of(screen: str) -> list[str]:
    """What stood in the terminal's lines, one after another."""
    return CONTROL.sub("\n", COLOUR.sub("", screen)).splitlines()


def on_terminal(command: list[str]) -> tuple[str, str]:
    """Run a command; stdout from its pipe, and stderr as the terminal gets it."""
    master, slave = pty.openpty()
    chunks: list[bytes] = []

    def read() -> None:
        try:
            while chunk := os.read(master, 4096):
                chunks.append(chunk)
        except OSError:  # Linux says so when the last process has closed its end
            return

    reader = threading.Thread(target=read)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    ) as running:
        os.close(slave)
        reader.start()
        out = running.communicate(timeout=60)[0]
    reader.join()
    os.close(master)
    assert running.returncode == 0
    return out.decode(), b"".join(chunks).decode()


@pytest.fixture
def drawn(command: list[str]) -> Callable[..., tuple[str, str]]:
    """Runs the script on a terminal."""

    def draw(*, total: float | None = 100.0, quiet: bool = False) -> tuple[str, str]:
        script = SCRIPT.format(total=total, quiet=quiet)
        return on_terminal([command[0], "-c", script])

    return draw


def test_the_bar_shows_file_share_and_time_left(drawn: Callable[..., tuple[str, str]]) -> None:
    out, screen = drawn()
    assert out.splitlines() == [f"result {second}" for second in range(30)]
    lines = lines_of(screen)
    assert any(re.search(r"^first\\n\.wav .* \d+ % \d:\d\d:\d\d", line) for line in lines)
    assert any(re.search(r"^second\.wav 1:15 .* 30 %", line) for line in lines)


def test_a_warning_does_not_tear_the_bar(drawn: Callable[..., tuple[str, str]]) -> None:
    _, screen = drawn()
    assert "tevr: first: ends abruptly" in [line.strip() for line in lines_of(screen)]


def test_the_bar_is_gone_in_the_end(drawn: Callable[..., tuple[str, str]]) -> None:
    _, screen = drawn()
    assert screen.rstrip("\r\n").endswith(("\x1b[2K", "\x1b[?25h", "\x1b[1A"))


def test_without_a_known_length_there_is_a_clock(drawn: Callable[..., tuple[str, str]]) -> None:
    _, screen = drawn(total=None)
    assert any(line.startswith("second.wav 1:15") for line in lines_of(screen))
    assert "%" not in screen


def test_quiet_shows_warnings_alone(drawn: Callable[..., tuple[str, str]]) -> None:
    _, screen = drawn(quiet=True)
    assert screen.splitlines() == ["tevr: first: ends abruptly"]


def test_transcribing_shows_the_bar_and_keeps_results_apart(command: list[str], data: Path) -> None:
    clip = data / "clip.wav"
    out, screen = on_terminal([*command, "transcribe", str(clip), "--threads", "2"])
    assert out.startswith("M")
    assert "\x1b" not in out
    assert "clip.wav" in screen
    assert out.strip() not in screen
