"""What is written short → the words a reader says for it, as tables."""

ABBREVIATIONS = {
    "z. B.": "zum Beispiel", "d. h.": "das heißt", "u. a.": "unter anderem", "z. T.": "zum Teil",
    "u. U.": "unter Umständen", "i. d. R.": "in der Regel", "o. ä.": "oder ähnliches",
    "o. Ä.": "oder Ähnliches", "u. ä.": "und ähnliches", "u. Ä.": "und Ähnliches",
    "v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "v. a.": "vor allem",
    "s. o.": "siehe oben", "s. u.": "siehe unten", "z. Zt.": "zurzeit", "i. A.": "im Auftrag",
    "a. D.": "außer Dienst", "e. V.": "eingetragener Verein", "u. v. m.": "und vieles mehr",
    "u. s. w.": "und so weiter", "usw.": "und so weiter", "usf.": "und so fort",
    "etc.": "et cetera", "bzw.": "beziehungsweise", "ca.": "circa", "evtl.": "eventuell",
    "ggf.": "gegebenenfalls", "inkl.": "inklusive", "exkl.": "exklusive", "vgl.": "vergleiche",
    "sog.": "sogenannte", "bspw.": "beispielsweise", "geb.": "geboren", "gest.": "gestorben",
    "eigtl.": "eigentlich", "allg.": "allgemein", "insb.": "insbesondere", "zzgl.": "zuzüglich",
    "engl.": "englisch", "frz.": "französisch", "dt.": "deutsch", "lat.": "lateinisch",
    "Dr.": "Doktor", "Prof.": "Professor", "Dipl.": "Diplom", "Ing.": "Ingenieur",
    "Hr.": "Herr", "Fr.": "Frau", "Hl.": "Heilige", "St.": "Sankt", "Str.": "Straße",
    "Jh.": "Jahrhundert", "Jhd.": "Jahrhundert", "Mio.": "Millionen", "Mrd.": "Milliarden",
    "Tsd.": "Tausend", "Std.": "Stunden", "Tel.": "Telefon", "Hrsg.": "Herausgeber",
    "Nr.": "Nummer", "Nrn.": "Nummern", "Mr.": "Mister", "Mrs.": "Misses",
}  # fmt: skip
# Ordinary words elsewhere ("dieser Art.", "Max."), so read out only before a number.
BEFORE_NUMBER = {
    "Abs.": "Absatz", "Art.": "Artikel", "Kap.": "Kapitel", "Abb.": "Abbildung", "Bd.": "Band",
    "S.": "Seite", "max.": "maximal", "min.": "minimal", "mind.": "mindestens", "No.": "Nummer",
    "Rn.": "Randnummer", "Rdnr.": "Randnummer", "Rz.": "Randziffer", "Ziff.": "Ziffer",
    "Anm.": "Anmerkung", "Tab.": "Tabelle", "Jg.": "Jahrgang",
}  # fmt: skip
UNITS = {
    "mg/kg": "Milligramm pro Kilogramm", "mg/l": "Milligramm pro Liter", "g/l": "Gramm pro Liter",
    "ml/min": "Milliliter pro Minute", "km/s": "Kilometer pro Sekunde",
    "kWh/m²": "Kilowattstunden pro Quadratmeter", "€/m²": "Euro pro Quadratmeter",
    "mmHg": "Millimeter Quecksilbersäule", "µg": "Mikrogramm", "μg": "Mikrogramm",
    "µm": "Mikrometer", "nm": "Nanometer", "Nm": "Newtonmeter", "hPa": "Hektopascal",
    "dB": "Dezibel", "kcal": "Kilokalorien", "kJ": "Kilojoule", "kB": "Kilobyte", "TB": "Terabyte",
    "mA": "Milliampere", "kV": "Kilovolt", "ct": "Cent", "dl": "Deziliter", "cl": "Zentiliter",
    "km/h": "Kilometer pro Stunde", "m/s": "Meter pro Sekunde", "km²": "Quadratkilometer",
    "m²": "Quadratmeter", "cm²": "Quadratzentimeter", "m³": "Kubikmeter", "km": "Kilometer",
    "m": "Meter", "cm": "Zentimeter", "mm": "Millimeter", "kg": "Kilogramm", "g": "Gramm",
    "mg": "Milligramm", "t": "Tonnen", "l": "Liter", "ml": "Milliliter", "ha": "Hektar",
    "kWh": "Kilowattstunden", "kW": "Kilowatt", "MW": "Megawatt", "GW": "Gigawatt", "W": "Watt",
    "V": "Volt", "Hz": "Hertz", "kHz": "Kilohertz", "MHz": "Megahertz", "GHz": "Gigahertz",
    "MB": "Megabyte", "GB": "Gigabyte", "h": "Stunden", "min": "Minuten", "s": "Sekunden",
    "°C": "Grad Celsius", "°F": "Grad Fahrenheit", "°": "Grad", "%": "Prozent", "‰": "Promille",
    "€": "Euro", "EUR": "Euro", "$": "Dollar", "£": "Pfund", "Uhr": "Uhr", "Prozent": "Prozent",
    "Euro": "Euro", "Dollar": "Dollar", "Meter": "Meter", "Kilometer": "Kilometer",
    "Millionen": "Millionen", "Milliarden": "Milliarden", "Million": "Million",
}  # fmt: skip
ONE_OF = {
    "Millionen": "eine Million", "Milliarden": "eine Milliarde", "Million": "eine Million",
    "Tonnen": "eine Tonne", "Stunden": "eine Stunde", "Minuten": "eine Minute",
    "Sekunden": "eine Sekunde", "Kilowattstunden": "eine Kilowattstunde",
}  # fmt: skip
SYMBOLS = {
    "§§": "Paragrafen", "§": "Paragraf", "%": "Prozent", "‰": "Promille", "€": "Euro",
    "$": "Dollar", "£": "Pfund", "&": "und", "+": "plus", "=": "gleich", "°": "Grad",
    "½": "ein halb", "¼": "ein Viertel", "¾": "drei Viertel",
}  # fmt: skip
FRACTIONS = {
    "1/2": "ein halb", "1/3": "ein Drittel", "2/3": "zwei Drittel", "1/4": "ein Viertel",
    "3/4": "drei Viertel", "1/5": "ein Fünftel", "1/10": "ein Zehntel",
}  # fmt: skip
WEEKDAYS = {
    "Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag",
    "Sa": "Samstag", "So": "Sonntag",
}  # fmt: skip
