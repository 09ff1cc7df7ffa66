"""A folder of recordings and what is said in them → clips with normalised references."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tevr.errors import UsageError
from tevr.lm.corpus import normalise

MANIFEST = "manifest.tsv"
# Releases of Common Voice have sentences.
_PATHS, _TEXTS = ("path", "audio", "file"), ("sentence", "text", "transcript")
_BESIDE = ".txt"
_ADVICE = (
    f"Put a {MANIFEST} with the columns path and text into it,"
    f" or a {_BESIDE} file with its words beside each recording."
)


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording.

    Attributes:
        path: its file.
        text: what is said, normalised.
    """

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of recordings.

    Attributes:
        path: of the recording, as written.
        text: what is said, as written.
        columns: all of the row, by name.
    """

    path: str
    text: str
    columns: Mapping[str, str | None]


def read_labelled(folder: Path) -> list[Clip]:
    """Read a folder with a manifest, or with a text beside each recording.

    Clips whose text has no words are left out: nothing can be counted on them.

    Raises:
        UsageError: the folder holds neither, or names a file that is not there.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder of recordings", "Check the path.")
    manifest = folder / MANIFEST
    found = (
        ((folder / row.path, row.text) for row in read_table(manifest))
        if manifest.is_file()
        else texts_beside(folder)
    )
    clips = [Clip(path, words) for path, text in found if (words := normalise(text))]
    if not clips:
        raise UsageError(f"{folder} holds no recordings with their words", _ADVICE)
    for clip in clips:
        if not clip.path.is_file():
            raise UsageError(f"{clip.path} is not there", f"Correct {manifest}.")
    return clips


def read_table(table: Path) -> Iterator[Row]:
    """The rows of a table with tabs between its columns.

    Raises:
        UsageError: it cannot be read, or no column of it names recordings or their words.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            columns = rows.fieldnames or ()
            sound = next((name for name in _PATHS if name in columns), None)
            text = next((name for name in _TEXTS if name in columns), None)
            if sound is None or text is None:
                cause = f"{table} lacks a column for the recording or its words"
                raise UsageError(cause, "Name the columns path and text, with tabs between.")
            for row in rows:
                yield Row(row[sound] or "", row[text] or "", row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{table} cannot be read ({error})", "Write it as UTF-8 text.") from error


def texts_beside(folder: Path) -> Iterator[tuple[Path, str]]:
    """Recordings of a folder with what the text beside each says.

    Raises:
        UsageError: a text cannot be read.
    """
    texts = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix == _BESIDE}
    for path in sorted(folder.iterdir()):
        if path.suffix != _BESIDE and path.stem in texts and path.is_file():
            try:
                yield path, texts[path.stem].read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                cause = f"{texts[path.stem]} cannot be read ({error})"
                raise UsageError(cause, "Write it as UTF-8 text.") from error
