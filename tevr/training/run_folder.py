"""A run's folder ↔ its settings, checkpoints, metrics and weights; one process at a time."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from tevr.errors import ModelError, OutputError
from tevr.lm.lock import held
from tevr.lm.whole_file import whole_file, why_unwritten

SETTINGS, METRICS, SUMMARY, SKIPPED = (
    "settings.yaml",
    "metrics.jsonl",
    "summary.json",
    "skipped.tsv",
)
BEST, LAST, CURVE, CACHE = "best.safetensors", "last.safetensors", "curve.svg", "cache"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_PART = ".part"
#: Torch tells of a failing disk by a plain RuntimeError that names this.
_TORCH_WRITER = "PytorchStreamWriter"


class RunFolder:
    """Where a run keeps what it makes.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder, made where it is missing, against other processes.

        Raises:
            UsageError: another run holds it.
            OutputError: it cannot be made.
        """
        with held(self.path):
            for part in self.path.glob(f"*{_PART}"):  # of a run that was killed
                if part.is_dir():
                    shutil.rmtree(part, ignore_errors=True)
                else:
                    part.unlink(missing_ok=True)
            yield

    def latest(self) -> Path | None:
        """The newest whole checkpoint."""
        return max(self._checkpoints(), key=_number, default=None)

    def _checkpoints(self) -> list[Path]:
        return [path for path in self.path.glob("checkpoint-*") if _CHECKPOINT.fullmatch(path.name)]

    def begin_checkpoint(self, step: int) -> Path:
        """A folder to write a checkpoint into; the same in all processes."""
        return self.path / f"checkpoint-{step:08}{_PART}"

    def finish_checkpoint(self, part: Path, keep: int) -> None:
        """Let a written checkpoint count, safe on the disk, and remove all but the newest.

        Raises:
            OutputError: the disk fails.
        """
        whole = part.with_suffix("")
        with written(self.path):
            for path in (*part.rglob("*"), part):
                _sync(path)
            if whole.exists():
                shutil.rmtree(whole)
            part.replace(whole)
            _sync(self.path)
            for old in sorted(self._checkpoints(), key=_number)[:-keep]:
                shutil.rmtree(old)

    def append(self, line: dict[str, Any]) -> None:
        """Add a line to the metrics."""
        with written(self.path), (self.path / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """All lines of the metrics; a line cut short by a kill is left out.

        Raises:
            ModelError: they cannot be read.
        """
        try:
            lines = (self.path / METRICS).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            cause = f"The metrics in {self.path} cannot be read"
            raise ModelError(cause, "Restore the file, or train in another folder.") from error
        found = []
        for line in lines:
            with suppress(ValueError):
                found.append(json.loads(line))
        return found

    def cut_metrics(self, step: int) -> None:
        """Drop lines after a step: they will be written again."""
        kept = [line for line in self.metrics() if line["step"] <= step]
        self.write(METRICS, "".join(json.dumps(line) + "\n" for line in kept))

    def write(self, name: str, text: str) -> None:
        """Write a file that appears whole.

        Raises:
            OutputError: it cannot be written.
        """
        with written(self.path), whole_file(self.path / name) as stream:
            stream.write(text.encode())

    def write_by(self, name: str, writer: Callable[[Path], None]) -> None:
        """Let a function write a file or folder of the run.

        Raises:
            OutputError: it cannot be written.
        """
        with written(self.path):
            writer(self.path / name)


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """Turn what the disk, torch or safetensors raise on writing into one error.

    Raises:
        OutputError: nothing more can be written; what stood there before still does.
    """
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and _TORCH_WRITER not in str(error):
            raise
        full = "No space left" in str(error)  # torch and safetensors keep only the words
        reason = "the disk is full" if full else why_unwritten(error)
        cause = f"The run in {folder} cannot be written ({reason})"
        advice = "Free some space, then start it again: it goes on from its last checkpoint."
        raise OutputError(cause, advice) from error


def _number(path: Path) -> int:
    found = _CHECKPOINT.fullmatch(path.name)
    return int(found[1]) if found else -1


def _sync(path: Path) -> None:
    """Wait until a file or folder is on the disk; folders need no waiting on Windows."""
    if path.is_dir() and sys.platform == "win32":
        return
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)
