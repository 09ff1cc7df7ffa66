"""Live sound → events: what may still change of an open utterance, and what never will."""

from __future__ import annotations

from dataclasses import dataclass

from tevr.errors import UsageError
from tevr.transcript import Word


@dataclass(frozen=True, slots=True)
class Partial:
    """What is thought to have been said since the last final word; replaces the one before it.

    Attributes:
        words: the words of the open utterance that are not final yet; none takes back what was
            shown before.
        heard: seconds of the source heard so far.
    """

    words: tuple[Word, ...]
    heard: float

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Final:
    """Words that never change and are never repeated; they end what a `Partial` showed of them.

    Attributes:
        words: in order of time, after those of the `Final` before; at least one unless ``closes``.
        closes: the utterance ends here, because a pause follows or the source is over.
        heard: seconds of the source heard so far.
    """

    words: tuple[Word, ...]
    closes: bool
    heard: float

    def __post_init__(self) -> None:
        if not self.words and not self.closes:
            raise UsageError("A final event says nothing", "Give it a word, or close with it.")

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)


Event = Partial | Final
