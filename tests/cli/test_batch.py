"""A batch keeps what is finished, leaves nothing half done, and knows what there is still to do."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import default_signals
from tevr.cli.batch import STDIN, Batch
from tevr.cli.outputs import LEDGER_NAME
from tevr.lm.folder import read_language_model, with_decoding
from tevr.recognizer import Listening, Recognizer
from tevr.transcript import Options

Tevr = Callable[..., Any]


@pytest.fixture
def inputs(tmp_path: Path, data: Path) -> Path:
    """A folder with three recordings, one in a folder below and one damaged."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(data / "clip.wav", folder / "a.wav")
    (folder / "b.wav").write_text("kein Ton " * 20)
    shutil.copy(data / "clip.wav", folder / "sub" / "c.wav")
    return folder


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, recognizer: Recognizer) -> list[str]:
    """Notes which files are opened; the recogniser is the one of all tests, to save time."""
    names: list[str] = []

    def opened(source: Path) -> Listening:
        names.append(source.name)
        return Recognizer.open(recognizer, source)

    monkeypatch.setattr(recognizer, "open", opened)
    monkeypatch.setattr("tevr.recognizer.load", lambda *_, **__: recognizer)
    return names


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# What is written


@pytest.mark.usefixtures("heard")
def test_folders_are_kept_and_one_failure_stops_nothing(
    tevr: Tevr, inputs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = tevr("transcribe", inputs, "-o", out, "-f", "txt,srt")
    assert (result.code, result.out) == (1, "")
    assert str(inputs / "b.wav") in result.sentence
    assert files_below(out) == [LEDGER_NAME, "a.srt", "a.txt", "sub/c.srt", "sub/c.txt"]


@pytest.mark.usefixtures("heard")
def test_a_defect_shown_by_one_input_stops_nothing(
    tevr: Tevr, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Listening.__iter__

    def sometimes(self: Listening) -> Iterator[Any]:
        if self.name.endswith("a.wav"):
            raise ZeroDivisionError("odd")
        return broken(self)

    monkeypatch.setattr(Listening, "__iter__", sometimes)
    (inputs / "b.wav").unlink()
    result = tevr("transcribe", inputs, "-o", tmp_path / "out")
    assert result.code == 1
    assert f"{inputs / 'a.wav'}: tevr itself failed (ZeroDivisionError('odd'))" in result.sentence
    assert files_below(tmp_path / "out") == [LEDGER_NAME, "sub/c.txt"]
    debugged = tevr("transcribe", "--debug", inputs, "-o", tmp_path / "out")
    assert "Traceback (most recent call last)" in debugged.err
    assert debugged.code == 1


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.usefixtures("heard")
def test_a_full_disk_ends_the_batch_in_one_sentence(
    tevr: Tevr, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = "tevr.cli.outputs.os.fsync" if call == "fsync" else "tevr.formats._put"
    monkeypatch.setattr(target, full)
    result = tevr("transcribe", inputs, "-o", tmp_path / "out")
    assert result.code == 1
    assert "the disk is full" in result.sentence
    assert files_below(tmp_path / "out") == []


def test_a_file_that_may_not_grow_is_left_out_whole(
    process: Tevr, inputs: Path, tmp_path: Path
) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    (inputs / "b.wav").unlink()
    flags = ["-f", "json", "-o", tmp_path / "out", "--decoder", "greedy"]
    result = process("transcribe", inputs, *flags, preexec_fn=limit)
    assert result.code == 1
    assert "File too large" in result.err
    assert "Traceback" not in result.err
    assert files_below(tmp_path / "out") == []


@pytest.mark.usefixtures("heard")
def test_a_file_called_stdin_is_not_standard_input(
    inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inputs)
    Path("a.wav").rename("stdin")
    with Path("stdin").open("rb") as sound:
        monkeypatch.setattr("sys.stdin", sound)
        batch = Batch(["stdin", "sub", "-"], ["txt"], None, resume=False, quiet=True)
    assert [item is STDIN for item in batch._inputs] == [False, False, True]
    assert len(set(batch._inputs)) == 3


# What is skipped


def test_resume_does_only_what_is_not_done(
    tevr: Tevr, inputs: Path, tmp_path: Path, heard: list[str]
) -> None:
    command = ["transcribe", inputs, "-o", tmp_path / "out"]
    tevr(*command)
    assert heard == ["a.wav", "b.wav", "c.wav"]
    result = tevr(*command, "--resume")
    assert heard[3:] == ["b.wav"]  # it failed before
    assert result.code == 1
    assert "tevr: 2 of 3 inputs were done before and are unchanged." in result.err
    tevr(*command)
    assert heard[4:] == ["a.wav", "b.wav", "c.wav"]  # all is done again without --resume


def test_resume_with_nothing_left_opens_no_model(
    tevr: Tevr, inputs: Path, tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["transcribe", inputs / "a.wav", "-o", tmp_path / "out"]
    tevr(*command)
    monkeypatch.delattr("tevr.recognizer.load")
    monkeypatch.setattr("tevr.recognizer.load", None, raising=False)
    result = tevr(*command, "--resume")
    assert result.code == 0
    assert "1 of 1 inputs were done before" in result.sentence
    assert heard == ["a.wav"]


Change = Callable[[Path, Path], list[str]]


def touch(source: Path, _out: Path) -> list[str]:
    os.utime(source, ns=(0, source.stat().st_mtime_ns + 1))
    return []


def lengthen(source: Path, _out: Path) -> list[str]:
    before = source.stat()
    with source.open("ab") as file:
        file.write(bytes(100))
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    return []


def delete(_source: Path, out: Path) -> list[str]:
    (out / "a.txt").unlink()
    return []


def tear(_source: Path, out: Path) -> list[str]:
    ledger = out / LEDGER_NAME
    ledger.write_bytes(ledger.read_bytes()[:-10])
    return []


CHANGES: dict[str, Change] = {
    "time": touch,
    "size": lengthen,
    "output": delete,
    "ledger": tear,
    "format": lambda *_: ["-f", "txt,srt"],
    "beam": lambda *_: ["--beam", "20"],
    "hot-word": lambda *_: ["--hotword", "Haus"],
    "start": lambda *_: ["--start", "0.5"],
}


@pytest.mark.parametrize("what", CHANGES)
def test_resume_does_again_what_changed(
    tevr: Tevr, inputs: Path, tmp_path: Path, heard: list[str], what: str
) -> None:
    out = tmp_path / "out"
    command = ["transcribe", inputs / "a.wav", inputs / "sub" / "c.wav", "-o", out, "--resume"]
    tevr(*command)
    assert heard == ["a.wav", "c.wav"]
    more = CHANGES[what](inputs / "a.wav", out)
    assert tevr(*command, *more).code == 0
    changed = ["a.wav", "c.wav"] if more else ["c.wav"] if what == "ledger" else ["a.wav"]
    assert heard[2:] == changed
    heard.clear()
    tevr(*command, *more)
    assert heard == []


def test_resume_does_all_again_with_another_model(
    tevr: Tevr, inputs: Path, tmp_path: Path, heard: list[str]
) -> None:
    from tevr.store import bundled

    command = ["transcribe", inputs / "a.wav", "-o", tmp_path / "out", "--resume"]
    tevr(*command)
    folder = shutil.copytree(bundled("de-small"), tmp_path / "mine")
    tevr(*command, "--model", folder)
    assert heard == ["a.wav"]  # the same model elsewhere
    manifest = (folder / "model.json").read_text(encoding="utf-8")
    (folder / "model.json").write_text(manifest.replace('"alpha": ', '"alpha": 1'), "utf-8")
    tevr(*command, "--model", folder)
    assert heard == ["a.wav", "a.wav"]


@pytest.fixture
def language_model(data: Path, tmp_path: Path) -> Path:
    """A language model in a folder without a manifest."""
    return shutil.copytree(data / "decoder", tmp_path / "lm")


def test_resume_does_all_again_with_another_language_model(
    tevr: Tevr, inputs: Path, tmp_path: Path, heard: list[str], language_model: Path
) -> None:
    command = ["transcribe", inputs / "a.wav", "-o", tmp_path / "out", "--lm", language_model]
    for _ in range(2):
        assert tevr(*command, "--resume").code == 0
    assert heard == ["a.wav"]
    words = language_model / "unigrams.txt"
    words.write_text(words.read_text(encoding="utf-8") + "neu\n", encoding="utf-8")
    assert tevr(*command, "--resume").code == 0
    assert heard == ["a.wav", "a.wav"]


def test_resume_does_all_again_after_tuning(
    tevr: Tevr, inputs: Path, tmp_path: Path, heard: list[str]
) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("Man sollte nicht kratzen. Das juckt nur noch mehr. " * 3, encoding="utf-8")
    assert tevr("lm", "build", texts, "-o", tmp_path / "lm").code == 0
    command = ["transcribe", inputs / "a.wav", "-o", tmp_path / "out", "--lm", tmp_path / "lm"]
    for alpha in (0.4, 0.4, 0.6):
        with_decoding(read_language_model(tmp_path / "lm"), {"alpha": alpha})
        assert tevr(*command, "--resume").code == 0
    assert heard == ["a.wav", "a.wav"]


# Stopping half-way


@pytest.fixture
def running(
    command: list[str], data: Path, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A batch of many files, one of them done and the next ones under way."""
    inputs, out = tmp_path / "many", tmp_path / "out"
    inputs.mkdir()
    for number in range(200):
        shutil.copy(data / "clip.wav", inputs / f"{number:03}.wav")
    whole = [*command, "transcribe", str(inputs), "-o", str(out), "--decoder", "greedy"]
    pipe = subprocess.PIPE
    with default_signals(), subprocess.Popen(whole, stdout=pipe, stderr=pipe) as process:
        while not (out / "001.txt").exists():
            assert process.poll() is None
            time.sleep(0.01)
        yield process, out
        process.kill()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_keeps_what_is_finished_and_nothing_else(
    running: tuple[subprocess.Popen[bytes], Path], name: str
) -> None:
    process, out = running
    number = getattr(signal, name)
    process.send_signal(number)
    printed, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert printed == b""
    (sentence,) = told.decode().splitlines()
    done = sorted(out.glob("*.txt"))
    # The signal may fall between a file's renaming and its entry in the ledger.
    assert sentence in {
        f"tevr: Stopped. {count} of 200 inputs are done;"
        " the same command with --resume does the rest."
        for count in (len(done) - 1, len(done))
    }
    assert 2 <= len(done) < 200
    assert all(path.read_text(encoding="utf-8").endswith("\n") for path in done)
    assert files_below(out) == [LEDGER_NAME, *(path.name for path in done)]


def test_impatience_shows_no_traceback_either(
    running: tuple[subprocess.Popen[bytes], Path],
) -> None:
    process, out = running
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    printed, told = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert printed == b""
    assert b"Traceback" not in told
    assert not list(out.glob(".*.part"))


def test_ctrl_c_counts_what_is_done_without_what_failed(
    tevr: Tevr, inputs: Path, tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = Listening.__iter__

    def interrupted(self: Listening) -> Iterator[Any]:
        if len(heard) == 3:
            raise KeyboardInterrupt
        return ordinary(self)

    monkeypatch.setattr(Listening, "__iter__", interrupted)
    result = tevr("transcribe", inputs, "-o", tmp_path / "out")
    assert result.code == 130
    assert "Stopped. 1 of 3 inputs are done; the same command with --resume" in result.err
    assert files_below(tmp_path / "out") == [LEDGER_NAME, "a.txt"]


def test_options_that_change_nothing_are_no_reason_to_do_again(
    inputs: Path, tmp_path: Path, heard: list[str]
) -> None:
    for threads in (1, 2):
        batch = Batch([str(inputs / "a.wav")], ["txt"], tmp_path, resume=True, quiet=True)
        assert batch.run("de-small", Options(), threads) == 0
    assert heard == ["a.wav"]
