"""Commands → a group of them under one name, and the flags that such commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option

from tevr.cli.console import complain, progress
from tevr.cli.values import count, number
from tevr.errors import UsageError
from tevr.transcript import MAX_TESTED_HOTWORD_WEIGHT

Json = Annotated[bool, Option("--json", help="Print JSON for machines.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Show no progress.")]
Model = Annotated[
    str | None, Option(metavar="MODEL", help="Another model than the bundled: name or folder.")
]
Lm = Annotated[
    Path | None, Option("--lm", metavar="DIR", help="A language model made by tevr lm build.")
]
DecoderChoice = Annotated[
    Literal["beam", "greedy"] | None, Option(help="beam (with language model) or greedy.")
]
Beam = Annotated[int | None, Option(parser=count, metavar="N", help="Hypotheses kept.")]
Alpha = Annotated[float | None, Option(parser=number, metavar="X", help="Language model weight.")]
Beta = Annotated[float | None, Option(parser=number, metavar="X", help="Bonus for each word.")]
Hotword = Annotated[
    list[str], Option(metavar="WORD", help="A word or phrase to prefer; repeat for more.")
]
Hotwords = Annotated[Path | None, Option(metavar="FILE", help="A file with one hot-word a line.")]
HotwordWeight = Annotated[
    float,
    Option(
        parser=number,
        metavar="X",
        help=f"Bonus for each hot-word, 0 to {MAX_TESTED_HOTWORD_WEIGHT:g}.",
    ),
]
Threads = Annotated[
    int | None, Option(parser=count, metavar="N", help="Processor threads, all if left out.")
]
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


def chosen_hotwords(words: list[str], path: Path | None, weight: float) -> tuple[str, ...]:
    """The hot-words of flags and of a list; a weight that was never tested is told.

    Raises:
        UsageError: the list cannot be read or holds nothing.
    """
    chosen = (*words, *_read_hotwords(path))
    if chosen and weight > MAX_TESTED_HOTWORD_WEIGHT:
        complain(
            f"A hot-word weight of {weight:g} may tear other words apart;"
            f" only weights up to {MAX_TESTED_HOTWORD_WEIGHT:g} were tested."
        )
    return chosen


def _read_hotwords(path: Path | None) -> list[str]:
    """The words of a list, one a line; lines that begin with # are remarks."""
    if path is None:
        return []
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"The hot-word list {path} cannot be read ({reason})", "Give a UTF-8 text file."
        ) from error
    words = [line for line in lines if line and not line.startswith("#")]
    if not words:
        raise UsageError(f"The hot-word list {path} holds no words", "Write one a line into it.")
    return words
