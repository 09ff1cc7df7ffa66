"""`tevr transcribe`: flags → options and a batch → transcripts on stdout or in files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Option

from tevr.cli.console import complain
from tevr.cli.groups import Quiet
from tevr.cli.values import count, number, seconds, whole
from tevr.errors import UsageError
from tevr.formats import FORMATS
from tevr.transcript import MAX_TESTED_HOTWORD_WEIGHT, Options


def transcribe(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT", help="Sound or video files, folders, globs, or - for stdin."
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
        str | None, Option(metavar="MODEL", help="Another model than the bundled: name or folder.")
    ] = None,
    lm: Annotated[
        Path | None,
        Option("--lm", metavar="DIR", help="A language model made by tevr lm build."),
    ] = None,
    decoder: Annotated[
        Literal["beam", "greedy"] | None,
        Option(help="beam (with language model) or greedy."),
    ] = None,
    beam: Annotated[int | None, Option(parser=count, metavar="N", help="Hypotheses kept.")] = None,
    alpha: Annotated[
        float | None, Option(parser=number, metavar="X", help="Language model weight.")
    ] = None,
    beta: Annotated[
        float | None, Option(parser=number, metavar="X", help="Bonus for each word.")
    ] = None,
    hotword: Annotated[
        list[str], Option(metavar="WORD", help="A word or phrase to prefer; repeat for more.")
    ] = [],  # noqa: B006 - read only
    hotwords: Annotated[
        Path | None, Option(metavar="FILE", help="A file with one hot-word a line.")
    ] = None,
    hotword_weight: Annotated[
        float,
        Option(
            parser=number,
            metavar="X",
            help=f"Bonus for each hot-word, 0 to {MAX_TESTED_HOTWORD_WEIGHT:g}.",
        ),
    ] = 10.0,
    start: Annotated[
        float, Option(parser=seconds, metavar="TIME", help="Where to begin, as 90 or 1:30.")
    ] = 0.0,
    end: Annotated[
        float | None, Option(parser=seconds, metavar="TIME", help="Where to stop.")
    ] = None,
    channel: Annotated[
        int | None,
        Option(parser=whole, metavar="N", help="Read this channel only, counted from 0."),
    ] = None,
    threads: Annotated[
        int | None, Option(parser=count, metavar="N", help="Processor threads, all if left out.")
    ] = None,
    quiet: Quiet = False,
) -> int:
    """Turn speech in sound and video files into text.

    Every option can also stand in the settings file, or in a variable: --output-dir as
    TEVR_TRANSCRIBE_OUTPUT_DIR.
    """
    from tevr.cli.batch import Batch
    from tevr.store import DEFAULT_MODEL

    options = Options(
        decoder=decoder,
        beam=beam,
        alpha=alpha,
        beta=beta,
        language_model=lm,
        hotwords=(*hotword, *_read_hotwords(hotwords)),
        hotword_weight=hotword_weight,
        start=start,
        end=end,
        channel=channel,
    )
    if options.hotwords and hotword_weight > MAX_TESTED_HOTWORD_WEIGHT:
        complain(
            f"A hot-word weight of {hotword_weight:g} may tear other words apart;"
            f" only weights up to {MAX_TESTED_HOTWORD_WEIGHT:g} were tested."
        )
    names = (name.strip().lower() for part in formats for name in part.split(","))
    batch = Batch(inputs, tuple(dict.fromkeys(names)), output_dir, resume=resume, quiet=quiet)
    return batch.run(model or DEFAULT_MODEL, options, threads)


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
