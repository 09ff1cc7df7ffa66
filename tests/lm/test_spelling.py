"""Old spelling: old words become those of today, and no word of today changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.spelling import modernise

UNIGRAMS = Path(__file__).parents[2] / "models" / "pretrained" / "de-small" / "unigrams.txt"

#: Old forms, and umlauts written out, that the vocabulary of today's texts holds all the same.
OLD_IN_VOCABULARY = """
abtheilung academie actien aehnlich aendern aerzte alterthümer bedürfniss blos brennessel classe
cultur ergebniss gefängniss geheimniss gethan giebt greuel greulich herzogthums illustrirte
kenntniss känguruh litteratur meynen mittheilungen oeffentlichen oesterreich oesterreicher
oesterreichische oesterreichischen officier plaziert rauh rauhe rauhen rauher schiffahrt seyn
stengel theil theile theils thier thiere thür tip tips ueber ueberall ueberhaupt uebersetzung
uebersicht verhältniss verständniss verzeichniss wieviel zuviel zuwenig
"""

TODAY = {
    "Er wußte, daß der Fluß naß war.": "Er wusste, dass der Fluss nass war.",
    "Der Prozeß muß gerecht sein, das läßt sich denken.": (
        "Der Prozess muss gerecht sein, das lässt sich denken."
    ),
    "Kuß, Nuß, Haß, Schloß, Schluß, Paß, Faß": "Kuss, Nuss, Hass, Schloss, Schluss, Pass, Fass",
    "ein gewisser Rußlandreisender, bewußt": "ein gewisser Russlandreisender, bewusst",
    "unerläßlich, häßlich, müßte, küßte": "unerlässlich, hässlich, müsste, küsste",
    "Schiffahrt und Brennessel": "Schifffahrt und Brennnessel",
    "Numerierte Stengel plazieren": "Nummerierte Stängel platzieren",
    "Tips zum Känguruh": "Tipps zum Känguru",
    "Wieviel ist zuviel?": "Wie viel ist zu viel?",
    "rauhe Greuel": "raue Gräuel",
    "Der Theil des Thurms, den er thut": "Der Teil des Turms, den er tut",
    "VORTHEIL und Urtheil": "VORTEIL und Urteil",
    "Es giebt Verhältnisse, ein Verhältniß": "Es gibt Verhältnisse, ein Verhältnis",
    "Das muß seyn, dabey blos nöthig": "Das muss sein, dabei bloß nötig",
    "Der Fluth und Wuth des Alterthums": "Der Flut und Wut des Altertums",
    "regiren, studirt, illustrirte": "regieren, studiert, illustrierte",
    "Capitel der Litteratur": "Kapitel der Literatur",
    "ein todter Officier": "ein toter Offizier",
    "Das Kleid ist roth und viel werth.": "Das Kleid ist rot und viel wert.",
    "Uebermuth der Aerzte in Oesterreich": "Übermut der Ärzte in Österreich",
}


@pytest.mark.parametrize(("old", "today"), TODAY.items())
def test_old_spelling_becomes_that_of_today(old: str, today: str) -> None:
    assert modernise(old) == today


@pytest.mark.parametrize(
    "text",
    [
        "Maß, Straße, groß, Fuß, Gruß, Spaß, süß, heiß, weiß, fließen, schließlich, Füße, Späße",
        "gemäß, mäßig, Gefäß, Floß, Stoß, bloß, Kloß, Soße, Muße, müßig, Buße, saß, aß, vergaß",
        "äußern, draußen, Fleiß, dreißig, genießen, ließ, hieß, stößt, begrüßte, Litfaßsäule",
        "Claudia Roth, Max Brod, Fritz Todt, Werther, Rathenow, Thale, Neandertal, Goethe",
        "Selbstheilung, Stadtheilige, Theater, Thema, Thron, Thüringen, posthum, Marathon",
        "Landwirt, flirten, Viren, Memoiren, culture, center, concert, Volleyball, Meyer",
    ],
)
def test_words_of_today_and_names_stay(text: str) -> None:
    assert modernise(text) == text


def test_a_vocabulary_of_today_changes_only_in_the_old_words_that_it_holds() -> None:
    words = UNIGRAMS.read_text(encoding="utf-8").split()
    assert len(words) == 200_000
    changed = [word for word in words if modernise(word) != word]
    assert sorted(changed) == sorted(OLD_IN_VOCABULARY.split())


def test_names_are_safe_in_texts_without_capitals() -> None:
    assert modernise("claudia roth und werner werth") == "claudia roth und werner werth"


@given(st.text() | st.sampled_from(list(TODAY)))
def test_spelling_of_today_stays_as_it_is(text: str) -> None:
    once = modernise(text)
    assert modernise(once) == once
