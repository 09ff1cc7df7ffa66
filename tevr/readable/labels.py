"""What is decided for each word, as numbers: its case, ß for ss, and the mark after it."""

from __future__ import annotations

import re
from typing import Final

MARKS: Final = ("", ".", ",", "?", "!", ":", ";", "–")
"""Marks that may follow a word; a label is a place in this list."""
LOWER, CAPITAL, UPPER, AS_LISTED = range(4)
"""Cases: all letters small, the first one large, all large, and as the lexicon spells the word."""
CASES: Final = ("lower", "capital", "upper", "as listed")

SENTENCE_END: Final = frozenset((".", "?", "!"))
"""Marks after which a sentence begins."""

#: Words that stand for numbers in digits, whose letters tell nothing: cardinals and ordinals.
NUMBER: Final = "0"
ORDINAL: Final = "0te"

_DIGIT = re.compile("[0-9]")


def fold(written: str) -> str:
    """Return a written word in lower case and with ss, as recognisers of our labels spell it."""
    return written.lower().replace("ß", "ss")


def key_of(text: str, spoken: tuple[str, ...]) -> str:
    """Return the word that the labeller reads in place of a written one.

    Args:
        text: as it is written so far; digits make it a number.
        spoken: the words that it came from.
    """
    if _DIGIT.search(text):
        return ORDINAL if text.endswith(".") else NUMBER
    return fold(spoken[-1])


def case_of(written: str) -> int:
    """Return the case of a word; single large letters count as capitals."""
    if written == written.lower():
        return LOWER
    if written[1:] == written[1:].lower():
        return CAPITAL
    return UPPER if written.replace("ß", "").isupper() else AS_LISTED


def in_case(word: str, case: int, listed: str | None = None) -> str:
    """Return a word spelt small in a case; without a listed form, AS_LISTED is a capital."""
    if case == AS_LISTED and listed is not None:
        return listed
    if case == UPPER:
        return word.upper()
    return word[:1].upper() + word[1:] if case in (CAPITAL, AS_LISTED) else word
