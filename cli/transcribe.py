"""`tevr transcribe`: flags → options and a batch → transcripts on stdout or in files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from tevr.cli.groups import (
    Alpha,
    Beam,
    Beta,
    DecoderChoice,
    Hotword,
    Hotwords,
    HotwordWeight,
    Lm,
    Model,
    Quiet,
    Threads,
    chosen_hotwords,
)
from tevr.cli.values import seconds, whole
from tevr.cli.write import (
    NoCapitals,
    NoNumbers,
    NoPunctuation,
    Readable,
    SpellingsFile,
    Swiss,
    chosen_writing,
)
from tevr.formats import FORMATS
from tevr.transcript import Options


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
    model: Model = None,
    lm: Lm = None,
    decoder: DecoderChoice = None,
    beam: Beam = None,
    alpha: Alpha = None,
    beta: Beta = None,
    hotword: Hotword = [],  # noqa: B006 - read only
    hotwords: Hotwords = None,
    hotword_weight: HotwordWeight = 10.0,
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
    readable: Readable = True,
    no_numbers: NoNumbers = False,
    no_punctuation: NoPunctuation = False,
    no_capitals: NoCapitals = False,
    swiss: Swiss = False,
    spellings: SpellingsFile = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> int:
    """Turn speech in sound and video files into text.

    Every option can also stand in the settings file, or in a variable: --output-dir as
    TEVR_TRANSCRIBE_OUTPUT_DIR.
    """
    from tevr.cli.batch import Batch
    from tevr.store import DEFAULT_MODEL

    words = chosen_hotwords(hotword, hotwords, hotword_weight)
    writing = chosen_writing(no_numbers, no_punctuation, no_capitals, swiss, spellings)
    writing = replace(writing, spellings=(*writing.spellings, *words))
    options = Options(
        decoder=decoder,
        beam=beam,
        alpha=alpha,
        beta=beta,
        language_model=lm,
        hotwords=words,
        hotword_weight=hotword_weight,
        start=start,
        end=end,
        channel=channel,
        readable=writing if readable else None,
    )
    names = (name.strip().lower() for part in formats for name in part.split(","))
    batch = Batch(inputs, tuple(dict.fromkeys(names)), output_dir, resume=resume, quiet=quiet)
    return batch.run(model or DEFAULT_MODEL, options, threads)
