"""A file of own spellings → words and phrases of a stream written that way.

    Müller-Lüdenscheidt
    GmbH & Co. KG

One spelling a line; empty lines and those that begin with # tell nothing. A spelling is recognised
by how it is said, in lower case and with ss: "müller lüdenscheidt", "gmbh und co kg".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tevr.errors import UsageError
from tevr.lm.corpus import normalise
from tevr.readable.labels import fold
from tevr.readable.written import WrittenWord


def read_spellings(path: Path) -> tuple[str, ...]:
    """Return the spellings of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        cause = f"The spellings {path} cannot be read ({error.strerror})"
        raise UsageError(cause, "Give a text file with one spelling a line.") from error
    except UnicodeDecodeError as error:
        cause = f"The spellings {path} are no UTF-8"
        raise UsageError(cause, "Save the file as UTF-8.") from error
    stripped = (line.strip() for line in lines)
    return tuple(line for line in stripped if line and not line.startswith("#"))


def spelt_hotwords(hotwords: Iterable[str]) -> tuple[str, ...]:
    """Return the hot-words that tell how they are written; those in small letters do not."""
    return tuple(word for word in hotwords if word != fold(word))


class Spellings:
    """Which words, in a row, are written how; of several that fit, the longest counts.

    Attributes:
        words: single words that are written as they are said, in lower case: nothing is to be
            done about them, and nothing else may be.
    """

    def __init__(self, spellings: Iterable[str]) -> None:
        self._phrases: dict[tuple[str, ...], str] = {}
        for spelling in spellings:
            if said := normalise(spelling):
                self._phrases[tuple(said.split())] = spelling
        self._beginnings = {
            phrase[:size] for phrase in self._phrases for size in range(1, len(phrase) + 1)
        }
        self.words = frozenset(text for phrase, text in self._phrases.items() if phrase == (text,))

    @property
    def longest(self) -> int:
        """Words of the longest."""
        return max(map(len, self._phrases), default=0)

    def find(self, words: Sequence[WrittenWord], *, closes: bool) -> tuple[int, str | None] | None:
        """Return how many words at the beginning are written together, and how.

        Args:
            words: one at least.
            closes: nothing follows that could belong to them.

        Returns:
            Their number and spelling; one and no spelling if none begins here; nothing if it
            depends on words to come.
        """
        said: tuple[str, ...] = ()
        found: tuple[int, str | None] = (1, None)
        for count, word in enumerate(words, 1):
            said += tuple(map(fold, word.spoken))
            if said in self._phrases:
                found = (count, self._phrases[said])
            if said not in self._beginnings:
                return found
        return found if closes or not self._goes_on(said) else None

    def _goes_on(self, said: tuple[str, ...]) -> bool:
        size = len(said)
        return any(len(phrase) > size and phrase[:size] == said for phrase in self._phrases)


class SpellingWriter:
    """Writes one stream of words with own spellings; at most `longest` words wait."""

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings
        self._waiting: list[WrittenWord] = []

    def push(self, words: Sequence[WrittenWord], *, closes: bool = False) -> list[WrittenWord]:
        """Take words and return those that are done; a pause that closes ends every phrase."""
        self._waiting += words
        done: list[WrittenWord] = []
        while self._waiting:
            found = self._spellings.find(self._waiting, closes=closes)
            if found is None:
                break
            count, spelling = found
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
            done.append(taken[0] if spelling is None else _joined(taken, spelling))
        return done

    def finish(self) -> list[WrittenWord]:
        """Return what waits."""
        return self.push([], closes=True)


def _joined(words: Sequence[WrittenWord], spelling: str) -> WrittenWord:
    return WrittenWord(
        text=spelling,
        start=words[0].start,
        end=words[-1].end,
        confidence=min(word.confidence for word in words),
        spoken=tuple(text for word in words for text in word.spoken),
        space=words[0].space,
    )
