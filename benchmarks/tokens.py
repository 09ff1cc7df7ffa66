"""Held-out text, parted by several tables → how evenly their tokens share what the text costs.

    python -m benchmarks.tokens --text klexikon.test.txt --text bundestag.test.txt \
        --judge 6-gram=characters.bin --judge other=fortunes_de.txt --judge LSTM=de-chars \
        --table published=models/pretrained/de-tevr --table derived=models/pretrained/de-tokens

Characters and the 256 byte pairs of `de-tokens` are always among the tables. A judge tells what
each character costs: n-grams of characters in a file .bin, a folder with a network, or n-grams of
order 4 learnt from a text .txt; one that neither chose the labels nor learnt from their text is the
fairest. Texts are normalised, one sentence a line. A cost is given in bits a token, with spaces as
tokens; variation is the standard deviation over the mean. Speed is that of parting the words of
running text on one core, those met before remembered.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.common import table
from tevr.lm.bpe import BytePairs
from tevr.lm.characters import CharacterModel, CharacterNgram
from tevr.lm.corpus import ALPHABET
from tevr.lm.token_measure import Split, Text, measure
from tevr.store import bundled
from tevr.tokens import TokenTable

ORDER = 4
"""Of a judge learnt here."""


def sentences(paths: Iterable[Path]) -> list[str]:
    """The lines of texts."""
    return [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def open_judge(path: Path) -> CharacterModel:
    """A character model in a file or folder, or learnt from a text."""
    if path.is_dir():
        from tevr.lm.char_network import NetworkModel

        return NetworkModel(path)
    if path.suffix == ".bin":
        return CharacterNgram.read(path)
    return CharacterNgram.learn(sentences([path]), ORDER, alphabet=ALPHABET)


def named(text: str) -> tuple[str, Path]:
    """``NAME=PATH``."""
    name, _, path = text.partition("=")
    return name, Path(path)


def rows(judge: str, text: Text, splits: dict[str, Split]) -> Iterable[Sequence[object]]:
    """One row a table."""
    for name, split in splits.items():
        found = measure(text, split)
        yield (
            judge,
            name,
            f"{found.moments.variance:.2f}",
            f"{found.moments.mean:.2f}",
            f"{found.moments.variation:.3f}",
            f"{found.per_word:.2f}",
            f"{found.per_second():.1f}",
        )


def words_a_minute(words: Sequence[str], path: Path) -> float:
    """How many words a freshly opened table parts in a minute."""
    fresh = TokenTable.load(path)
    begin = time.perf_counter()
    for word in words:
        fresh.split(word)
    return 60 * len(words) / (time.perf_counter() - begin)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", type=Path, action="append", required=True)
    parser.add_argument("--judge", type=named, action="append", required=True)
    parser.add_argument("--table", type=named, action="append", required=True)
    options = parser.parse_args()

    files = {name: path / "tokens.json" for name, path in options.table}
    splits: dict[str, Split] = {
        "characters": list,
        "BPE 256": BytePairs.read(bundled("de-tokens") / "bpe.json").split,
        **{name: TokenTable.load(path).split for name, path in files.items()},
    }
    read = sentences(options.text)
    lines = [
        row
        for judge, path in options.judge
        for row in rows(judge, Text.read(read, open_judge(path)), splits)
    ]
    head = ("judge", "tokens", "variance", "mean", "variation", "tokens/word", "tokens/s")
    table(head, lines)
    print()
    words = [word for sentence in read for word in sentence.split()]
    different = sorted(set(words))
    speeds = [
        (name, *(f"{words_a_minute(part, path) / 1e6:.1f}" for part in (words, different)))
        for name, path in files.items()
    ]
    table(("tokens", "million words/min", "of them all different"), speeds)


if __name__ == "__main__":
    main()
