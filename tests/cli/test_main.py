"""Help is instant and narrow, every failure is one sentence with its exit code."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from typer.main import get_command

from tevr import __version__
from tevr.cli.main import make_app
from tevr.errors import AudioError, ModelError, OutputError, UsageError

Tevr = Callable[..., Any]
HEAVY = ("numpy", "onnxruntime", "av", "soxr", "kenlm", "rich.progress")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Lets `tevr transcribe` raise."""

    def broken_by(error: BaseException) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr("tevr.cli.batch.Batch", fail)

    return broken_by


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "--debug"]])
def test_version_is_all_that_version_prints(tevr: Tevr, arguments: list[str]) -> None:
    result = tevr(*arguments)
    assert (result.code, result.out, result.err) == (0, f"tevr {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--version"],
        ["--help"],
        ["transcribe", "--help"],
        ["doctor", "--help"],
        ["lm"],
        ["lm", "build", "--help"],
    ],
)
def test_nothing_heavy_is_imported_for_help(command: list[str], arguments: list[str]) -> None:
    code = (
        "import sys\nfrom tevr.cli.main import run\n"
        f"assert run({arguments!r}) == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [command[0], "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["transcribe", "--help"], ["lm"], ["lm", "build", "--help"]]
)
def test_help_fits_80_columns(
    tevr: Tevr, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = tevr(*arguments)
    assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 80


def test_every_flag_and_command_is_explained() -> None:
    group: Any = get_command(make_app())
    for command in [*group.commands.values(), *group.commands["lm"].commands.values()]:
        assert command.help
        assert all(parameter.help for parameter in command.params)
    for command in group.commands.values():
        assert "..." not in command.get_short_help_str(60)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["--nonsense"], "No such option: --nonsense"),
        (["transcribe"], "Missing argument 'INPUT'"),
        (["transcribe", "a.wav", "--formt", "txt"], "No such option: --formt"),
        (["transcribe", "a.wav", "--beam"], "--beam"),
        (["doctor", "a.wav"], "unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(tevr: Tevr, arguments: list[str], words: str) -> None:
    result = tevr(*arguments)
    assert result.code == 2
    assert words in result.sentence
    assert result.sentence.endswith(" --help.")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("It is wrong", "Mend it."), 2),
        (AudioError("It is silent", "Mend it."), 1),
        (ModelError("It is gone", "Mend it."), 1),
        (OutputError("It is full", "Mend it."), 1),
    ],
)
def test_errors_on_purpose_speak_for_themselves(
    tevr: Tevr, broken: Callable[[BaseException], None], error: Exception, code: int
) -> None:
    broken(error)
    result = tevr("transcribe", "a.wav")
    assert (result.code, result.sentence) == (code, f"tevr: {error}")


def test_an_unforeseen_error_is_one_sentence(
    tevr: Tevr, broken: Callable[[BaseException], None]
) -> None:
    broken(ZeroDivisionError("one\ntwo"))
    result = tevr("transcribe", "a.wav")
    assert result.code == 1
    assert "ZeroDivisionError" in result.sentence
    assert "--debug" in result.sentence


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_adds_the_traceback_and_keeps_the_exit_code(
    tevr: Tevr, broken: Callable[[BaseException], None], place: int
) -> None:
    broken(UsageError("It is wrong", "Mend it."))
    arguments = ["transcribe", "a.wav"]
    arguments.insert(place, "--debug")
    result = tevr(*arguments)
    assert result.code == 2
    assert "Traceback (most recent call last)" in result.err
    assert result.err.endswith("tevr: It is wrong. Mend it.\n")


def test_debug_after_a_double_dash_is_a_file(
    tevr: Tevr, broken: Callable[[BaseException], None]
) -> None:
    broken(UsageError("It is wrong", "Mend it."))
    assert tevr("transcribe", "--", "--debug").sentence == "tevr: It is wrong. Mend it."


def test_ctrl_c_is_one_sentence(tevr: Tevr, broken: Callable[[BaseException], None]) -> None:
    broken(KeyboardInterrupt())
    result = tevr("transcribe", "a.wav")
    assert (result.code, result.sentence) == (130, "tevr: Stopped.")


def test_shells_get_completions(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TEVR_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "tevr tran")
    monkeypatch.setenv("COMP_CWORD", "1")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split() == ["transcribe"]
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["doctor"]])
def test_a_full_disk_behind_stdout_is_one_sentence(process: Tevr, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        result = process(*arguments, stdout=full)
    assert result.code == 1
    assert "Standard output cannot be written" in result.sentence


def test_a_reader_that_leaves_is_no_error(command: list[str]) -> None:
    with subprocess.Popen(
        [*command, "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith(b"ok")
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 0
