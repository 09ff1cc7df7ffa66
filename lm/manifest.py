"""`lm.json` ↔ what is known about a language model: its origin, its settings, its files.

{
  "schema": 1, "name": "letters", "order": 3, "vocabulary": 9000, "sizes": [9003, 60000, 90000],
  "sentences": 20000, "words": 250000, "texts": ["letters"],
  "parents": [{"name": "letters", "weight": 0.3}, {"name": "de-small", "weight": 0.7}],
  "decoding": {"alpha": 0.5}, "files": {"lm.bin": {"bytes": 900000, "sha256": "…"}, …}
}
"""

from __future__ import annotations

import builtins
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tevr.errors import ModelError, UsageError
from tevr.lm.backoff import MARKERS
from tevr.lm.whole_file import whole_file

MANIFEST = "lm.json"
SCHEMA = 1
DECODING = ("alpha", "beta", "unknown_offset", "compound_offset")
"""Fields of `BeamSettings` that a language model may bring along."""
ADVICE = "Build the language model again, or copy it again."

Decoding = Mapping[str, Any]
"""Numbers by their names in `DECODING`; None for `compound_offset` lets no compounds through."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A model that went into a mixture.

    Attributes:
        name: its name.
        weight: its share of the probability, above 0 and below 1.
    """

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Origin:
    """What a language model is and was learnt from.

    Attributes:
        name: for people.
        sizes: number of n-grams by length, markers among the single words.
        sentences: sentences it was learnt from, without those of the models mixed in.
        words: words of these sentences.
        texts: names of the files and folders that the user gave.
        parents: the models that were mixed, with their weights; none if it was learnt only.
    """

    name: str
    sizes: tuple[int, ...]
    sentences: int = 0
    words: int = 0
    texts: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()

    @property
    def order(self) -> int:
        """Words of the longest n-grams."""
        return len(self.sizes)

    @property
    def vocabulary(self) -> int:
        """Number of words, without markers."""
        return self.sizes[0] - len(MARKERS)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Size and checksum of one file of a model.

    Attributes:
        bytes: its size.
        sha256: its SHA-256, in hexadecimal.
    """

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> FileRecord:
        """Read a file and return its record.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(file.tell(), digest)

    @classmethod
    def of_content(cls, content: builtins.bytes) -> FileRecord:
        """Return the record of a file with this content."""
        return cls(len(content), hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that `lm.json` tells.

    Attributes:
        origin: what the model was learnt from.
        decoding: settings of the search that it was tuned to.
        records: size and checksum of every other file of the folder.
    """

    origin: Origin
    records: Mapping[str, FileRecord]
    decoding: Decoding = field(default_factory=dict)


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write `lm.json` into a folder; it appears whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    origin = manifest.origin
    data = {
        "schema": SCHEMA,
        "order": origin.order,
        "vocabulary": origin.vocabulary,
        **asdict(origin),
        "decoding": dict(manifest.decoding),
        "files": {name: asdict(record) for name, record in manifest.records.items()},
    }
    with whole_file(folder / MANIFEST) as file:
        file.write((json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())


def read_manifest(folder: Path) -> Manifest:
    """Read `lm.json` of a folder.

    Raises:
        ModelError: it cannot be read, is damaged or of another version.
    """
    path = folder / MANIFEST
    data = read_json(path)
    if data.get("schema") != SCHEMA:
        cause = f"{path} is of another version"
        raise ModelError(cause, "Build the language model again, or install tevr again.")
    try:
        return Manifest(
            Origin(
                name=str(data["name"]),
                sizes=tuple(map(int, data["sizes"])),
                sentences=int(data["sentences"]),
                words=int(data["words"]),
                texts=tuple(map(str, data["texts"])),
                parents=tuple(Parent(**parent) for parent in data["parents"]),
            ),
            {name: FileRecord(**record) for name, record in data["files"].items()},
            checked_decoding(data["decoding"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unusable(path, error) from error


def read_json(path: Path) -> dict[str, Any]:
    """Read a manifest as it is.

    Raises:
        ModelError: it cannot be read or is no JSON object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unusable(path, error) from error
    if not isinstance(data, dict):
        raise unusable(path, "it holds no object")
    return data


def unusable(path: Path, reason: object) -> ModelError:
    """Return the error that a manifest is damaged."""
    reason = f"it has no {reason}" if isinstance(reason, KeyError) else reason
    return ModelError(f"The manifest {path} cannot be used ({reason})", ADVICE)


def checked_decoding(values: Decoding) -> dict[str, Any]:
    """Return settings of the search as a dictionary of their own.

    Raises:
        UsageError: a name is unknown, or a value no number.
    """
    # A UsageError is a ValueError, which the readers of manifests turn into theirs.
    for name, value in values.items():
        number = isinstance(value, (int, float)) or (value is None and name == "compound_offset")
        if name not in DECODING or not number:
            cause = f"A language model has no setting {name} of {value!r}"
            raise UsageError(cause, f"It has numbers for {', '.join(DECODING)}.")
    return dict(values)
