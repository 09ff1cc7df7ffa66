"""`tevr models`: the group, and flags → one call that makes a model of what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from tevr.cli.groups import Json, Quiet, make_group, steps
from tevr.errors import UsageError, needed


def make_models_app() -> typer.Typer:
    """All commands of the group."""
    from tevr.cli import models_kept as kept

    looked_after = (kept.list, kept.pull, kept.path, kept.verify, kept.remove, kept.convert)
    return make_group("Look after models, and make new ones.", *looked_after, export)


def export(
    checkpoint: Annotated[
        Path, Argument(metavar="CHECKPOINT", help="A run's folder, or a file of weights in it.")
    ],
    output_dir: Annotated[
        Path, Option("--output-dir", "-o", metavar="DIR", help="The model's folder, a new one.")
    ],
    clips: Annotated[
        Path | None,
        Option(metavar="DIR", help="Recordings to round with; else the run's dev clips."),
    ] = None,
    language_model: Annotated[
        str, Option("--language-model", "--lm", metavar="MODEL", help="A model or a folder.")
    ] = "de-small",
    name: Annotated[
        str | None, Option(metavar="NAME", help="Of the model; else that of its folder.")
    ] = None,
    test: Annotated[
        list[Path],
        Option(metavar="DIR", help="Recordings with a manifest to measure on; repeat for more."),
    ] = [],  # noqa: B006 - read only
    licence: Annotated[
        list[str],
        Option(metavar="SOURCE=TEXT", help="For the card, what allows to use a folder of clips."),
    ] = [],  # noqa: B006 - read only
    keep_float: Annotated[
        Path | None, Option(metavar="FILE", help="Keep the graph as it was before rounding.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Make a model of a training run.

    Its folder can be given to transcribe as --model. Weights are rounded to 8 bits; the card tells
    how the model came about, and what rounding changed.
    """
    with needed("Export", "train", "export"):
        from tevr.training.model_folder import ExportOptions, export_model
    from tevr.cli.export_report import export_data, export_lines
    from tevr.cli.lm_report import print_json, print_lines

    options = ExportOptions(
        checkpoint=checkpoint,
        folder=output_dir,
        clips=clips,
        language_model=language_model,
        name=name,
        tests=test,
        licences=dict(map(_licence, licence)),
        exact=keep_float,
    )
    with steps(quiet=quiet) as show:
        exported = export_model(options, show)
    if json:
        print_json(export_data(exported))
    else:
        print_lines(iter(export_lines(exported)))
    return 0


def _licence(text: str) -> tuple[str, str]:
    source, equals, sentence = text.partition("=")
    if not equals or not sentence:
        raise UsageError(f"{text!r} states no licence", "Write it as kerstin=CC0.")
    return source, sentence
