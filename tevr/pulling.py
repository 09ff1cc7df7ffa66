"""A published model's name → its folder among one's own models: fetched, checked, converted."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tevr.errors import ModelError, OutputError, UsageError, needed
from tevr.home import model_folders, model_home
from tevr.lm.lock import held
from tevr.lm.manifest import FileRecord
from tevr.registry import Published, published
from tevr.store import (
    CONFIG,
    MANIFEST,
    ModelFiles,
    Source,
    find,
    pretrained,
    put,
    read_manifest,
    unwritten,
)
from tevr.wav2vec2.config import Config
from tevr.wav2vec2.folder import describe

_log = logging.getLogger("tevr.pulling")
Progress = Callable[[str, float], None]
"""Told what is being done and what share of it is done, 0 to 1."""
SUMS = "SHA256SUMS"
"""Checksums that a folder may bring along, as sha256sum writes them."""
_STAGE = ".downloads"
"""Below the models' folder, so that what is finished only has to be renamed."""
_PART = ".part"


@dataclass(frozen=True, slots=True)
class PullOptions:
    """What is pulled.

    Attributes:
        name: of a published model.
        source: a folder with its files, or with a model converted elsewhere; an address of a
            mirror of the hub; ``None`` for the hub.
        form: what shall be able to run it, see `tevr.wav2vec2.conversion.Form`.
        force: replace what was pulled before.
    """

    name: str
    source: str | None = None
    form: Literal["cpu", "torch", "both"] = "cpu"
    force: bool = False


def pull(options: PullOptions, progress: Progress) -> ModelFiles:
    """Fetch a published model and make it ready; its folder appears whole or not at all.

    What was fetched stays if something fails, and the next call goes on with it.

    Raises:
        UsageError: no such model is published, a package is missing, or another process is at it.
        ModelError: the source cannot be reached, is incomplete or damaged.
        OutputError: the models' folder cannot be written.
    """
    model = published(options.name)
    if not options.force and (there := _pulled(options.name)) is not None:
        return there
    home = model_home()
    stage = home / _STAGE / model.name
    with _alone(stage, model.name):
        _check_room(home, model, options)
        try:
            ready = _made(options, model, stage, progress)
            old = stage / "old"
            shutil.rmtree(old, ignore_errors=True)
            put(ready, home / model.name, old)
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            raise unwritten(home / model.name, error) from error
        shutil.rmtree(stage, ignore_errors=True)
    return read_manifest(home / model.name)


def remove(name: str) -> ModelFiles:
    """Remove a pulled model; returns what it was.

    Raises:
        UsageError: it comes with tevr, or lies where all users' models do.
        ModelError: there is none of that name.
        OutputError: it cannot be removed.
    """
    if (pretrained() / name / MANIFEST).is_file():
        raise UsageError(f"The model {name} comes with tevr", "It goes when tevr is uninstalled.")
    folder = model_home() / name
    if Path(name).name != name or not (folder / MANIFEST).is_file():
        files = find(name)
        raise UsageError(
            f"The model {name} lies in {files.folder}, not among your own",
            "Remove that folder by hand if you may.",
        )
    with _alone(model_home() / _STAGE / name, name):
        files = read_manifest(folder)
        try:
            (folder / MANIFEST).unlink()  # from here on nobody takes it for a model
            shutil.rmtree(folder)
        except OSError as error:
            cause = f"{folder} cannot be removed ({error.strerror})"
            raise OutputError(cause, "Close what uses it, or remove it by hand.") from error
        shutil.rmtree(model_home() / _STAGE / name, ignore_errors=True)
    return files


def _pulled(name: str) -> ModelFiles | None:
    """The model if it is there and whole."""
    for folder in model_folders():
        if (folder / name / MANIFEST).is_file():
            try:
                files = read_manifest(folder / name)
                files.verify(quick=True)
            except ModelError as error:
                _log.warning("%s It is pulled again.", error)
                continue
            return files
    return None


@contextmanager
def _alone(stage: Path, name: str) -> Iterator[None]:
    """Hold the folder for what is unfinished; a second process is told, and does no harm."""
    try:
        with held(stage):
            yield
    except UsageError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise UsageError(
            f"Another process is pulling or removing {name}", "Wait until it is done."
        ) from error


