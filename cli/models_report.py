"""Models on disk and published ones → lines and JSON for `tevr models`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tevr.errors import ModelError, needed
from tevr.registry import PUBLISHED
from tevr.store import ModelFiles, find, installed

if TYPE_CHECKING:
    from tevr.wav2vec2.conversion import Form


@dataclass(frozen=True, slots=True)
class Known:
    """A model that is there or can be pulled.

    Attributes:
        name: of the model.
        files: where it lies; ``None`` if it is not there, or damaged.
        note: what else to say of it.
    """

    name: str
    files: ModelFiles | None
    note: str


def known_models() -> list[Known]:
    """All models that are there, then all others that can be pulled."""
    found = []
    for name in installed():
        try:
            found.append(Known(name, find(name), ""))
        except ModelError as error:
            found.append(Known(name, None, str(error)))
    names = {each.name for each in found}
    for model in PUBLISHED.values():
        if model.name not in names:
            note = f"{model.download / 1e9:.1f} GB to pull, {model.licence}: {model.summary}"
            found.append(Known(model.name, None, note))
    return found


def list_lines(models: Sequence[Known]) -> Iterator[str]:
    """A line for each model."""
    for each in models:
        if each.files is None:
            yield f"{each.name:<12} {'-':>8}  {each.note}"
        else:
            yield f"{each.name:<12} {each.files.bytes / 1e6:>5.0f} MB  {each.files.folder}"


def list_data(models: Sequence[Known]) -> dict[str, object]:
    """The same for machines."""
    return {
        "models": [
            {
                "name": each.name,
                "folder": str(each.files.folder) if each.files else None,
                "bytes": each.files.bytes if each.files else None,
                "source": asdict(each.files.source) if each.files and each.files.source else None,
                "note": each.note or None,
            }
            for each in models
        ]
    }


def model_lines(files: ModelFiles) -> Iterator[str]:
    """What a model that was just made is."""
    yield f"model      {files.name}, {files.bytes / 1e6:.0f} MB"
    if files.source is not None:
        revision = f" at {files.source.revision[:12]}" if files.source.revision else ""
        yield f"from       {files.source.repository}{revision}"
    yield f"written    {files.folder}"


def convert_folder(
    folder: Path,
    target: Path,
    form: Form,
    precision: Literal["int8", "fast", "float32"],
    progress: Callable[[str, float], None],
    *,
    force: bool,
) -> ModelFiles:
    """Convert a folder, once the packages that do it are there.

    Raises:
        UsageError: one is missing.
    """
    with needed("Converting", "pull"):
        from tevr.wav2vec2.conversion import FAST, FLOAT32, INT8, ConvertOptions, convert
    kinds = {"int8": INT8, "fast": FAST, "float32": FLOAT32}
    options = ConvertOptions(folder, target, form=form, precisions=kinds[precision], force=force)
    return convert(options, progress)
