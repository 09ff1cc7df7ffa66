"""A model's name or folder → its files on disk, checked: sizes and SHA-256 as its manifest says.

A model is a folder with `model.json`, the manifest, beside the files it lists. Bundled models lie
in `models/pretrained`; a path to any other such folder works as well. Nothing here touches the
network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from tevr.errors import ModelError
from tevr.lm.beam import BeamSettings, LanguageModelFiles
from tevr.lm.manifest import FileRecord
from tevr.lm.whole_file import whole_file

DEFAULT_MODEL = "de-small"
MANIFEST = "model.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """How far from a word's borders a model's labels fire, measured on real speech.

    Attributes:
        lead: seconds by which a word begins before its first frame.
        tail: seconds by which it ends after its last.
    """

    lead: float = 0.0
    tail: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """One model on disk, as its manifest describes it.

    Attributes:
        name: for people and for `--model`.
        folder: where its files lie.
        acoustic: file name of the acoustic model.
        tokens: file name of the label table.
        language_model: file name of the KenLM model, or ``None``.
        unigrams: file name of its word list, or ``None``.
        lexicon: file name of the same words as the search maps them, or ``None``.
        longest: seconds of sound the acoustic model can take at once.
        decoding: what the beam search was tuned to for this model.
        timing: where words begin and end around their labels.
        records: size and checksum of every file.
    """

    name: str
    folder: Path
    acoustic: str
    tokens: str
    language_model: str | None
    unigrams: str | None
    lexicon: str | None
    longest: float
    decoding: BeamSettings
    timing: Timing
    records: Mapping[str, FileRecord]

    @property
    def language_model_files(self) -> LanguageModelFiles | None:
        """Paths of the language model, if there is one."""
        if self.language_model is None or self.unigrams is None:
            return None
        return LanguageModelFiles(
            ngrams=self.folder / self.language_model,
            unigrams=self.folder / self.unigrams,
            lexicon=self.folder / self.lexicon if self.lexicon else None,
        )

    @property
    def names(self) -> list[str]:
        """Names of its files."""
        parts = (self.acoustic, self.tokens, self.language_model, self.unigrams, self.lexicon)
        return [name for name in parts if name is not None]

    def verify(self) -> None:
        """Read every file and compare its size and SHA-256 with the manifest's.

        Raises:
            ModelError: a file is missing or differs.
        """
        for file, record in self.records.items():
            path = self.folder / file
            try:
                found = FileRecord.of(path)
            except OSError as error:
                raise ModelError(
                    f"{path} of the model {self.name} cannot be read ({error.strerror})",
                    "Install the model again.",
                ) from error
            if found != record:
                raise ModelError(
                    f"{path} of the model {self.name} is damaged"
                    f" ({found.bytes} bytes of {record.bytes}, wrong checksum)",
                    "Install the model again.",
                )


def pretrained() -> Path:
    """The folder of bundled models."""
    spec = find_spec("tevr.models")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("The bundled models are not installed", "Install tevr again.")
    return Path(next(iter(spec.submodule_search_locations))) / "pretrained"


def bundled(name: str) -> Path:
    """The folder of one bundled model.

    Raises:
        ModelError: it is not there.
    """
    folder = pretrained() / name
    if not folder.is_dir():
        raise ModelError(f"The bundled model {name} is not installed", "Install tevr again.")
    return folder


def installed() -> list[str]:
    """Names of the models that `find` knows."""
    return sorted(path.parent.name for path in pretrained().glob(f"*/{MANIFEST}"))


def find(model: str) -> ModelFiles:
    """The model of that name, or in that folder.

    Raises:
        ModelError: there is none, or its manifest cannot be used.
    """
    if model in installed():
        return read_manifest(bundled(model))
    folder = Path(model).expanduser()
    if (folder / MANIFEST).is_file():
        return read_manifest(folder)
    raise ModelError(
        f"There is no model {model!r}",
        f"Choose one of {', '.join(installed())}, or a folder that holds a {MANIFEST}.",
    )


def read_manifest(folder: Path) -> ModelFiles:
    """Read `model.json` of a model folder; an unknown key is an error, not a surprise later."""
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("schema") != SCHEMA:
            raise ModelError(f"{path} is of another version", "Install tevr and the model again.")
        records = {name: FileRecord(**record) for name, record in data.pop("files").items()}
        decoding = BeamSettings(**data.pop("decoding"))
        timing = Timing(**data.pop("timing"))
        files = ModelFiles(folder=folder, records=records, decoding=decoding, timing=timing, **data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The manifest {path} cannot be used ({error})", "Install the model again."
        ) from error
    if missing := set(files.names) - set(records):
        raise ModelError(
            f"The manifest {path} has no checksum for {', '.join(sorted(missing))}",
            "Install the model again.",
        )
    return files


def write_manifest(files: ModelFiles) -> None:
    """Write `model.json` with the sizes and checksums of the files as they are now.

    Raises:
        OSError: a file cannot be read, or the manifest not be written.
    """
    data = {
        "schema": SCHEMA,
        "name": files.name,
        "acoustic": files.acoustic,
        "tokens": files.tokens,
        "language_model": files.language_model,
        "unigrams": files.unigrams,
        "lexicon": files.lexicon,
        "longest": files.longest,
        "decoding": asdict(files.decoding),
        "timing": asdict(files.timing),
        "files": {name: asdict(FileRecord.of(files.folder / name)) for name in files.names},
    }
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    with whole_file(files.folder / MANIFEST) as file:
        file.write(text.encode())
