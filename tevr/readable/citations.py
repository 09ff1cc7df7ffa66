"""Places in laws and papers → "§ 12 Abs. 3", "Drucksache 19/2", "Version 3.11"."""

from __future__ import annotations

from tevr.readable.amounts import digits
from tevr.readable.cardinals import cardinal, read_cardinal
from tevr.readable.place import Piece, Place
from tevr.readable.word_lists import words

_SIGNS = {
    "paragraf": "§", "paragraph": "§", "paragrafen": "§§", "paragraphen": "§§",
}  # fmt: skip
_PARTS = {
    "absatz": "Abs.", "absätze": "Abs.", "absätzen": "Abs.", "satz": "Satz", "nummer": "Nr.",
    "nummern": "Nrn.", "halbsatz": "Halbsatz", "alternative": "Alt.",
}  # fmt: skip
CITED = frozenset(_SIGNS) | frozenset(_PARTS)
"""Words that a citation may be made of."""
_LINKS = frozenset(["und", "bis", "oder"])
_LETTERED = words("artikel artikels artikeln paragraf paragraph paragrafen paragraphen")
_LETTERS = frozenset("abcdefghijklmnop")
_VERSIONED = words("version versionen kapitel abschnitt ziffer punkt release")
_PERIODS = range(1, 100)
_EDITIONS = frozenset(("drucksache", "drucksachen"))


def write_citation(place: Place) -> list[Piece] | None:
    """Write "paragraf zwölf" with its sign, and "absatz drei" short behind one."""
    short = _SIGNS.get(place.word())
    if short is None and place.follows("law"):
        short = _PARTS.get(place.word())
    if short is None or not place.joins(1):
        return None
    number = _numbered(place, 1)
    if number is None and place.word(1) == "eins":
        return None
    return None if number is None else [Piece(1, short, "law"), number]


def continue_citation(place: Place) -> list[Piece] | None:
    """Write what is listed behind one: "§§ 12 und 13"."""
    linked = place.word(-1) in _LINKS and place.kind == "law" and place.distance == 1
    return _as_list(_numbered(place, 0)) if linked else None


def write_lettered(place: Place) -> list[Piece] | None:
    """Write "artikel sechzehn a" as 16a."""
    if place.word(-1) not in _LETTERED:
        return None
    piece = _numbered(place, 0)
    letter = piece is not None and (piece.text or "")[-1].isalpha()
    return [Piece(piece.count, piece.text, "digits")] if piece and letter else None


def write_edition(place: Place) -> list[Piece] | None:
    """Write the numbers of printed papers and of versions: 19/2, 3.11.2."""
    before = place.word(-1)
    if before in _EDITIONS or (before in ("und", "auf") and _lists_editions(place)):
        return _parted(place, "", "/", 2)
    return _parted(place, "punkt", ".", 4) if before in _VERSIONED else None


def _lists_editions(place: Place) -> bool:
    return place.kind == "edition" and place.distance == 1


def _period(place: Place) -> tuple[int, int] | None:
    """Return the parliament whose paper it is: one word, also before "tausend"."""
    value = cardinal(place.word())
    return (value, 1) if value is not None and value in _PERIODS else None


def _as_list(piece: Piece | None) -> list[Piece] | None:
    return None if piece is None else [piece]


def _numbered(place: Place, offset: int) -> Piece | None:
    """Return the number at an offset, with the letter that may belong to it."""
    found = read_cardinal(place, offset)
    if found is None:
        return None
    value, count = found
    letter = place.word(offset + count)
    if letter in _LETTERS and place.joins(offset + count):
        return Piece(count + 1, f"{digits(value, '')}{letter}", "law")
    return Piece(count, digits(value, ""), "law")


def _parted(place: Place, between: str, sign: str, most: int) -> list[Piece] | None:
    """Return numbers with a word between them as one piece; None for a single number."""
    texts: list[str] = []
    offset = 0
    while len(texts) < most:
        start = offset + (1 if texts and between else 0)
        if texts and (not place.joins(offset) or (between and place.word(offset) != between)):
            break
        found = _period(place) if sign == "/" and not texts else read_cardinal(place, start)
        if found is None or not (start == 0 or place.joins(start)):
            break
        texts.append(str(found[0]))
        offset = start + found[1]
    kind = "edition" if sign == "/" else "digits"
    return [Piece(offset, sign.join(texts), kind)] if len(texts) > 1 else None
