"""Turns what the user named into inputs, planned output files, whole files and a ledger of them."""

from __future__ import annotations

import errno
import glob
import io
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from tevr.errors import AudioError, OutputError, TevrError, UsageError
from tevr.lm.whole_file import is_full
from tevr.lm.whole_file import whole_file as whole_bytes

#: Name of the ledger in the output folder; the dot hides it from folder inputs.
LEDGER_NAME = ".tevr-done.jsonl"


class DiskFullError(OutputError):
    """The disk or the user's share of it is full; the next file will not fit either."""


@dataclass(frozen=True, slots=True)
class Input:
    """One file to transcribe.

    Attributes:
        path: the file, as the user named or would name it; it need not exist.
        below: the folder the user named, else the file's own; ``path`` lies below it, and output
            folders repeat what lies between the two.
    """

    path: Path
    below: Path


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the user's arguments stand for.

    Attributes:
        inputs: each file once, in the order of the arguments, folders sorted by name.
        problems: arguments that stand for nothing.
    """

    inputs: tuple[Input, ...]
    problems: tuple[AudioError, ...]


def gather(arguments: Sequence[str], is_audio: Callable[[Path], bool]) -> Gathered:
    """Find the files that arguments stand for: files, folders and patterns such as ``**/*.mp3``.

    Hidden files and folders are left out unless named, folders behind symbolic links unless
    named, and so are files that ``is_audio`` rejects. A name with no such file is an input all
    the same, so that the run reports it in its place.
    """
    found: dict[str, Input] = {}
    problems: list[AudioError] = []
    for argument in arguments:
        for new in _inputs_of(argument, is_audio, problems):
            # The folder's links are resolved, not the file's: two names are two recordings.
            key = str(Path(os.path.realpath(new.path.parent)) / new.path.name)
            found.setdefault(key, new)
    return Gathered(tuple(found.values()), tuple(problems))


def _inputs_of(
    argument: str, is_audio: Callable[[Path], bool], problems: list[AudioError]
) -> list[Input]:
    path, known = Path(argument), len(problems)
    if not argument:
        problems.append(AudioError("The name of an input is empty", "Name a file or a folder."))
        return []
    # The functions of os.path, unlike the methods of Path, take forbidden folders for missing.
    if os.path.isdir(path):  # noqa: PTH112
        base, files = path, _files_below(path, problems)
        nothing = AudioError(f"There is no audio file in the folder {path}", "Name another folder.")
    elif os.path.lexists(path) or not glob.has_magic(argument):
        return [Input(path, path.parent)]
    else:
        base, files = _matches(path, problems)
        nothing = AudioError(
            f"No audio file matches {argument}",
            "Check the pattern, or name files with unusual endings one by one.",
        )
    inputs = [Input(file, base) for file in files if is_audio(file)]
    if not inputs and len(problems) == known:
        problems.append(nothing)
    return inputs


def _files_below(folder: Path, problems: list[AudioError]) -> list[Path]:
    """List the files in a folder and its folders, without hidden ones, sorted by name."""

    def note(error: OSError) -> None:
        cause = f"The folder {error.filename} cannot be read: {error.strerror}"
        problems.append(AudioError(cause, "Change its permissions, or leave it out."))

    files = []
    for parent, folders, names in os.walk(folder, onerror=note, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(parent, name) for name in names if not name.startswith(".")]
    return sorted(files, key=lambda file: file.parts)


def _matches(pattern: Path, problems: list[AudioError]) -> tuple[Path, list[Path]]:
    """Return the folder before the first wildcard, and the files that match, sorted by name."""
    parts = pattern.parts
    first = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    base, wild = Path(*parts[:first]), parts[first:]
    try:
        matches = sorted(base.glob(str(Path(*wild))), key=lambda match: match.parts)
    except ValueError:
        cause = f"The pattern {pattern} is not valid"
        problems.append(AudioError(cause, "Write ** only between slashes."))
        return base, []
    hidden_wanted = any(part.startswith(".") for part in wild)
    files: dict[Path, None] = {}
    for match in matches:
        hidden = any(part.startswith(".") for part in match.relative_to(base).parts)
        if not hidden or hidden_wanted:
            below = _files_below(match, problems) if match.is_dir() else [match]
            files.update(dict.fromkeys(below))
    return base, list(files)


def plan_outputs(
    inputs: Sequence[Input], output_dir: Path, formats: Sequence[str]
) -> dict[Input, dict[str, Path]]:
    """Name one file for each input and format, in folders as below the inputs' own.

    An output is called as its input with another ending. Where two inputs would share a file, or
    an output would replace an input, the input's own ending stays: ``x.wav.txt``, ``x.mp3.txt``.
    File systems that take upper and lower case for the same are always reckoned with.

    Returns:
        Input → format → path.

    Raises:
        UsageError: even whole names collide.
    """
    taken = {_key(item.path) for item in inputs}
    whole: set[Input] = set()
    while True:
        plan = {item: _named(item, output_dir, formats, item in whole) for item in inputs}
        keys = {item: {_key(path) for path in paths.values()} for item, paths in plan.items()}
        uses = Counter(key for mine in keys.values() for key in mine)
        clashing = [
            item for item, mine in keys.items() if any(uses[k] > 1 or k in taken for k in mine)
        ]
        if not clashing:
            return plan
        if whole.issuperset(clashing):
            raise _collision(clashing[0], plan, keys)
        whole.update(clashing)


def _named(item: Input, folder: Path, formats: Sequence[str], whole: bool) -> dict[str, Path]:
    file = item.path.relative_to(item.below)
    stem = file.name if whole else file.stem
    return {form: folder / file.parent / f"{stem}.{form}" for form in formats}


def _key(path: Path) -> str:
    """Return what is equal for two paths that some file system takes for the same file."""
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()


def _collision(
    first: Input, plan: dict[Input, dict[str, Path]], keys: dict[Input, set[str]]
) -> UsageError:
    for other in plan:
        if other != first and keys[other] & keys[first]:
            return UsageError(
                f"{first.path} and {other.path} would both be written to "
                f"{next(iter(plan[first].values()))}",
                "Transcribe them into different folders.",
            )
    return UsageError(
        f"The transcript of {first.path} would replace another input", "Choose another folder."
    )


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Give a UTF-8 text stream whose content stands at ``path`` once the block ends well.

    It is written beside the target under a hidden name, synced to the disk and renamed; missing
    folders are made. If the block raises, whatever it is, no trace is left and an older file at
    ``path`` stays as it was. A symbolic link is followed.

    Raises:
        DiskFullError: no space is left.
        OutputError: the file cannot be written for another reason.
    """
    with _reported(path):
        target = Path(os.path.realpath(path))
        if os.path.lexists(target) and not target.is_file():
            kind = "a folder" if target.is_dir() else "not a plain file"
            raise OutputError(f"{path} cannot be written: it is {kind}", "Choose another name.")
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_bytes(target) as raw:
            stream = io.TextIOWrapper(raw, encoding="utf-8", newline="\n")
            try:
                yield stream
                stream.flush()
            except BaseException:
                with suppress(OSError):  # a full disk fails again on the rest of the buffer
                    stream.close()
                raise


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turn the system's errors while ``path`` is written into ours."""
    try:
        yield
    except TevrError:
        raise  # among them AudioError, an OSError that is about the input
    except OSError as error:
        raise _output_error(path, error) from error


def _output_error(path: Path, error: OSError) -> OutputError:
    if is_full(error):
        return DiskFullError(
            f"{path} cannot be written: the disk is full",
            "Free some space and start again; files already finished are kept.",
        )
    advice = {
        errno.EACCES: "Choose a folder you may write to.",
        errno.EPERM: "Choose a folder you may write to.",
        errno.EROFS: "Choose a folder on a disk that is not read-only.",
        errno.ENAMETOOLONG: "Shorten the name of the input.",
    }.get(error.errno or 0, "Choose another folder.")
    reason = error.strerror or type(error).__name__
    return OutputError(f"{path} cannot be written: {reason}", advice)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the ledger; size in bytes, time of the last change in nanoseconds."""

    source: str
    size: int
    mtime_ns: int
    settings: str
    outputs: list[str]


class Ledger:
    """Remembers in the output folder which inputs are done, so that a run can be taken up again.

    Each finished input appends one line, which reaches the disk before the next input starts.
    Lines that a crash tore are ignored, and later lines replace earlier ones of the same input.
    """

    def __init__(self, output_dir: Path) -> None:
        """Read the ledger of a folder, if there is one.

        Raises:
            OutputError: there is one, but it cannot be read.
        """
        self._folder = Path(os.path.realpath(output_dir))
        self._path = output_dir / LEDGER_NAME
        self._done: dict[str, _Entry] = {}
        self._stamps: dict[Input, tuple[int, int]] = {}
        with _reported(self._path), suppress(FileNotFoundError):
            for line in self._path.read_bytes().split(b"\n"):
                if (entry := _parse(line)) is not None:
                    self._done[entry.source] = entry

    def is_done(self, item: Input, settings_hash: str, outputs: Iterable[Path]) -> bool:
        """Say whether these outputs of an unchanged input were written with these settings.

        Size and time seen here are what `record` will note: an input that changes while it is
        transcribed is not done.
        """
        stamp = _stamp(item.path)
        if stamp is None:
            return False  # the run itself reports what is wrong with the input
        self._stamps[item] = stamp
        entry = self._done.get(self._name(item.path))
        wanted = list(outputs)
        return (
            entry is not None
            and (entry.size, entry.mtime_ns) == stamp
            and entry.settings == settings_hash
            and {self._name(path) for path in wanted} <= set(entry.outputs)
            and all(path.is_file() for path in wanted)
        )

    def record(self, item: Input, settings_hash: str, outputs: Iterable[Path]) -> None:
        """Note on the disk that an input is done.

        Raises:
            DiskFullError: no space is left.
            OutputError: the ledger cannot be written for another reason.
        """
        stamp = self._stamps.get(item) or _stamp(item.path)
        if stamp is None:
            return  # the input is gone, and a later one of that name must not count as done
        names = [self._name(path) for path in outputs]
        entry = _Entry(self._name(item.path), *stamp, settings_hash, names)
        with _reported(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                torn = file.tell() > 0 and file.seek(-1, os.SEEK_END) and file.read(1) != b"\n"
                # Escaped to ASCII, JSON also holds names that are not valid UTF-8.
                line = json.dumps(asdict(entry)).encode("ascii") + b"\n"
                file.write(b"\n" + line if torn else line)
                file.flush()
                os.fsync(file.fileno())
        self._done[entry.source] = entry

    def _name(self, path: Path) -> str:
        """Return the path below the output folder, so that both may move together, or all of it."""
        real = Path(os.path.realpath(path))
        return str(real.relative_to(self._folder) if real.is_relative_to(self._folder) else real)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return size in bytes and time of the last change in nanoseconds, ``None`` if unknown."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _parse(line: bytes) -> _Entry | None:
    """Read one line of the ledger; ``None`` for a torn or foreign one."""
    try:
        entry = _Entry(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    named = isinstance(entry.source, str) and isinstance(entry.outputs, list)
    return entry if named and all(isinstance(name, str) for name in entry.outputs) else None
