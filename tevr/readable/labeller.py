"""Words as they are said, one after the other → each with its capitals, its ß and its mark.

A word waits for the `HELD` words that follow it, or for a pause that closes, and for nothing else:
what was given out never changes, and words given in one by one come out as those given at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tevr.readable.features import IDS, NUMBERS, WORD_NUMBERS, WordFeatures, pause_numbers
from tevr.readable.labels import AS_LISTED, MARKS, SENTENCE_END, in_case, key_of
from tevr.readable.lexicon import Lexicon
from tevr.readable.network import MODEL, LabelModel, Scores, Stretch
from tevr.readable.network_shape import LEFT, RIGHT
from tevr.readable.written import WrittenWord

HELD: Final = RIGHT + 1
"""Words that wait at most: those a word sees, and one more for the pause after the last of them."""
CLOSING_PAUSE: Final = 0.7
"""Seconds that a pause that closes is taken for: live, nobody knows yet how long it will be."""

_BLOCK = 512  # words that the network reads at a time


@dataclass(frozen=True)
class LabelOptions:
    """What is written, part by part.

    Attributes:
        capitals: capitals as one writes them; else all stays small.
        punctuation: marks after words, and capitals after those that end a sentence.
        sharp_s: ß where one writes it; else ss, as in Switzerland.
        timed: words have times, so that pauses tell of ends of sentences.
    """

    capitals: bool = True
    punctuation: bool = True
    sharp_s: bool = True
    timed: bool = True


class LabelFiles:
    """The model that labels: a network and a lexicon, opened once and shared."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Open a folder such as `models/pretrained/de-readable`.

        Raises:
            ModelError: a file is missing, damaged or does not fit.
        """
        self.lexicon = Lexicon.load(folder)
        self.features = WordFeatures(self.lexicon)
        self.model = LabelModel(folder / MODEL, threads=threads)


class Labeller:
    """Labels one stream of words."""

    def __init__(
        self,
        files: LabelFiles,
        options: LabelOptions = LabelOptions(),
        *,
        fixed: frozenset[str] = frozenset(),
    ) -> None:
        """Begin a stream.

        Args:
            files: the model.
            options: what is written.
            fixed: words whose spelling stays as it is.
        """
        self._files, self._options, self._fixed = files, options, fixed
        self._words: list[WrittenWord] = []  # those that wait
        # Of words before, LEFT at most, and of those that wait:
        self._ids = np.empty((0, IDS), np.int32)
        self._numbers = np.empty((0, NUMBERS), np.float32)
        self._stretches = np.empty(0, np.int32)
        self._stretch = 0
        self._memory = files.model.fresh()
        self._begins = True  # a sentence, with the next word
        self._pause_waits = False  # that after the last word, until the next tells it

    def push(self, words: Sequence[WrittenWord], *, closes: bool = False) -> list[WrittenWord]:
        """Take words and return those that are done.

        Args:
            words: those that follow.
            closes: a pause follows that ends a stretch of speech: no word waits for what comes
                after it.
        """
        self._take(words)
        if closes and self._words:
            self._end(pause_numbers(np.array([self._closing()], np.float32), np.array([False])))
        if closes:
            return self._give(len(self._words))
        return self._give(max(0, len(self._words) - HELD))

    def finish(self) -> list[WrittenWord]:
        """Return all words that wait: nothing follows."""
        if self._words:
            self._end(pause_numbers(np.array([np.nan], np.float32), np.array([True])))
        done = self._give(len(self._words))
        self._begins = True
        return done

    def set_mark(self, mark: str) -> None:
        """Take note of a mark that somebody else set after the last word given out."""
        self._begins = mark.endswith((*SENTENCE_END, "\n"))

    def _closing(self) -> float:
        return CLOSING_PAUSE if self._options.timed else np.nan

    def _take(self, words: Sequence[WrittenWord]) -> None:
        """Add words to those that wait, with what is known of the pauses between them."""
        if not words:
            return
        ids, numbers = self._files.features([key_of(word.text, word.spoken) for word in words])
        unknown = np.full(len(words), np.nan, np.float32)
        if self._options.timed:
            ends = [word.end for word in words[:-1]]
            unknown[:-1] = [word.start - end for word, end in zip(words[1:], ends, strict=True)]
            if self._pause_waits:
                pause = np.array([words[0].start - self._words[-1].end], np.float32)
                self._numbers[-1, WORD_NUMBERS:] = pause_numbers(pause, np.array([False]))[0]
        pauses = pause_numbers(unknown, np.zeros(len(words), bool))
        self._ids = np.concatenate([self._ids, ids])
        self._numbers = np.concatenate([self._numbers, np.concatenate([numbers, pauses], axis=1)])
        stretches = np.full(len(words), self._stretch, np.int32)
        self._stretches = np.concatenate([self._stretches, stretches])
        self._words += words
        self._pause_waits = True

    def _end(self, pause: NDArray[np.float32]) -> None:
        """End a stretch after the last word, with the numbers of the pause after it."""
        self._numbers[-1, WORD_NUMBERS:] = pause[0]
        self._stretch += 1
        self._pause_waits = False

    def _give(self, count: int) -> list[WrittenWord]:
        """Label the first words that wait and drop what no later word sees."""
        done: list[WrittenWord] = []
        while count:
            size = min(count, _BLOCK)
            before = len(self._ids) - len(self._words)
            seen = before + size + min(RIGHT, len(self._words) - size)
            arrays = (self._ids[:seen], self._numbers[:seen], self._stretches[:seen])
            stretch = Stretch(*arrays, before, before + size)
            scores, self._memory = self._files.model.run(stretch, self._memory)
            done += self._labelled(self._words[:size], scores)
            del self._words[:size]
            dropped = max(0, before + size - LEFT)
            self._ids, self._numbers = self._ids[dropped:], self._numbers[dropped:]
            self._stretches = self._stretches[dropped:]
            count -= size
        return done

    def _labelled(self, words: Sequence[WrittenWord], scores: Scores) -> list[WrittenWord]:
        cases, marks = scores.cases.argmax(axis=1), scores.marks.argmax(axis=1)
        done = []
        for place, word in enumerate(words):
            mark = MARKS[marks[place]] if self._options.punctuation else ""
            case = int(cases[place])
            written = self._written(word, case, sharp=bool(scores.sharp[place] > 0))
            done.append(replace(word, text=_marked(written, mark)))
            self._begins = mark in SENTENCE_END
        return done

    def _written(self, word: WrittenWord, case: int, *, sharp: bool) -> str:
        """Return a word in its case and with its ß; one that is written already stays so."""
        options, text = self._options, word.text
        begins = self._begins and options.capitals and options.punctuation
        if text in self._fixed:
            return text
        if word.spoken != (text,):
            untouched = any(letter.isupper() or letter.isdecimal() for letter in text)
            return text if untouched or not begins else text[:1].upper() + text[1:]
        lexicon = self._files.lexicon
        if options.sharp_s and sharp:
            text, _ = lexicon.spelt_sharp(text)
        if not options.capitals:
            return text
        text = in_case(text, case, _listed(lexicon, word.text, case))
        return text[:1].upper() + text[1:] if begins else text


def _listed(lexicon: Lexicon, word: str, case: int) -> str | None:
    return lexicon.listed.get(word) if case == AS_LISTED else None


def _marked(text: str, mark: str) -> str:
    """Return a word with the mark after it; a point that stands there already is not doubled."""
    if not mark or (mark == "." and text.endswith(".")):
        return text
    return f"{text} {mark}" if mark == "–" else text + mark
