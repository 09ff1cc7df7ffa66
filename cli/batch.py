"""Inputs → transcripts, one after another; a failing input does not stop the others."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tevr.cli.console import Progress, complain, progress, show_log
from tevr.cli.outputs import DiskFullError, Input, Ledger, gather, plan_outputs, whole_file

from tevr.audio import is_audio_name
from tevr.errors import TevrError, UsageError
from tevr.formats import FORMATS, Writer, get_writer
from tevr.transcript import Options

if TYPE_CHECKING:
    from tevr.recognizer import Recognizer
    from tevr.store import ModelFiles

#: Standard input among the inputs; told from a file of that name by identity.
STDIN = Input(Path("stdin"), Path())
# Formats of which several documents in a row on stdout can be told apart again.
STACKABLE = ("txt", "json", "jsonl")


class Batch:
    """One run of `tevr transcribe` over any number of inputs.

    Args:
        arguments: files, folders, globs, or ``-``.
        formats: names of output formats.
        output_dir: where files are written; ``None`` writes to stdout.
        resume: skip what the ledger in `output_dir` has as done.
        quiet: show no progress.

    Raises:
        UsageError: the wishes contradict each other.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        formats: Sequence[str],
        output_dir: Path | None,
        *,
        resume: bool,
        quiet: bool,
    ) -> None:
        gathered = gather([name for name in arguments if name != "-"], is_audio_name)
        stdin = [STDIN] if "-" in arguments else []
        self._inputs = [*stdin, *gathered.inputs]
        self._formats = formats
        self._resume = resume
        self._quiet = quiet
        self._check(output_dir)
        self._ledger = Ledger(output_dir) if output_dir else None
        self._plan = plan_outputs(self._inputs, output_dir, formats) if output_dir else {}
        self._failed = len(gathered.problems)
        for problem in gathered.problems:
            complain(str(problem))

    def _check(self, output_dir: Path | None) -> None:
        for name in self._formats:
            if name not in FORMATS:
                raise UsageError(f"There is no format {name!r}", f"Choose of {', '.join(FORMATS)}.")
        if output_dir is not None:
            return
        if self._resume:
            raise UsageError("--resume needs files to look at", "Add --output-dir DIR.")
        if len(self._formats) > 1:
            raise UsageError(
                "Several formats would mix on standard output", "Add --output-dir DIR."
            )
        if len(self._inputs) > 1 and self._formats[0] not in STACKABLE:
            raise UsageError(
                f"Several inputs as {self._formats[0]} would mix on standard output",
                f"Add --output-dir DIR, or choose of {', '.join(STACKABLE)}.",
            )

    def run(self, model: str, options: Options, threads: int | None) -> int:
        """Transcribe all inputs; returns the exit code: 1 if any failed."""
        from tevr.recognizer import load
        from tevr.store import find

        show_log()
        settings = _fingerprint(find(model), options, self._formats)
        todo = [item for item in self._inputs if not self._is_done(item, settings)]
        if skipped := len(self._inputs) - len(todo):
            complain(f"{skipped} of {len(self._inputs)} inputs were done before and are unchanged.")
        if not todo:
            return int(self._failed > 0)
        recognizer = load(model, options, threads=threads)
        with progress(_weight(todo), quiet=self._quiet) as shown:
            for number, item in enumerate(todo):
                try:
                    self._transcribe(recognizer, item, settings, shown, first=number == 0)
                except DiskFullError:
                    raise  # the next file would not fit either
                except TevrError as error:
                    self._failed += 1
                    complain(str(error))
                except KeyboardInterrupt:
                    complain(self._interrupted(number, len(todo)))
                    raise
        return int(self._failed > 0)

    def _transcribe(
        self, recognizer: Recognizer, item: Input, settings: str, shown: Progress, *, first: bool
    ) -> None:
        """One input to all its outputs, whole or not at all."""
        name = "standard input" if item is STDIN else str(item.path)
        with recognizer.open(_source(item)) as listening, ExitStack() as files:
            shown.file(item.path.name, _weight([item]) or 0.0, listening.expected)
            writers = list(self._writers(item, name, files, first=first))
            for writer in writers:
                writer.begin(name, recognizer.name)
            for segment in listening:
                for writer in writers:
                    writer.segment(segment)
                shown.at(listening.done)
            for writer in writers:
                writer.end(listening.duration)
        if self._ledger:
            self._ledger.record(item, settings, self._plan[item].values())

    def _writers(
        self, item: Input, name: str, files: ExitStack, *, first: bool
    ) -> Iterator[Writer]:
        """A writer for each format, into files that appear when `files` closes well."""
        if item in self._plan:
            for form, path in self._plan[item].items():
                yield get_writer(form, files.enter_context(whole_file(path)))
            return
        if self._formats[0] == "txt" and len(self._inputs) > 1:  # as head and tail do
            print("" if first else "\n", f"==> {name} <==", sep="")
        yield get_writer(self._formats[0], sys.stdout)

    def _is_done(self, item: Input, settings: str) -> bool:
        if self._ledger is None:
            return False
        # Asked in any case: the ledger notes size and time of the input before it is read.
        done = self._ledger.is_done(item, settings, self._plan[item].values())
        return done and self._resume

    def _interrupted(self, done: int, total: int) -> str:
        kept = f"{done} of {total} inputs are done"
        if self._ledger is None:
            return f"Stopped; {kept}."
        return f"Stopped; {kept} and kept. The same command with --resume does the rest."


def _source(item: Input) -> Path | BinaryIO:
    return sys.stdin.buffer if item is STDIN else item.path


def _weight(items: Sequence[Input]) -> float | None:
    """Bytes in all inputs together, ``None`` if one is a pipe; a missing file weighs nothing."""
    if any(item is STDIN for item in items):
        return None
    return float(sum(item.path.stat().st_size for item in items if item.path.is_file()))


def _fingerprint(files: ModelFiles, options: Options, formats: Sequence[str]) -> str:
    """Changes whenever the same input could give another output."""
    records = sorted((name, record.sha256) for name, record in files.records.items())
    text = repr((records, files.decoding, options, sorted(formats)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
