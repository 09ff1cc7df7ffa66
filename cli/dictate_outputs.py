"""Edits of a dictated text → standard output, a file, json lines, or the focused window."""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tevr.cli.process import standard_output
from tevr.dictation import REMEMBERED, Closed, Edit, Erased, Inserted
from tevr.errors import OutputError
from tevr.formats import end_event, final_event, start_event
from tevr.keyboard.typist import TypingQueue
from tevr.lm.whole_file import why_unwritten
from tevr.transcript import Segment, Word

logger = logging.getLogger("tevr.cli")


class Output(Protocol):
    """Takes what is dictated, as it becomes known."""

    def partial(self, words: Sequence[Word]) -> None:
        """Words that are not in the text yet and may change; they replace those before."""

    def edit(self, edit: Edit) -> None:
        """The text changes."""

    def finish(self, seconds: float) -> None:
        """All is said, after so many seconds."""


class Lines:
    """Edits → the same text with a line for each utterance.

    The line break comes with the next utterance: a mark said after a pause belongs to the line
    before.
    """

    def __init__(self) -> None:
        self._utterances: deque[str] = deque([""], maxlen=REMEMBERED)
        self._breaks = False  # a line break is due in place of the next space

    def text(self, edit: Edit) -> tuple[int, str]:
        """How many characters an edit takes off the end, and what it adds."""
        if isinstance(edit, Inserted):
            added = edit.text
            if self._breaks and added.startswith(" "):
                added = "\n" + added[1:]
            self._breaks = False
            self._utterances[-1] += added
            return 0, added
        if isinstance(edit, Closed):
            self._breaks = True
            self._utterances.append("")
        if isinstance(edit, Erased):
            self._utterances.pop()
            gone = self._utterances.pop() if self._utterances else ""
            self._utterances.append("")
            self._breaks = True
            return len(gone), ""
        return 0, ""


