"""Two text files of any system, references and hypotheses → records, matched by name or by line.

Read are `.jsonl` (an object a line), `.tsv` (with or without a row of names), `.trn` as NIST's
tools have it (words, then a name in brackets) and any other text with one utterance a line.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tevr.errors import UsageError
from tevr.evaluation.datasets import DUPLICATE, EMPTY, PROBLEMS
from tevr.evaluation.records import Record
from tevr.scoring.normalisers import DEFAULT, get_normaliser

_NAMES = ("id", "name", "path", "audio", "file", "audio_filepath", "utterance")
_REFERENCES = ("reference", "sentence", "text", "transcript", "ref")
_HYPOTHESES = ("hypothesis", "pred_text", "prediction", "text", "sentence", "transcript", "hyp")
_TRN = re.compile(r"(.*?)\s*\(([^()\s]+)\)\s*")


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of a text file.

    Attributes:
        name: as the file has it, or None.
        text: its words.
    """

    name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Matched:
    """References with the hypotheses of the same utterances.

    Attributes:
        records: in the order of the references; without a hypothesis, nothing was heard.
        unheard: names of references without a hypothesis.
        unasked: names of hypotheses without a reference.
    """

    records: tuple[Record, ...]
    unheard: tuple[str, ...]
    unasked: tuple[str, ...]


def read_matched(reference: Path, hypothesis: Path) -> Matched:
    """Read and match two files.

    Raises:
        UsageError: a file cannot be read, or they do not fit.
    """
    said = list(_read(reference, _REFERENCES))
    heard = list(_read(hypothesis, _HYPOTHESES))
    if not said:
        raise UsageError(f"{reference} holds no references", "Write one utterance a line.")
    if all(line.name is not None for line in (*said, *heard)):
        return _by_name(said, heard, hypothesis)
    if len(said) != len(heard):
        cause = f"{reference} has {len(said)} lines and {hypothesis} has {len(heard)}"
        raise UsageError(cause, "Give each utterance a line in both, or a name.")
    texts = {str(number): line.text for number, line in enumerate(heard, 1)}
    numbered = [Line(str(number), line.text) for number, line in enumerate(said, 1)]
    return Matched(tuple(_records(numbered, texts)), (), ())


def _by_name(said: Sequence[Line], heard: Sequence[Line], hypothesis: Path) -> Matched:
    texts: dict[str, str] = {}
    for line in heard:
        if line.name in texts:
            cause = f"{hypothesis} has the utterance {line.name} twice"
            raise UsageError(cause, "Keep one of them.")
        texts[str(line.name)] = line.text
    names = dict.fromkeys(str(line.name) for line in said)
    return Matched(
        records=tuple(_records(said, texts)),
        unheard=tuple(name for name in names if name not in texts),
        unasked=tuple(name for name in texts if name not in names),
    )


def _records(said: Sequence[Line], texts: dict[str, str]) -> Iterator[Record]:
    words = get_normaliser(DEFAULT).words
    seen: set[str] = set()
    for number, line in enumerate(said, 1):
        name = str(line.name)
        problem = DUPLICATE if name in seen else None if words(line.text) else EMPTY
        yield Record(
            name=f"{name} (row {number})" if problem == DUPLICATE else name,
            path="",
            reference=line.text,
            hypothesis=texts.get(name, ""),
            problem=problem,
            reason=PROBLEMS.get(problem or "", ""),
        )
        seen.add(name)


def _read(path: Path, columns: Sequence[str]) -> Iterator[Line]:
    readers = {".jsonl": _objects, ".tsv": _rows, ".trn": _transcripts}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line.rstrip("\r\n") for line in file]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        cause = f"{path} cannot be read ({reason})"
        raise UsageError(cause, "Give a UTF-8 text file.") from error
    if path.suffix in readers:
        yield from readers[path.suffix](path, lines, columns)
    else:
        yield from (Line(None, line) for line in lines)


def _objects(path: Path, lines: Sequence[str], columns: Sequence[str]) -> Iterator[Line]:
    for number, line in enumerate(lines, 1):
        try:
            data = json.loads(line) if line.strip() else {}
            name = next((data[key] for key in _NAMES if key in data), None)
            text = next((data[key] for key in columns if key in data), None)
        except (ValueError, TypeError) as error:
            cause = f"Line {number} of {path} is no JSON object"
            raise UsageError(cause, "Write one object a line.") from error
        if line.strip():
            if not isinstance(text, str):
                cause = f"Line {number} of {path} has no text"
                raise UsageError(cause, f"Name it {columns[0]} or text.")
            yield Line(None if name is None else str(name), text)


def _rows(path: Path, lines: Sequence[str], columns: Sequence[str]) -> Iterator[Line]:
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    head = rows[0] if rows else []
    name = next((head.index(key) for key in _NAMES if key in head), None)
    text = next((head.index(key) for key in columns if key in head), None)
    if text is None:  # no row of names: a name and a text
        head, name, text = [], 0, 1
    for number, row in enumerate(rows[bool(head) :], 1 + bool(head)):
        if row and len(row) <= max(text, name or 0):
            cause = f"Line {number} of {path} lacks a column"
            raise UsageError(cause, "Write a name and a text with a tab between.")
        if row:
            yield Line(None if name is None else row[name], row[text])


def _transcripts(path: Path, lines: Sequence[str], _columns: Sequence[str]) -> Iterator[Line]:
    for number, line in enumerate(lines, 1):
        found = _TRN.fullmatch(line)
        if found is None and line.strip():
            cause = f"Line {number} of {path} has no name in brackets at its end"
            raise UsageError(cause, "Write the words, then (name).")
        if found is not None:
            yield Line(found[2], found[1])
