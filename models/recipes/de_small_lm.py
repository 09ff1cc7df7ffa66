"""German text → lm.bin, unigrams.txt and lexicon.bin, the language model of the model `de-small`.

    python models/recipes/de_small_lm.py --work DIR --out models/pretrained/de-small \
        --word-list wordfreq_de.tsv.xz --held-out manifest.tsv --everyday tatoeba_deu.txt.xz \
        -- klexikon.txt.xz wikipedia_klexikon.txt.xz bundestag_wp19_wp20.txt.xz

Texts are UTF-8, plain or xz, one sentence a line or running text. Cleaned texts stay in the work
folder, so that another size takes no second cleaning.
"""

from __future__ import annotations

import argparse
import lzma
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tevr.lm.cleaning import Deduplicated, clean_all
from tevr.lm.compounds import learn
from tevr.lm.corpus import clean
from tevr.lm.held_out import HeldOut, read_held_out
from tevr.lm.kneser_ney import EstimateOptions, estimate
from tevr.lm.lexicon import encode, write_lexicon
from tevr.lm.ngram import LanguageModel
from tevr.lm.pruning import prune_to
from tevr.lm.token_ids import Vocabulary
from tevr.lm.trie import trie_bytes, write_trie

TEST_MOST = 5000
"""Sentences of a text kept for measuring, at most, evenly spread; at most every tenth."""
TEST_LEAST_STEP = 10
TIMES = 3
"""How often a text of everyday language counts: encyclopaedias and speeches are so much longer."""
UNKNOWN_PROBABILITY = 1e-6
"""What `<unk>` gets: about as much as the rarest words, whatever the vocabulary's size."""
FILES = ("lm.bin", "unigrams.txt", "lexicon.bin")


@dataclass(frozen=True)
class Size:
    """What decides how large the model becomes; the defaults are those of `de-small`."""

    order: int = 3
    """Length of the longest n-grams."""
    words: int = 200_000
    """Size of the vocabulary."""
    bytes: int = 40_500_000
    """Of the three files together."""
    bits: int = 5
    """Bits of a stored log-probability."""
    back_off_bits: int = 4
    """Bits of a stored back-off weight."""


