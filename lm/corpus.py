"""Running German text → normalised sentences of letters and single spaces.

One normaliser serves language-model text and references alike, so that a score never depends on
two opinions about how "3,5 %" is spelt.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from tevr.lm.abbreviations import ABBREVIATIONS, BEFORE_NUMBER
from tevr.lm.spelling import modernise
from tevr.lm.spoken import read_out

ALPHABET = "abcdefghijklmnopqrstuvwxyzäöüáéíóōčš"
"""Letters the published label set can spell."""

_BASE_LETTERS = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
_BASE_LETTERS |= {"ı": "i", "ħ": "h", "ŧ": "t", "ə": "e", "ß": "ss"}
_ADDRESS = re.compile(r"\b(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)]|[\w.+-]+@[\w-]+\.[\w.-]*\w")
_APOSTROPHES = re.compile(r"['’‘‛ʼ`´]|(?<=\w)[*:_](?=in(?:nen)?\b)")


def normalise(text: str, *, keep_eszett: bool = False, alphabet: str = ALPHABET) -> str:
    """Turn written German into lower-case words, as they are spoken and as labels spell them.

    Args:
        text: any text; letters of other scripts become spaces (see `spellable`).
        keep_eszett: leave ß as it is, for readable output; labels know only ss.
        alphabet: the letters that may come out, beside ß where it is kept.

    Returns:
        Letters of the alphabet with single spaces between words; normalising again changes nothing.

    Raises:
        UsageError: the text holds digits and the package num2words is not installed.
    """
    text = read_out(unicodedata.normalize("NFC", text).strip())
    text = _APOSTROPHES.sub("", text).lower()
    if not keep_eszett:
        text = text.replace("ß", "ss")
    letters = alphabet + "ß" if keep_eszett else alphabet
    foreign, plain = _foreign(letters)
    return " ".join(foreign.sub(lambda match: _reduced(match[0], plain), text).split())


def spellable(text: str, *, alphabet: str = ALPHABET) -> bool:
    """Tell whether every letter of the text can be written with the alphabet."""
    foreign, plain = _foreign(alphabet + "ß")
    lower = unicodedata.normalize("NFC", text).lower()
    return not any(
        found[0].isalpha() and _reduced(found[0], plain) == " " for found in foreign.finditer(lower)
    )


def clean(text: str, *, alphabet: str = ALPHABET, modern: bool = False) -> Iterator[str]:
    """Yield the normalised sentences of running text, without empty and unspellable ones.

    Addresses of the web and of e-mail are left out: nobody says them as they are written.

    Args:
        text: cased, punctuated text.
        alphabet: letters of the labels.
        modern: turn old spelling into that of today (see `tevr.lm.spelling`).
    """
    for sentence in sentences(_ADDRESS.sub(" ", text), alphabet=alphabet):
        current = modernise(sentence) if modern else sentence
        if words := normalise(current, alphabet=alphabet):
            yield words


@lru_cache(maxsize=8)
def _foreign(letters: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """Return the pattern of characters outside the letters, and the letters as a set."""
    return re.compile(f"[^{re.escape(letters)} ]"), frozenset(letters)


@lru_cache(maxsize=4096)
def _reduced(char: str, letters: frozenset[str]) -> str:
    """Return what remains of a character outside the alphabet: base letters, nothing or a space."""
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return ""
    base = unicodedata.normalize("NFKD", _BASE_LETTERS.get(char, char)).lower()
    kept = "".join(part for part in base if not unicodedata.combining(part))
    kept = "".join(_BASE_LETTERS.get(part, part) for part in kept)
    return kept if kept and char.isalpha() and set(kept) <= letters else " "


_STARTER = re.compile(
    r"der|die|das|de[nm]|eine?r?|er|sie|es|wir|ich|ihr|man|im|in|am|an|auf|bei|mit|nach|seit|von|vor"
    r"|zu[mr]?|da|dort|hier|so|wie|was|wer|wo|wenn|als|auch|aber|doch|und|oder|nur|noch|nun|dann"
    r"|danach|damit|diese?[rs]?|für|durch|über|unter|um|bis|ob|weil|während|seine?|ihre|viele|alle"
    r"|jede[rs]?|heute|später|ab|aus|nicht|keine?",
    re.IGNORECASE,
)
_STOP = re.compile(r"([.!?…]+[\"“”»«')\]]*)(?:\s+)(?=[\"„“»«'(\[]*[A-ZÄÖÜ0-9])|\n")
_LAST_WORD = re.compile(r"(?:^|[\s(„\"»])([^\s(„\"»]*)$")
_NEVER_LAST = {part for key in ABBREVIATIONS | BEFORE_NUMBER for part in key.split()}
_MAYBE_LAST = {"usw.", "etc.", "Chr.", "Jh.", "Jhd.", "ä.", "Ä.", "a.", "w.", "m."}


def sentences(text: str, *, alphabet: str = ALPHABET) -> Iterator[str]:
    """Split running German text at sentence ends; a line end is always one.

    A full stop after an abbreviation, an initial or an ordinal ends a sentence only where a word
    follows that commonly begins one.

    Args:
        text: cased, punctuated text.
        alphabet: sentences with letters that it cannot spell (other scripts) are left out.

    Yields:
        Sentences as written, without outer white space.
    """
    start = 0
    for end in [*sentence_ends(text), len(text)]:
        sentence = text[start:end].strip()
        start = end
        if sentence and spellable(sentence, alphabet=alphabet):
            yield sentence


def sentence_ends(text: str) -> list[int]:
    """Return the places in a text, in characters, before which a sentence ends and one begins."""
    return [match.end() for match in _STOP.finditer(text) if _ends_sentence(text, match)]


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    """Decide whether a stop followed by a capital letter or a digit ends a sentence."""
    if match[1] != ".":
        return True
    found = _LAST_WORD.search(text[max(0, match.start() - 40) : match.start()])
    last = (found[1] if found else "") + "."
    follower = re.match(r"[\"„“»«'(\[]*(\w+)", text[match.end() : match.end() + 40])
    starts = follower is not None and _STARTER.fullmatch(follower[1]) is not None
    if last in _MAYBE_LAST or re.fullmatch(r"[0-9]{1,3}\.|[IVX]{1,5}\.", last):
        return starts
    return not (last in _NEVER_LAST or re.fullmatch(r"(?:\w\.)+|\w+\.-?\w\.", last))
