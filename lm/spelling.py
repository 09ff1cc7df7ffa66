"""German as it was spelt before 1996, or before 1901 → German as it is spelt today.

Only forms that no word of today has are changed. What may also be a name or a foreign word ("Roth",
"Thal", "Brod", "concert") stays; of some, the lower-case form ("roth", "werth", "todt") is changed
in texts that write names with a capital. Sources: the word lists of the official rules of 1996 and
the differences between the rules of 1880 and 1901.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = {
    # 1996
    "behende": "behände", "behenden": "behänden", "känguruh": "känguru", "känguruhs": "kängurus",
    "tip": "tipp", "tips": "tipps", "rauh": "rau", "rauhe": "raue", "rauhen": "rauen",
    "rauher": "rauer", "rauhes": "raues", "rauhem": "rauem", "rauhreif": "raureif",
    "rauhbein": "raubein", "roheit": "rohheit", "roheiten": "rohheiten", "zäheit": "zähheit",
    "zierat": "zierrat", "karamel": "karamell", "gemse": "gämse", "gemsen": "gämsen",
    "belemmert": "belämmert", "quentchen": "quäntchen", "wieviel": "wie viel", "zuviel": "zu viel",
    "zuwenig": "zu wenig", "greuel": "gräuel", "greueln": "gräueln", "greulich": "gräulich",
    "daß": "dass", "sodaß": "sodass", "indeß": "indes", "unterdeß": "unterdes",
    "deßhalb": "deshalb", "weßhalb": "weshalb", "deßwegen": "deswegen", "weßwegen": "weswegen",
    # 1901
    "gieb": "gib", "gieng": "ging", "hieng": "hing", "fieng": "fing", "seyn": "sein",
    "seyd": "seid", "beyde": "beide", "beyden": "beiden", "beyder": "beider", "beydes": "beides",
    "beym": "beim", "dabey": "dabei", "wobey": "wobei", "herbey": "herbei", "vorbey": "vorbei",
    "zwey": "zwei", "zweyte": "zweite", "zweyten": "zweiten", "zweyter": "zweiter",
    "freylich": "freilich", "freyheit": "freiheit", "meynung": "meinung", "meynen": "meinen",
    "meynt": "meint", "blos": "bloß", "dieß": "dies", "überdieß": "überdies",
    "allmählig": "allmählich", "funfzig": "fünfzig", "eilf": "elf", "sylbe": "silbe",
    "sylben": "silben", "gyps": "gips", "waare": "ware", "waaren": "waren", "schaaren": "scharen",
    "schooß": "schoß", "schooße": "schoße", "classe": "klasse", "thäler": "täler",
    "thälern": "tälern", "thut": "tut", "thust": "tust", "thuend": "tuend", "thür": "tür",
    "thüre": "türe", "thüren": "türen", "thurm": "turm", "thurme": "turme", "thurms": "turms",
    "thürme": "türme", "thürmen": "türmen", "thier": "tier", "thiere": "tiere",
    "thieren": "tieren", "thieres": "tieres", "thierchen": "tierchen", "thierisch": "tierisch",
    "wuth": "wut", "wüthend": "wütend", "fluth": "flut", "fluthen": "fluten", "gluth": "glut",
    "armuth": "armut", "anmuth": "anmut", "unmuth": "unmut", "übermuth": "übermut",
    "wehmuth": "wehmut", "langmuth": "langmut", "edelmuth": "edelmut", "großmuth": "großmut",
    "kleinmuth": "kleinmut", "gleichmuth": "gleichmut", "heimath": "heimat", "monath": "monat",
    "monathe": "monate", "litteratur": "literatur",
    "litteraturen": "literaturen", "zierath": "zierrat", "parthei": "partei",
    "partheien": "parteien",
    "cultur": "kultur", "culturen": "kulturen", "objectiv": "objektiv", "subjectiv": "subjektiv",
    "academie": "akademie", "academien": "akademien", "architectur": "architektur",
    "thräne": "träne", "thränen": "tränen", "todte": "tote",
    "todten": "toten", "todter": "toter", "todtes": "totes", "todtem": "totem", "tödten": "töten",
    "tödtet": "tötet", "tödtete": "tötete", "getödtet": "getötet",
}  # fmt: skip
"""Old words and those of today."""

_NOT_NAMES = {
    "roth": "rot", "rothe": "rote", "rothen": "roten", "rother": "roter", "rothes": "rotes",
    "werth": "wert", "werthe": "werte", "werthen": "werten", "werther": "werter", "todt": "tot",
    "sey": "sei", "bey": "bei", "frey": "frei", "freye": "freie", "freyen": "freien",
    "drey": "drei", "giengen": "gingen", "thun": "tun", "thue": "tue",
}  # fmt: skip
"""Old words that with a capital are names."""

# Between common prefixes and endings, so that no seam of a compound ("selbst|heilung") matches.
_STEMS = {
    "theil": "teil", "theuer": "teuer", "thätig": "tätig", "thöricht": "töricht",
    "thorheit": "torheit", "nöthig": "nötig", "nothwendig": "notwendig", "räthsel": "rätsel",
    "rathschlag": "ratschlag", "rathschläg": "ratschläg", "rathlos": "ratlos", "rathsam": "ratsam",
    "rathhaus": "rathaus", "rathhäus": "rathäus", "vorrath": "vorrat", "vorräth": "vorrät",
    "verrath": "verrat", "verräth": "verrät", "unrath": "unrat", "geräth": "gerät",
    "gerath": "gerat", "berath": "berat", "heirath": "heirat", "heimath": "heimat",
    "muthig": "mutig", "müthig": "mütig", "muthlos": "mutlos", "muthmaß": "mutmaß",
    "vermuth": "vermut", "zumuth": "zumut", "gemüth": "gemüt", "röthlich": "rötlich",
    "erröth": "erröt", "wüthe": "wüte", "werthvoll": "wertvoll", "werthlos": "wertlos",
    "bewerth": "bewert", "verwerth": "verwert", "entwerth": "entwert", "blüth": "blüt",
    "mieth": "miet", "athme": "atme", "athem": "atem", "thatsach": "tatsach", "tödtlich": "tödlich",
    "thatsächlich": "tatsächlich", "gethan": "getan", "giebt": "gibt", "giebst": "gibst",
    "krystall": "kristall", "capitel": "kapitel", "culturell": "kulturell", "publicum": "publikum",
    "classisch": "klassisch", "classiker": "klassiker", "conferenz": "konferenz",
    "concurrenz": "konkurrenz", "consequenz": "konsequenz", "correspondenz": "korrespondenz",
    "sclave": "sklave", "principie": "prinzipie", "officier": "offizier", "officiell": "offiziell",
    "socialistisch": "sozialistisch", "socialismus": "sozialismus", "speciell": "speziell",
    "socialdemokrat": "sozialdemokrat", "medicinisch": "medizinisch", "facultät": "fakultät",
    "öconomi": "ökonomi", "academisch": "akademisch", "actie": "aktie",
    "insecten": "insekten", "citat": "zitat",
    "litterarisch": "literarisch", "stengel": "stängel", "numerier": "nummerier",
    "plazier": "platzier", "überschwenglich": "überschwänglich", "schneuz": "schnäuz",
    "schiffahrt": "schifffahrt", "brennessel": "brennnessel", "stillegung": "stilllegung",
}  # fmt: skip
_NAMES = {"blüthner", "theuern", "theiler", "anathem"}
"""Words of today that look like those of old stems."""
_PREFIX = (
    r"(?:(?:ab|acht|an|auf|aus|be|bei|dampf|durch|ein|ent|er|frei|ge|gegen|groß|größten|haupt|hin"
    r"|land|luft|mehren|miß|mit|nach|raum|see|um|un|unter|ur|ver|viel|vor|wieder|zer|zu|zurück)"
    r"{0,3})"
)
_ENDING = (
    r"(?:(?:e|en|er|es|em|n|ns|s|st|t|te|ten|tes|end|ende|enden|ern|est|et|ete|eten|en[dt]lich"
    r"|ns?weise|nehme[rn]?s?|nahme|haber|ung|ig|lich|bar|haft|los|voll|sam|keit|schaft)"
    r"(?:e|er|en|em|es|s|keit|ung|ungen|schaft|schaften|gesellschaft)?)?"
)
# Verbs on -iren; "viren", "flirten" and "landwirt" are none of them.
_VERB_STEMS = (
    "adress|amüs|arrang|ball|blam|command|dikt|dispon|disput|exist|exped|fabric|fabrik|form|funct"
    "|funkt|gen|gratul|hant|haus|illustr|impon|inspic|interess|intrigu|kommand|kontroll|konstru"
    "|konzentr|kop|korrespond|kultiv|kur|marsch|mask|musiz|not|oper|organis|pass|phantas|philosoph"
    "|plag|pol|polit|präsent|prob|produz|protest|quart|rais|reg|repar|repräsent|rezit|ris|ruin|spaz"
    "|stud|tax|telegraph|transport|zit"
)

# Short vowels before ß. The long ones of "Maß", "Spaß", "groß", "Stoß", "Fuß", "süß", those of
# "fließen", "schließen", "heiß" and "außen" have no place here.
_SHARP = re.compile(
    r"(?:haß|(?<!s)paß|naß|(?<!ge)(?<!lit)faß|laß|elsaß|gräß|häß|läß|(?<!s)päß|näß|gäß|schloß|(?<=[bnrs])goß|^goß"
    r"|^roß|sproß|droß|genoß|troß|amboß|koloß|schlöß|fluß|schluß|schuß|kuß|nuß|guß|druß"
    r"|muß(?!e)|^rußl|wußt|müß(?=t)|küß|flüß|nüß|schlüß|schüß(?=chen)|wüßt|zeß|greß|streß"
    r"|expreß|(?<!hoe)neß$|(?:^|ver|ge)eß(?=bar|t|lö|zi)|freß(?=t)|meß(?=bar|t|lich|ger|wert|ins)"
    r"|geß(?=t|lich)|preß|gewiß|(?<!e)riß|(?<!e)biß|(?<!e)schiß|(?<!e)wiß|miß|^iß(?=t$|$)|schliß)"
)
_RULES = (
    # "Verhältniß" has one s today, unlike "gewiß".
    (re.compile(r"(?<=[a-zäöü]{3})niß$"), "nis"),
    (re.compile(r"((?:hält|kennt|dürf|ständ|zeich|geb|fäng|heim|dächt|bünd)|eug)niss$"), r"\1nis"),
    (re.compile(r"(?<=[a-zäöü]{4})(?<!pos)(?<!vitz)(?<!xan)thum(e|s|es)?$"), r"tum\1"),
    (re.compile(r"(?<=[a-zäöü]{4})thüm(?=er|lich)"), "tüm"),
    (re.compile(rf"^({_PREFIX}(?:{_VERB_STEMS}))ir(?=(?:en|t|te|ten|tes|ter|ung|ungen|end)$)"),
     r"\1ier"),
    (re.compile("^ueber"), "über"),
    (re.compile("^oesterreich"), "österreich"),
    (re.compile("^oeffentlich"), "öffentlich"),
    (re.compile("^ae(?=gypten$|hnlich|nder|rzt|u[sß]+er)"), "ä"),
)  # fmt: skip
_STEM = re.compile(rf"({_PREFIX})({'|'.join(_STEMS)})({_ENDING})")
_WORD = re.compile(r"[^\W\d_]+")


def modernise(text: str) -> str:
    """Return a text with words of old spelling in that of today; capitals stay capitals.

    Args:
        text: German in NFC; texts all in lower case are taken for texts that mark no names.
    """
    cased = text != text.lower()
    return _WORD.sub(lambda match: _modern(match[0], cased), text)


@lru_cache(maxsize=1 << 17)
def _modern(word: str, cased: bool) -> str:
    """Return a word as it is spelt today, with the capitals that it had."""
    lower = word.lower()
    if cased and word == lower and lower in _NOT_NAMES:
        return _NOT_NAMES[lower]
    modern = _WORDS.get(lower) or _by_rule(lower)
    if modern == lower:
        return word
    if word.isupper():
        return modern.upper()
    return modern[0].upper() + modern[1:] if word[0].isupper() else modern


def _by_rule(word: str) -> str:
    """Return a lower-case word with its old stems and endings replaced."""
    for pattern, today in _RULES:
        word = pattern.sub(today, word)
    if word not in _NAMES and (found := _STEM.fullmatch(word)):
        word = found[1] + _STEMS[found[2]] + found[3]
    if "ß" in word:
        word = _SHARP.sub(lambda match: match[0].replace("ß", "ss"), word)
    return _WORDS.get(word, word)
