"""Spoken words → a word as it stands on paper, which keeps what was said and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tevr.errors import UsageError
from tevr.transcript import Word


@dataclass(frozen=True, slots=True)
class WrittenWord:
    """One word on paper and the spoken words it came from.

    Putting `spoken` of all written words together gives back what was said.

    Attributes:
        text: as it stands on paper, marks attached: ``Straße,``, ``3.``, ``2020``, ``»Haus``.
        start: seconds at which the first spoken word starts.
        end: seconds at which the last spoken word ends.
        confidence: 0…1, the least of the spoken words.
        spoken: the words it came from, verbatim; never empty.
        space: a space stands before it.
        paragraph: a paragraph ends after it.
    """

    text: str
    start: float
    end: float
    confidence: float
    spoken: tuple[str, ...]
    space: bool = True
    paragraph: bool = False

    def __post_init__(self) -> None:
        if not self.spoken:
            raise UsageError("A written word came from no spoken one", "Leave it out.")


@dataclass(frozen=True, slots=True)
class WrittenSegment:
    """A stretch of speech as it stands on paper.

    Attributes:
        words: in order of time; never empty.
    """

    words: tuple[WrittenWord, ...]

    def __post_init__(self) -> None:
        if not self.words:
            raise UsageError("A segment needs at least one word", "Leave empty ones out.")

    @property
    def text(self) -> str:
        """What is read."""
        return text_of(self.words)

    @property
    def spoken(self) -> str:
        """What was said, word for word."""
        return " ".join(word for written in self.words for word in written.spoken)

    @property
    def start(self) -> float:
        """Seconds at which the first word starts."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """Seconds at which the last word ends."""
        return self.words[-1].end


def write_as(text: str, words: Sequence[Word], *, space: bool = True) -> WrittenWord:
    """Return spoken words as one written word; they are one at least.

    Raises:
        UsageError: there is no spoken word.
    """
    if not words:
        raise UsageError("A written word came from no spoken one", "Leave it out.")
    return WrittenWord(
        text=text,
        start=words[0].start,
        end=words[-1].end,
        confidence=min(word.confidence for word in words),
        spoken=tuple(word.text for word in words),
        space=space,
    )


def text_of(words: Iterable[WrittenWord]) -> str:
    """Return running text: a space before each word that wants one, a line after a paragraph."""
    parts: list[str] = []
    begins = True
    for word in words:
        parts += [" " if word.space and not begins else "", word.text]
        begins = word.paragraph
        parts += ["\n"] if word.paragraph else []
    return "".join(parts).rstrip("\n")
