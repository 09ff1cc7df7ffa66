"""Text as it is → what it already tells of capitals, marks and ß, and what stands around its words.

Words of a text that is cased keep their case, and where it has marks, no others are set: what
somebody has written is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tevr.readable.labels import SENTENCE_END, fold

#: A text has one sign in so many words, or the sign tells nothing: a stray capital, a stray comma.
WORDS_A_SIGN: Final = 25

_TOKEN = re.compile(r"^([^\w§%€$]*)(.*?)([^\w§%€$°+]*)$", re.DOTALL)
_MARK_AT_END = re.compile(r"(?: –|[.,?!:;])$")
_MARKS = re.compile("[.,?!:;]")


@dataclass(frozen=True, slots=True)
class Token:
    """One stretch of text between white space.

    Attributes:
        before: quotes and brackets before the word.
        word: without them; it may hold hyphens and digits, and is empty for a lone dash.
        after: marks, quotes and brackets after the word.
    """

    before: str
    word: str
    after: str

    @property
    def said(self) -> str:
        """The word as recognisers spell it."""
        return fold(self.word)

    @property
    def ends_sentence(self) -> bool:
        """Whether a mark that ends sentences follows."""
        return any(mark in self.after for mark in SENTENCE_END)


@dataclass(frozen=True, slots=True)
class Hints:
    """What a text has of its own.

    Attributes:
        cased: capitals stand where its author wanted them.
        marked: marks do.
        sharp: it is spelt with ß.
    """

    cased: bool
    marked: bool
    sharp: bool


def split(line: str) -> list[Token]:
    """Return the tokens of a line; a lone dash or the like belongs to the word before it."""
    tokens: list[Token] = []
    for text in line.split():
        found = _TOKEN.match(text)
        before, word, after = found.groups() if found else ("", text, "")
        if not word and tokens:
            last = tokens[-1]
            tokens[-1] = Token(last.before, last.word, f"{last.after} {text}")
        else:
            tokens.append(Token(before, word, after))
    return tokens


def hints_of(tokens: Sequence[Token]) -> Hints:
    """Return what the words of a text tell; capitals after ends of sentences tell nothing."""
    within = [
        token for token, last in zip(tokens[1:], tokens, strict=False) if not last.ends_sentence
    ]
    capitals = sum(token.word != token.word.lower() for token in within)
    marks = sum(_MARKS.search(token.after) is not None for token in tokens)
    return Hints(
        cased=bool(capitals) and capitals * WORDS_A_SIGN >= len(within),
        marked=bool(marks) and marks * WORDS_A_SIGN >= len(tokens),
        sharp=any("ß" in token.word for token in tokens),
    )


def in_case_of(spelt: str, cased: str) -> str:
    """Return a word as it is spelt, with the capitals of another spelling of it, ß or ss."""
    letters: list[str] = []
    place = at = 0
    while at < len(spelt):
        large = cased[place : place + 1].isupper()
        pair = spelt[at] == "ß" and cased[place : place + 2].lower() == "ss"
        single = spelt[at : at + 2].lower() == "ss" and cased[place : place + 1] == "ß"
        letter = spelt[at : at + 2] if single else spelt[at]
        letters.append(letter if letter == "ß" else letter.upper() if large else letter.lower())
        at, place = at + len(letter), place + (2 if pair else 1)
    return "".join(letters)


def part_mark(written: str) -> tuple[str, str]:
    """Return a written word and the mark at its end."""
    found = _MARK_AT_END.search(written)
    return (written[: found.start()], found[0]) if found else (written, "")
