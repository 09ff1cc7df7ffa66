"""Spoken words → words with numbers, dates, times, money and short forms as one writes them.

The grammar is this project's own. `text2num` 3.1, the package one would take, was tried on German:
it writes whole texts only (no stream), gives no hold on the words that it merges and so loses their
times, makes "zwei von 3" of "zwei von drei", "8" of "acht" in "acht geben", "eine 1200000" of a
million and its thousands, tears "null drei null" and knows no dates, clock times or money.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from tevr.readable.cardinals import begins_cardinal
from tevr.readable.citations import (
    CITED,
    continue_citation,
    write_citation,
    write_edition,
    write_lettered,
)
from tevr.readable.clock import write_clock
from tevr.readable.dates import write_ordinal, write_year
from tevr.readable.derived import is_derived, write_decade, write_derived
from tevr.readable.digit_runs import write_digits
from tevr.readable.forms_options import USUAL, FormsOptions
from tevr.readable.labels import fold
from tevr.readable.ordinals import ordinal
from tevr.readable.place import AS_SAID, CONTEXT, Piece, Place, Undecided
from tevr.readable.quantities import write_quantity
from tevr.readable.rulers import ARTICLES, write_ruler
from tevr.readable.titles import PHRASES, TITLES, write_abbreviation, write_title
from tevr.readable.written import WrittenWord, write_as
from tevr.transcript import Word

Rule = Callable[[Place], list[Piece] | None]
"""Returns what the words at a place are on paper, None where the rule does not know."""


class FormsWriter:
    """Writes numbers and forms in a stream of spoken words.

    What was given out never changes, and does not hang on how the stream was cut: a word is held
    back only while the words after it could change how it is written. That is one word after most
    numbers, two after "zwei und", and as many as belong to it in a telephone number (at most
    `digit_runs.LONGEST`). Words that begin no number or form are given out at once, and all words
    when a pause closes.
    """

    def __init__(self, options: FormsOptions = USUAL) -> None:
        """Take how forms are written."""
        rules = _rules(options)
        self._rules_for = lru_cache(maxsize=1 << 16)(lambda word: _applying(rules, word))
        self._clear()

    def _clear(self) -> None:
        self._words: list[Word] = []
        self._folded: list[str] = []
        self._at = 0
        self._kind, self._distance = "", CONTEXT

    def push(self, words: Sequence[Word], *, closes: bool = False) -> list[WrittenWord]:
        """Take further words, and return those that are decided.

        Args:
            words: in order of time.
            closes: a pause follows that ends whatever was begun; nothing is held back, and what
                was said before it has no influence on what comes.
        """
        self._words += words
        self._folded += [fold(word.text) for word in words]
        written: list[WrittenWord] = []
        while self._at < len(self._words):
            pieces = self._pieces(closed=closes)
            if pieces is None:
                break
            written += [self._write(piece) for piece in pieces]
        if closes:
            self._clear()
        elif self._at > CONTEXT:
            done = self._at - CONTEXT
            del self._words[:done], self._folded[:done]
            self._at = CONTEXT
        return written

    def finish(self) -> list[WrittenWord]:
        """Return what is held back: no further word comes."""
        return self.push((), closes=True)

    def _pieces(self, *, closed: bool) -> list[Piece] | None:
        """Return what stands at the place, None if words are missing to tell."""
        rules = self._rules_for(self._folded[self._at])
        if not rules:
            return [AS_SAID]
        place = Place(
            self._words,
            self._folded,
            at=self._at,
            closed=closed,
            kind=self._kind,
            distance=self._distance,
        )
        try:
            return next(filter(None, (rule(place) for rule in rules)), [AS_SAID])
        except Undecided:
            return None

    def _write(self, piece: Piece) -> WrittenWord:
        words = self._words[self._at : self._at + piece.count]
        self._at += piece.count
        if piece.kind:
            self._kind, self._distance = piece.kind, 0
        else:
            self._distance += piece.count
        return write_as(words[0].text if piece.text is None else piece.text, words)


def write_forms(words: Sequence[Word], options: FormsOptions = USUAL) -> list[WrittenWord]:
    """Return all words of a text with their numbers and forms written."""
    return FormsWriter(options).push(words, closes=True)


def _rules(options: FormsOptions) -> list[tuple[Callable[[str], bool], list[Rule]]]:
    """Return which rules are asked at which words, special ones first."""
    number: list[Rule] = [
        write_year,
        write_ordinal,
        write_digits,
        write_edition,
        continue_citation,
        write_lettered,
        write_clock,
        partial(write_quantity, options=options),
    ]
    if not options.citations:
        number.remove(continue_citation)
    rules: list[tuple[Callable[[str], bool], list[Rule]]] = [
        (_begins_number, number),
        (ARTICLES.__contains__, [partial(write_ruler, roman=options.roman_names)]),
        (_is_ordinal, [write_ordinal]),
        (is_derived, [write_derived, write_decade]),
        ("plus".__eq__, [write_digits]),
    ]
    if options.citations:
        rules.append((CITED.__contains__, [write_citation]))
    if options.titles:
        rules.append((TITLES.__contains__, [write_title]))
    if options.abbreviations:
        rules.append((PHRASES.__contains__, [write_abbreviation]))
    return rules


def _applying(
    rules: Sequence[tuple[Callable[[str], bool], list[Rule]]], word: str
) -> tuple[Rule, ...]:
    """Return the rules that are asked at a word."""
    return tuple(rule for applies, group in rules if applies(word) for rule in group)


def _begins_number(word: str) -> bool:
    return word == "eine" or begins_cardinal(word)


def _is_ordinal(word: str) -> bool:
    return ordinal(word) is not None
