"""`tevr write`: text of any recogniser → German as one writes it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

if TYPE_CHECKING:
    from tevr.readable.writer import ReadableOptions

Readable = Annotated[
    bool, Option("--readable/--verbatim", help="As one writes it, or word for word in lower case.")
]
NoNumbers = Annotated[bool, Option("--no-numbers", help="Leave numbers, dates and times in words.")]
NoPunctuation = Annotated[bool, Option("--no-punctuation", help="Set no marks.")]
NoCapitals = Annotated[bool, Option("--no-capitals", help="Set no capitals.")]
Swiss = Annotated[bool, Option("--swiss", help="Write ss for ß.")]
SpellingsFile = Annotated[
    Path | None,
    Option("--spellings", metavar="FILE", help="Own spellings, one a line: GmbH & Co. KG."),
]


def write(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="TEXT", help="UTF-8 text; standard input if left out, or -."),
    ] = None,
    output: Annotated[
        Path | None, Option("--output", "-o", metavar="FILE", help="Write here, not to stdout.")
    ] = None,
    no_numbers: NoNumbers = False,
    no_punctuation: NoPunctuation = False,
    no_capitals: NoCapitals = False,
    swiss: Swiss = False,
    spellings: SpellingsFile = None,
    each_line: Annotated[
        bool, Option("--each-line", help="Every line is a text of its own.")
    ] = False,
) -> int:
    """Write capitals, marks, ß and numbers as one writes them.

    Repairs what recognisers leave in lower case. Words are never changed, capitals and marks that
    a text has stay.
    """
    from tevr.cli.outputs import whole_file
    from tevr.readable.text_writer import rewrite
    from tevr.readable.writer import open_files

    options = chosen_writing(no_numbers, no_punctuation, no_capitals, swiss, spellings)
    files = open_files()
    texts = (
        rewrite(read_text(path), files, options, each_line=each_line)
        for path in inputs or [Path("-")]
    )
    if output is None:
        for text in texts:
            sys.stdout.write(text)
            sys.stdout.flush()
        return 0
    with whole_file(output) as file:
        file.writelines(texts)
    return 0


def chosen_writing(
    no_numbers: bool, no_punctuation: bool, no_capitals: bool, swiss: bool, spellings: Path | None
) -> ReadableOptions:
    """What the flags leave to be written as one writes it.

    Raises:
        UsageError: the file of spellings cannot be read.
    """
    from tevr.readable.writer import ReadableOptions

    return ReadableOptions(
        numbers=not no_numbers,
        punctuation=not no_punctuation,
        capitals=not no_capitals,
        sharp_s=not swiss,
        spellings=chosen_spellings(spellings),
    )


def chosen_spellings(path: Path | None) -> tuple[str, ...]:
    """The own spellings of a file; none without one.

    Raises:
        UsageError: the file cannot be read.
    """
    from tevr.readable.spellings import read_spellings

    return () if path is None else read_spellings(path)


def read_text(path: Path) -> str:
    """All of a file, or of standard input where the path is -.

    Raises:
        UsageError: it cannot be read.
    """
    from tevr.errors import UsageError

    name = "Standard input" if path == Path("-") else f"The text {path}"
    try:
        data = sys.stdin.buffer.read() if path == Path("-") else path.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        cause = f"{name} cannot be read ({error.strerror})"
        raise UsageError(cause, "Name a text file.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is no UTF-8", "Convert it to UTF-8 first.") from error
