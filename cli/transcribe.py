"""`tevr transcribe`: flags → options and a batch → transcripts on stdout or in files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from tevr.errors import UsageError
from tevr.formats import FORMATS
from tevr.store import DEFAULT_MODEL
from tevr.transcript import MAX_TESTED_HOTWORD_WEIGHT, Options

# Names of variables would double the length of the help text; its end tells how they are made.
Option = partial(typer.Option, show_envvar=False)


def seconds(text: str | float) -> float:
    """``90``, ``1:30`` or ``0:01:30.5`` → seconds; defaults and settings may be numbers."""
    try:
        parts = [float(part) for part in str(text).split(":")]
    except ValueError:
        parts = []
    if len(parts) not in (1, 2, 3) or min(parts) < 0:
        raise typer.BadParameter(f"{text!r} is no time; write 90, 1:30 or 0:01:30.5.")
    return sum(part * 60.0**power for power, part in enumerate(reversed(parts)))


def transcribe(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...", help="Sound or video files, folders, globs, or - for stdin."
        ),
    ],
    formats: Annotated[
        list[str],
        Option("--format", "-f", metavar="FORMATS", help=f"One or more of {','.join(FORMATS)}."),
    ] = ["txt"],  # noqa: B006 - read only
    output_dir: Annotated[
        Path | None,
        Option(
            "--output-dir", "-o", metavar="DIR", help="Write one file per input and format here."
        ),
    ] = None,
    resume: Annotated[
        bool, Option("--resume", help="Skip inputs done before and unchanged since.")
    ] = False,
    model: Annotated[
        str, Option(metavar="MODEL", help="A model's name or folder.")
    ] = DEFAULT_MODEL,
    decoder: Annotated[
        Literal["beam", "greedy"] | None,
        Option(help="beam (with language model) or greedy.", show_default="beam"),
    ] = None,
    beam: Annotated[int | None, Option(metavar="N", help="Hypotheses kept.")] = None,
    alpha: Annotated[float | None, Option(metavar="X", help="Language model weight.")] = None,
    beta: Annotated[float | None, Option(metavar="X", help="Bonus for each word.")] = None,
    hotword: Annotated[
        list[str], Option(metavar="WORD", help="A word or phrase to prefer; repeat for more.")
    ] = [],  # noqa: B006 - read only
    hotwords: Annotated[
        Path | None, Option(metavar="FILE", help="A file with one hot-word a line.")
    ] = None,
    hotword_weight: Annotated[
        float,
        Option(metavar="X", help=f"Bonus for each hot-word, 0 to {MAX_TESTED_HOTWORD_WEIGHT:g}."),
    ] = 10.0,
    start: Annotated[
        float, Option(parser=seconds, metavar="TIME", help="Where to begin, as 90 or 1:30.")
    ] = 0.0,
    end: Annotated[
        float | None, Option(parser=seconds, metavar="TIME", help="Where to stop.")
    ] = None,
    channel: Annotated[
        int | None, Option(metavar="N", help="Read this channel only, counted from 0.")
    ] = None,
    threads: Annotated[
        int | None, Option(min=1, metavar="N", help="Processor threads.", show_default="all")
    ] = None,
    quiet: Annotated[bool, Option("--quiet", "-q", help="Show no progress.")] = False,
) -> int:
    """Turn speech in sound and video files into text.

    Every option can also stand in the settings file, or in a variable: --output-dir as
    TEVR_TRANSCRIBE_OUTPUT_DIR.
    """
    from tevr.cli.batch import Batch

    options = Options(
        decoder=decoder,
        beam=beam,
        alpha=alpha,
        beta=beta,
        hotwords=(*hotword, *_read_hotwords(hotwords)),
        hotword_weight=hotword_weight,
        start=start,
        end=end,
        channel=channel,
    )
    names = tuple(dict.fromkeys(name.strip() for part in formats for name in part.split(",")))
    batch = Batch(inputs, names, output_dir, resume=resume, quiet=quiet)
    return batch.run(model, options, threads)


def _read_hotwords(path: Path | None) -> list[str]:
    """The words of a list, one a line; lines that begin with # are remarks."""
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The hot-word list {path} cannot be read ({error})", "Give a UTF-8 text file."
        ) from error
    return [word for line in lines if (word := line.strip()) and not word.startswith("#")]
