"""Held-out sentences → how often their capitals, marks and ß come back, and how long that takes.

    python -m benchmarks.readable WORK/wikipedia_klexikon.test.txt WORK/tatoeba_deu.test.txt \
        WORK/bundestag_wp19_wp20.test.txt --learnt WORK/*.train.txt

WORK is the folder of `models/recipes/de_readable.py`; its `.test.txt` files hold sentences that
nothing was learnt from, in blocks of neighbours. They are read out by the corpus normaliser: lower
case, ss, no marks, numbers in words. Each is written by itself ("alone"), and all of a block in a
row, without a sign of where one ends ("in a row"). A case is right if all letters of a word have
it; ß is asked of words with ss or ß. Marks are compared word by word, F1 = 2 right / (set + due).

Sentences as they were, with capitals and marks, are written once more: what is kept of them is told
by the letters that differ.

Baselines that see no context, learnt from `--learnt`: each word in its most frequent case and
spelling, capitals at the start, a full stop at the end; and, with "next word", a comma before words
that mostly have one before them.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import table
from tevr.readable.hints import part_mark
from tevr.readable.labeller import LabelFiles
from tevr.readable.labels import CAPITAL, LOWER, UPPER, fold, in_case
from tevr.readable.lexicon import CAPITAL_ODDS, UPPER_ODDS, Lexicon
from tevr.readable.text_writer import rewrite
from tevr.readable.writer import ReadableOptions, ReadableWriter, open_files
from tevr.scoring.alignment import count
from tevr.training.readable_text import Labelled, label, parse
from tevr.transcript import Word

OPTIONS = ReadableOptions(numbers=False, timed=False)
SHOWN = (".", ",", "?", "!", ":", ";", "–")
KEPT = 1000
"""Sentences of each text that are written once more as they are."""
Writer = Callable[[list[str]], list[str]]
"""Words as they are said → the same words as they are written, marks attached."""


@dataclass
class Counts:
    """What was right, counted over words."""

    words: int = 0
    cases: int = 0
    with_ss: int = 0
    sharp: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def add(self, reference: Sequence[Labelled], written: Sequence[str]) -> None:
        """Count the words of a text."""
        for (right, due), text in zip(reference, written, strict=True):
            word, mark = part_mark(text)
            mark = mark.strip()
            self.words += 1
            self.cases += word.replace("ß", "ss") == right.replace("ß", "ss")
            if "ss" in fold(right):
                self.with_ss += 1
                self.sharp += word.lower() == right.lower()
            self.due[due] += 1
            self.found[mark] += 1
            self.hits[due] += mark == due

    def cells(self) -> list[str]:
        """Return case and ß in per cent, and F1 of the marks."""
        scores = [2 * self.hits[mark] / max(1, self.due[mark] + self.found[mark]) for mark in SHOWN]
        shares = (100 * self.cases / self.words, 100 * self.sharp / max(1, self.with_ss))
        return [*(f"{share:.2f}" for share in shares), *(f"{score:.3f}" for score in scores)]


class Frequent:
    """Writes words by what is most frequent for each alone."""

    def __init__(self, lexicon: Lexicon, commas: frozenset[str] = frozenset()) -> None:
        self._lexicon, self._commas = lexicon, commas

    def __call__(self, words: list[str]) -> list[str]:
        """Return words as they are written."""
        written = [self._written(word) for word in words]
        written[0] = written[0][:1].upper() + written[0][1:]
        marks = ["," if word in self._commas else "" for word in words[1:]] + ["."]
        return [word + mark for word, mark in zip(written, marks, strict=True)]

    def _written(self, word: str) -> str:
        lexicon = self._lexicon
        spelt, odds = lexicon.spelt_sharp(word)
        spelt = spelt if odds > 0 else word
        if word not in lexicon.ranks:
            return spelt
        row = lexicon.row(word)
        if word in lexicon.listed and row.argmax() not in (CAPITAL_ODDS, UPPER_ODDS):
            return spelt
        upper = row[UPPER_ODDS] > 0
        case = UPPER if upper else CAPITAL if row[CAPITAL_ODDS] > 0 else LOWER
        return in_case(spelt, case)


def comma_words(paths: Iterable[Path]) -> frozenset[str]:
    """Words before which a comma stands more often than not."""
    commas: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                words = parse(line)
                for before, word in itertools.pairwise(words):
                    key = fold(word.written)
                    counts[key] += 1
                    commas[key] += before.mark == ","
    return frozenset(word for word, count in commas.items() if 2 * count > counts[word])


def network(files: LabelFiles) -> Writer:
    """The model."""

    def write(words: list[str]) -> list[str]:
        writer = ReadableWriter(files, OPTIONS)
        spoken = [Word(word, 0, 0, 1) for word in words]
        return [word.text for word in [*writer.push(spoken), *writer.finish()]]

    return write


def read(path: Path) -> list[list[list[Labelled]]]:
    """The labelled sentences of a file in their blocks."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    return [[label(line) for line in block.splitlines() if line] for block in blocks if block]


