"""What a user likes → how numbers and forms are written."""

from __future__ import annotations

from dataclasses import dataclass

from tevr.errors import UsageError

POINT, SPACE = ".", "\u202f"
"""What stands between thousands: a point, or the narrow space that does not break."""


@dataclass(frozen=True, slots=True)
class FormsOptions:
    """How numbers and forms are written; the defaults are what German newspapers print.

    Attributes:
        small_numbers_as_words: null…zwölf stay words in running text (Duden). Dates, clock times,
            money, per cent, units, ranges and "Seite 3" have digits all the same.
        thousands: what stands between thousands from 10.000 on; four digits have nothing. The point
            is the default: it is what most people type, and it survives every program that a text
            goes through. Duden prefers the narrow space (`SPACE`); "" writes none.
        euro_sign: ``12 €`` rather than ``12 Euro``; after Million and Milliarde the word stays.
        percent_sign: ``5 %`` rather than ``5 Prozent``.
        unit_symbols: ``3 km`` rather than ``3 Kilometer``, which reads better in running text.
        fractions: ``3/4`` rather than ``drei Viertel``.
        citations: ``§ 12 Abs. 3`` rather than ``Paragraph 12 Absatz 3``.
        titles: ``Dr.`` and ``Prof.`` before a name; ``Doktor`` elsewhere.
        abbreviations: ``z. B.``, ``usw.``, ``v. Chr.``; most texts are better without.
        roman_names: ``Ludwig XIV.`` rather than ``Ludwig der Vierzehnte``.
    """

    small_numbers_as_words: bool = True
    thousands: str = POINT
    euro_sign: bool = True
    percent_sign: bool = True
    unit_symbols: bool = False
    fractions: bool = False
    citations: bool = True
    titles: bool = True
    abbreviations: bool = False
    roman_names: bool = False

    def __post_init__(self) -> None:
        if self.thousands not in ("", POINT, SPACE, " ", "\u00a0", "'", "’"):
            raise UsageError(
                f"{self.thousands!r} does not part thousands",
                "Choose a point, a space, an apostrophe or nothing.",
            )


USUAL = FormsOptions()
"""How forms are written if nothing else is asked for."""
