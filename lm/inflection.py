"""A written "3.", "XIV." or "1" and its neighbours → the form in which German says it.

The neighbours tell most cases: an article or preposition before, a noun of known gender after.
Where they do not, the nominative is said.
"""

from __future__ import annotations

import re

from tevr.lm.number_words import ordinal

_MONTHS = (
    "Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
)
_MASCULINE = (
    rf"{_MONTHS}|Geburtstag|Platz|Band|Teil|Akt|Stock|Weltkrieg|Senat|Spieltag|Abschnitt|Bezirk|FC|SC"
    r"|FSV|FFC|SV|BC"
)
_FEMININE = (
    "Bundesliga|Liga|Klasse|Auflage|Halbzeit|Runde|Etage|Staffel|Sinfonie|Symphonie|Etappe|Stufe"
    "|Legislaturperiode|Wahlperiode|Dynastie|Armee|Division"
)
_NEUTER = "Jahrhundert|Jahrtausend|Lebensjahr|Kapitel|Quartal|Semester|Obergeschoss|Buch|Gebot"
ORDINAL_NOUNS = rf"(?:{_MASCULINE}|{_FEMININE}|{_NEUTER})"
"""Nouns before which a number with a full stop is an ordinal."""

# Words before an ordinal, by what they append to "dritte".
_BEFORE_N = re.compile(
    r"am|im|vom|zum|zur|beim|ans|ins|dem|den|des|von|bis|und|oder|sowie|(?:[dms]?ein|kein|ihr|unser"
    r"|jed|dies)e[mnrs]",
    re.IGNORECASE,
)
_BEFORE_PLAIN = re.compile(
    r"das|die|diese|jede[rs]?|dieses|(?:[dms]?ein|kein|ihr|unser|eur)e", re.IGNORECASE
)
_BEFORE_R = re.compile(r"(?:[dms]?|k)ein|ihr|unser", re.IGNORECASE)
_BEFORE_M = re.compile(r"ab|seit", re.IGNORECASE)
_WEAK_ADJECTIVE = re.compile(
    "(?:spät|früh|ausgehend|beginnend|endend|anbrechend|folgend|ganz|gesamt|vergangen|jetzig)(?:er)?en"
)
_BARE_DATIVE = re.compile(r"in|auf|mit|nach|bei|aus|vor", re.IGNORECASE)
_DATIVE = re.compile(
    r"in|an|auf|aus|bei|mit|nach|seit|von|zu|unter|vor|während|wegen|ab|neben|[A-ZÄÖÜ]\w*"
)
_LAST_TWO = re.compile(r"(?:([^\W\d_]+)\s+)?([^\W\d_]+)[\s„\"(]*$")

_KINGS = (
    "Ludwig|Heinrich|Friedrich|Wilhelm|Karl|Otto|Paul|Benedikt|Pius|Napoleon|Franz|Joseph|Leopold"
    "|Maximilian|Georg|Eduard|Philipp|Nikolaus|Alexander|Ramses|Gregor|Innozenz|Leo|Clemens|Konrad"
    "|Johannes|Ferdinand|Rudolf|Albrecht|Gustav|Christian|Jakob|Richard|Charles|Peter|Iwan|Urban"
)
_QUEENS = "Elisabeth|Katharina|Maria|Margarethe|Christina|Mathilde|Viktoria|Elizabeth"
_TITLES = (
    "(?:(?:Groß|Erz|Mark|Land|Kur)?(?:[Kk]önig|[Kk]aiser|[Zz]ar|[Pp]apst|[Hh]erzog|[Ff]ürst|[Gg]raf"
    "|[Pp]rinz)(?:en|in|s)?)"
)
_OBJECT = (
    "unter|von|mit|bei|nach|seit|zu|zwischen|aus|gegenüber|vom|zum|beim|dem|durch|für|gegen|ohne"
)
_ACCUSATIVE = {"durch", "für", "gegen", "ohne"}
_NAMED = re.compile(
    rf"(?:\b({_OBJECT})\s+)?(?:[a-zäöüß]+en\s+)?(?:{_TITLES}\s+)?(?:(?:{_KINGS})\s+)?"
    rf"\b((?:{_KINGS})(s?)|(?:{_QUEENS}))\s+([IVX]{{1,5}})\."
)
_COUNTED = re.compile(rf"(?<!\w)([IVXL]{{1,7}})\.(?=\s+(?!{_MONTHS}){ORDINAL_NOUNS}\b)")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
_CANONICAL = re.compile("(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})")