class PlainOutput:
    """Final text on standard output, each word at once."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._begun = False

    def partial(self, words: Sequence[Word]) -> None:
        """Show nothing: standard output carries results only."""

    def edit(self, edit: Edit) -> None:
        """Write what is added; what went out cannot be taken back, which is said."""
        erased, text = self._lines.text(edit)
        if erased:
            logger.warning("What was written to standard output cannot be taken back.")
        if text:
            self._put(text)

    def finish(self, seconds: float) -> None:  # noqa: ARG002 - the protocol's names
        """End the last line."""
        if self._begun:
            self._put("\n")

    def _put(self, text: str) -> None:
        self._begun = True
        with standard_output() as out:
            out.write(text)


def event_line(event: dict[str, object]) -> str:
    """One event as a line of json."""
    return json.dumps(event, ensure_ascii=False) + "\n"


class Events:
    """Edits → events, in the shape of the jsonl of files.

    Finals are those of files: their `words` are what was said, their `text` is what it stands as.
    Beside them there are `partial` (with `words` alike), `closed` after an utterance, and
    `erased`, whose `text` is taken back.
    """

    def __init__(self, *, partials: bool) -> None:
        self._partials = partials
        self._shown: Sequence[Word] = ()

    def partial(self, words: Sequence[Word]) -> str:
        """The event of tentative words, if they are wanted and other than before."""
        if not self._partials or [w.text for w in words] == [w.text for w in self._shown]:
            return ""
        self._shown = words
        none: dict[str, object] = {"event": "partial", "text": "", "words": []}
        fields = final_event(Segment(tuple(words))) if words else none
        return event_line({**fields, "event": "partial"})

    def edit(self, edit: Edit) -> str:
        """The event of an edit."""
        if isinstance(edit, Inserted):
            return event_line({**final_event(Segment(edit.words)), "text": edit.text.strip(" ")})
        if isinstance(edit, Erased):
            return event_line({"event": "erased", "text": edit.text.strip(" ")})
        return event_line({"event": "closed"}) if isinstance(edit, Closed) else ""


class EventOutput:
    """Events on standard output."""

    def __init__(self, source: str, model: str, *, partials: bool) -> None:
        self._events = Events(partials=partials)
        self._put(event_line(start_event(source, model)))

    def partial(self, words: Sequence[Word]) -> None:
        """Write tentative words, if they are wanted."""
        self._put(self._events.partial(words))

    def edit(self, edit: Edit) -> None:
        """Write an edit."""
        self._put(self._events.edit(edit))

    def finish(self, seconds: float) -> None:
        """Write the end event."""
        self._put(event_line(end_event(seconds)))

    def _put(self, text: str) -> None:
        if text:
            with standard_output() as out:
                out.write(text)


class FileOutput:
    """Text, or events if the file's name ends with .jsonl, at the end of a file.

    Each piece is on the disk before the next is recognised, so that even a killed process loses
    nothing. What cannot be written, as when the disk is full, is kept and tried again with the
    next piece, and at the end.

    Args:
        path: the file; made if need be, otherwise added to.
        source: of the sound, for events.
        model: the model's name, for events.

    Raises:
        OutputError: it cannot be opened.
    """

    def __init__(self, path: Path, source: str, model: str) -> None:
        self._path = path
        self._lines = Lines()
        self._events = Events(partials=False) if path.suffix.lower() == ".jsonl" else None
        self._waiting = b""
        self._failing = False
        try:
            # Windows would else write line ends of its own.
            binary = getattr(os, "O_BINARY", 0)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | binary, 0o666)
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written ({error.strerror})", "Choose another file."
            ) from error
        if self._events:
            self._append(event_line(start_event(source, model)))
        elif self._torn():
            self._append("\n")

    def partial(self, words: Sequence[Word]) -> None:
        """Write nothing: a file holds what is final."""

    def edit(self, edit: Edit) -> None:
        """Write an edit to the disk."""
        if self._events:
            self._append(self._events.edit(edit))
            return
        erased, text = self._lines.text(edit)
        if erased and isinstance(edit, Erased):
            self._take_back(edit.text.encode())
        self._append(text)

    def finish(self, seconds: float) -> None:
        """End the line; raises OutputError if something could not be written to the last."""
        self._append(event_line(end_event(seconds)) if self._events else "\n")
        os.close(self._file)
        if self._waiting:
            raise OutputError(
                f"The end of the text is missing in {self._path}",
                "Take it from the screen, or from standard output.",
            )

    def _torn(self) -> bool:
        """Whether the file ends within a line."""
        size = os.fstat(self._file).st_size
        return size > 0 and self._read(size - 1, 1) != b"\n"

    def _read(self, begin: int, size: int) -> bytes:
        """What stands in the file; writing goes to its end all the same."""
        os.lseek(self._file, begin, os.SEEK_SET)
        return os.read(self._file, size)

    def _append(self, text: str) -> None:
        self._waiting += text.encode()
        try:
            while self._waiting:
                self._waiting = self._waiting[os.write(self._file, self._waiting) :]
            if text and not self._is_pipe():
                os.fsync(self._file)
        except OSError as error:
            if not self._failing:
                logger.warning(
                    "%s cannot be written for now (%s); the text is kept and tried again.",
                    self._path,
                    why_unwritten(error),
                )
            self._failing = True
        else:
            if self._failing:
                logger.warning("%s is written again; nothing is missing.", self._path)
            self._failing = False

    def _is_pipe(self) -> bool:
        """Whether there is no disk behind it, as with /dev/stderr."""
        return not os.path.isfile(self._path)  # noqa: PTH113 - of what cannot be asked: no disk

    def _take_back(self, text: bytes) -> None:
        """Take text off the end, unless another program wrote behind it."""
        kept = min(len(text), len(self._waiting))  # not on the disk yet
        self._waiting = self._waiting[: len(self._waiting) - kept]
        begin = os.fstat(self._file).st_size - (len(text) - kept)
        there = text[: len(text) - kept]
        try:
            if begin >= 0 and self._read(begin, len(there))[1:] == there[1:]:
                os.ftruncate(self._file, begin)
                return
        except OSError as error:
            logger.debug("Taking back failed: %s", error)
        logger.warning("What was written to %s cannot be taken back.", self._path)


class TypedOutput:
    """Text typed into the window that has the focus."""

    def __init__(self, typing: TypingQueue) -> None:
        self._typing = typing

    def partial(self, words: Sequence[Word]) -> None:
        """Type nothing: what is tentative would have to be taken back."""

    def edit(self, edit: Edit) -> None:
        """Type what is added, and take back by as many backspaces."""
        if isinstance(edit, Inserted):
            self._typing.type(edit.text)
        if isinstance(edit, Erased):
            self._typing.erase(len(edit.text))

    def finish(self, seconds: float) -> None:  # noqa: ARG002 - the protocol's names
        """Type all that waits."""
        self._typing.close()
