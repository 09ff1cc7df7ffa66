"""Titles before names and usual abbreviations → as one writes them short: Dr. Weiß, z. B., usw."""

from __future__ import annotations

from tevr.readable.cardinals import cardinal
from tevr.readable.place import Piece, Place
from tevr.readable.word_lists import words

TITLES = {"doktor": "Dr.", "professor": "Prof.", "doktorin": "Dr.", "professorin": "Prof."}

ABBREVIATIONS = {
    ("zum", "beispiel"): "z. B.", ("und", "so", "weiter"): "usw.", ("das", "heisst"): "d. h.",
    ("unter", "anderem"): "u. a.", ("beziehungsweise",): "bzw.", ("et", "cetera"): "etc.",
    ("gegebenenfalls",): "ggf.", ("circa",): "ca.", ("vor", "christus"): "v. Chr.",
    ("nach", "christus"): "n. Chr.", ("in", "der", "regel"): "i. d. R.", ("zum", "teil"): "z. T.",
    ("und", "so", "fort"): "usf.", ("eventuell",): "evtl.", ("inklusive",): "inkl.",
    ("beispielsweise",): "bspw.", ("vergleiche",): "vgl.",
}  # fmt: skip
"""Phrases that are written short on demand, by their words."""

PHRASES: dict[str, list[tuple[str, ...]]] = {}
"""The same phrases by their first words, long ones first."""
for _phrase in sorted(ABBREVIATIONS, key=len, reverse=True):
    PHRASES.setdefault(_phrase[0], []).append(_phrase)

_DETERMINERS = words(
    """
    der die das dem den des ein eine einen einem einer eines kein keine keinen mein meine
    meinen meinem meiner dein deine deinen deinem sein seine seinen seinem ihr ihre ihren
    ihrem ihrer unser unsere unseren unserem zum zur vom beim im am ans jeder jeden jedem
    dieser diesen diesem guter guten gute neuer neuen neue als ins
    """
)
_ADDRESSED = words("herr herrn herren frau frauen")
_NO_NAMES = words(
    """
    und oder aber denn doch sondern ist sind war waren wird werden wurde wurden hat haben
    hatte hatten kann können konnte muss müssen musste soll sollen sollte will wollen wollte
    darf dürfen mag möchte sagt sagte sagten meint meinte fragt fragte kommt kam geht ging
    gibt gab macht machte sieht sah steht stand findet fand bleibt blieb heisst hiess ich du
    er sie es wir ihr man mich mir dich dir ihn ihm uns euch sich der die das dem den des ein
    eine einen einem einer kein keine mein meine dein sein seine unser in im an am auf aus bei
    beim mit nach seit von vom zu zum zur für gegen ohne um durch über unter vor hinter neben
    zwischen ab bis nicht nie noch nur auch schon so sehr da dann dort hier jetzt heute
    gestern morgen wenn weil dass ob als wie was wer wo warum wann ja nein bitte danke gut
    aller alle h c jur med phil rer verschrieb verschreibt rät riet schreibt schrieb spricht
    sprach arbeitet arbeitete
    """
)


def write_title(place: Place) -> list[Piece] | None:
    """Write a title short where a name follows.

    A name is any word that is not a frequent other one; behind an article ("der Doktor sagte") a
    title is a noun, save after Herr and Frau.
    """
    short = TITLES.get(place.word())
    if short is None or not place.joins(1):
        return None
    before = place.word(-1)
    if before in _DETERMINERS:
        return None
    following = place.word(1)
    if following in TITLES:
        following = place.word(2)
    is_name = len(following) > 1 and following not in _NO_NAMES and cardinal(following) is None
    if before in _ADDRESSED or place.follows("title") or is_name:
        return [Piece(1, short, "title")] if is_name else None
    return None


def write_abbreviation(place: Place) -> list[Piece] | None:
    """Write a usual phrase short."""
    for phrase in PHRASES.get(place.word(), ()):
        if _matches(place, phrase):
            return [Piece(len(phrase), ABBREVIATIONS[phrase])]
    return None


def _matches(place: Place, phrase: tuple[str, ...]) -> bool:
    return all(
        place.word(offset) == word and (offset == 0 or place.joins(offset))
        for offset, word in enumerate(phrase)
    )
