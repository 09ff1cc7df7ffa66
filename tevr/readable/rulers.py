"""Names of rulers with their ordinals → in words, or with Roman numerals: Ludwig XIV."""

from __future__ import annotations

from tevr.readable.ordinals import ordinal
from tevr.readable.place import AS_SAID, Piece, Place
from tevr.readable.word_lists import words

NAMES = words(
    """
    ludwig heinrich friedrich wilhelm karl otto paul benedikt pius napoleon franz joseph josef
    leopold maximilian georg eduard philipp nikolaus alexander ramses gregor innozenz leo
    clemens klemens konrad johannes ferdinand rudolf albrecht gustav christian jakob richard
    charles peter iwan urban ernst august albert alfons haakon olaf harald knut elisabeth
    katharina maria margarethe christina mathilde viktoria elizabeth beatrix isabella johanna
    anna kleopatra dareios ptolemaios ptolemäus xerxes murad selim süleyman mehmed philip
    henry james george edward william juan carlos felipe bonifatius bonifaz sixtus hadrian
    julius kasimir sigismund sigmund bela stephan wenzel ottokar abdullah mohammed hussein
    """
)
ARTICLES = words("der die das dem den des")
_ROMAN = (
    (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"),
    (1, "I"),
)  # fmt: skip
_LARGEST = 99


def write_ruler(place: Place, *, roman: bool) -> list[Piece] | None:
    """Write "der vierzehnte" behind a name: as it was said, or as XIV."""
    if place.word() not in ARTICLES or not _is_name(place.word(-1)) or not place.joins(1):
        return None
    found = ordinal(place.word(1))
    if found is None or found.value > _LARGEST:
        return None
    if not roman:
        return [AS_SAID, AS_SAID]
    return [Piece(2, f"{roman_number(found.value)}.")]


def roman_number(value: int) -> str:
    """Return a number from 1 on in Roman numerals."""
    text = ""
    for size, letters in _ROMAN:
        times, value = divmod(value, size)
        text += letters * times
    return text


def _is_name(word: str) -> bool:
    return word in NAMES or word.removesuffix("s") in NAMES
