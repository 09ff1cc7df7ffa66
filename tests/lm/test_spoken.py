"""Reading out: what stands beside a number decides how a German says it."""

from __future__ import annotations

import pytest

from tevr.lm.corpus import normalise

READ = {
    # one thing
    "Ich esse 1 Apfel": "ich esse ein apfel",
    "1 Katze": "eine katze",
    "mit 1 Katze": "mit einer katze",
    "mit 1 Apfel": "mit einem apfel",
    "nur 1 Lösung": "nur eine lösung",
    "1 Gebäude und 1 Kollege": "ein gebäude und ein kollege",
    "Kapitel 1 Einleitung": "kapitel eins einleitung",
    "Die Formel 1 Fahrer": "die formel eins fahrer",
    "1,5 Mio. €": "eins komma fünf millionen euro",
    # ordinals
    "2. Bundesliga": "zweite bundesliga",
    "1. FC Köln": "erster fc köln",
    "beim 1. FC Köln": "beim ersten fc köln",
    "19. Jahrhundert": "neunzehntes jahrhundert",
    "ein 3. Kapitel": "ein drittes kapitel",
    "in 3. Auflage": "in dritter auflage",
    "auf 2. Platz": "auf zweitem platz",
    "in der 2. Halbzeit": "in der zweiten halbzeit",
    "im späten 19. Jahrhundert": "im späten neunzehnten jahrhundert",
    "seit 1. und ab 2. Mai": "seit erstem und ab zweitem mai",
    # Roman numbers
    "dem jungen König Karl V. half": "dem jungen könig karl dem fünften half",
    "für Papst Johannes Paul II. gebaut": "für papst johannes paul den zweiten gebaut",
    "XIV. Kapitel": "vierzehntes kapitel",
    "im II. Weltkrieg": "im zweiten weltkrieg",
    "Ludwig XIV. baute.": "ludwig der vierzehnte baute",
    "die Zeit Ludwigs XIV. endete": "die zeit ludwigs des vierzehnten endete",
    "unter Wilhelm II. begann": "unter wilhelm dem zweiten begann",
    "Elisabeth II. kam": "elisabeth die zweite kam",
    "von Katharina II. geerbt": "von katharina der zweiten geerbt",
    "Sigismund II. August": "sigismund ii august",
    "Ludwig IIII. und die CD": "ludwig iiii und die cd",
    # law and books
    "nach § 1 Absatz 2": "nach paragraf eins absatz zwei",
    "§ 12 Abs. 3 Satz 1 Nr. 4": "paragraf zwölf absatz drei satz eins nummer vier",
    "Rn. 12": "randnummer zwölf",
    "S. 12 f.": "seite zwölf folgende",
    "S. 12 ff. lesen": "seite zwölf fortfolgende lesen",
    "Art. 5 GG": "artikel fünf gg",
    "der BGH": "der bgh",
    # measures
    "5-8 %": "fünf bis acht prozent",
    "10.000 €": "zehntausend euro",
    "2 x 3 m": "zwei mal drei meter",
    "37,5 °C": "siebenunddreissig komma fünf grad celsius",
    "3 mg/kg": "drei milligramm pro kilogramm",
    "120/80 mmHg": "hundertzwanzig zu achtzig millimeter quecksilbersäule",
    "10^5 Zellen": "zehn hoch fünf zellen",
    "ICD F32.1": "icd f zweiunddreissig punkt eins",
    "Nur 1 Lösung": "nur eine lösung",
    "Er nahm Platz 1 Meter daneben": "er nahm platz ein meter daneben",
    "Es ist Version 2.0.": "es ist version zwei punkt null",
    "1.200.000,5 t": ("eine million zweihunderttausend komma fünf tonnen"),
    "Version 3.11.2": "version drei punkt elf punkt zwei",
    # times and telephones
    "20er": "zwanziger",
    "90er Jahre": "neunziger jahre",
    "die 1990er": "die neunzehnhundertneunziger",
    "Mo.–Fr. 8-16 Uhr": "montag bis freitag acht bis sechzehn uhr",
    "Sa-So": "samstag bis sonntag",
    "15.30 Uhr": "fünfzehn uhr dreissig",
    "Tel. 030 12345": "telefon null drei null eins zwei drei vier fünf",
    "Telefon: +49 30/123": "telefon plus vier neun drei null eins zwei drei",
}


@pytest.mark.parametrize(("written", "read"), READ.items())
def test_neighbours_decide_how_a_number_is_said(written: str, read: str) -> None:
    assert normalise(written) == read
