"""Written numbers, dates, times and money → read out by the corpus normaliser → written again.

    python -m benchmarks.round_trip --generated 5000 --real 1000 wikipedia.txt bundestag.txt

The texts are running German, plain or xz-compressed; the generated cases need none. A sentence is
read out (`tevr.lm.corpus.normalise`), written again (`tevr.readable.forms`) with the usual options,
and each form in it is a case: equal if it comes back as it was written. For forms that are read
alike, and so cannot all come back, see `benchmarks.written_forms`. Generated cases are written in
the usual style and must come back letter by letter.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import lzma
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import table
from benchmarks.written_forms import MASK, MONTHS, SMALL, Case, cases_of, digits, masked
from tevr.lm.corpus import normalise, sentences
from tevr.readable.forms import write_forms
from tevr.readable.forms_options import USUAL, FormsOptions
from tevr.readable.written import text_of
from tevr.transcript import Word

EXAMPLES = 3
"""Failures shown of each kind."""
LONGEST_SENTENCE = 300  # characters
MOST_COMBINED = 4
"""Forms side by side whose styles are tried in all combinations."""

Make = Callable[[random.Random], str]


@dataclass
class Count:
    """Cases of one kind, those that came back, and some that did not."""

    cases: int = 0
    equal: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, *, equal: bool, failure: str) -> None:
        """Count one case."""
        self.cases += 1
        self.equal += equal
        if not equal:
            self.failures.append(failure)


def written_again(spoken: Sequence[str], options: FormsOptions = USUAL) -> str:
    """Spoken words, written; without times, as text has none."""
    return text_of(write_forms([Word(word, 0.0, 0.0, 1.0) for word in spoken], options))


def number(draw: random.Random) -> str:
    """A whole number, each length as likely as the next."""
    return digits(str(draw.randrange(13, 10 ** draw.randint(2, 12))))


def money(draw: random.Random) -> str:
    """Euros with cents."""
    return f"{digits(str(draw.randrange(2, 10 ** draw.randint(1, 6))))},{draw.randrange(1, 100):02}"


def date(draw: random.Random, *, year: bool) -> str:
    """A day of a month."""
    day, month = draw.randint(1, 28), draw.choice(MONTHS.split("|"))
    return f"{day}. {month}" + (f" {draw.randint(1100, 2099)}" if year else "")


GENERATED: dict[str, Make] = {
    "number": lambda draw: f"Es kamen {number(draw)} Menschen.",
    "year": lambda draw: f"Das war im Jahr {draw.randint(1000, 2099)} anders.",
    "date": lambda draw: f"Sie kam am {date(draw, year=True)} zur Welt.",
    "day": lambda draw: f"Wir sehen uns am {date(draw, year=False)} wieder.",
    "date in digits": lambda draw: (
        f"Gültig am {draw.randint(1, 28)}. {draw.randint(1, 12)}. {draw.randint(1800, 2099)} hier"
    ),
    "time": lambda draw: (
        f"Er kam um {draw.randrange(24)}:{draw.randrange(1, 60):02} Uhr nach Haus."
    ),
    "hour": lambda draw: f"Er kam um {draw.randrange(25)} Uhr nach Haus.",
    "money": lambda draw: f"Das kostet {money(draw)} € im Jahr.",
    "euros": lambda draw: f"Das kostet {digits(str(draw.randrange(1, 999_999)))} € im Jahr.",
    "millions": lambda draw: f"Das kostet {draw.randrange(2, 999)} Millionen Euro im Jahr.",
    "per cent": lambda draw: f"Es sind {draw.randrange(101)},{draw.randrange(100)} % davon.",
    "unit": lambda draw: f"Es sind {digits(str(draw.randrange(2, 20_000)))} Kilometer bis dort.",
    "decimal": lambda draw: (
        f"Der Wert liegt bei {draw.randrange(1000)},{draw.randrange(1, 1000)} dort."
    ),
    "ordinal": lambda draw: f"Das ist der {draw.randint(13, 999)}. Versuch gewesen.",
    "century": lambda draw: f"Es geschah im {draw.randint(2, 21)}. Jahrhundert dort.",
    "section": lambda draw: (
        f"So steht es in § {draw.randint(1, 999)} Abs. {draw.randint(1, 12)} heute."
    ),
    "decade": lambda draw: f"Sie lebten in den {draw.randint(110, 202)}0er Jahren dort.",
    "range": lambda draw: (
        f"Es sind {(low := draw.randint(0, 50))} bis {low + draw.randint(1, 50)} % geworden."
    ),
    "score": lambda draw: f"Es endete {draw.randint(0, 9)}:{draw.randint(0, 9)} im Pokal.",
    "page": lambda draw: f"Das steht auf Seite {draw.randint(1, 999)} geschrieben.",
    "house": lambda draw: f"Sie wohnt in der Gartenstraße {draw.randint(1, 200)} unten.",
    "telephone": lambda draw: f"Die Telefonnummer: 0{draw.randrange(10**6, 10**9)} gilt.",
    "paper": lambda draw: f"Siehe Drucksache {draw.randint(10, 21)}/{draw.randint(1, 14999)} dazu.",
    "small": lambda draw: f"Es kamen {normalise(str(draw.choice(SMALL[2:])))} Leute.",
    "ruler": lambda draw: f"So herrschte Ludwig {draw.choice(ROMAN)}. dort.",
}
ROMAN = ("II", "III", "IV", "V", "VI", "IX", "XI", "XIV", "XVI", "XVIII")
"""Numerals that the normaliser knows as a ruler's."""


