"""Words that hold a number → with digits: "85-jährig", "1990er", "5-Prozent-Hürde"."""

from __future__ import annotations

import re
from functools import lru_cache

from tevr.readable.amounts import ROUND, SMALL, Amount
from tevr.readable.cardinals import cardinal
from tevr.readable.place import Piece, Place

_TAIL = re.compile(
    r"(\w+?)((?:jährig|köpfig|prozentig|tägig|stündig|minütig|teilig|stellig|seitig|fach|mal)\w*)"
)
_DECADE = re.compile(r"(\w*(?:zig|ssig|zehn|hundert|\wtausend))(er[ns]?)")
_HALVES = {
    "ziel": "Ziel", "ziels": "Ziels", "ziele": "Ziele", "hürde": "Hürde", "klausel": "Klausel",
    "marke": "Marke", "grenze": "Grenze", "regel": "Regel", "job": "Job", "jobs": "Jobs",
    "jobber": "Jobber", "ticket": "Ticket", "tickets": "Tickets", "schein": "Schein",
    "scheine": "Scheine", "scheinen": "Scheinen", "stück": "Stück", "münze": "Münze",
    "münzen": "Münzen",
}  # fmt: skip
_YEARS, _COUNTS = range(1000, 2200), range(1001)
_COMPOUNDED = {"prozent": "Prozent", "euro": "Euro", "cent": "Cent"}


def is_derived(word: str) -> bool:
    """Tell whether a folded word may be one of those that hold a number."""
    return _TAIL.fullmatch(word) is not None or _DECADE.fullmatch(word) is not None


@lru_cache(maxsize=1 << 14)
def split_derived(word: str) -> tuple[int, str] | None:
    """Return the number in "fünfundachtzigjährige" and what follows it, None without one.

    Small numbers and round ones ("hundertjährig", "tausendfach") stay words; `SMALL` says which.
    """
    parts = _TAIL.fullmatch(word)
    if parts is None:
        return None
    value = cardinal(parts[1])
    if value is None or value in SMALL or parts[1] in ROUND:
        return None
    return value, parts[2]


def write_derived(place: Place) -> list[Piece] | None:
    """Write "fünfundachtzigjährige" as 85-jährige; wars and names of ages stay words."""
    found = split_derived(place.word())
    if found is None or place.word(1).startswith("krieg"):
        return None
    return [Piece(1, f"{found[0]}-{found[1]}")]


def write_decade(place: Place) -> list[Piece] | None:
    """Write "neunzehnhundertneunziger" as 1990er, "neunziger jahre" as 90er; others stay words."""
    parts = _DECADE.fullmatch(place.word())
    value = None if parts is None else cardinal(parts[1])
    if parts is None or value is None or value in SMALL or value % 10:
        return None
    years = place.word(1) in ("jahre", "jahren")
    return [Piece(1, f"{value}{parts[2]}")] if years or value in _YEARS else None


def write_compound(place: Place, amount: Amount) -> list[Piece] | None:
    """Write "fünf prozent hürde", which recognisers tear, as 5-Prozent-Hürde."""
    unit = _COMPOUNDED.get(place.word(amount.count))
    if unit is None or amount.scale or amount.whole not in _COUNTS:
        return None
    if not (place.joins(amount.count) and place.joins(amount.count + 1)):
        return None
    noun = _HALVES.get(place.word(amount.count + 1))
    if noun is None:
        return None
    comma = f",{amount.decimals}" if amount.decimals else ""
    return [Piece(amount.count + 2, f"{amount.whole}{comma}-{unit}-{noun}")]