def open_text(path: Path) -> TextIO:
    """Open a plain or xz-compressed UTF-8 text for reading."""
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def split_text(path: Path, work: Path, held_out: HeldOut) -> Path:
    """Clean one text into `NAME.txt` and `NAME.test.txt` below the work folder; return the first.

    A sentence set aside for measuring is left out wherever the same text repeats it.
    """
    name = path.name.split(".")[0]
    target, test_target = work / f"{name}.txt", work / f"{name}.test.txt"
    if target.exists():
        return target
    before = held_out.exact, held_out.near
    with open_text(path) as file:
        different = Deduplicated(held_out.without(clean_all(file)))
        lines = list(different)
    step = max(len(lines) // TEST_MOST, TEST_LEAST_STEP)
    test = lines[::step][:TEST_MOST]
    apart = set(test)
    train = [line for line in lines if line not in apart]
    test_target.write_text("\n".join(test) + "\n", encoding="utf-8")
    target.write_text("\n".join(train) + "\n", encoding="utf-8")
    words = sum(line.count(" ") + 1 for line in train)
    exact, near = held_out.exact - before[0], held_out.near - before[1]
    print(
        f"{name}: {len(train)} sentences with {words} words kept; {different.dropped} repeated, "
        f"{exact} held out and {near} nearly so dropped; {len(test)} set aside for measuring"
    )
    return target


def lines_of(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the lines of cleaned texts, one text after the other."""
    for path in paths:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield line.rstrip("\n")


def word_frequencies(path: Path | None) -> dict[str, float]:
    """Read a table of words and relative frequencies, spelt as the normaliser spells."""
    frequencies: dict[str, float] = {}
    if path is None:
        return frequencies
    with open_text(path) as file:
        for line in file:
            word, _, frequency = line.rstrip("\n").partition("\t")
            if word.isalpha() and (spelt := " ".join(clean(word))) and " " not in spelt:
                frequencies[spelt] = frequencies.get(spelt, 0.0) + float(frequency)
    return frequencies


def choose_words(counts: Counter[str], frequencies: dict[str, float], most: int) -> list[str]:
    """Return the vocabulary, most frequent word first; the word list weighs as much as the texts.

    The list knows everyday words that encyclopaedias and speeches lack.
    """
    total, listed = sum(counts.values()), sum(frequencies.values()) or 1.0
    score = {word: times / total for word, times in counts.items()}
    for word, frequency in frequencies.items():
        score[word] = score.get(word, 0.0) + frequency / listed
    print(f"{total} words of text, {len(counts)} different ones")
    return sorted(score, key=lambda word: (-score[word], word))[:most]


def build(texts: list[Path], word_list: Path | None, work: Path, out: Path, size: Size) -> None:
    """Estimate the model from cleaned texts and write its files into the target folder."""
    counts = Counter(word for line in lines_of(texts) for word in line.split())
    frequencies = word_frequencies(word_list)
    words = choose_words(counts, frequencies, size.words)
    options = EstimateOptions(
        size.order, Vocabulary(words), frequencies=frequencies, unknown=UNKNOWN_PROBABILITY
    )
    found = estimate(lines_of(texts), options, work)
    log10 = dict(zip(found.model.words, found.model.levels[0].log10.tolist(), strict=True))
    scores = {word: log10[word] for word in words}
    lexicon = encode(words, list(scores.values()), learn(counts, scores))
    unigrams = ("\n".join(words) + "\n").encode()
    room = size.bytes - len(lexicon) - len(unigrams)
    bits, back_off_bits = size.bits, size.back_off_bits

    def fits(sizes: list[int]) -> bool:
        return trie_bytes([*sizes, 0][: max(2, len(sizes))], 0, bits, back_off_bits) <= room

    model, threshold = prune_to(found.model, fits, found.counts)
    print(f"n-grams by length: {model.sizes} of {found.model.sizes}, threshold {threshold:.2g}")
    # The words themselves stay out of the binary: unigrams.txt has them.
    write_trie(model, out / "lm.bin", bits=bits, back_off_bits=back_off_bits, words=False)
    (out / "unigrams.txt").write_bytes(unigrams)
    write_lexicon(lexicon, out / "lexicon.bin")
    for name in FILES:
        print(f"{name}: {(out / name).stat().st_size} bytes")


def measure(binary: Path, tests: dict[str, list[str]]) -> None:
    """Print perplexity and unknown words of the finished model for each text."""
    model = LanguageModel(binary)
    print("| text | sentences | perplexity | of known words | unknown words |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, sentences in tests.items():
        found = model.perplexity(sentences)
        figures = f"{found.with_unknown:.0f} | {found.known_only:.0f}"
        print(f"| {name} | {len(sentences)} | {figures} | {100 * found.unknown_rate:.2f} % |")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("texts", nargs="+", type=Path, metavar="TEXT")
    parser.add_argument("--everyday", type=Path, action="append", default=[], metavar="TEXT")
    parser.add_argument("--times", type=int, default=TIMES, help="how often everyday texts count")
    parser.add_argument("--work", type=Path, required=True, help="folder for cleaned texts")
    parser.add_argument("--out", type=Path, required=True, help="folder for the three files")
    parser.add_argument("--word-list", type=Path, help="words and frequencies, tab-separated")
    parser.add_argument("--held-out", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--order", type=int, default=Size.order)
    parser.add_argument("--words", type=int, default=Size.words)
    parser.add_argument("--bytes", type=int, default=Size.bytes)
    parser.add_argument("--bits", type=int, nargs=2, default=[Size.bits, Size.back_off_bits])
    return parser.parse_args()


def main() -> None:
    """Run the recipe from texts to measured model."""
    arguments = read_arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    held_out = HeldOut(read_held_out(arguments.held_out))
    everyday = [split_text(path, arguments.work, held_out) for path in arguments.everyday]
    others = [split_text(path, arguments.work, held_out) for path in arguments.texts]
    size = Size(arguments.order, arguments.words, arguments.bytes, *arguments.bits)
    build(
        [*everyday * arguments.times, *others],
        arguments.word_list,
        arguments.work,
        arguments.out,
        size,
    )
    tests = {
        path.stem: list(lines_of([path.with_suffix(".test.txt")])) for path in [*everyday, *others]
    }
    tests |= {path.parent.name: read_held_out([path]) for path in arguments.held_out}
    measure(arguments.out / "lm.bin", tests)


if __name__ == "__main__":
    main()
