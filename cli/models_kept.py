"""`tevr models list`, `pull` and the like: flags → one call that looks after models on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from tevr.cli.groups import Json, Quiet, steps

Form = Annotated[
    Literal["cpu", "torch", "both"],
    Option(help="What shall run it: any processor, torch on a graphics card, or either."),
]
Force = Annotated[bool, Option("--force", help="Replace a model that stands there.")]
Name = Annotated[str, Argument(metavar="MODEL", help="Its name.")]


def list(json: Json = False) -> int:  # noqa: A001 - it is the command's name
    """Show the models that are there, and those that can be pulled."""
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.cli.models_report import known_models, list_data, list_lines

    models = known_models()
    if json:
        print_json(list_data(models))
    else:
        print_lines(list_lines(models))
    return 0


def pull(
    name: Name,
    from_: Annotated[
        str | None,
        Option(
            "--from", metavar="DIR|URL", help="A folder with its files, or a mirror of the hub."
        ),
    ] = None,
    form: Form = "cpu",
    force: Force = False,
    quiet: Quiet = False,
) -> int:
    """Download a published model and convert it.

    What was downloaded stays if something fails, and the next call goes on with it. Models are
    kept in the user's data folder, or where the variable TEVR_HOME says.
    """
    from tevr.cli.lm_report import print_lines
    from tevr.cli.models_report import model_lines
    from tevr.pulling import PullOptions
    from tevr.pulling import pull as pull_model

    with steps(quiet=quiet) as show:
        files = pull_model(PullOptions(name, from_, form, force), show)
    print_lines(model_lines(files))
    return 0


def convert(
    folder: Annotated[
        Path, Argument(metavar="FOLDER", help="A Wav2Vec2ForCTC network of transformers.")
    ],
    output_dir: Annotated[
        Path, Option("--output-dir", "-o", metavar="DIR", help="The model's folder.")
    ],
    form: Form = "cpu",
    precision: Annotated[
        Literal["int8", "fast", "float32"],
        Option(help="Of the weights on a processor; fast is int8, too, and coarser."),
    ] = "int8",
    force: Force = False,
    quiet: Quiet = False,
) -> int:
    """Convert a network of transformers to a model.

    Its folder can be given to transcribe as --model, and runs without torch: several times as fast
    as before on a processor, in a quarter of the memory.
    """
    from tevr.cli.lm_report import print_lines
    from tevr.cli.models_report import convert_folder, model_lines

    with steps(quiet=quiet) as show:
        files = convert_folder(folder, output_dir, form, precision, show, force=force)
    print_lines(model_lines(files))
    return 0


def path(name: Name) -> int:
    """Print the folder of a model."""
    from tevr.store import find

    print(find(name).folder.absolute())
    return 0


def verify(
    name: Annotated[
        str | None, Argument(metavar="MODEL", help="Its name or folder; else all models.")
    ] = None,
) -> int:
    """Compare the files of a model, or of all, with their checksums."""
    from tevr.cli.console import complain
    from tevr.errors import ModelError
    from tevr.store import find, installed

    damaged = 0
    for each in [name] if name is not None else installed():
        try:
            files = find(each)
            files.verify()
        except ModelError as error:
            complain(str(error))
            damaged += 1
            continue
        counted = f"{len(files.records)} files, {files.bytes / 1e6:.0f} MB, checksums right"
        print(f"{each:<12} {counted if files.records else 'no manifest to compare with'}")
    return int(damaged > 0)


def remove(name: Name) -> int:
    """Remove a model that was pulled."""
    from tevr.pulling import remove as remove_model

    files = remove_model(name)
    print(f"{name:<12} {files.bytes / 1e6:.0f} MB freed")
    return 0
