"""A German word → whether it tells, beside a spoken mark, that the mark is meant as a word.

All words stand as the recogniser writes them, in lower case and with ss for ß.
"""

from __future__ import annotations

import re
from typing import Literal

#: Gender of what a mark is called; words before it agree with it, or are not about it.
Gender = Literal["masculine", "feminine", "neuter"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _forms(stems: str, endings: str) -> frozenset[str]:
    return frozenset(stem + end.strip("-") for stem in stems.split() for end in endings.split())


_POSSESSIVES = "mein dein sein ihr unser euer eur kein ein"
_DEMONSTRATIVES = "dies jed jen welch manch solch"
# Articles, pronouns and fused prepositions that can stand before a noun in the singular.
DETERMINERS: dict[Gender, frozenset[str]] = {
    "masculine": _words("der den dem des zum vom am im beim überm unterm")
    | _forms(_POSSESSIVES, "- en em es")
    | _forms(_DEMONSTRATIVES, "er en em es"),
    "neuter": _words("das dem des zum vom am im beim ins ans ums fürs durchs aufs")
    | _forms(_POSSESSIVES, "- em es")
    | _forms(_DEMONSTRATIVES, "es em"),
    "feminine": _words("die der zur")
    | _forms(_POSSESSIVES, "e er")
    | _forms(_DEMONSTRATIVES, "e er"),
}
#: What can stand before a noun in the plural; of the marks, only those in -zeichen have one alike.
PLURAL_DETERMINERS = (
    _words(
        "die der den alle allen viele vielen mehrere mehreren einige einigen wenige beide beiden"
    )
    | _words("paar lauter genug")
    | _forms("mein dein sein ihr unser eur kein dies jen welch manch solch", "e en er")
)
#: Determiners that are also pronouns, with which a clause can end: "Was ist das?"
PRONOUNS = _words(
    "das die der den dem dies dieses diese diesen eins einen keine keinen keins meine"
)

#: After these a noun follows, even after a hesitation: they are no pronouns.
HANGING = frozenset().union(*DETERMINERS.values()) - PRONOUNS

_ADJECTIVES = (
    "ander best blind böse breit dick dunkel dunkl dünn dritt einzeln einzig erst falsch"
    " fehlend fein fest fett ganz genau gewiss bestimmt gross gut halb heikl heiss hell hoh"
    " höchst klar klein kurz lang letzt link neu nächst offen recht richtig rot rund schwach"
    " schwarz schön schwer stark strittig tief tiefst tot unklar viert fünft sechst siebt acht"
    " neunt zehnt weiss weit wund zentral zweit zusätzlich überflüssig grün blau gelb springend"
)
_ADJECTIVE = re.compile(
    rf"(?:{'|'.join(_ADJECTIVES.split())}|\w+(?:ig|lich|isch|end|bar|sam|haft|los|iv|ell|est|tisch"
    r"|ichst|igst|ndst|ert|elt))(?:e|er|en|em|es)"
)
#: What can stand between article and adjective.
ADVERBS = _words("sehr ganz besonders so noch ziemlich wirklich besonderer nicht zu recht eher")

_NUMBER = re.compile(
    r"(?:null|ein|eins|eine|zwei|zwo|drei|vier|fünf|sechs|sech|sieben|sieb|acht|neun|zehn|elf|zwölf"
    r"|und|zwanzig|dreissig|zig|hundert|tausend)+"
)
#: Prepositions that are no separable prefix: a clause cannot end with them.
PREPOSITIONS = _words("ohne per pro von in bis seit wegen trotz zwischen gegen als je samt statt")
#: Prepositions before a place in a list or a time: "um Punkt acht", "zu Punkt drei".
BEFORE_NUMBERS = _words("um ab bis zu in unter auf nach seit gegen von vor bei mit über ist jetzt")

QUESTION_OPENERS = _words(
    "was wer wen wem wessen wie wo wohin woher wann warum wieso weshalb wozu womit wofür welche"
    " welcher welches ist sind war waren bist seid hast habt hat haben hatte kannst könnt können"
    " kann könnte könntest willst wollt wollen will soll sollst sollen sollte darf darfst dürfen"
    " muss musst müssen gibt geht stimmt kennst kennt kennen weisst wisst wissen siehst seht sehen"
    " machst macht machen kommst kommt kommen glaubst glauben findest finden brauchst brauchen"
    " magst mögen möchtest möchten würdest würden wirst wird werden denkst meinst verstehst hörst"
)
#: With these a clause begins after a comma.
CLAUSE_OPENERS = _words(
    "aber dass weil wenn ob denn sondern und oder obwohl damit als nachdem bevor während um ohne"
    " statt anstatt indem sodass falls sobald solange sofern wie was wer wo der die das den dem"
    " deren dessen welcher welche welches ich du er sie es wir ihr also bitte nein ja"
)
#: With these, something is said about a mark that begins an utterance: "Punkt ist, dass …"
ABOUT = _words("ist sind war waren wird werden steht stehen fehlt bedeutet heisst nummer gehört")
#: What is done with marks, and the words after which it is done with one that has no article.
HANDLING = _words("setzen setzt gesetzt machen einfügen einsetzen vergessen weglassen streichen")
HANDLED_AFTER = _words("bitte hier da dort immer nie jetzt dann muss soll kommt")
#: "mit Komma getrennt"
PARTED = _words("getrennt abgetrennt geschrieben gesetzt versehen geschieden")
#: Nouns that are followed by what they name: "das Wort Komma wird …"
NAMING = _words("wort zeichen satzzeichen taste begriff symbol befehl kommando wörter ausdruck")
#: What joins two of a kind.
COORDINATION = _words("und oder noch sondern statt")
#: Between two of the same: "Punkt für Punkt".
REPEATING = _words("für um nach auf")
#: The ends of addresses, as in "beispiel Punkt de".
DOMAINS = _words("de com org net eu at ch info")


def is_number(word: str) -> bool:
    """Whether a word is a cardinal number as it is spoken."""
    return _NUMBER.fullmatch(word) is not None and word != "und"


def is_adjective(word: str) -> bool:
    """Whether a word may be an adjective with an ending, as it stands before a noun."""
    return _ADJECTIVE.fullmatch(word) is not None
