"""Names of units → their symbols."""

from __future__ import annotations

from tevr.readable.word_lists import words

_METRE = {"": "", "kilo": "k", "dezi": "d", "zenti": "c", "milli": "m", "mikro": "µ", "nano": "n"}
_BYTE = {"": "", "kilo": "k", "mega": "M", "giga": "G", "tera": "T"}

SYMBOLS = {f"{prefix}meter": f"{sign}m" for prefix, sign in _METRE.items()}
SYMBOLS |= {f"{word}n": sign for word, sign in SYMBOLS.items()}
SYMBOLS |= {f"{prefix}gramm": f"{_METRE[prefix]}g" for prefix in ("", "kilo", "milli", "mikro")}
SYMBOLS |= {f"{prefix}liter": f"{_METRE[prefix]}l" for prefix in ("", "dezi", "zenti", "milli")}
SYMBOLS |= {f"{word}n": sign for word, sign in SYMBOLS.items() if word.endswith("liter")}
for _unit, _sign in (("watt", "W"), ("volt", "V"), ("hertz", "Hz"), ("byte", "B"), ("bit", "bit")):
    SYMBOLS |= {f"{prefix}{_unit}": f"{sign}{_sign}" for prefix, sign in _BYTE.items()}
SYMBOLS |= {f"{prefix}wattstunden": f"{_BYTE[prefix]}Wh" for prefix in _BYTE}
SYMBOLS |= {f"{prefix}joule": f"{_BYTE[prefix]}J" for prefix in ("", "kilo", "mega")}
SYMBOLS |= {f"{prefix}kalorien": f"{_BYTE[prefix]}cal" for prefix in ("", "kilo")}
SYMBOLS |= {f"quadrat{word}": f"{sign}²" for word, sign in SYMBOLS.items() if "meter" in word}
SYMBOLS |= {
    f"kubik{word}": f"{sign}³"
    for word, sign in list(SYMBOLS.items())
    if "meter" in word and "quadrat" not in word
}
SYMBOLS |= {
    "tonnen": "t", "hektar": "ha", "dezibel": "dB", "ampere": "A", "milliampere": "mA", "ohm": "Ω",
    "bar": "bar", "pascal": "Pa", "hektopascal": "hPa", "newton": "N", "newtonmeter": "Nm",
    "kelvin": "K", "stundenkilometer": "km/h", "grad": "°",
}  # fmt: skip
"""Units that have digits before them ("3 Kilometer"), and their symbols."""

COUNTED_IN_DIGITS = frozenset(SYMBOLS) | words(
    """
    prozent prozents prozentpunkte prozentpunkten promille euro euros cent cents dollar
    dollars dollars franken rappen pfund yen rubel kronen kilo kilos zentner pferdestärken ps
    lichtjahre lichtjahren seemeilen meilen zoll uhr mark pfennig schilling
    """
)
"""Words that have digits before them."""

DURATIONS = {
    "stunden": "h", "stunde": "h", "minuten": "min", "minute": "min", "sekunden": "s",
    "sekunde": "s", "millisekunden": "ms",
}  # fmt: skip
"""Units whose numbers stay words in running text ("zwei Stunden"); symbols only on demand."""

RATES = {
    ("kilometer", "pro", "stunde"): "km/h", ("meter", "pro", "sekunde"): "m/s",
    ("kilometer", "pro", "sekunde"): "km/s", ("milligramm", "pro", "kilogramm"): "mg/kg",
    ("milligramm", "pro", "liter"): "mg/l", ("gramm", "pro", "liter"): "g/l",
    ("grad", "celsius"): "°C", ("grad", "fahrenheit"): "°F",
}  # fmt: skip
"""Units of several words."""
