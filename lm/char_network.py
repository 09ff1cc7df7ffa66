"""Normalised text → bits per character, by a trained character network on ONNX Runtime.

A model is a folder with `chars.json`, the manifest, and the graph that it names:

{"schema": 1, "name": "de-chars", "model": "model.onnx", "alphabet": " abc…",
 "files": {"model.onnx": {"bytes": 1500000, "sha256": "…"}}}

The graph takes `ids` and `targets`, int64 (steps, batch), and gives `bits`, float32 (steps, batch):
what each target costs after all ids up to its own step. Id 0 is the border of a sentence, then
follow the characters of the alphabet. Its weights are 8-bit numbers but all arithmetic is float32,
so that no text's result depends on the texts beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.lm.manifest import FileRecord, read_json, unusable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MANIFEST = "chars.json"
SCHEMA = 1
BORDER = 0
"""Id that begins every sentence."""
ROOM = 1 << 15
"""Characters run at a time, padding included; a single longer text is run alone."""
_ADVICE = "Install the character model again."


@dataclass(frozen=True, slots=True)
class NetworkFiles:
    """What `chars.json` tells.

    Attributes:
        name: for people.
        model: file name of the graph.
        alphabet: the characters, in the order of their ids from 1.
        record: size and checksum of the graph.
    """

    name: str
    model: str
    alphabet: str
    record: FileRecord


def read_manifest(folder: Path) -> NetworkFiles:
    """Read `chars.json` of a folder.

    Raises:
        ModelError: it cannot be read, is damaged or of another version.
    """
    path = folder / MANIFEST
    data = read_json(path)
    if data.get("schema") != SCHEMA:
        cause = f"{path} is of another version"
        raise ModelError(cause, "Install tevr and the character model again.")
    try:
        record = FileRecord(**data["files"][data["model"]])
        return NetworkFiles(str(data["name"]), str(data["model"]), str(data["alphabet"]), record)
    except (KeyError, TypeError) as error:
        raise unusable(path, error) from error


class NetworkModel:
    """A `CharacterModel` on ONNX Runtime, such as `models/pretrained/de-chars`; needs no torch.

    Attributes:
        files: what its manifest tells.
    """

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        """Open a model's folder.

        Args:
            folder: holds the manifest and the graph.
            threads: processor threads.

        Raises:
            ModelError: a file is missing, damaged or does not fit.
        """
        self.files = read_manifest(folder)
        self._session = _open(folder / self.files.model, self.files.record, threads)
        self._ids = {character: at for at, character in enumerate(self.files.alphabet, 1)}

    @property
    def alphabet(self) -> frozenset[str]:
        """The characters that can be foretold, the space among them."""
        return frozenset(self._ids)

    def costs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return the bits of every character; see `tevr.lm.characters.CharacterModel.costs`."""
        found = [np.zeros(0) for _ in texts]
        for batch in _batches([len(text) for text in texts]):
            encoded = [self._encode(texts[index]) for index in batch]
            steps = max(map(len, encoded))
            targets = np.zeros((steps, len(batch)), np.int64)
            for column, ids in enumerate(encoded):
                targets[: len(ids), column] = ids
            ids = np.concatenate((np.full((1, len(batch)), BORDER), targets[:-1]))
            (bits,) = self._session.run(["bits"], {"ids": ids, "targets": targets})
            for column, index in enumerate(batch):
                found[index] = bits[: len(texts[index]), column].astype(np.float64)
        return found

    def _encode(self, text: str) -> NDArray[np.int64]:
        try:
            return np.array([self._ids[character] for character in text], np.int64)
        except KeyError as error:
            cause = f"The character model does not know {error.args[0]!r}"
            raise UsageError(cause, "Normalise the text first.") from error


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers of texts of like length, as many as there is room for; no empty texts."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not lengths[index]:
            continue
        if batch and (len(batch) + 1) * lengths[index] > ROOM:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _open(path: Path, record: FileRecord, threads: int) -> InferenceSession:
    """Open a graph after a look at its checksum."""
    try:
        content = path.read_bytes()
    except OSError as error:
        cause = f"The character model {path} cannot be read ({error.strerror})"
        raise ModelError(cause, _ADVICE) from error
    if FileRecord.of_content(content) != record:
        cause = f"The character model {path} is damaged"
        raise ModelError(cause, _ADVICE)
    import onnxruntime

    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait slow down everything beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # its own words on stderr are for developers
    options.enable_mem_pattern = False  # every length would have its own, kept for ever
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