def plain(text: str) -> str:
    """A written text without its last mark, lower case, ss for ß."""
    return text.rstrip(".").lower().replace("ß", "ss")


def run_generated(count: int, seed: int) -> dict[str, Count]:
    """Write and read out cases of each kind in turn."""
    draw = random.Random(seed)  # noqa: S311 - numbers to test with
    counts: dict[str, Count] = defaultdict(Count)
    for kind in itertools.islice(itertools.cycle(GENERATED), count):
        sentence = GENERATED[kind](draw)
        options = FormsOptions(roman_names=True) if kind == "ruler" else USUAL
        again = plain(written_again(normalise(sentence).split(), options))
        counts[kind].add(
            equal=again == plain(sentence).replace("telefonnummer:", "telefonnummer"),
            failure=f"{sentence} → {again}",
        )
    return counts


def open_text(path: Path) -> Iterator[str]:
    """The lines of a plain or xz-compressed text."""
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
        yield from file


@dataclass
class Texts:
    """What was found in texts, kind by kind, and what else happened to their sentences.

    Attributes:
        counts: the forms of each kind.
        unknown: sentences left aside since a digit in them belongs to no form: "MP3", "CO2".
        beside: words beside the forms.
        changed: those of them that were written otherwise.
        seconds: processor time that writing all of them took.
    """

    counts: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    unknown: int = 0
    beside: int = 0
    changed: int = 0
    seconds: float = 0.0

    def add(self, sentence: str, cases: Sequence[Case]) -> None:
        """Read a sentence out, write it again and count its forms."""
        spoken = normalise(sentence).split()
        start = time.process_time()
        again = written_again(spoken).lower().split()
        self.seconds += time.process_time() - start
        before = masked(sentence, cases)
        for case, equal in zip(cases, compare(before, cases, again), strict=True):
            failure = f"{case.match[0]} in: {sentence} → {' '.join(again)}"
            self.counts[case.kind].add(equal=equal, failure=failure)
        matcher = difflib.SequenceMatcher(None, before, again, autojunk=False)
        kept = sum(block.size for block in matcher.get_matching_blocks())
        self.beside += len(before) - len(cases)
        self.changed += len(before) - len(cases) - kept


def run_real(paths: Iterable[Path], forms: int, seed: int) -> Texts:
    """Write the forms of sentences drawn from all over the texts, until there are enough."""
    draw = random.Random(seed)  # noqa: S311 - sentences to test with
    found = [
        sentence
        for path in paths
        for line in open_text(path)
        if any(map(str.isdigit, line))
        for sentence in sentences(line)
        if any(map(str.isdigit, sentence)) and len(sentence) <= LONGEST_SENTENCE
    ]
    draw.shuffle(found)
    texts = Texts()
    for sentence in found:
        if forms <= 0:
            break
        expanded, cases = cases_of(sentence)
        texts.unknown += not cases
        if cases:
            texts.add(expanded, cases)
        forms -= len(cases)
    return texts


def compare(before: Sequence[str], cases: Sequence[Case], again: Sequence[str]) -> list[bool]:
    """Tell of each case whether it came back between the words that stand around it."""
    equal: list[bool] = []
    left = list(cases)
    matcher = difflib.SequenceMatcher(None, before, again, autojunk=False)
    for _, first, last, start, end in matcher.get_opcodes():
        inner = before[first:last]
        here, left = left[: inner.count(MASK)], left[inner.count(MASK) :]
        equal += _block(inner, here, " ".join(again[start:end]))
    return equal


def _block(inner: Sequence[str], cases: Sequence[Case], again: str) -> list[bool]:
    """Compare the forms between two words that did not change."""
    if len(cases) <= MOST_COMBINED:
        for styles in itertools.product(*(case.accepted for case in cases)):
            style = iter(styles)
            if " ".join(next(style) if word == MASK else word for word in inner) == again:
                return [True] * len(cases)
    return [any(f" {text} " in f" {again} " for text in case.accepted) for case in cases]


def report(title: str, counts: dict[str, Count]) -> None:
    """Print a table of kinds, and examples of what did not come back."""
    print(f"\n{title}\n")
    cases, equal = (
        sum(getattr(count, name) for count in counts.values()) for name in ("cases", "equal")
    )
    rows = [
        (kind, count.cases, count.equal, _share(count.equal, count.cases))
        for kind, count in counts.items()
    ]
    table(("kind", "cases", "equal", "%"), [*rows, ("all", cases, equal, _share(equal, cases))])
    print()
    for kind, count in counts.items():
        for failure in count.failures[:EXAMPLES]:
            print(f"- {kind}: {failure}")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("texts", nargs="*", type=Path, help="running German, plain or .xz")
    parser.add_argument("--generated", type=int, default=5000, help="cases to generate")
    parser.add_argument("--real", type=int, default=1000, help="forms to take from the texts")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    given = parser.parse_args()
    report("Generated", run_generated(given.generated, given.seed))
    if given.texts:
        texts = run_real(given.texts, given.real, given.seed)
        report("In texts", texts.counts)
        words = texts.beside + sum(count.cases for count in texts.counts.values())
        print(f"\n{texts.changed} of {texts.beside} words beside the forms were written otherwise.")
        print(f"{texts.unknown} sentences hold digits of no known form and were left aside.")
        print(f"{1000 * texts.seconds / max(1, words):.3f} ms of one core a word.")


if __name__ == "__main__":
    main()
