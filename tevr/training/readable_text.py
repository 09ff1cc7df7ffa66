"""Cased, punctuated sentences → words as they are said, each with its written form and its mark.

What cannot be labelled with the marks of `tevr.readable.labels` (quotes, brackets, dashes within
words) is left out. The words are just those of the one normaliser, `tevr.lm.corpus.normalise`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from tevr.lm.corpus import normalise, spellable
from tevr.lm.spelling import modernise
from tevr.lm.spoken import read_out
from tevr.readable.labels import MARKS, NUMBER, ORDINAL, SENTENCE_END, fold

BLOCK = 16
"""Sentences in a row that are held out together, so that running text can be measured."""

_APOSTROPHES = re.compile(r"['’‘‛ʼ`´]|(?<=\w)[*:_](?=in(?:nen)?\b)")
_PIECE = re.compile(r"([^\W\d_]+|0te|0)|([^\w\s]+)")
_DASH = re.compile(r"(?:^|(?<=\s))[-—–]+(?=\s|$)")
_NUMBER = re.compile(r"(?<![\w.,:])[0-9]+(?:[.,:][0-9]+)*(?![\w])")
_ORDINAL = re.compile(r"(?<![\w.,:])[0-9]{1,3}\.(?=\s+\w)")
# Words that pass the normaliser and stand for numbers until they are labelled.
_STAND_INS = {"qnumq": NUMBER, "qordq": ORDINAL}
_NOUN = re.compile(r"\b([a-zäöüß]+)(Jährig|Köpfig)")
_SHORT = 3  # letters of what may be an abbreviation


class Labelled(NamedTuple):
    """One word of a sentence."""

    written: str
    """Without marks; `fold` of it is the word as it is said."""
    mark: str
    """One of MARKS."""


def label(sentence: str, *, digits: bool = False) -> list[Labelled]:
    """Return the words of a sentence; none if it cannot be labelled.

    Args:
        sentence: cased and punctuated; one that does not end with a mark is no sentence.
        digits: keep numbers as `NUMBER` and `ORDINAL` instead of reading them out.
    """
    sentence = modernise(unicodedata.normalize("NFC", sentence).strip())
    if not spellable(sentence):
        return []
    if digits:
        sentence = _NUMBER.sub(" qnumq ", _ORDINAL.sub(" qordq ", sentence))
    said = read_out(_DASH.sub(" – ", sentence))
    parts = _parts(_APOSTROPHES.sub("", _NOUN.sub(_as_noun, said)))
    if parts and sentence[0].isdecimal():  # a number in words begins as a word does
        parts[0] = (parts[0][0][:1].upper() + parts[0][0][1:], parts[0][1])
    following = [*(word for word, _ in parts[1:]), ""][: len(parts)]
    words = [
        Labelled(word, _mark(word, run, after))
        for (word, run), after in zip(parts, following, strict=True)
    ]
    if not words or words[-1].mark not in SENTENCE_END | {":", ";"}:
        return []
    if not digits and " ".join(fold(word.written) for word in words) != normalise(sentence):
        return []
    return words


def _as_noun(match: re.Match[str]) -> str:
    """Return a noun whose number has been read out, "29-Jährige", with its capital in front."""
    return match[1].capitalize() + match[2].lower()


def _parts(text: str) -> list[tuple[str, str]]:
    """Return pairs of words and the marks that follow them."""
    parts: list[tuple[str, str]] = []
    for word, marks in _PIECE.findall("".join(map(_plain, text))):
        if word:
            parts.append((_STAND_INS.get(word, word), ""))
        elif parts:
            parts[-1] = (parts[-1][0], parts[-1][1] + marks)
    return parts


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """Return a letter as labels spell it, in its case; other characters as they are."""
    if not character.isalpha():
        return "" if unicodedata.category(character) in {"Mn", "Me", "Cf"} else character
    small = normalise(character, keep_eszett=True)
    return small[:1].upper() + small[1:] if character.isupper() else small


def _mark(word: str, run: str, following: str) -> str:
    """Return the one mark that stands for a run of marks between two words."""
    run = run.replace("—", "–").replace("...", "…")
    marks = [mark for mark in run.replace("…", ".") if mark in MARKS]
    if not marks:
        return ""
    last = marks[-1]
    if not following:
        ends = [mark for mark in "?!.:" if mark in marks]
        return ends[0] if ends else last
    if last == ".":  # sentences have been parted, so most that stand within are abbreviations
        closed = run[-1] not in ".…" and len(word) > _SHORT and following[0].isupper()
        return "." if closed else ""
    if last == "–" and len(marks) > 1:
        return marks[-2] if marks[-2] != "." else "–"
    return last


def show(words: Iterable[Labelled]) -> str:
    """Return words as a line that `parse` reads."""
    return " ".join(f"{word.written}{word.mark}" for word in words)


def parse(line: str) -> list[Labelled]:
    """Return the words of a line that `show` made."""
    return [
        Labelled(token[:-1], token[-1]) if token[-1] in MARKS else Labelled(token, "")
        for token in line.split()
    ]


def is_held_out(block: list[str], one_in: int) -> bool:
    """Tell whether a block of sentences is kept for measuring, by its first sentence alone."""
    return crc32(fold(block[0]).encode()) % one_in == 0


def blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield lines in blocks of BLOCK."""
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block
