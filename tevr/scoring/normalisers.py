"""Texts as written → the words that are compared, by one of three named rules.

raw
    the text as it stands, parted at white space: capitals, punctuation and digits count.
plain
    what Krabbenhöft and Barth compare (arXiv 2206.12693): letters in lower case, ß as ss, no
    punctuation, hyphens and other marks as spaces, apostrophes dropped, each run of letters that
    the labels lack as a question mark. Numbers stay as they are written.
leaderboard
    what this project learns and reads (`tevr.lm.corpus.normalise`): plain, with numbers,
    abbreviations and symbols read out and foreign letters reduced to those beneath them. Compounds
    that one side parts and the other joins are compared as the reference writes them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tevr.errors import UsageError
from tevr.lm.corpus import ALPHABET, normalise
from tevr.scoring.alignment import align, wrong_runs

Words = list[str]
_APOSTROPHES = re.compile("['’‘‛ʼ`´]")
_WRITTEN = ALPHABET + "0123456789"
_MOST_PARTS = 6
"""Words of one side that are tried as the parts of a compound."""


@dataclass(frozen=True, slots=True)
class Normaliser:
    """How references and hypotheses are made comparable.

    Attributes:
        name: for people and `--normaliser`.
        spelled: a text → its words with single spaces; ß stays if the switch asks for it.
        merges: whether compounds are compared as the reference joins them.
        eszett: whether ß and ss are different letters.
    """

    name: str
    spelled: Callable[[str, bool], str]
    merges: bool = False
    eszett: bool = False

    def words(self, text: str) -> Words:
        """The words of one text."""
        return self.spelled(text, self.eszett).split()

    def pairs(self, texts: Iterable[tuple[str, str]]) -> list[tuple[Words, Words]]:
        """The words of each reference and of what was heard of it."""
        pairs = [(self.words(reference), self.words(heard)) for reference, heard in texts]
        return merged(pairs) if self.merges else pairs


def _raw(text: str, eszett: bool) -> str:
    text = unicodedata.normalize("NFC", text)
    return text if eszett else text.replace("ß", "ss").replace("ẞ", "SS")


def _plain(text: str, eszett: bool) -> str:
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFC", text)).lower()
    if not eszett:
        text = text.replace("ß", "ss")
    letters = frozenset(_WRITTEN + "ß" * eszett)
    return re.sub(r"\?+", "?", "".join(_kept(char, letters) for char in text))


def _kept(char: str, letters: frozenset[str]) -> str:
    if char in letters:
        return char
    kind = unicodedata.category(char)[0]
    return {"L": "?", "N": "?", "M": ""}.get(kind, " ")


def _leaderboard(text: str, eszett: bool) -> str:
    return normalise(text, keep_eszett=eszett)


NORMALISERS = {
    each.name: each
    for each in (
        Normaliser("raw", _raw),
        Normaliser("plain", _plain),
        Normaliser("leaderboard", _leaderboard, merges=True),
    )
}
DEFAULT = "plain"
"""What the TEVR paper counts, and what decides whether a sentence holds words at all."""


def get_normaliser(name: str, *, eszett: bool | None = None) -> Normaliser:
    """The normaliser of that name.

    Args:
        name: see the module.
        eszett: whether ß and ss are different letters; None: only where raw text is compared.

    Raises:
        UsageError: there is none.
    """
    if name not in NORMALISERS:
        known = ", ".join(NORMALISERS)
        raise UsageError(f"There is no normaliser {name!r}", f"Choose from {known}.")
    found = NORMALISERS[name]
    return Normaliser(
        found.name, found.spelled, found.merges, name == "raw" if eszett is None else eszett
    )


def merged(pairs: Sequence[tuple[Words, Words]]) -> list[tuple[Words, Words]]:
    """Pairs with compounds of the hypothesis joined or parted as in the reference.

    Only words are changed whose letters are those of the reference in the same place: "straßen
    bahn" for "straßenbahn", but not "straße bahn".
    """
    result = []
    for (reference, heard), steps in zip(pairs, align(pairs), strict=True):
        words = list(heard)
        for run in reversed(wrong_runs(steps)):  # from the end, so that places stay
            said = [step.reference for step in run if step.reference is not None]
            wrong = [step.hypothesis for step in run if step.hypothesis is not None]
            if said and wrong:
                span = slice(wrong[0], wrong[-1] + 1)
                words[span] = _as_written(reference[said[0] : said[-1] + 1], heard[span])
        result.append((reference, words))
    return result


def _as_written(reference: Words, heard: Words) -> Words:
    """What was heard between right words, with compounds as the reference writes them."""
    written = {
        "".join(words): words
        for start in range(len(reference))
        for stop in range(start + 1, min(start + _MOST_PARTS, len(reference)) + 1)
        if (words := reference[start:stop])
    }
    result: Words = []
    while heard:
        size, words = next(_compounds(heard, written), (1, heard[:1]))
        result += words
        heard = heard[size:]
    return result


def _compounds(heard: Words, written: Mapping[str, Words]) -> Iterator[tuple[int, Words]]:
    """How many of the first words have the letters of other words, and these; most first."""
    for size in range(min(_MOST_PARTS, len(heard)), 0, -1):
        words = written.get("".join(heard[:size]), [])
        if words and size != len(words) and 1 in (size, len(words)):
            yield size, words
