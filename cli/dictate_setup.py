"""What the flags of `tevr dictate` ask for → its parts, put together and run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tevr.cli.console import complain
from tevr.cli.dictate_outputs import EventOutput, FileOutput, Output, PlainOutput, TypedOutput
from tevr.cli.dictate_run import (
    Dictation,
    FileSource,
    Gate,
    Listener,
    Reloading,
    Source,
    WordFiles,
)
from tevr.control import Control, meeting_place
from tevr.dictation import DictatedText, VerbatimWriter, Writer
from tevr.errors import UsageError
from tevr.keyboard.typist import PasteKeys, TypingQueue
from tevr.readable.writer import ReadableOptions
from tevr.spoken_marks import SpokenMarks
from tevr.spoken_phrases import HOTWORD_WEIGHT, HOTWORDS
from tevr.transcript import Options

#: Stands for standard input.
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the flags ask for, apart from the recogniser.

    Attributes:
        input: a file, "-" for standard input, or ``None`` for a microphone.
        device: number or part of the name of a microphone.
        rate: Hz, of the microphone or of raw PCM.
        output: a file to write to as well.
        jsonl: write events.
        partials: among them tentative ones.
        typing: keys that paste, if text is to be typed into windows.
        writing: what is written as one writes it; ``None`` leaves words as they are recognised.
        commands: find spoken marks and commands.
        replacements: a dictionary.
        hotword: hot-words of their own.
        hotwords: a list of hot-words.
        wait: begin muted.
        socket: where to be reached.
        quiet: show nothing but the text.
    """

    input: str | None
    device: str | None
    rate: int | None
    output: Path | None
    jsonl: bool
    partials: bool
    typing: PasteKeys | None
    writing: ReadableOptions | None
    commands: bool
    replacements: Path | None
    hotword: tuple[str, ...]
    hotwords: Path | None
    wait: bool
    socket: Path | None
    quiet: bool

    def __post_init__(self) -> None:
        """Raise UsageError where they contradict each other."""
        if self.partials and not self.jsonl:
            raise UsageError("Tentative events need events", "Add --jsonl.")
        if self.input is not None and self.device is not None:
            raise UsageError("Sound comes from one place", "Leave out --input or --device.")
        if self.rate is not None and self.input not in (None, STDIN):
            raise UsageError("A file knows its own rate", "Leave out --rate.")
        if self.input == STDIN and (sys.stdin is None or sys.stdin.isatty()):
            raise UsageError(
                "Standard input is no sound but the keyboard",
                "Send sound into it, for example: arecord -f S16_LE -r 16000 | tevr dictate -i -.",
            )


def run(wishes: Wishes, model: str | None, options: Options, threads: int | None) -> int:
    """Dictate as wished; returns the exit code.

    Raises:
        TevrError: a part is missing or fails.
        Stopped: by a signal, after all that was said is written.
    """
    from tevr.recognizer import load
    from tevr.store import DEFAULT_MODEL

    def make(hotwords: tuple[str, ...]) -> Listener:
        own = (*wishes.hotword, *hotwords)
        marks = HOTWORDS if wishes.commands and options.decoder != "greedy" else ()
        weight = options.hotword_weight if own else HOTWORD_WEIGHT
        chosen = replace(
            options, hotwords=tuple(dict.fromkeys((*own, *marks))), hotword_weight=weight
        )
        return load(model or DEFAULT_MODEL, chosen, threads=threads)

    files = WordFiles.open(wishes.replacements, wishes.hotwords)
    typing = _typing(wishes)
    recognizer = make(files.chosen())
    with ExitStack() as stack:
        source = _open_source(wishes)
        stack.callback(source.close)
        marks = SpokenMarks(marks=wishes.commands, commands=wishes.commands)
        text = DictatedText(_writer(wishes, files), marks)
        outputs = list(_outputs(wishes, source.name, recognizer.name, stack))
        outputs += [TypedOutput(typing)] if typing else []
        dictation = Dictation(
            recognizer,
            source,
            text,
            outputs,
            Gate(listening=not wishes.wait),
            Reloading(files, text, make),
            stop_mutes=wishes.wait,
        )
        # Several may read files and pipes at once; only one may listen to the user.
        if wishes.input is None or wishes.wait or wishes.socket:
            stack.enter_context(Control(dictation.answer, wishes.socket or meeting_place()))
        _greet(wishes, source)
        dictation.run()
    return 0


def _writer(wishes: Wishes, files: WordFiles) -> Writer:
    """What turns final words into text; hot-words are written as their lists have them."""
    if wishes.writing is None:
        return VerbatimWriter()
    from tevr.readable.dictated import DictatedWriter
    from tevr.readable.writer import open_files

    spellings = (*wishes.writing.spellings, *wishes.hotword, *files.chosen())
    return DictatedWriter(open_files(), replace(wishes.writing, spellings=spellings))


def _typing(wishes: Wishes) -> TypingQueue | None:
    if wishes.typing is None:
        return None
    from tevr.keyboard.system import open_typist

    return TypingQueue(open_typist(wishes.typing))


def _open_source(wishes: Wishes) -> Source:
    if wishes.input is None:
        from tevr.microphone import Microphone

        return Microphone(wishes.device, wishes.rate)
    if wishes.input == STDIN:
        from tevr.audio import SAMPLE_RATE
        from tevr.pcm_pipe import PcmPipe

        return PcmPipe(sys.stdin.buffer, wishes.rate or SAMPLE_RATE)
    from tevr.audio import open_audio

    return FileSource(open_audio(wishes.input))


def _outputs(wishes: Wishes, source: str, model: str, stack: ExitStack) -> Iterator[Output]:
    """Where the text goes; first where it is kept for good."""
    if wishes.output:
        yield FileOutput(wishes.output, source, model)
    if wishes.jsonl:
        yield EventOutput(source, model, partials=wishes.partials)
    shown = sys.stderr.isatty() and not wishes.quiet
    own_terminal = sys.stdout.isatty()
    if not wishes.jsonl and not (shown and own_terminal):
        yield PlainOutput()
    if shown and not (wishes.jsonl and own_terminal):
        from tevr.cli.dictate_view import view

        yield stack.enter_context(view(keep_lines=own_terminal))


def _greet(wishes: Wishes, source: Source) -> None:
    """Say what is heard, to people."""
    if wishes.quiet or wishes.input is not None or not sys.stderr.isatty():
        return
    begin = "Muted until tevr dictate --toggle" if wishes.wait else "Listening"
    complain(f"{begin}: {source.name}. Ctrl-C ends.")
