"""What was taken for what → errors with a class each: a parted compound, an ending, a name.

Classes are told from spelling by rules of German, without a tagger. Names and foreign words are
guesses: a name is a word with a capital beside another or a title, or one that the language model
does not know; a foreign word is spelt as no German word is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tevr.scoring.alignment import Step, wrong_runs

CLASSES = {
    "compound split": "a compound was written in parts",
    "compound merge": "words were written as one",
    "eszett": "ß for ss, or ss for ß",
    "umlaut": "a letter with or without its dots",
    "number": "a number, in words or digits",
    "inflection": "another ending of the same word",
    "function word": "an article, pronoun, preposition, conjunction or auxiliary",
    "name": "a name, or a rare noun",
    "foreign word": "a word spelt as no German word is",
    "other": "another word",
}
_ENDINGS_TEXT = """
e en er es em n s r m t st et est te ten tet test ete eten ens ern nen in innen end ende enden
"""
_ENDINGS = frozenset(_ENDINGS_TEXT.split()) | {""}
_SHORTEST_STEM = 3
_MOST_PARTS = 6
_FUNCTION_WORDS_TEXT = """
der die das des dem den ein eine einer eines einem einen kein keine keiner keines keinem keinen
ich du er sie es wir ihr mich dich ihn uns euch mir dir ihm ihnen sich man mein meine meiner
meinem meinen meines dein deine deinen deinem sein seine seiner seines seinem seinen ihre ihrer
ihres ihrem ihren unser unsere unseren unserer euer eure dieser diese dieses diesem diesen jener
jene jenes jeder jede jedes jedem jeden welcher welche welches welchem welchen wer was wen wem
wo wie wann warum woher wohin in im ins an am ans auf aus bei beim mit nach seit von vom zu zum
zur bis durch für gegen ohne um über unter vor hinter neben zwischen während wegen trotz ab als
und oder aber denn sondern dass daß ob weil wenn da obwohl damit so auch noch nur schon nicht ja
nein doch bin bist ist sind seid war waren wurde wurden wird werden worden hat habe haben hatte
hatten hast habt kann können konnte muss müssen soll sollen will wollen darf mag hier dort dann
nun mal eben sehr
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_WORDS_TEXT.split())
_SMALL_NUMBERS = (
    "null|eins?|zwei|zwo|drei|vier|fünf|sechs|sech|sieb(?:en)?|acht|neun|zehn|elf|zwölf|zwan|drei"
)
_NUMBER = re.compile(
    rf"[0-9]+.*|(?:{_SMALL_NUMBERS}|und|zig|ßig|ssig|hundert|tausend|million(?:en)?|milliarden?"
    r"|halb|komma|erste|dritte|siebte|t(?=e)|ste|te|r|n|s|m)+"
)
_NUMBER_STEM = re.compile(rf"{_SMALL_NUMBERS}|hundert|tausend|milli|[0-9]|erste|dritte|siebte|zig")
_FOREIGN = re.compile(
    r"[^a-zäöüß0-9'-]|c(?![hk])|(?<!s)sh|th|ph|oo|ou|ea|ee[ck]|y(?=[aeiou])|(?<=[aeiou])y|wr|kn(?=ow)|gh"
    r"|[^q]qu?$|w$|ai[nr]|(?<=[a-z])ing$(?<!d[iu]ng)(?<!ring)(?<!ling)|[bdfglmnprst]y$|\?"
)
_TITLES_TEXT = """
herr herrn frau doktor dr professor prof könig königin kaiser kaiserin papst graf fürst prinz
prinzessin sankt onkel tante
"""
_TITLES = frozenset(_TITLES_TEXT.split())


