"""A data set and a recogniser → a folder with a record of every utterance, gone on with if begun.

`run.json` holds what the records depend on; a folder begun with other settings is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tevr.errors import OutputError, UsageError
from tevr.evaluation.datasets import Dataset
from tevr.evaluation.listening import System, listen
from tevr.evaluation.records import UTTERANCES, Record, RecordFile
from tevr.lm.corpus import normalise
from tevr.lm.manifest import FileRecord
from tevr.lm.whole_file import whole_file
from tevr.scoring.alignment import count
from tevr.scoring.normalisers import Normaliser

RUN = "run.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes:
        done: utterances.
        total: of so many.
        name: of the last one.
        errors: wrong words so far.
        words: of so many.
    """

    done: int
    total: int
    name: str
    errors: int
    words: int

    @property
    def told(self) -> str:
        """In a few words."""
        rate = f"{self.errors / self.words:.2%}" if self.words else "–"
        return f"{self.done:,} of {self.total:,}, word errors {rate}"


def identity(system: System, dataset: Dataset) -> dict[str, Any]:
    """What the records of a run depend on: model and language model by checksum, options, data.

    Raises:
        ModelError: a model is missing.
    """
    files = system.files
    settings, language_model = system.search()
    paths = [] if language_model is None else [language_model.ngrams, language_model.unigrams]
    if language_model is not None and language_model.lexicon is not None:
        paths.append(language_model.lexicon)
    options = asdict(system.options)
    options["language_model"] = str(system.options.language_model or "")
    return {
        "schema": SCHEMA,
        "dataset": {
            "name": dataset.name,
            "split": dataset.split,
            "utterances": len(dataset.utterances),
            "sha256": _checksum(dataset),
        },
        "model": {
            "name": files.name,
            "files": {name: record.sha256 for name, record in files.records.items()},
        },
        "language_model": {path.name: FileRecord.of(path).sha256 for path in paths},
        "decoding": asdict(settings),
        "options": options,
    }


def run(
    system: System,
    dataset: Dataset,
    folder: Path,
    normaliser: Normaliser,
    workers: int,
    progress: Callable[[Progress], None],
) -> list[Record]:
    """Recognise every utterance that the folder has no record of.

    Args:
        system: what is measured.
        dataset: what it is measured on.
        folder: where results are kept; it is made.
        normaliser: by which errors are told on the way.
        workers: processes.
        progress: told of every utterance.

    Returns:
        Records of all utterances in their order.

    Raises:
        UsageError: the folder holds the results of something else, or the references hold digits
            and the package num2words is not installed.
        ModelError: the model is missing or damaged.
        OutputError: the folder cannot be written.
    """
    for utterance in dataset.utterances:  # what cannot be read out is told before the work
        normalise(utterance.text)
    claim(folder, identity(system, dataset))
    file = RecordFile(folder / UTTERANCES)
    try:
        names = [utterance.name for utterance in dataset.utterances]
        if [record.name for record in file.records] != names[: len(file.records)]:
            raise _foreign(folder)
        told = _Telling(normaliser, len(names), progress)
        told.add(file.records)
        rest = dataset.utterances[len(file.records) :]
        for record in listen(system, rest, min(workers, max(len(rest), 1))) if rest else ():
            file.append(record)
            told.add([record])
    finally:
        file.close()
    return file.records


class _Telling:
    """Counts the errors so far."""

    def __init__(
        self, normaliser: Normaliser, total: int, progress: Callable[[Progress], None]
    ) -> None:
        self._normaliser = normaliser
        self._total = total
        self._progress = progress
        self._done = self._errors = self._words = 0

    def add(self, records: list[Record]) -> None:
        if not records:
            return
        self._done += len(records)
        texts = [(each.reference, each.hypothesis) for each in records if each.problem is None]
        counts = count(self._normaliser.pairs(texts))
        self._errors += int(counts[:, 1:].sum())
        self._words += int(counts[:, :3].sum())
        name = records[-1].name
        self._progress(Progress(self._done, self._total, name, self._errors, self._words))


def read_identity(folder: Path) -> dict[str, Any]:
    """What a folder's records depend on.

    Raises:
        UsageError: the folder holds no results.
    """
    try:
        data: dict[str, Any] = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        cause = f"{folder} holds no results of an evaluation"
        raise UsageError(cause, "Name a folder that tevr evaluate or score has written.") from error
    return data


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write JSON for people and machines, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    text = json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        cause = f"{path} cannot be written ({error.strerror or error})"
        raise OutputError(cause, "Free some space there, or choose another folder.") from error


def claim(folder: Path, wanted: dict[str, Any]) -> None:
    """Note what a folder's records depend on, or see that they depend on the same.

    Raises:
        UsageError: they depend on something else.
        OutputError: it cannot be written.
    """
    wanted = json.loads(json.dumps(wanted))  # as it is read back: lists for tuples
    if not (folder / RUN).exists():
        if (folder / UTTERANCES).exists():
            raise _foreign(folder)
        write_json(folder / RUN, wanted)
    elif read_identity(folder) != wanted:
        raise _foreign(folder)


def _foreign(folder: Path) -> UsageError:
    cause = f"{folder} holds results of another model, data set or options"
    return UsageError(cause, "Choose another folder with --output-dir, or repeat that command.")


def _checksum(dataset: Dataset) -> str:
    rows = [(each.name, each.text, each.problem) for each in dataset.utterances]
    return FileRecord.of_content(json.dumps(rows).encode()).sha256
