"""German text → lm.bin and unigrams.txt, the language model of the bundled model `de-small`.

    python models/recipes/de_small_lm.py --work DIR --out models/pretrained/de-small \
        --word-list wordfreq_de.tsv.xz --held-out manifest.tsv... -- TEXT...

Texts are UTF-8, plain or xz, one sentence a line or running text.
"""

from __future__ import annotations

import argparse
import lzma
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from tevr.lm.corpus import clean, normalise
from tevr.lm.kneser_ney import EstimateOptions, estimate
from tevr.lm.ngram import LanguageModel
from tevr.lm.pruning import prune
from tevr.lm.token_ids import Vocabulary
from tevr.lm.trie import write_trie

TEST_EVERY = 200
"""Every so many sentences of a text one is kept for measuring, `TEST_MOST` at most."""
TEST_MOST = 5000
CHUNK = 20_000
"""Lines a worker process cleans at a time."""
MOST_BYTES = 15_000_000
"""What lm.bin and unigrams.txt may take together."""
UNKNOWN_PROBABILITY = 1e-6
"""What `<unk>` gets: about as much as the rarest words, whatever the vocabulary's size."""


@dataclass(frozen=True)
class Size:
    """What decides how large the model becomes; the defaults are those of `de-small`."""

    order: int = 3
    """Length of the longest n-grams."""
    words: int = 200_000
    """Size of the vocabulary; unknown words cost the decoder more than missing trigrams."""
    threshold: float = 9e-8
    """n-grams whose loss costs less entropy than this, in nats, are pruned."""
    bits: int = 6
    """Bits of a stored log-probability."""
    back_off_bits: int = 5
    """Bits of a stored back-off weight."""


def open_text(path: Path) -> TextIO:
    """Open a plain or xz-compressed UTF-8 text for reading."""
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def clean_lines(lines: list[str]) -> list[str]:
    """Return the normalised sentences of some lines."""
    return [sentence for line in lines for sentence in clean(line)]


def cleaned(path: Path, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Yield the normalised sentences of a text in their order."""
    with open_text(path) as file:
        chunks = iter(lambda: list(islice(file, CHUNK)), [])
        for sentences in pool.map(clean_lines, chunks):
            yield from sentences


def held_out_sentences(paths: Iterable[Path]) -> set[str]:
    """Read sentences that must not be learnt: the column `text` of tables, or every line."""
    found: set[str] = set()
    for path in paths:
        with open_text(path) as file:
            rows = [line.rstrip("\n").split("\t") for line in file]
        column = rows[0].index("text") if rows and "text" in rows[0] else None
        texts = [row[0] for row in rows] if column is None else [row[column] for row in rows[1:]]
        found.update(normalise(text) for text in texts)
    return found


def split_text(path: Path, work: Path, held_out: set[str], pool: ProcessPoolExecutor) -> Path:
    """Clean one text into `NAME.txt` and `NAME.test.txt` below the work folder; return the first.

    A sentence set aside for measuring is left out wherever the same text repeats it.
    """
    name = path.name.split(".")[0]
    kept: list[str] = []
    test: list[str] = []
    dropped = 0
    for index, line in enumerate(cleaned(path, pool)):
        if line in held_out:
            dropped += 1
        elif index % TEST_EVERY == 0 and len(test) < TEST_MOST:
            test.append(line)
        else:
            kept.append(line)
    apart = set(test)
    train = [line for line in kept if line not in apart]
    target = work / f"{name}.txt"
    target.write_text("\n".join(train) + "\n", encoding="utf-8")
    (work / f"{name}.test.txt").write_text("\n".join(test) + "\n", encoding="utf-8")
    words = sum(line.count(" ") + 1 for line in train)
    print(
        f"{name}: {len(train)} sentences with {words} words kept, {dropped} held out, "
        f"{len(test)} set aside for measuring, {len(kept) - len(train)} like these dropped"
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


def choose_words(texts: list[Path], frequencies: dict[str, float], most: int) -> list[str]:
    """Return the vocabulary, most frequent word first; the word list weighs as much as the texts.

    The list knows everyday words that encyclopaedias and speeches lack.
    """
    counts: Counter[str] = Counter()
    for line in lines_of(texts):
        counts.update(line.split())
    total, listed = sum(counts.values()), sum(frequencies.values()) or 1.0
    score = {word: times / total for word, times in counts.items()}
    for word, frequency in frequencies.items():
        score[word] = score.get(word, 0.0) + frequency / listed
    print(f"{total} words of text, {len(counts)} different ones")
    return sorted(score, key=lambda word: (-score[word], word))[:most]


def build(arguments: argparse.Namespace, size: Size, texts: list[Path]) -> None:
    """Estimate the model from cleaned texts and write its two files into the target folder."""
    frequencies = word_frequencies(arguments.word_list)
    words = choose_words(texts, frequencies, size.words)
    options = EstimateOptions(
        size.order, Vocabulary(words), frequencies=frequencies, unknown=UNKNOWN_PROBABILITY
    )
    found = estimate(lines_of(texts), options, arguments.work)
    model = prune(found.model, size.threshold, found.counts)
    print(f"n-grams by length: {model.sizes}")
    binary: Path = arguments.out / "lm.bin"
    # The words themselves stay out of the binary: unigrams.txt has them.
    write_trie(model, binary, bits=size.bits, back_off_bits=size.back_off_bits, words=False)
    unigrams: Path = arguments.out / "unigrams.txt"
    unigrams.write_text("\n".join(words) + "\n", encoding="utf-8")
    taken = binary.stat().st_size + unigrams.stat().st_size
    print(f"lm.bin and unigrams.txt: {taken} bytes")
    if taken > MOST_BYTES:
        raise SystemExit(f"More than {MOST_BYTES} bytes. Raise --threshold or lower --words.")


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
    parser.add_argument("--work", type=Path, required=True, help="folder for cleaned texts")
    parser.add_argument("--out", type=Path, required=True, help="folder for the two files")
    parser.add_argument("--word-list", type=Path, help="words and frequencies, tab-separated")
    parser.add_argument("--held-out", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--words", type=int, default=Size.words)
    parser.add_argument("--threshold", type=float, default=Size.threshold)
    parser.add_argument("--bits", type=int, nargs=2, default=[Size.bits, Size.back_off_bits])
    return parser.parse_args()


def main() -> None:
    """Run the recipe from texts to measured model."""
    arguments = read_arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    held_out = held_out_sentences(arguments.held_out)
    with ProcessPoolExecutor(max_workers=2) as pool:
        texts = [split_text(path, arguments.work, held_out, pool) for path in arguments.texts]
    bits, back_off_bits = arguments.bits
    build(arguments, Size(3, arguments.words, arguments.threshold, bits, back_off_bits), texts)
    tests = {path.stem: list(lines_of([path.with_suffix(".test.txt")])) for path in texts}
    tests |= {path.parent.name: sorted(held_out_sentences([path])) for path in arguments.held_out}
    measure(arguments.out / "lm.bin", tests)


if __name__ == "__main__":
    main()
