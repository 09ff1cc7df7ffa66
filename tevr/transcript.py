"""The results and options that cross all rooms: frozen dataclasses, times in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tevr.errors import UsageError

if TYPE_CHECKING:
    from tevr.readable.writer import ReadableOptions

DecoderName = Literal["beam", "greedy"]

#: Hot-word weights above this were never measured to help; a larger one tears words apart.
MAX_TESTED_HOTWORD_WEIGHT = 20.0


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word.

    Attributes:
        text: the word as written by the recogniser, NFC.
        start: seconds from the start of the source.
        end: seconds from the start of the source, at least ``start``.
        confidence: 0…1, how sure the acoustic model is of these letters: the geometric mean per
            letter of the probability that it says just them within the word's frames (see
            `tevr.lm.confidence`). The language model has no part in it.
        spoken: what was said, word for word, where ``text`` writes it in another way: "2020" for
            "zweitausend", "zwanzig". Empty: just ``text``.
    """

    text: str
    start: float
    end: float
    confidence: float
    spoken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech between two pauses, with at least one word.

    Attributes:
        words: in order of time; never empty.
    """

    words: tuple[Word, ...]

    def __post_init__(self) -> None:
        if not self.words:
            raise UsageError("A segment needs at least one word", "Leave empty spans out.")

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def start(self) -> float:
        """Seconds at which the first word starts."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """Seconds at which the last word ends."""
        return self.words[-1].end


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything recognised in one source.

    Attributes:
        segments: in order of time, not overlapping.
        duration: seconds of audio read from the source.
        source: the name of the input, for people.
        model: the name of the model that made it.
    """

    segments: tuple[Segment, ...]
    duration: float
    source: str = ""
    model: str = ""

    @property
    def text(self) -> str:
        """One line a segment."""
        return "\n".join(segment.text for segment in self.segments)

    @property
    def words(self) -> Iterator[Word]:
        """All words, in order of time."""
        return (word for segment in self.segments for word in segment.words)


@dataclass(frozen=True, slots=True)
class Options:
    """Every choice that changes the result. ``None`` means: as the model's own file says.

    Attributes:
        decoder: ``beam`` joins the language model with the acoustic model, ``greedy`` takes the
            best label of every frame. ``None``: beam with a language model, else greedy (without
            one, rival spellings of the same letters add up and beam search doubles letters).
        beam: hypotheses kept after each frame, at least 1.
        alpha: weight of the language model's natural-log score.
        beta: natural-log score added for every word; higher makes more and shorter words.
        language_model: folder of a language model to use in place of the model's own (see
            `tevr.lm.folder`); what it was tuned to holds where other options are ``None``.
        hotwords: words or phrases to prefer, compared in the model's own spelling.
        hotword_weight: natural-log score added for each hot-word found.
        start: seconds of the source to skip.
        end: seconds of the source to stop at; ``None`` reads to its end.
        channel: number of the only channel to read, from 0; ``None`` mixes all down.
        readable: write capitals, marks, ß and numbers as one writes them; ``None`` leaves the words
            as the model says them.
    """

    decoder: DecoderName | None = None
    beam: int | None = None
    alpha: float | None = None
    beta: float | None = None
    language_model: Path | None = None
    hotwords: tuple[str, ...] = ()
    hotword_weight: float = 10.0
    start: float = 0.0
    end: float | None = None
    channel: int | None = None
    readable: ReadableOptions | None = None

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise UsageError(*problem)

    def _problems(self) -> Iterable[tuple[str, str]]:
        numbers = (self.alpha, self.beta, self.hotword_weight, self.start, self.end)
        if not all(number is None or isfinite(number) for number in numbers):
            yield "An option is infinite or no number", "Give weights and times as plain numbers."
        if self.decoder not in (None, "beam", "greedy"):
            yield f"There is no decoder called {self.decoder!r}", "Choose beam or greedy."
        if self.beam is not None and self.beam < 1:
            yield f"A beam of {self.beam} keeps no hypothesis", "Choose 1 or more, 100 is usual."
        if self.start < 0:
            yield f"The start {self.start:g} s lies before the sound", "Choose 0 or more seconds."
        if self.end is not None and self.end <= self.start:
            yield (
                f"The end {self.end:g} s is not after the start {self.start:g} s",
                "Choose a later end.",
            )
        if self.channel is not None and self.channel < 0:
            yield f"There is no channel {self.channel}", "Channels are counted from 0."
        if self.language_model is not None and self.decoder == "greedy":
            yield "Greedy decoding uses no language model", "Leave out --decoder greedy or --lm."
        if self.hotwords and self.decoder == "greedy":
            yield "Greedy decoding cannot use hot-words", "Leave out --decoder greedy."
