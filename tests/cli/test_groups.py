"""Groups call their commands, show them when none is named, and tell steps on a terminal only."""

from __future__ import annotations

import io
import sys

import pytest
import typer

from tevr.cli.groups import Json, Quiet, make_group, steps


def first(json: Json = False, quiet: Quiet = False) -> int:
    """Do the first thing."""
    return 3 + 10 * json + 100 * quiet


def second() -> int:
    """Do the second thing."""
    return 4


class Terminal(io.StringIO):
    """Takes what is printed as a terminal would."""

    def isatty(self) -> bool:
        return True


def call(*arguments: str) -> int | None:
    group = typer.main.get_command(make_group("Do things.", first, second))
    with group.make_context("things", list(arguments)) as context:
        result: int | None = group.invoke(context)
        return result


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["first"], 3), (["first", "--json"], 13), (["first", "-q"], 103), (["second"], 4)],
)
def test_a_command_is_called_with_its_flags(arguments: list[str], code: int) -> None:
    assert call(*arguments) == code


def test_the_group_alone_shows_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert call() is None
    shown = capsys.readouterr().out
    for text in ("Do things.", "first", "Do the first thing.", "second"):
        assert text in shown


def test_naming_a_command_shows_no_help(capsys: pytest.CaptureFixture[str]) -> None:
    call("second")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("share", "quiet", "shown"), [(0.0, False, "count"), (0.5, False, "count 50%"), (0.5, True, "")]
)
def test_steps_are_told_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, share: float, quiet: bool, shown: str
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with steps(quiet=quiet) as show:
        show("count", share)
    printed = terminal.getvalue()
    assert shown in printed
    assert ("%" in printed) == ("%" in shown)
    assert bool(printed) == bool(shown)


def test_steps_are_told_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    with steps(quiet=False) as show:
        show("count", 0.5)
    assert capsys.readouterr() == ("", "")
