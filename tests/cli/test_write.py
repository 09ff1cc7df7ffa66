"""`tevr write`: text from files and pipes, each part left out by its flag."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
SAID = "ich glaube dass die strasse am dritten mai gesperrt wird\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file with a line."""
    path = tmp_path / "said.txt"
    path.write_text(SAID, encoding="utf-8")
    return path


def test_a_file_is_written(text: Path, tevr: Command) -> None:
    done = tevr("write", text)
    assert (done.code, done.err) == (0, "")
    assert done.out == "Ich glaube, dass die Straße am 3. Mai gesperrt wird.\n"


@pytest.mark.parametrize(
    ("flags", "lacks"),
    [
        (["--no-numbers"], "3"),
        (["--no-punctuation"], ","),
        (["--no-capitals"], "M"),
        (["--swiss"], "ß"),
    ],
)
def test_each_part_is_left_out_by_its_flag(
    text: Path, tevr: Command, flags: list[str], lacks: str
) -> None:
    assert lacks in tevr("write", text).out
    assert lacks not in tevr("write", text, *flags).out


def test_a_pipe_is_written(process: Command) -> None:
    for arguments in ([], ["-"]):
        done = process("write", *arguments, input=SAID.encode())
        assert done.out.startswith("Ich glaube")
        assert done.code == 0


def test_what_is_written_goes_into_a_file(text: Path, tmp_path: Path, tevr: Command) -> None:
    target = tmp_path / "new" / "out.txt"
    assert tevr("write", text, text, "-o", target).out == ""
    assert target.read_text(encoding="utf-8") == 2 * tevr("write", text).out


def test_own_spellings_come_from_a_file(text: Path, tmp_path: Path, tevr: Command) -> None:
    own = tmp_path / "own.txt"
    own.write_text("STRASSE\n", encoding="utf-8")
    assert "die STRASSE" in tevr("write", text, "--spellings", own).out


def test_lines_can_be_texts_of_their_own(tmp_path: Path, tevr: Command) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("das ist gut\ndas ist alles\n", encoding="utf-8")
    assert tevr("write", path, "--each-line").out == "Das ist gut.\nDas ist alles.\n"


def test_what_cannot_be_read_is_told(tmp_path: Path, tevr: Command) -> None:
    done = tevr("write", tmp_path / "none.txt")
    assert done.code == 2
    assert "cannot be read" in done.sentence
    (tmp_path / "latin.txt").write_bytes("weiß".encode("latin-1"))
    assert "no UTF-8" in tevr("write", tmp_path / "latin.txt").sentence
