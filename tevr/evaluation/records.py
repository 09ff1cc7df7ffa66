"""What became of each utterance ↔ a line of `utterances.jsonl`, which survives any end of a run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tevr.errors import OutputError, UsageError

UTTERANCES = "utterances.jsonl"


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """What the two models think of a sentence, natural logarithms.

    Attributes:
        acoustic: of saying just these letters, in any timing; `None` for next to no probability.
        language: of the words, unweighted, with what unknown and composed words are charged.
        joint: both as the search weighs them, with the bonus for words.
        unknown: words that the language model neither knows nor composes.
    """

    acoustic: float | None
    language: float
    joint: float | None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One utterance and what was heard.

    Attributes:
        name: of the utterance.
        path: of its file, for people and to play it.
        reference: what is said, as written.
        hypothesis: what was heard, as the recogniser writes it.
        seconds: of sound.
        took: seconds that recognising took.
        traits: what is known of the speaker.
        problem: a key of `PROBLEMS`, or `None`: then it was scored.
        reason: what the problem is, in a sentence.
        said: what the models think of the reference, where it was not what was heard.
        heard: what they think of the hypothesis, likewise.
    """

    name: str
    path: str
    reference: str
    hypothesis: str = ""
    seconds: float = 0.0
    took: float = 0.0
    traits: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    reason: str = ""
    said: SentenceScore | None = None
    heard: SentenceScore | None = None


class RecordFile:
    """Records in a file, one a line, each on its way to the disk before the next is made.

    Args:
        path: the file; lines that a crash left unfinished are cut off.

    Raises:
        UsageError: it holds something else.
        OutputError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = list(read_records(path)) if path.exists() else []
        try:
            self._file = path.open("ab")
            self._file.truncate(sum(len(_line(record)) for record in self.records))
        except OSError as error:
            raise _unwritable(path, error) from error

    def append(self, record: Record) -> None:
        """Write one more record.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            self._file.write(_line(record))
            self._file.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.records.append(record)

    def close(self) -> None:
        """Let all of it reach the disk.

        Raises:
            OutputError: it does not.
        """
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _unwritable(self.path, error) from error


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of a file, up to a line that a crash left unfinished.

    Raises:
        UsageError: it cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                yield _record(path, number, line)
    except OSError as error:
        cause = f"{path} cannot be read ({error.strerror})"
        raise UsageError(cause, "Name a folder that tevr evaluate has written.") from error


def _record(path: Path, number: int, line: bytes) -> Record:
    try:
        data = json.loads(line)
        for side in ("said", "heard"):
            if data.get(side) is not None:
                unknown = tuple(data[side].pop("unknown"))
                data[side] = SentenceScore(**data[side], unknown=unknown)
        return Record(**data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        cause = f"Line {number} of {path} is no record of an utterance ({error})"
        raise UsageError(cause, "Choose another folder for the results.") from error


def _line(record: Record) -> bytes:
    data: dict[str, Any] = asdict(record)
    return json.dumps(data, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _unwritable(path: Path, error: OSError) -> OutputError:
    cause = f"{path} cannot be written ({error.strerror or error})"
    return OutputError(cause, "Free some space there, or choose another folder.")
