"""Words before a number → whether it is a name in digits: "Seite 3", "Hauptstraße 7"."""

from __future__ import annotations

from tevr.readable.place import Place
from tevr.readable.word_lists import words

_NOUNS = words(
    """
    seite seiten kapitel kapiteln artikel artikels artikeln nummer nummern paragraf paragraph
    paragrafen paragraphen absatz absätze absätzen punkt tagesordnungspunkt zusatzpunkt
    tagesordnungspunkte tagesordnungspunkten zusatzpunkte zusatzpunkten drucksache drucksachen band
    ziffer randnummer gleis gleise abbildung abbildungen tabelle tabellen formel level phase phasen
    stufe version typ bahnsteig staffel episode heft anlage abschnitt hausnummer note zeile zeilen
    vers verse versen lektion modul anhang buslinie strassenbahnlinie autobahn bundesstrasse
    landstrasse schuhgrösse einzelplan
    """
)
_MAYBE_NUMBERED = words(
    "satz platz teil gruppe buch tag runde position rang linie klasse folge halle zimmer block raum"
    " bus grösse liga frage aufgabe variante option szenario schritt bände bänden titel"
)
_AFTER_NUMBERED = words(
    """
    und oder bis der des in im auf ist war wird von vom mit nach zu für liegt kommt fährt hat sind
    a b c d e f
    """
)
_STREET_ENDS = (
    "strasse", "strassen", "weg", "gasse", "platz", "allee", "ring", "damm", "ufer", "chaussee",
    "promenade", "stieg", "steig", "markt", "graben",
)  # fmt: skip
_NO_STREETS = words(
    """
    heimweg rückweg hinweg umweg ausweg schulweg arbeitsweg feldweg radweg fussweg gehweg waldweg
    irrweg mittelweg lebensweg bildungsweg rechtsweg rettungsweg durchweg schlichtweg geradeweg
    vorweg arbeitsplatz parkplatz spielplatz sportplatz marktplatz sitzplatz stehplatz stellplatz
    flugplatz bauplatz schauplatz campingplatz rastplatz golfplatz fussballplatz tennisplatz
    studienplatz kitaplatz ausbildungsplatz stammplatz startplatz landeplatz podestplatz
    medaillenplatz tabellenplatz weltmarkt arbeitsmarkt supermarkt flohmarkt wohnungsmarkt baumarkt
    finanzmarkt binnenmarkt kapitalmarkt energiemarkt strommarkt weihnachtsmarkt ehering sackgasse
    seitenstrasse hauptverkehrsstrasse einkaufsstrasse einbahnstrasse nebenstrasse wohnstrasse
    bürgersteig schützengraben strassengraben
    """
)
_BARE_STREETS = frozenset(("strasse", "allee"))


def is_numbered(place: Place) -> bool:
    """Tell whether the number at a place names the noun before it: "Kapitel 5"."""
    before = place.word(-1)
    if before in _NOUNS:
        return (before, place.word()) != ("nummer", "eins")  # "die Nummer eins": the best
    if before not in _MAYBE_NUMBERED or place.word(-2) == "erster":  # "in erster Linie zwei"
        return False
    if before == "satz" and place.distance == 1:  # "Absatz 1 Satz 2"
        return True
    after = place.word(1)  # "auf Platz zwei", but "auf dem Platz zwei Leute"
    return place.word() == "eins" or not after or after in _AFTER_NUMBERED


def is_house_number(place: Place) -> bool:
    """Tell whether the number at a place follows the name of a street: "Marienplatz 3"."""
    before = place.word(-1)
    if before in _NO_STREETS:
        return False
    return before in _BARE_STREETS or any(
        before.endswith(end) and len(before) > len(end) + 2 for end in _STREET_ENDS
    )
