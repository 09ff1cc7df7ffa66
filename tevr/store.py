"""A model's name or folder → its files on disk, checked: sizes and SHA-256 as its manifest says.

A model is a folder with `model.json`, the manifest, beside the files it lists. Bundled models lie
in `models/pretrained`, pulled ones in the folders of `tevr.home`; a path to any other such folder
works as well, and so does one to a network as transformers keeps it. Nothing here touches the
network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tevr.errors import ModelError, OutputError
from tevr.home import model_folders
from tevr.lm.beam import BeamSettings, LanguageModelFiles
from tevr.lm.manifest import FileRecord
from tevr.lm.whole_file import is_full, whole_file
from tevr.registry import PUBLISHED

DEFAULT_MODEL = "de-small"
MANIFEST = "model.json"
CONFIG = "config.json"
"""What a folder of transformers holds in its place."""
SCHEMA = 1
WAV2VEC2 = "wav2vec2"
QUICK = 100_000_000
"""Bytes up to which a file's checksum is compared whenever its model is opened; it takes 0.1 s."""


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
class Source:
    """Where a model was published.

    Attributes:
        repository: its name on the hub, or the folder it was taken from.
        revision: the commit there; empty where none is known.
        licence: SPDX identifier; empty where none is known.
        checksums: SHA-256 of the published files that were converted, by name.
    """

    repository: str
    revision: str = ""
    licence: str = ""
    checksums: Mapping[str, str] = field(default_factory=dict)


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
        kind: `WAV2VEC2` for a converted Wav2Vec2ForCTC network, ``None`` for those of our own.
        network: file name of the same acoustic model for torch, or ``None``.
        beside: names of files that those named above read by themselves.
        source: where it was published, or ``None`` for one of our own.
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
    kind: str | None = None
    network: str | None = None
    beside: tuple[str, ...] = ()
    source: Source | None = None

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
        parts = (
            *(self.acoustic, self.tokens, self.language_model, self.unigrams, self.lexicon),
            *(self.network, *self.beside),
        )
        return [name for name in dict.fromkeys(parts) if name is not None]

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(record.bytes for record in self.records.values())

    def verify(self, *, quick: bool = False) -> None:
        """Compare every file's size and SHA-256 with the manifest's.

        Args:
            quick: only the sizes of files above `QUICK`.

        Raises:
            ModelError: a file is missing or differs.
        """
        for file, record in self.records.items():
            path = self.folder / file
            try:
                size = path.stat().st_size
                same = size == record.bytes
                if same and not (quick and size > QUICK):
                    same = FileRecord.of(path) == record
            except OSError as error:
                raise ModelError(
                    f"{path} of the model {self.name} cannot be read ({error.strerror})",
                    "Install the model again.",
                ) from error
            if not same:
                what = (
                    "wrong checksum" if size == record.bytes else f"{size} bytes of {record.bytes}"
                )
                raise ModelError(
                    f"{path} of the model {self.name} is damaged ({what})",
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
    folders = [pretrained(), *model_folders()]
    return sorted({path.parent.name for each in folders for path in each.glob(f"[!.]*/{MANIFEST}")})


def find(model: str) -> ModelFiles:
    """The model of that name, or in that folder.

    Raises:
        ModelError: there is none, or its manifest cannot be used.
    """
    named = Path(model).name == model and model not in ("", ".", "..")
    for folder in [pretrained(), *model_folders()] if named else []:
        if (folder / model / MANIFEST).is_file():
            return read_manifest(folder / model)
    folder = Path(model).expanduser()
    if (folder / MANIFEST).is_file():
        return read_manifest(folder)
    if (folder / CONFIG).is_file():
        from tevr.wav2vec2.folder import describe  # it needs the classes above

        return describe(folder)
    if model in PUBLISHED:
        raise ModelError(f"The model {model} is not there yet", f"Run: tevr models pull {model}")
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
        source = Source(**data.pop("source")) if "source" in data else None
        files = ModelFiles(
            folder=folder,
            records=records,
            decoding=decoding,
            timing=timing,
            beside=tuple(data.pop("beside", ())),
            source=source,
            **data,
        )
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
    source = asdict(files.source) if files.source else None
    extra = {
        "kind": files.kind,
        "network": files.network,
        "beside": files.beside or None,
        "source": source,
    }
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
        **{key: value for key, value in extra.items() if value is not None},
        "files": {name: asdict(FileRecord.of(files.folder / name)) for name in files.names},
    }
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    with whole_file(files.folder / MANIFEST) as file:
        file.write(text.encode())


def put(new: Path, target: Path, old: Path) -> None:
    """Put a finished folder in its place; the one before it moves to `old`."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise


def unwritten(path: Path, error: OSError) -> OutputError:
    """The error that a folder cannot be written."""
    if is_full(error):
        cause = f"The disk has no room for {path}"
        return OutputError(cause, "Free some space, or choose another disk with TEVR_HOME.")
    cause = f"{path} cannot be written ({error.strerror or error})"
    return OutputError(cause, "Choose a folder of your own; TEVR_HOME names one for all models.")
