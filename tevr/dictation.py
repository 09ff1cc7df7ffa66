"""Final words → edits of a text: what to insert, spaces and line breaks included, or to take back.

    words → replacements → spoken marks and commands → a writer → edits

The writer is the one place where words become text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tevr.replacements import Replacements
from tevr.spoken_marks import Command, Fixed, Item, SpokenMarks
from tevr.stream import Final
from tevr.transcript import Word

#: Utterances that can be taken back, one after another.
REMEMBERED = 100


class Writer(Protocol):
    """Turns words into text as it is to be read; what was given out does not change."""

    def push(self, items: Sequence[Word | Fixed], *, closes: bool) -> list[Fixed]:
        """Take words and marks, return what they are written as.

        Args:
            items: in order; text that is fixed stays as it is.
            closes: a pause follows; nothing may be held back beyond it.
        """

    @property
    def held(self) -> tuple[Word, ...]:
        """Words that wait for those after them."""


class VerbatimWriter:
    """Writes every word as the recogniser does."""

    held: tuple[Word, ...] = ()

    def push(self, items: Sequence[Word | Fixed], *, closes: bool) -> list[Fixed]:  # noqa: ARG002
        """Take words and marks, return them as they are."""
        return [item if isinstance(item, Fixed) else Fixed(item.text, (item,)) for item in items]


@dataclass(frozen=True, slots=True)
class Inserted:
    """Text to be added at the end.

    Attributes:
        text: with the space or line break before it, if one belongs there.
        words: what was said for it.
    """

    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """An utterance is over; what comes next belongs to another."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Text to be taken back from the end: all of an utterance.

    Attributes:
        text: as it was inserted.
    """

    text: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The speaker wants to end."""


Edit = Inserted | Closed | Erased | StopAsked


class DictatedText:
    """The text that grows while somebody speaks.

    Args:
        writer: turns words into text.
        marks: finds spoken marks and commands.
        replacements: puts a dictionary's text in place of words.
    """

    def __init__(
        self,
        writer: Writer | None = None,
        marks: SpokenMarks | None = None,
        replacements: Replacements | None = None,
    ) -> None:
        self.replacements = replacements or Replacements()
        self._marks = marks or SpokenMarks(marks=False, commands=False)
        self._writer = writer or VerbatimWriter()
        self._space = False  # whether what comes next may have a space before it
        # Utterances, the open one last: text, and whether a space was due before it.
        self._utterances: deque[tuple[str, bool]] = deque([("", False)], maxlen=REMEMBERED)

    @property
    def held(self) -> tuple[Word, ...]:
        """Final words that wait for those after them."""
        return (*self._writer.held, *self._marks.held, *self.replacements.held)

    def push(self, final: Final) -> list[Edit]:
        """Take final words; return what they do to the text."""
        replaced = self.replacements.push(final.words, closes=final.closes)
        items = self._marks.push(replaced, closes=final.closes)
        edits = list(self._edits(items, final.closes))
        if final.closes:
            edits += self._close()
        return edits

    def _edits(self, items: Sequence[Item], closes: bool) -> Iterator[Edit]:
        """Let the writer have what stands between commands."""
        run: list[Word | Fixed] = []
        for item in items:
            if not isinstance(item, Command):
                run.append(item)
                continue
            yield from self._insert(self._writer.push(run, closes=True))
            run = []
            yield from self._obey(item)
        yield from self._insert(self._writer.push(run, closes=closes))

    def _insert(self, pieces: Sequence[Fixed]) -> Iterator[Inserted]:
        text = ""
        for piece in pieces:
            if piece.text:
                text += " " if self._space and piece.before else ""
                text += piece.text
                self._space = piece.after and not piece.text.endswith("\n")
        if text:
            before, space = self._utterances[-1]
            self._utterances[-1] = before + text, space
            yield Inserted(text, tuple(word for piece in pieces for word in piece.words))

    def _close(self) -> Iterator[Closed]:
        if self._utterances[-1][0]:
            self._utterances.append(("", self._space))
            yield Closed()

    def _obey(self, command: Command) -> Iterator[Edit]:
        if command.name == "stop":
            yield StopAsked()
            return
        yield from self._close()
        self._utterances.pop()  # the one just opened, with nothing in it
        text = ""
        if self._utterances:
            text, self._space = self._utterances.pop()
            yield Erased(text)
        self._utterances.append(("", self._space))
