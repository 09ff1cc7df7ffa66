"""Ordinal words → their numbers: "dritten", "einundzwanzigster", "hundertste"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tevr.readable.cardinals import cardinal
from tevr.readable.place import Place

_STEMS = {
    "erst": 1, "zweit": 2, "dritt": 3, "viert": 4, "fünft": 5, "sechst": 6, "siebt": 7,
    "siebent": 7, "acht": 8, "neunt": 9, "zehnt": 10, "elft": 11, "zwölft": 12, "dreizehnt": 13,
    "vierzehnt": 14, "fünfzehnt": 15, "sechzehnt": 16, "siebzehnt": 17, "achtzehnt": 18,
    "neunzehnt": 19,
}  # fmt: skip
_UNEVEN = range(1, 20)
"""Ordinals that end on "t" rather than "st"."""
_ENDING = re.compile(r"(\w*t)(e[rsnm]?)")
_SMALL = re.compile(rf"(\w*?)(?:und)?({'|'.join(sorted(_STEMS, key=len, reverse=True))})")


@dataclass(frozen=True, slots=True)
class Ordinal:
    """An ordinal as it was said.

    Attributes:
        value: its number, from 1.
        ending: what its case appends: ``e``, ``er``, ``es``, ``en``, ``em``.
        count: its words.
    """

    value: int
    ending: str
    count: int = 1


@lru_cache(maxsize=1 << 14)
def ordinal(word: str) -> Ordinal | None:
    """Return the ordinal that one folded word is, None if it is none."""
    parts = _ENDING.fullmatch(word)
    if parts is None:
        return None
    stem, ending = parts.groups()
    value = _STEMS.get(stem) or _above_nineteen(stem)
    return Ordinal(value, ending) if value else None


def _above_nineteen(stem: str) -> int | None:
    """Return the value of "zwanzigst", "hundertst" and "hundertdritt"."""
    if stem.endswith("st"):
        value = cardinal(stem.removesuffix("st"))
        if value is not None and (value % 100 not in _UNEVEN):
            return value
    small = _SMALL.fullmatch(stem)
    if small is None:
        return None
    hundreds = cardinal(small[1])
    return hundreds + _STEMS[small[2]] if hundreds and hundreds % 100 == 0 else None


def read_ordinal(place: Place, offset: int = 0) -> Ordinal | None:
    """Return the ordinal at an offset; "drei und zwanzigsten" may be torn."""
    word = place.word(offset)
    whole = ordinal(word)
    if whole is not None:
        return whole
    value = cardinal(word) if word != "ein" else 1
    if value is None or value % 100 not in range(1, 10) or place.word(offset + 1) != "und":
        return None
    torn = ordinal(f"{word}und{place.word(offset + 2)}")
    if torn is None or not (place.joins(offset + 1) and place.joins(offset + 2)):
        return None
    return Ordinal(torn.value, torn.ending, 3)
