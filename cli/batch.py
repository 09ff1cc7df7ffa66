"""Inputs → transcripts, one after another; a failing input does not stop the others."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tevr import __version__
from tevr.audio import is_audio_name
from tevr.cli.console import Progress, complain, printable, progress, unexpected
from tevr.cli.outputs import DiskFullError, Input, Ledger, gather, plan_outputs, whole_file
from tevr.cli.process import StdoutError, standard_output, stop_if_asked
from tevr.errors import OutputError, TevrError, UsageError
from tevr.formats import FORMATS, Writer, get_writer
from tevr.transcript import Options

if TYPE_CHECKING:
    from tevr.recognizer import Recognizer
    from tevr.store import ModelFiles

#: Standard input among the inputs, as no file can be called; its outputs are called stdin.txt etc.
STDIN = Input(Path("-/stdin"), Path("-"))
# Formats of which several documents in a row on stdout can be told apart again.
STACKABLE = ("txt", "json", "jsonl")

logger = logging.getLogger("tevr.cli")


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
        OutputError: the output folder cannot be made.
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
        self._formats = formats
        self._resume = resume
        self._inputs, problems = _gathered(arguments)
        self._check(output_dir)
        self._plan = plan_outputs(self._inputs, output_dir, formats) if output_dir else {}
        self._ledger = Ledger(_made(output_dir)) if output_dir else None
        # Text that appears on the terminal shows by itself how far it is.
        self._quiet = quiet or (output_dir is None and sys.stdout.isatty())
        self._begun = False  # whether stdout holds some document's beginning
        self._done = 0
        self._failed = len(problems)
        for problem in problems:
            complain(str(problem))

    def _check(self, output_dir: Path | None) -> None:
        for name in self._formats:
            if name not in FORMATS:
                raise UsageError(
                    f"There is no format {name!r}", f"Choose from {', '.join(FORMATS)}."
                )
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
                f"Add --output-dir DIR, or choose from {', '.join(STACKABLE)}.",
            )

    def run(self, model: str, options: Options, threads: int | None) -> int:
        """Transcribe all inputs; returns the exit code: 1 if any failed."""
        from tevr.recognizer import load
        from tevr.store import find

        settings = _fingerprint(find(model), options, self._formats)
        todo = [item for item in self._inputs if not self._is_done(item, settings)]
        if skipped := len(self._inputs) - len(todo):
            complain(f"{skipped} of {len(self._inputs)} inputs were done before and are unchanged.")
        try:
            if todo:
                recognizer = load(model, options, threads=threads)
                with progress(_weight(todo), quiet=self._quiet) as shown:
                    for item in todo:
                        self._attempt(recognizer, item, settings, shown)
        except KeyboardInterrupt as stop:
            stop.add_note(self._kept(len(todo)))
            raise
        return int(self._failed > 0)

    def _attempt(self, recognizer: Recognizer, item: Input, settings: str, shown: Progress) -> None:
        """One input; what goes wrong with it alone is told and counted."""
        try:
            self._transcribe(recognizer, item, settings, shown)
        except (DiskFullError, StdoutError, BrokenPipeError):
            raise  # the next input would fare no better
        except TevrError as error:
            self._fail(_placed(error, item))
        except Exception as error:  # noqa: BLE001 - a defect shown by one must not cost the others
            self._fail(f"{_name(item)}: {unexpected(error)}")

    def _fail(self, message: str) -> None:
        stop_if_asked()  # a failure may only be what a dropped signal left behind
        self._failed += 1
        complain(message)
        logger.debug("That was:", exc_info=True)

    def _transcribe(
        self, recognizer: Recognizer, item: Input, settings: str, shown: Progress
    ) -> None:
        """One input to all its outputs, whole or not at all."""
        with recognizer.open(_source(item)) as listening, ExitStack() as files:
            shown.file(item.path.name, _weight([item]) or 0.0, listening.expected)
            writers = list(self._writers(item, files))
            for writer in writers:
                writer.begin(_name(item), recognizer.name)
            for segment in listening:
                for writer in writers:
                    writer.segment(segment)
                shown.at(listening.done)
            stop_if_asked()
            for writer in writers:
                writer.end(listening.duration)
        if self._ledger:
            self._ledger.record(item, settings, self._plan[item].values())
        self._done += 1

    def _writers(self, item: Input, files: ExitStack) -> Iterator[Writer]:
        """A writer for each format, into files that appear when `files` closes well."""
        if item in self._plan:
            for form, path in self._plan[item].items():
                yield get_writer(form, files.enter_context(whole_file(path)))
            return
        out = files.enter_context(standard_output())
        if self._formats[0] == "txt" and len(self._inputs) > 1:  # as head and tail do
            space = "\n" if self._begun else ""
            print(f"{space}==> {printable(_name(item))} <==", file=out)
            self._begun = True
        yield get_writer(self._formats[0], out)

    def _is_done(self, item: Input, settings: str) -> bool:
        if self._ledger is None:
            return False
        # Asked in any case: the ledger notes size and time of the input before it is read.
        done = self._ledger.is_done(item, settings, self._plan[item].values())
        return done and self._resume

    def _kept(self, total: int) -> str:
        inputs = "1 input is" if total == 1 else f"{total} inputs are"
        count = f"{self._done} of {inputs} done"
        return count + ("; the same command with --resume does the rest." if self._ledger else ".")


def _gathered(arguments: Sequence[str]) -> tuple[list[Input], Sequence[TevrError]]:
    """What the arguments stand for, in their order."""
    gathered = gather([name for name in arguments if name != "-"], is_audio_name)
    inputs = list(gathered.inputs)
    if "-" in arguments:
        _check_stdin()
        before = gather(arguments[: arguments.index("-")], is_audio_name)
        inputs.insert(len(before.inputs), STDIN)
    return inputs, gathered.problems


def _check_stdin() -> None:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "Standard input is no sound but the keyboard",
            "Send sound into it, for example: tevr transcribe - < sound.wav.",
        )


def _made(folder: Path) -> Path:
    """The output folder, made if need be, before time is spent on what could not be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(
            f"The output folder {folder} cannot be made, a file is in its way", "Choose another."
        ) from error
    except OSError as error:
        raise OutputError(
            f"The output folder {folder} cannot be made ({error.strerror})", "Choose another."
        ) from error
    return folder


def _name(item: Input) -> str:
    return "standard input" if item is STDIN else str(item.path)


def _placed(error: TevrError, item: Input) -> str:
    """An error's sentence with the whole path of its input, for folders with equal names."""
    path, name = str(item.path), item.path.name
    if item is STDIN or path in error.cause:
        return str(error)
    if error.cause.startswith(f"{name} "):
        return f"{path}{str(error)[len(name) :]}"
    return f"{path}: {error}"


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
    unlisted = [(files.folder / name).stat() for name in files.names if name not in files.records]
    stats = [(each.st_size, each.st_mtime_ns) for each in unlisted]
    told: list[object] = [__version__, records, stats, files.decoding, files.timing, options]
    if options.language_model is not None:
        told += _language_model_told(options.language_model)
    text = repr((*told, sorted(formats)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _language_model_told(path: Path) -> list[object]:
    """What changes whenever a language model could give another output."""
    from tevr.lm.folder import read_language_model

    folder = read_language_model(path)
    records = sorted((name, record.sha256) for name, record in folder.records.items())
    if not records:  # a folder without a manifest; checksums of large files would take too long
        paths = (folder.files.ngrams, folder.files.unigrams)
        stats = [each.stat() for each in paths]
        return [(each.st_size, each.st_mtime_ns) for each in stats]
    return [records, sorted(folder.decoding.items())]