@dataclass(frozen=True, slots=True)
class WordError:
    """What was said and what was heard in its place.

    Attributes:
        kind: a key of `CLASSES`.
        reference: what was said; empty for additional words.
        hypothesis: what was heard; empty for missing words.
        errors: how many errors that counts.
    """

    kind: str
    reference: str
    hypothesis: str
    errors: int


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What tells names from other words.

    Attributes:
        capitals: for each word of the reference, whether it was written with a capital.
        known: words of the language model; None where there is none.
    """

    capitals: Sequence[bool] = ()
    known: Container[str] | None = None

    def is_name(self, words: Sequence[str], place: int) -> bool:
        """Whether the word at a place of the reference may be a name."""
        if place >= len(self.capitals) or not self.capitals[place]:
            return False
        if self.known is not None and words[place] not in self.known:
            return True
        # The first word of a sentence has a capital whatever it is.
        before = place > 0 and (
            words[place - 1] in _TITLES or (place > 1 and self.capitals[place - 1])
        )
        after = 0 < place < len(words) - 1 and self.capitals[place + 1]
        return before or after


def classify(
    steps: Sequence[Step],
    reference: Sequence[str],
    hypothesis: Sequence[str],
    knowledge: Knowledge = Knowledge(),
) -> Iterator[WordError]:
    """Yield all errors of an alignment; what they count adds up to its errors.

    Args:
        steps: the alignment.
        reference: what was said.
        hypothesis: what was heard.
        knowledge: what tells names.
    """
    for run in wrong_runs(steps):
        rest = run
        while rest:
            size, kind = _compound(rest, reference, hypothesis)
            part, rest = rest[:size], rest[size:]
            said = [step.reference for step in part if step.reference is not None]
            heard = [step.hypothesis for step in part if step.hypothesis is not None]
            if not kind:
                name = bool(said) and knowledge.is_name(reference, said[0])
                kind = _kind(
                    reference[said[0]] if said else "", hypothesis[heard[0]] if heard else "", name
                )
            yield WordError(
                kind,
                " ".join(reference[place] for place in said),
                " ".join(hypothesis[place] for place in heard),
                len(part),
            )


def most_costly(errors: Iterable[WordError], most: int) -> list[tuple[WordError, int]]:
    """The kinds of mistakes that count most, with how often each was made."""
    times = Counter(errors)
    ranked = sorted(
        times.items(),
        key=lambda each: (-each[0].errors * each[1], each[0].reference, each[0].hypothesis),
    )
    return ranked[:most]


def _compound(
    run: Sequence[Step], reference: Sequence[str], hypothesis: Sequence[str]
) -> tuple[int, str]:
    """How many first steps of a run part or join a compound, and which; else one, and none."""
    for size in range(2, min(_MOST_PARTS, len(run)) + 1):
        said = [reference[step.reference] for step in run[:size] if step.reference is not None]
        heard = [hypothesis[step.hypothesis] for step in run[:size] if step.hypothesis is not None]
        if 1 in (len(said), len(heard)) and "".join(said) == "".join(heard):
            return size, "compound split" if len(said) < len(heard) else "compound merge"
    return 1, ""


def _kind(said: str, heard: str, name: bool) -> str:
    """The class of a wrong, missing (heard is empty) or additional (said is empty) word."""
    rules: Mapping[str, bool] = {
        "eszett": bool(said and heard) and _sharp(said) == _sharp(heard),
        "umlaut": bool(said and heard) and _undotted(said) == _undotted(heard),
        "number": _is_number(said or heard),
        "inflection": bool(said and heard) and _same_stem(said, heard),
        "function word": (said or heard) in _FUNCTION_WORDS,
        "name": name,
        "foreign word": bool(_FOREIGN.search((said or heard).lower())),
    }
    return next((kind for kind, holds in rules.items() if holds), "other")


def _sharp(word: str) -> str:
    return word.lower().replace("ß", "ss")


def _undotted(word: str) -> str:
    pairs = {"ä": "a", "ö": "o", "ü": "u", "ae": "a", "oe": "o", "ue": "u"}
    return re.sub("[äöü]|ae|oe|ue", lambda match: pairs[match[0]], _sharp(word))


def _is_number(word: str) -> bool:
    lower = word.lower()
    if lower in _FUNCTION_WORDS:  # "ein" is an article more often
        return False
    return bool(_NUMBER.fullmatch(lower) and _NUMBER_STEM.search(lower))


def _same_stem(said: str, heard: str) -> bool:
    shared = 0
    while shared < min(len(said), len(heard)) and said[shared] == heard[shared]:
        shared += 1
    # An ending may share letters with the other: "en" and "em", "te" and "t".
    return any(
        said[cut:] in _ENDINGS and heard[cut:] in _ENDINGS
        for cut in range(shared, max(shared - 2, _SHORTEST_STEM - 1), -1)
    )
