"""Spoken words, some of them still to come → a view from one place: what is before, what is next.

The rules of the grammar read words through a `Place` only. Where a rule asks for a word that was
not heard yet, it is broken off (`Undecided`) and asked again when more is there. So what is written
hangs on words that were seen, never on how a stream was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tevr.transcript import Word

CONTEXT = 6
"""Words before a place that rules may look at."""
PAUSE = 0.5
"""Seconds between two words that part numbers; within a number, speakers pause less."""


class Undecided(Exception):  # noqa: N818 - a state of things, not an error
    """The words heard so far do not tell."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one or more spoken words are on paper.

    Attributes:
        count: spoken words, at least 1.
        text: as written; None leaves a single word as it was said.
        kind: what it is for the rules after it: ``digits``, ``law``, ``edition`` or nothing.
    """

    count: int
    text: str | None = None
    kind: str = ""


AS_SAID = Piece(1)


class Place:
    """One place in a stream of words."""

    __slots__ = ("_at", "_closed", "_folded", "_words", "distance", "kind")

    def __init__(
        self,
        words: Sequence[Word],
        folded: Sequence[str],
        *,
        at: int = 0,
        closed: bool = True,
        kind: str = "",
        distance: int = 0,
    ) -> None:
        """Take a view.

        Args:
            words: what was said, as far as it was heard.
            folded: the same words as the rules compare them (see `labels.fold`).
            at: which word stands at the place.
            closed: no word comes after these, or none that could belong to them.
            kind: of the last piece that had one.
            distance: spoken words since that piece.
        """
        self._words, self._folded = words, folded
        self._at, self._closed = at, closed
        self.kind, self.distance = kind, distance

    def word(self, offset: int = 0) -> str:
        """Return a word by its distance from the place, "" beyond the ends.

        Raises:
            Undecided: it was not heard yet.
        """
        index = self._at + offset
        if offset < 0:
            return self._folded[index] if index >= 0 and offset >= -CONTEXT else ""
        if index < len(self._folded):
            return self._folded[index]
        if self._closed:
            return ""
        raise Undecided

    def joins(self, offset: int) -> bool:
        """Tell whether there is a word at an offset, and no pause before it."""
        if not self.word(offset):
            return False
        index = self._at + offset
        return index == 0 or self.gap(offset) < PAUSE

    def gap(self, offset: int) -> float:
        """Return the seconds of silence before a word that is there and has one before it."""
        index = self._at + offset
        return self._words[index].start - self._words[index - 1].end

    def said(self, offset: int) -> str:
        """Return a word that is there verbatim."""
        return self._words[self._at + offset].text

    def follows(self, kind: str) -> bool:
        """Tell whether the piece just before the place is of a kind."""
        return self.distance == 0 and self.kind == kind
