"""What was said → the mark or command it may mean: the names of marks in German."""

from __future__ import annotations

from dataclasses import dataclass

from tevr.spoken_words import Gender


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a mark or command is called.

    Attributes:
        text: of the mark; of a command, its name.
        before: a space stands before the mark.
        after: a space stands after it.
        gender: of the noun, ``None`` if it is a command.
        plural: the noun's plural is the same.
        ends: it ends a sentence.
    """

    text: str
    before: bool
    after: bool
    gender: Gender | None
    plural: bool = False
    ends: bool = False


#: What marks are called; the recogniser may write a compound in two.
MARKS = (
    ("punkt", Phrase(".", False, True, "masculine", ends=True)),
    ("komma", Phrase(",", False, True, "neuter")),
    ("beistrich", Phrase(",", False, True, "masculine")),
    ("fragezeichen", Phrase("?", False, True, "neuter", plural=True, ends=True)),
    ("frage zeichen", Phrase("?", False, True, "neuter", plural=True, ends=True)),
    ("ausrufezeichen", Phrase("!", False, True, "neuter", plural=True, ends=True)),
    ("ausrufungszeichen", Phrase("!", False, True, "neuter", plural=True, ends=True)),
    ("ausrufe zeichen", Phrase("!", False, True, "neuter", plural=True, ends=True)),
    ("rufzeichen", Phrase("!", False, True, "neuter", plural=True, ends=True)),
    ("doppelpunkt", Phrase(":", False, True, "masculine")),
    ("doppel punkt", Phrase(":", False, True, "masculine")),
    ("strichpunkt", Phrase(";", False, True, "masculine")),
    ("strich punkt", Phrase(";", False, True, "masculine")),
    ("semikolon", Phrase(";", False, True, "neuter")),
    ("gedankenstrich", Phrase("–", True, True, "masculine")),
    ("gedanken strich", Phrase("–", True, True, "masculine")),
    ("bindestrich", Phrase("-", False, False, "masculine")),
    ("binde strich", Phrase("-", False, False, "masculine")),
    ("schrägstrich", Phrase("/", False, False, "masculine")),
    ("auslassungspunkte", Phrase("…", True, True, "masculine", plural=True)),
    ("klammer auf", Phrase("(", True, False, "feminine")),
    ("klammer zu", Phrase(")", False, True, "feminine")),
    ("runde klammer auf", Phrase("(", True, False, "feminine")),
    ("runde klammer zu", Phrase(")", False, True, "feminine")),
    ("eckige klammer auf", Phrase("[", True, False, "feminine")),
    ("eckige klammer zu", Phrase("]", False, True, "feminine")),
    ("anführungszeichen auf", Phrase("„", True, False, "neuter", plural=True)),
    ("anführungszeichen unten", Phrase("„", True, False, "neuter", plural=True)),
    ("anführungszeichen zu", Phrase("“", False, True, "neuter", plural=True)),
    ("anführungszeichen oben", Phrase("“", False, True, "neuter", plural=True)),
    ("anführungszeichen", Phrase("„“", True, False, "neuter", plural=True)),
    ("neue zeile", Phrase("\n", False, False, "feminine", ends=True)),
    ("neuer absatz", Phrase("\n\n", False, False, "masculine", ends=True)),
    ("neue absatz", Phrase("\n\n", False, False, "masculine", ends=True)),
)
COMMANDS = (
    ("lösche das", Phrase("delete", True, True, None)),
    ("lösch das", Phrase("delete", True, True, None)),
    ("stopp", Phrase("stop", True, True, None)),
    ("stop", Phrase("stop", True, True, None)),
)
#: Names that a language model of written text hardly knows, to be preferred by the recogniser.
#: With these at this weight 100 sentences without marks are read with as many errors as before;
#: phrases such as "lösche das" would cost one word in a hundred, for "das" is everywhere.
HOTWORDS = ("Komma", "Punkt", "Fragezeichen", "Ausrufezeichen", "Doppelpunkt", "stopp")
HOTWORD_WEIGHT = 6.0
#: What was said, word by word → what it may mean.
PHRASES = {tuple(name.split()): phrase for name, phrase in (*MARKS, *COMMANDS)}
#: Words in the longest.
LONGEST = max(len(name) for name in PHRASES)
#: The first words of what marks are called, for "Punkt und Komma".
NOUNS = {name[0] for name, phrase in PHRASES.items() if phrase.gender} - {"neue", "neuer"}
