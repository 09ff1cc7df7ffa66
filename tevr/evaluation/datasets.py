"""A release of Common Voice or a folder of recordings → utterances, and what is wrong with some.

A release is a folder, or its archive (`.tar.gz`), with a table for each split, `test.tsv`, beside
`clips/`. Tables of all releases from 6.1 on are read: columns are found by name, and what later
releases call `accents` was `accent` before. A folder of one's own holds a `manifest.tsv` with
the columns `path` and `text`, or a text beside each recording.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from tevr.errors import OutputError, UsageError
from tevr.labelled import MANIFEST, read_table, texts_beside
from tevr.lm.whole_file import whole_file
from tevr.scoring.normalisers import DEFAULT, get_normaliser

_TRAITS = {
    "speaker": ("client_id", "speaker"),
    "age": ("age",),
    "gender": ("gender",),
    "accent": ("accents", "accent"),
    "variant": ("variant",),
}
"""What the data may tell of a speaker, by the columns that do."""
_CLIPS = "clips"
_ARCHIVES = (".tar.gz", ".tgz", ".tar")
_COPIED = 1 << 20  # bytes at a time

MISSING, EMPTY, DUPLICATE, BROKEN = "missing", "empty", "duplicate", "broken"
PROBLEMS = {
    MISSING: "the clip is not there",
    EMPTY: "the sentence holds no words",
    DUPLICATE: "the clip was listed before",
    BROKEN: "the clip cannot be read as sound",
}
"""Why an utterance is not scored."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording of a data set.

    Attributes:
        name: what the data set calls it; the place of its row is added where that comes again.
        path: its file.
        text: what is said, as written.
        traits: what is known of the speaker, by name; nothing that is empty.
        problem: a key of `PROBLEMS`, or `None`.
    """

    name: str
    path: Path
    text: str
    traits: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Recordings with their words.

    Attributes:
        name: for people.
        split: of a release; empty for other folders.
        utterances: in the order of the table.
    """

    name: str
    split: str
    utterances: tuple[Utterance, ...]


def open_dataset(path: Path, split: str, unpacked: Path) -> Dataset:
    """Read what a data set holds.

    Args:
        path: a folder or an archive.
        split: of a release: test, dev, train, validated, …
        unpacked: a folder for what is needed out of an archive; it is made.

    Raises:
        UsageError: it is neither, or lacks the split.
        OutputError: the archive cannot be unpacked there.
    """
    if path.name.endswith(_ARCHIVES):
        return replace(_unpack(path, split, unpacked), name=path.name)
    if not path.is_dir():
        cause = f"{path} is neither a folder nor an archive of recordings"
        raise UsageError(cause, "Give a release of Common Voice or a folder with a manifest.")
    if (path / MANIFEST).is_file():
        return Dataset(path.resolve().name, "", _checked(_table(path / MANIFEST, path)))
    tables = sorted({*path.glob(f"{split}.tsv"), *path.glob(f"*/{split}.tsv")})
    if not tables:
        tables = sorted(path.glob(f"*/*/{split}.tsv"))
    if len(tables) == 1:
        clips = tables[0].parent / _CLIPS
        return Dataset(path.resolve().name, split, _checked(_table(tables[0], clips)))
    if tables:
        cause = f"{path} holds {len(tables)} tables {split}.tsv"
        raise UsageError(cause, f"Name the folder of one language, such as {tables[0].parent}.")
    if found := tuple(_checked(_texts_beside(path))):
        return Dataset(path.resolve().name, "", found)
    raise _no_split(path, split, sorted(each.stem for each in path.rglob("*.tsv")))


def _no_split(path: Path, split: str, known: list[str]) -> UsageError:
    if known:
        found = ", ".join(known)
        return UsageError(f"{path} has no split {split!r}", f"Choose with --split: {found}.")
    advice = f"It needs {split}.tsv and {_CLIPS}/, a {MANIFEST}, or a text beside each recording."
    return UsageError(f"{path} holds no recordings with their words", advice)


def _table(table: Path, clips: Path) -> Iterator[Utterance]:
    """The rows of a table with tabs."""
    for row in read_table(table):
        path = clips / _with_ending(row.path)
        yield Utterance(row.path, path, row.text, _traits(row.columns))


def _with_ending(name: str) -> str:
    """The file of a row: the first releases left its ending out."""
    return name if not name or "." in PurePosixPath(name).name else f"{name}.mp3"


def _traits(row: Mapping[str, str | None]) -> dict[str, str]:
    found = {
        trait: next((value for column in columns if (value := row.get(column))), "")
        for trait, columns in _TRAITS.items()
    }
    return {trait: value for trait, value in found.items() if value}


def _texts_beside(folder: Path) -> Iterator[Utterance]:
    """Recordings of a folder with a text beside each."""
    for path, text in texts_beside(folder):
        yield Utterance(path.name, path, text.strip())


def _checked(utterances: Iterable[Utterance]) -> tuple[Utterance, ...]:
    """The utterances with what is wrong with them, under names of their own."""
    words = get_normaliser(DEFAULT).words
    seen: set[str] = set()
    found = []
    for number, each in enumerate(utterances, 1):
        problem = None
        if each.name in seen:
            problem = DUPLICATE
        elif not words(each.text):
            problem = EMPTY
        elif not each.path.is_file():
            problem = MISSING
        name = f"{each.name} (row {number})" if problem == DUPLICATE or not each.name else each.name
        seen.add(each.name)
        found.append(replace(each, name=name, problem=problem))
    return tuple(found)


def _unpack(archive: Path, split: str, target: Path) -> Dataset:
    """Unpack the table and the clips of one split, unless that has been done."""
    table = target / f"{split}.tsv"
    try:
        if not table.is_file():
            _copy_split(archive, split, target)
        return Dataset(archive.name, split, _checked(_table(table, target / _CLIPS)))
    except (tarfile.TarError, EOFError) as error:
        cause = f"{archive} cannot be unpacked ({error})"
        raise UsageError(cause, "Download it again, or unpack it yourself.") from error
    except OSError as error:
        if isinstance(error, UsageError | OutputError):
            raise
        cause = f"{archive} cannot be unpacked to {target} ({error.strerror or error})"
        raise OutputError(cause, "Check the path, or free some space.") from error


def _copy_split(archive: Path, split: str, target: Path) -> None:
    """Copy a split's clips, then its table, which therefore tells that all is there."""
    with tarfile.open(archive) as tar:
        names, table = [], None
        for member in tar:
            if member.isfile() and member.name.endswith(".tsv"):
                names.append(PurePosixPath(member.name).stem)
            if member.isfile() and PurePosixPath(member.name).name == f"{split}.tsv":
                file = tar.extractfile(member)
                table = file.read() if file else None
                break
    if table is None:
        raise _no_split(archive, split, sorted(names))
    clips = target / _CLIPS
    clips.mkdir(parents=True, exist_ok=True)
    listing = target / f".{split}.tsv.part"
    listing.write_bytes(table)
    wanted = {each.path.name for each in _table(listing, clips)}
    with tarfile.open(archive) as tar:
        for member in tar:
            # Only the name is taken, so that no archive writes outside the folder.
            name = PurePosixPath(member.name).name
            source = tar.extractfile(member) if member.isfile() and name in wanted else None
            if source is not None:
                with whole_file(clips / name) as file:
                    while block := source.read(_COPIED):
                        file.write(block)
    listing.replace(target / f"{split}.tsv")
