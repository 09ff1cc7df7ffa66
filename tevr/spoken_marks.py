"""Final words → words, marks that were said ("Komma", "neue Zeile") and commands ("stopp").

Whether "Punkt" is the mark or the word is told from the words around it and from the pauses. Rules
say where it stays a word: after an article that agrees with it, between numbers, and so on; see
`tevr.mark_rules`. What is said on its own, between two pauses, is a mark or a command.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tevr.mark_rules import Place, is_meant
from tevr.spoken_phrases import COMMANDS, LONGEST, MARKS, PHRASES
from tevr.spoken_words import COORDINATION, DOMAINS, HANGING, REPEATING
from tevr.transcript import Word

CommandName = Literal["delete", "stop"]

# Words before a mark that are looked at, and after it; so many at most are held back with it.
_BEFORE, _AFTER = 4, 2
# Seconds of silence after which another sentence begins.
_FORGOTTEN = 1.5


@dataclass(frozen=True, slots=True)
class Fixed:
    """Text that stands where other words were said.

    Attributes:
        text: a mark, a line break, or what a dictionary puts in place of the words.
        words: what was said.
        before: a space stands before it.
        after: a space stands after it.
    """

    text: str
    words: tuple[Word, ...]
    before: bool = True
    after: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """What is to be done, and not to be written.

    Attributes:
        name: ``delete`` takes back what was written last, ``stop`` ends the dictation.
        words: what was said.
    """

    name: CommandName
    words: tuple[Word, ...]


Item = Word | Fixed | Command


class SpokenMarks:
    """Finds marks and commands among final words, as they come.

    A word that may begin one is held back until the next word or two, or until the utterance
    closes; so at most five words are ever held back. What was given out does not change.

    Args:
        marks: find marks.
        commands: find commands.
    """

    def __init__(self, *, marks: bool = True, commands: bool = True) -> None:
        wanted = (*(MARKS if marks else ()), *(COMMANDS if commands else ()))
        self._wanted = {tuple(name.split()) for name, _ in wanted}
        self._beginnings = {name[:size] for name in self._wanted for size in range(1, len(name))}
        self._items: deque[Word | Fixed] = deque()  # not given out yet
        self._left: deque[str] = deque(maxlen=_BEFORE)
        self._first = ""
        self._end = -math.inf  # seconds, of the last item given out
        self._quoted = False  # between quotation marks

    @property
    def held(self) -> tuple[Word, ...]:
        """Words that wait for those after them."""
        return tuple(word for item in self._items for word in _words(item))

    def push(self, items: Iterable[Word | Fixed], *, closes: bool) -> list[Item]:
        """Take further words; return what is decided.

        Args:
            items: final words, or what already stands for some.
            closes: a pause follows.
        """
        self._items += items
        found: list[Item] = []
        while self._items:
            item = self._decided(closes)
            if item is None:
                break
            found.append(item)
        if closes and not (self._left and self._left[-1] in HANGING):
            self._left.clear()
        return found

    def _decided(self, closes: bool) -> Item | None:
        """Take the first item or phrase off those that wait; ``None``: wait for more."""
        keys = tuple(_key(item) for item in self._items)
        size = self._size(keys)
        open_end = keys[:LONGEST] in self._beginnings and not closes
        if open_end or (size and not closes and len(keys) < size + self._lookahead(keys, size)):
            return None
        place = self._place(keys, size) if size else None
        if place is None or not is_meant(place):
            return self._take_word(keys[0])
        return self._take(place, size)

    def _size(self, keys: tuple[str, ...]) -> int:
        """How many of the first items are the longest phrase that is wanted; 0 if none is."""
        sizes = range(min(LONGEST, len(keys)), 0, -1)
        return next((size for size in sizes if keys[:size] in self._wanted), 0)

    def _lookahead(self, keys: tuple[str, ...], size: int) -> int:
        """How many items must be known after a phrase: one, two where the first joins words."""
        after = keys[size : size + 1]
        joins = after and after[0] in COORDINATION | REPEATING
        return _AFTER if joins else 1

    def _place(self, keys: tuple[str, ...], size: int) -> Place:
        items = list(self._items)
        start, end = _words(items[0])[0].start, _words(items[size - 1])[-1].end
        after = _words(items[size])[0].start - end if len(items) > size else math.inf
        return Place(
            keys[:size],
            PHRASES[keys[:size]],
            tuple(self._left),
            keys[size : size + _AFTER],
            start - self._end,
            after,
            self._first,
        )

    def _take_word(self, key: str) -> Item:
        item = self._items.popleft()
        self._pass(key, _words(item))
        return item

    def _take(self, place: Place, size: int) -> Item:
        words = tuple(w for _ in range(size) for w in _words(self._items.popleft()))
        self._pass("", words)
        phrase = place.phrase
        if phrase.gender is None:
            return Command("delete" if phrase.text == "delete" else "stop", words)
        if phrase.ends:
            self._first = ""
        if place.next() in DOMAINS and phrase.text == "." and place.left:
            phrase = replace(phrase, after=False)
        return self._quotation(Fixed(phrase.text, words, phrase.before, phrase.after))

    def _pass(self, key: str, words: Sequence[Word]) -> None:
        """Remember what was given out."""
        forgotten = words[0].start - self._end > _FORGOTTEN
        self._first = key if forgotten else self._first or key
        self._left.append(key)
        self._end = words[-1].end

    def _quotation(self, mark: Fixed) -> Fixed:
        """Open or close where it was only said "Anführungszeichen"."""
        if mark.text == "„“":
            opens = not self._quoted
            mark = Fixed("„" if opens else "“", mark.words, before=opens, after=not opens)
        if mark.text in "„“":
            self._quoted = mark.text == "„"
        return mark


def _key(item: Word | Fixed) -> str:
    """A word as the recogniser would write it; nothing for other text."""
    return item.text.lower().replace("ß", "ss") if isinstance(item, Word) else ""


def _words(item: Word | Fixed) -> Sequence[Word]:
    return (item,) if isinstance(item, Word) else item.words
