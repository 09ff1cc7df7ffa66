"""A stretch of sound with a border in it → a draft of the words behind the border."""

from __future__ import annotations

from dataclasses import dataclass, field

from tevr.lm.decoder import WHOLE, Place
from tevr.speech import Floats
from tevr.transcript import Word


@dataclass(frozen=True, slots=True)
class Window:
    """What one pass of the recogniser is given.

    Attributes:
        start: seconds of the source at which the sound starts.
        samples: float32 (samples,), mono at 16 kHz.
        border: seconds of the source from which on words are asked for; what sounds before it
            only helps the acoustic model to hear.
        place: the words before the border, and whether a sentence ends with the sound.
    """

    start: float
    samples: Floats = field(repr=False)
    border: float
    place: Place = WHOLE


@dataclass(frozen=True, slots=True)
class Draft:
    """What one pass makes of it.

    Attributes:
        words: in order of time.
        gaps: for each word the seconds of the source between which a border behind it may lie:
            where its last label has fired, and where the first label of the next word does or the
            sound ends.
    """

    words: tuple[Word, ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The words as written."""
        return tuple(word.text for word in self.words)

    def border(self, count: int) -> float:
        """Seconds at which the first `count` words, at least one, part from those after them.

        In the middle of the gap: from one pass to the next, labels move by a frame or two to
        either side.
        """
        return sum(self.gaps[count - 1]) / 2

    def room(self, count: int) -> float:
        """Seconds without a label behind the first `count` words, at least one."""
        left, right = self.gaps[count - 1]
        return right - left

    def after(self, count: int) -> Draft:
        """The draft without its first `count` words."""
        return Draft(self.words[count:], self.gaps[count:])
