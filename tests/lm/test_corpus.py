"""The normaliser: what a German reads, in the letters of the label set and nothing else."""

from __future__ import annotations

import importlib
import string
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.lm import number_words
from tevr.lm.corpus import ALPHABET, clean, normalise, sentences, spellable

READ = {
    # numbers
    "0": "null",
    "1": "eins",
    "21 Jahre": "einundzwanzig jahre",
    "100": "hundert",
    "123": "hundertdreiundzwanzig",
    "1.000": "tausend",
    "1.500 Euro": "tausendfünfhundert euro",
    "101000": "einhunderteinstausend",
    "10 000 Menschen": "zehntausend menschen",
    "2.500.000": "zwei millionen fünfhunderttausend",
    "007": "null null sieben",
    "-5 °C": "minus fünf grad celsius",
    "A380": "a dreihundertachtzig",
    "U-20": "u zwanzig",
    "5:3": "fünf zu drei",
    "10–15 Leute": "zehn bis fünfzehn leute",
    "50 + 1 = 51": "fünfzig plus eins gleich einundfünfzig",
    # decimals, fractions, shares
    "3,5 %": "drei komma fünf prozent",
    "99,95 Prozent": "neunundneunzig komma neun fünf prozent",
    "1 %": "ein prozent",
    "1/2 Liter": "ein halb liter",
    "3/4": "drei viertel",
    "4½ Jahre": "viereinhalb jahre",
    # years and spans
    "1998": "neunzehnhundertachtundneunzig",
    "im Jahr 2020": "im jahr zweitausendzwanzig",
    "1900": "neunzehnhundert",
    "1066": "tausendsechsundsechzig",
    "2001": "zweitausendeins",
    "1939–1945": "neunzehnhundertneununddreissig bis neunzehnhundertfünfundvierzig",
    "in den 1980er Jahren": "in den neunzehnhundertachtziger jahren",
    "die 90er-Jahre": "die neunziger jahre",
    "44 v. Chr.": "vierundvierzig vor christus",
    # ordinals and dates
    "am 3. Mai": "am dritten mai",
    "Der 3. Mai": "der dritte mai",
    "24. Dezember": "vierundzwanzigster dezember",
    "Das ist ein 3. Platz.": "das ist ein dritter platz",
    "in der 3. Klasse": "in der dritten klasse",
    "die 2. Bundesliga": "die zweite bundesliga",
    "im 19. Jh.": "im neunzehnten jahrhundert",
    "Ende des 20. Jahrhunderts": "ende des zwanzigsten jahrhunderts",
    "seit 1. Januar": "seit erstem januar",
    "am 1. und 2. Juni": "am ersten und zweiten juni",
    "vom 3.–5. Mai": "vom dritten bis fünften mai",
    "am 3.5.1998": "am dritten fünften neunzehnhundertachtundneunzig",
    "12.12.2012": "zwölfter zwölfter zweitausendzwölf",
    "Sie ist 30. Danach kam er.": "sie ist dreissig danach kam er",
    "Ludwig XIV. war König.": "ludwig der vierzehnte war könig",
    # times
    "14:30 Uhr": "vierzehn uhr dreissig",
    "15.45 Uhr": "fünfzehn uhr fünfundvierzig",
    "um 8 Uhr": "um acht uhr",
    "1 Uhr": "ein uhr",
    "14:00 Uhr": "vierzehn uhr",
    "um 7:05": "um sieben uhr fünf",
    # money and measures
    "3,50 €": "drei euro fünfzig",
    "1,00 €": "ein euro",
    "$20": "zwanzig dollar",
    "2,5 Mio. Euro": "zwei komma fünf millionen euro",
    "1 Mio. Menschen": "eine million menschen",
    "1 h": "eine stunde",
    "100 km/h": "hundert kilometer pro stunde",
    "5 km²": "fünf quadratkilometer",
    # words with numbers in them
    "die 18-Jährige": "die achtzehnjährige",
    "4-mal": "viermal",
    "1-mal": "einmal",
    "COVID-19": "covid neunzehn",
    # signs and abbreviations
    "§ 12 Abs. 3": "paragraf zwölf absatz drei",
    "§§ 3 und 4": "paragrafen drei und vier",
    "Art. 5 GG": "artikel fünf gg",
    "Dinge dieser Art.": "dinge dieser art",
    "Das ist Max.": "das ist max",
    "z. B. Brot, d.h. Essen usw.": "zum beispiel brot das heisst essen und so weiter",
    "u. a. ca. zehn bzw. elf": "unter anderem circa zehn beziehungsweise elf",
    "Prof. Dr. Müller": "professor doktor müller",
    "Hauptstr. 5": "hauptstrasse fünf",
    "St. Gallen, Nr. 7": "sankt gallen nummer sieben",
    "Müller & Söhne": "müller und söhne",
    # letters and marks
    "Straße GROẞ": "strasse gross",
    "geht's, geht’s": "gehts gehts",
    "Ein- und Ausgang/Tür": "ein und ausgang tür",
    "Bürger*innen, Schüler:innen": "bürgerinnen schülerinnen",
    "è ñ ø ł ç Åse Ærø": "e n o l c ase aero",
    "Café, Dvořák, Škoda, Ōsaka": "café dvorák škoda ōsaka",
    "Mu\u0308ller weg\u00adwerfen": "müller wegwerfen",
    "": "",
    "…!?": "",
}