def counted(texts: Iterable[Sequence[Labelled]], write: Writer) -> Counts:
    """What a writer makes of texts."""
    counts = Counts()
    for text in texts:
        counts.add(text, write([fold(word.written) for word in text]))
    return counts


def texts_of(blocks: list[list[list[Labelled]]], *, alone: bool) -> Iterator[list[Labelled]]:
    """Sentences by themselves, or those of a block in a row."""
    for block in blocks:
        if alone:
            yield from block
        else:
            yield [word for sentence in block for word in sentence]


def speed(files: LabelFiles, words: list[str]) -> Iterator[tuple[str, str]]:
    """Rows that tell what a word and an event cost."""
    spoken = [Word(word, place / 3, place / 3 + 0.3, 1) for place, word in enumerate(words)]
    begin = time.perf_counter()
    writer = ReadableWriter(open_files(), OPTIONS)
    yield "open the model, s", f"{time.perf_counter() - begin:.3f}"
    begin = time.perf_counter()
    writer = ReadableWriter(files, OPTIONS)
    writer.push(spoken)
    writer.finish()
    yield "ms a word, whole text", f"{1000 * (time.perf_counter() - begin) / len(words):.3f}"
    for size, name in ((1, "word by word"), (10, "final events of 10 words that close")):
        writer, passed = ReadableWriter(files, OPTIONS), []
        for place in range(0, min(len(spoken), 300 * size), size):
            begin = time.perf_counter()
            writer.push(spoken[place : place + size], closes=size > 1)
            passed.append(1000 * (time.perf_counter() - begin))
        passed.sort()
        middle, most = passed[len(passed) // 2], passed[int(0.99 * len(passed))]
        yield f"ms an event, {name}: median, 99 %", f"{middle:.2f}, {most:.2f}"


def kept(path: Path, files: LabelFiles, lines: int) -> tuple[str, str, str]:
    """A row that tells how much of readable German stays as it is."""
    text = [line for line in path.read_text(encoding="utf-8").splitlines() if line][:lines]
    done = rewrite("\n".join(text), files, each_line=True).splitlines()
    tidy = [" ".join(line.split()) for line in text]
    pairs = [(list(before), list(after)) for before, after in zip(tidy, done, strict=True)]
    counts = count(pairs)
    wrong = int(counts[:, 1:].sum())
    letters = sum(map(len, tidy))
    same = sum(before == after for before, after in zip(tidy, done, strict=True))
    shares = (100 * (1 - wrong / letters), 100 * same / len(tidy))
    return path.name.partition(".")[0], *(f"{share:.2f}" for share in shares)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--learnt", nargs="*", type=Path, default=[])
    parser.add_argument("--model", type=Path, help="folder of a model in place of the bundled one")
    parser.add_argument("--blocks", type=int, help="only the first of each text")
    arguments = parser.parse_args()

    files = open_files(arguments.model)
    writers: dict[str, Writer] = {"de-readable": network(files)}
    if arguments.learnt:
        writers["frequency"] = Frequent(files.lexicon)
        writers["frequency, next word"] = Frequent(files.lexicon, comma_words(arguments.learnt))
    rows, words = [], []
    for path in arguments.texts:
        blocks = read(path)[: arguments.blocks]
        words += [fold(word.written) for text in texts_of(blocks, alone=False) for word in text]
        for alone in (True, False):
            texts = list(texts_of(blocks, alone=alone))
            for name, write in writers.items():
                counts = counted(texts, write)
                how = "alone" if alone else "in a row"
                title = path.name.partition(".")[0]
                rows.append((title, how, name, counts.words, *counts.cells()))
    table(["text", "sentences", "system", "words", "case %", "ß %", *SHOWN], rows)
    print()
    rows_kept = [kept(path, files, KEPT) for path in arguments.texts]
    table(["readable text", "characters kept %", "sentences kept %"], rows_kept)
    print()
    table(["what", "time"], speed(files, words[:20000]))


if __name__ == "__main__":
    main()
