"""`tevr synth` makes a folder to train on, and says in a sentence what keeps it from that."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Result
from tests.conftest import default_signals

Tevr = Callable[..., Result]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    words = ("Birne", "Kirsche", "Pflaume", "Traube", "Quitte")
    lines = [f"{article} {word} liegt hier.\n" for article in ("Die", "Eine") for word in words]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_the_same_command_goes_on_and_then_has_nothing_to_do(
    tevr: Tevr, text: Path, tmp_path: Path
) -> None:
    command = ("synth", text, "-o", tmp_path / "out", "--speakers", "3", "--jobs", "1", "--json")
    first = tevr(*command, "--sentences", "4")
    assert (first.code, first.err) == (0, "")
    told = [json.loads(result.out) for result in (first, tevr(*command), tevr(*command))]
    assert [(each["clips"], each["made"]) for each in told] == [(4, 4), (10, 6), (10, 0)]
    rows = (tmp_path / "out" / "manifest.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert {row.split("\t")[1] for row in rows} == set(text.read_text("utf-8").splitlines())
    assert all((tmp_path / "out" / row.split("\t")[0]).stat().st_size > 1000 for row in rows)


def test_people_are_told_what_was_made(tevr: Tevr, text: Path, tmp_path: Path) -> None:
    result = tevr("synth", text, "-o", tmp_path / "out", "--hours", "0.0005", "--jobs", "1")
    assert (result.code, result.err) == (0, "")
    clips, sentences, written = result.out.splitlines()
    assert clips.split()[:3] in (["clips", "1", "with"], ["clips", "2", "with"])
    assert sentences.split()[1] == "10"
    assert written.split(maxsplit=1)[1] == str(tmp_path / "out")


def test_sentences_left_out_are_counted(tevr: Tevr, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("Søren ist da.\nWer ist da?\n", encoding="utf-8")
    result = tevr("synth", tmp_path / "text.txt", "-o", tmp_path / "out", "--jobs", "1")
    assert result.code == 0
    assert result.sentence == "tevr: Sentences that no voice could say were left out: 1."


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--voice", "nobody"], 2, "There is no voice 'nobody'"),
        (["--voice", "espeak"], 2, "The program espeak-ng is not installed. Install espeak-ng"),
        (["--piper", "anna.onnx"], 2, "The program piper is not installed"),
        (["--seed", "-1"], 2, "The seed -1 is below 0"),
        (["--hours", "0"], 2, "0 hours cannot be spoken"),
        (["--sentences", "0"], 2, "'0' is less than 1"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    tevr: Tevr,
    text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = tevr("synth", text, "-o", tmp_path / "out", *flags)
    assert result.code == code
    assert said in result.sentence
    assert result.out == ""
    assert not (tmp_path / "out").exists()


def test_no_text_is_told(tevr: Tevr, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    result = tevr("synth", tmp_path / "empty.txt", "-o", tmp_path / "out")
    assert result.code == 2
    assert "There is no sentence to speak" in result.sentence


def test_a_folder_that_cannot_be_written_is_told(tevr: Tevr, text: Path) -> None:
    result = tevr("synth", text, "-o", text)
    assert result.code == 1
    assert "cannot be written" in result.sentence


def test_ctrl_c_keeps_the_clips_and_says_how_to_go_on(
    command: list[str], text: Path, tmp_path: Path
) -> None:
    lines = [f"Das ist der Satz {a}{b}{c}o." for a in "bdfgklmnprst" for b in "aeiou" for c in "lr"]
    text.write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "out"
    whole = [*command, "synth", str(text), "-o", str(out), "--jobs", "1"]
    with default_signals(), subprocess.Popen(whole, stderr=subprocess.PIPE, text=True) as run:
        while not list(out.glob("clips/*.flac")):
            assert run.poll() is None
            time.sleep(0.005)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert said == "tevr: Stopped. The same command goes on from here.\n"
    rows = (out / "manifest.tsv").read_text(encoding="utf-8").splitlines()[1:]
    listed = {row.split("\t")[0] for row in rows}
    written = {f"clips/{path.name}" for path in out.glob("clips/*")}
    assert listed <= written
    assert len(written - listed) <= 1  # stopped between a clip and its line
    assert len(written) < len(lines)