@pytest.mark.parametrize(("written", "read"), READ.items())
def test_reads_as_a_german_does(written: str, read: str) -> None:
    assert normalise(written) == read


@given(st.text() | st.text(alphabet=string.printable + "äöüßÄÖÜ„“–§€°½²éł’"))
def test_only_letters_and_single_spaces_come_out_and_again_nothing_changes(text: str) -> None:
    words = normalise(text)
    assert set(words) <= set(ALPHABET + " ")
    assert words == " ".join(words.split())
    assert normalise(words) == words


@given(st.text(alphabet="abzäöüßÄẞ .,-0123456789"))
def test_keeping_eszett_changes_nothing_else(text: str) -> None:
    kept = normalise(text, keep_eszett=True)
    assert kept.replace("ß", "ss") == normalise(text)
    assert normalise(kept, keep_eszett=True) == kept


@given(st.integers(0, 10**15), st.integers(0, 3))
def test_every_number_is_read_without_a_digit_or_a_gap(number: int, decimals: int) -> None:
    written = f"{number},{'5' * decimals}" if decimals else str(number)
    words = normalise(written)
    assert words
    assert words.split().count("komma") == bool(decimals)


def test_a_smaller_alphabet_spells_with_base_letters() -> None:
    assert normalise("Café Škoda", alphabet="abcdefghijklmnopqrstuvwxyzäöü") == "cafe skoda"


def test_other_scripts_cannot_be_spelt_and_their_sentences_are_left_out() -> None:
    assert spellable("Łódź, naïve Ærø: 50 % ½ €")
    assert not spellable("Das heißt Ἀθήνα.")
    assert list(sentences("Das geht. Das heißt Ἀθήνα. Auch das geht.")) == [
        "Das geht.",
        "Auch das geht.",
    ]


@pytest.mark.parametrize(
    "parts",
    [
        ["Er ging.", "Sie kam nicht!", "„Warum?“", "Niemand weiß es…", "So ist es."],
        ["Dr. Müller kam am 3. Mai.", "Er hatte z. B. Brot dabei."],
        ["Ludwig XIV. war König.", "Im 19. Jahrhundert lebte er nicht mehr."],
        ["J. S. Bach spielte in St. Thomas."],
        ["Sie kaufte Äpfel, Birnen usw.", "Danach ging sie."],
        ["Das war ca. 500 v. Chr.", "Danach kam Rom."],
        ["Sie hat Art. 5 GG gelesen.", "Das stimmt."],
    ],
)
def test_sentences_end_at_stops_but_not_after_abbreviations_and_ordinals(parts: list[str]) -> None:
    assert list(sentences(" ".join(parts))) == parts


def test_a_line_end_is_a_sentence_end() -> None:
    assert list(sentences("Erste Zeile\nzweite Zeile\n\n")) == ["Erste Zeile", "zweite Zeile"]


@given(st.text(alphabet="aB3 .!?\n„“d"))
def test_splitting_loses_nothing_but_white_space(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_clean_yields_normalised_sentences_without_empty_ones() -> None:
    assert list(clean("Am 3. Mai! … Ja?\n\n---\nNein.")) == ["am dritten mai", "ja", "nein"]


def test_addresses_are_left_out_of_sentences_to_learn_from() -> None:
    text = "Siehe https://www.beispiel.de/a?b=1, oder (www.beispiel.de). Post an a.b@beispiel.de!"
    assert list(clean(text)) == ["siehe oder", "post an"]


def test_text_without_digits_does_not_need_the_number_package() -> None:
    code = "import sys; from tevr.lm.corpus import normalise; normalise('Ja, z. B.');"
    code += "sys.exit('num2words' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_number_package_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(number_words, "import_module", missing)
    number_words.cardinal.cache_clear()
    with pytest.raises(UsageError, match=r"tevr\[lm\]"):
        normalise("7 Zwerge")
    monkeypatch.setattr(number_words, "import_module", importlib.import_module)
    assert normalise("7 Zwerge") == "sieben zwerge"
