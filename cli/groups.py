"""Commands → a group of them under one name, and the flags that such commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from tevr.cli.console import progress

Json = Annotated[bool, Option("--json", help="Print JSON for machines.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Show no progress.")]
Texts = Annotated[
    list[Path],
    Argument(metavar="TEXT", help="Files or folders: txt, md, html, docx, pdf, also packed."),
]


def make_group(summary: str, *commands: Callable[..., int]) -> typer.Typer:
    """A group that shows its commands if none is named.

    Args:
        summary: what the help says of it, in a sentence.
        commands: functions that return an exit code; each is called as its function is.
    """
    group = typer.Typer(help=summary, rich_markup_mode=None)
    group.callback(invoke_without_command=True)(_show_help)
    for command in commands:
        group.command()(command)
    return group


@contextmanager
def steps(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """Show what is being done and how far it has come, 0 to 1, on a terminal."""
    with progress(None, quiet=quiet) as bar:

        def show(step: str, share: float) -> None:
            bar.file(f"{step} {share:.0%}" if share else step, 0.0, None)

        yield show


def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())