_ONE = re.compile(
    r"(?:([^\W\d_]+)\s+)?(?<![\w.,:/+-])(?<!§)(?<!§\s)1\s+(?=([A-ZÄÖÜ][a-zäöüß]{2,})\b)"
)
_NUMBERED = re.compile(  # told by the capital elsewhere, but not where a sentence begins
    r"Abbildung|Abs(?:atz|chnitt)|Akt|Anlage|Artikel|Band|Block|Buch|Folge|Formel|Gleis|Gruppe|Kapitel"
    r"|Klasse|Level|Liga|Linie|Note|Nummer|Paragraf|Phase|Platz|Punkt|Raum|Runde|Satz|Seite|Staffel"
    r"|Stufe|Tabelle|Tag|Teil|Typ|Version|Zimmer|Zone"
)
_OF_DATIVE = {"mit", "von", "bei", "nach", "aus", "seit", "zu"}
_FEMININE_END = re.compile(
    r"\w*(?:ung|heit|keit|schaft|ion|tät|ik|enz|anz|erin|\w{3}ei|frau|stadt|nacht|hand|person|zahl"
    r"|mutter|tochter|schwester|mannschaft|firma|wand|tür|kuh|maus|nuss|wurst|[^g]e)",
    re.IGNORECASE,
)
_NOT_FEMININE = re.compile(
    r"Ge\w+e|\w*(?:name|junge|kollege|gedanke|buchstabe|löwe|affe|hase|ende|auge|interesse|kunde"
    r"|experte|zeuge|erbe|käse|image|prozent|pferde|leute|jahre|tage)",
    re.IGNORECASE,
)


def ordinal_words(number: int, before: str, noun: str | None, *, likely: bool) -> str | None:
    """Return an ordinal in the case that its neighbours ask for; None if it may be none.

    Args:
        number: what stands before the full stop.
        before: the text before, at least two words of it.
        noun: the word after, if it is one of `ORDINAL_NOUNS`.
        likely: whether what follows shows an ordinal even without a word before.
    """
    ending = ordinal_ending(before, noun)
    if ending is None and not (noun or likely):
        return None
    return ordinal(number) + (_nominative(noun) if ending is None else ending)


def ordinal_ending(before: str, noun: str | None = None) -> str | None:
    """Return what the words before an ordinal append to "dritte"; None if they do not tell."""
    found = _LAST_TWO.search(before)
    if found is None:
        return None
    earlier, last = found[1] or "", found[2]
    if last in {"der", "Der"}:
        return "n" if _DATIVE.fullmatch(earlier) else ""
    if noun and _BARE_DATIVE.fullmatch(last):
        return "r" if re.fullmatch(_FEMININE, noun) else "m"
    if _WEAK_ADJECTIVE.fullmatch(last):  # "im späten 19. Jahrhundert"
        return "n"
    rules = ((_BEFORE_N, "n"), (_BEFORE_PLAIN, ""), (_BEFORE_R, "r"), (_BEFORE_M, "m"))
    ending = next((ending for rule, ending in rules if rule.fullmatch(last)), None)
    return "s" if ending == "r" and noun and re.fullmatch(_NEUTER, noun) else ending


def roman_to_digits(text: str) -> str:
    """Write the Roman ordinals of kings as words, and those before known nouns as "14." """
    text = _NAMED.sub(_king, text)
    return _COUNTED.sub(lambda match: f"{_value(match[1]) or match[1]}.", text)


def counted_ones(text: str) -> str:
    """Write a 1 that counts a noun as the article that one says: "ein Apfel", "mit einer Katze".

    After a noun ("Kapitel 1 Einleitung") it is a number. The gender is told from the noun's ending.
    """
    return _ONE.sub(_article, text)


def _article(match: re.Match[str]) -> str:
    before, noun = match[1], match[2]
    if before and (_NUMBERED.fullmatch(before) or (before[0].isupper() and match.start() > 0)):
        return match[0]
    feminine = _FEMININE_END.fullmatch(noun) and not _NOT_FEMININE.fullmatch(noun)
    dative = (before or "").lower() in _OF_DATIVE
    ending = ("er" if feminine else "em") if dative else ("e" if feminine else "")
    return f"{before} ein{ending} " if before else f"ein{ending} "


def _king(match: re.Match[str]) -> str:
    """Say "Ludwig XIV." as "Ludwig der vierzehnte", in the genitive and after prepositions too."""
    before, name, genitive, roman = match.groups()
    value = _value(roman)
    if value is None:
        return match[0]
    if re.fullmatch(_QUEENS, name):
        article, ending = ("der", "n") if before and before not in _ACCUSATIVE else ("die", "")
    elif genitive:
        article, ending = "des", "n"
    elif before:
        article, ending = ("den", "n") if before in _ACCUSATIVE else ("dem", "n")
    else:
        article, ending = "der", ""
    head = match[0][: match.start(4) - match.start()]
    return f"{head}{article} {ordinal(value)}{ending}"


def _value(roman: str) -> int | None:
    """Return the value of a Roman number below 90; None if it is none."""
    if not _CANONICAL.fullmatch(roman):
        return None
    digits = [_ROMAN[letter] for letter in roman]
    signed = (
        -digit if digit < after else digit
        for digit, after in zip(digits, [*digits[1:], 0], strict=True)
    )
    return sum(signed)


def _nominative(noun: str | None) -> str:
    if noun and re.fullmatch(_FEMININE, noun):
        return ""
    return "s" if noun and re.fullmatch(_NEUTER, noun) else "r"