def _check_room(home: Path, model: Published, options: PullOptions) -> None:
    """Refuse to begin what cannot end."""
    needed = model.disk + (0 if options.source and _is_folder(options.source) else model.download)
    there = sum(path.stat().st_size for path in (home / _STAGE).rglob("*") if path.is_file())
    if shutil.disk_usage(home).free + there < needed:
        raise OutputError(
            f"{home} has no room for {model.name}, which takes {needed / 1e9:.1f} GB on the way",
            "Free some space, or choose another disk with TEVR_HOME.",
        )


def _made(options: PullOptions, model: Published, stage: Path, progress: Progress) -> Path:
    """Make the finished folder within the one for what is unfinished."""
    source = options.source
    if source is not None and _is_folder(source):
        folder = Path(source).expanduser()
        if (folder / MANIFEST).is_file():
            return _copied(read_manifest(folder), stage / "copy", progress)
        if not (folder / CONFIG).is_file():
            what = "holds no model" if folder.is_dir() else "is no folder"
            cause = f"{folder} {what}"
            raise ModelError(cause, f"Give a folder with {MANIFEST} or {CONFIG}, or an address.")
        origin = Source(folder.resolve().name, "", model.licence, _sums(folder, progress))
    else:
        from tevr.hub import fetch

        folder = stage / "source"
        origin = fetch(model, folder, source, progress)
    return _converted(options, model, folder, origin, stage / "model", progress)


def _converted(
    options: PullOptions,
    model: Published,
    folder: Path,
    origin: Source,
    target: Path,
    progress: Progress,
) -> Path:
    with needed("Converting the model", "pull"):
        from tevr.wav2vec2.conversion import ConvertOptions, convert
    config = Config.read(folder)
    if config.vocab_size != model.labels:
        cause = f"{folder} holds a network of {config.vocab_size} labels, not {model.name}"
        raise ModelError(cause, "Convert other networks with: tevr models convert")
    shutil.rmtree(target, ignore_errors=True)
    convert(
        ConvertOptions(
            folder, target, model.name, options.form, decoding=model.decoding, origin=origin
        ),
        progress,
    )
    return target


def _copied(files: ModelFiles, target: Path, progress: Progress) -> Path:
    """Copy a converted model; files copied whole by a run before this one stay."""
    target.mkdir(exist_ok=True)
    for name, record in files.records.items():
        if Path(name).name != name:
            raise ModelError(f"{files.folder} lists {name}", "Take the model from elsewhere.")
        progress(name, 0.0)
        if (target / name).is_file() and FileRecord.of(target / name) == record:
            continue
        part = target / f"{name}{_PART}"
        try:
            with (files.folder / name).open("rb") as stream, part.open("wb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
        except FileNotFoundError as error:
            raise ModelError(f"{files.folder} lacks {name}", "Copy it again.") from error
        if FileRecord.of(part) != record:
            part.unlink()
            raise ModelError(f"{files.folder / name} is damaged", "Copy it again.")
        part.replace(target / name)
    shutil.copyfile(files.folder / MANIFEST, target / MANIFEST)
    return target


def _sums(folder: Path, progress: Progress) -> Mapping[str, str]:
    """SHA-256 of the weights and n-grams of a folder, compared with its list if it has one."""
    given = describe(folder)
    names = [name for name in (given.acoustic, given.language_model) if name is not None]
    listed = _listed(folder / SUMS)
    found = {}
    for name in {*names, *listed}:
        progress(f"{name}, checksum", 0.0)
        try:
            found[name] = FileRecord.of(folder / name).sha256
        except OSError as error:
            cause = f"{folder / name} cannot be read ({error.strerror})"
            raise ModelError(cause, "Copy the folder again.") from error
        if found[name] != listed.get(name, found[name]):
            raise ModelError(f"{folder / name} is damaged (wrong checksum)", "Copy it again.")
    return {name: found[name] for name in names}


def _listed(path: Path) -> dict[str, str]:
    """File name → SHA-256 of a list as sha256sum writes it; none if there is no list."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    if not all(len(pair) == 2 for pair in pairs):  # noqa: PLR2004 - a sum and a name
        raise ModelError(f"{path} lists no checksums", "Write it with sha256sum, or remove it.")
    return {name.removeprefix("*").removeprefix("./"): sum_.lower() for sum_, name in pairs}


def _is_folder(source: str) -> bool:
    return not source.startswith(("http://", "https://"))
