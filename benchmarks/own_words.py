"""A folder of texts about one field → its words in recordings, with and without a model of it.

    python -m benchmarks.own_words --text bundestag.txt --topic arzneimittel --topic krankenh \
        --work DIR

Passages of a long text (one sentence a line) that speak of a topic make a folder of 200 texts, as
a user of that field has. Some of their sentences are left out of it, those with words that the
bundled vocabulary lacks, and spoken by SVOX Pico (package py-nanotts). Then

    tevr lm build DIR/texts -o DIR/lm --mix de-small --held-out DIR/spoken.txt

makes a model, and the recordings are read with the bundled model and with this one.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.common import count_errors, table
from benchmarks.compounds import Sentence, open_text, speak
from tevr import Options, Recognizer, load
from tevr.lm.corpus import normalise
from tevr.recognizer import make_decoder
from tevr.store import DEFAULT_MODEL, find
from tevr.tokens import TokenTable
from tevr.training.synthesisers import PICO_TEXT

PASSAGE = 12
"""Lines of a text."""
TEXTS = 200
SPOKEN = 100
"""Sentences that are spoken, at most."""
WORDS = range(6, 21)
"""Words of a spoken sentence."""


@dataclass(frozen=True)
class Field:
    """The texts of a field.

    Attributes:
        texts: their sentences as written, those that are spoken left out.
        spoken: sentences with a word of the field that the bundled vocabulary lacks.
    """

    texts: list[list[str]]
    spoken: list[Sentence]


def passages(path: Path, topic: re.Pattern[str]) -> Iterator[list[str]]:
    """Successive lines of a text that speak of a topic more than once."""
    lines = open_text(path)
    while passage := [line.strip() for line in islice(lines, PASSAGE)]:
        if len(topic.findall(" ".join(passage))) > 1:
            yield passage


def choose(path: Path, topic: re.Pattern[str], known: set[str]) -> Field:
    """Choose texts, and sentences with a new word that stands elsewhere in the texts too."""
    texts = list(islice(passages(path, topic), TEXTS))
    counts = Counter(word for text in texts for line in text for word in normalise(line).split())
    spoken: dict[str, Sentence] = {}
    for text in texts:
        for line in list(text):
            words = tuple(normalise(line).split())
            new = [word for word in words if word not in known]
            fresh = [word for word in new if counts[word] > 1 and word not in spoken]
            fits = len(words) in WORDS and PICO_TEXT.fullmatch(" ".join(words))
            if fresh and len(spoken) < SPOKEN and fits:
                spoken[fresh[0]] = Sentence(words, fresh[0])
                counts.subtract(words)
                text.remove(line)
    return Field(texts, list(spoken.values()))


def build(field: Field, work: Path) -> Path:
    """Write the folder of texts and make a language model of it, as a user does."""
    folder = work / "texts"
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(field.texts):
        (folder / f"{number:03}.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
    held_out = work / "spoken.txt"
    spoken = (" ".join(sentence.words) for sentence in field.spoken)
    held_out.write_text("\n".join(spoken) + "\n", encoding="utf-8")
    command = [sys.executable, "-c", "from tevr.cli.main import main; main()", "lm", "build"]
    command += [str(folder), "-o", str(work / "lm"), "--mix", DEFAULT_MODEL, "--force"]
    subprocess.run([*command, "--held-out", str(held_out)], check=True)
    return work / "lm"


def compare(field: Field, language_model: Path, recognizer: Recognizer) -> None:
    """Print how many of the field's words come out, and word errors, for both models."""
    files = find(DEFAULT_MODEL)
    tokens = TokenTable.load(files.folder / files.tokens)
    heard = list(speak(field.spoken, recognizer))
    references = [" ".join(sentence.words) for sentence in field.spoken]
    rows: list[Sequence[object]] = []
    found: list[set[str]] = []
    for name, options in (
        ("bundled", Options()),
        ("with own texts", Options(language_model=language_model)),
    ):
        decoder = make_decoder(tokens, options, files)
        texts = [" ".join(decoder.decode(span).text for span in spans) for spans in heard]
        pairs = zip(field.spoken, texts, strict=True)
        right = {each.compound for each, text in pairs if each.compound in text.split()}
        errors = count_errors(references, texts)
        rows.append((name, len(references), len(right), *errors.cells()))
        found.append(right)
    table(("language model", "words of the field", "right", "WER %", "CER %"), rows)
    won = sorted(found[1] - found[0])
    print(f"\nRight with own texts alone: {', '.join(won)}")


def main() -> None:
    """Play the story through."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--topic", action="append", required=True, help="beginning of a word")
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    files = find(DEFAULT_MODEL)
    language_model = files.language_model_files
    if language_model is None:
        raise SystemExit(f"{DEFAULT_MODEL} has no language model.")
    known = set(language_model.unigrams.read_text(encoding="utf-8").split())
    topic = re.compile("|".join(map(re.escape, arguments.topic)), re.IGNORECASE)
    field = choose(arguments.text, topic, known)
    print(f"{len(field.texts)} texts, {len(field.spoken)} sentences spoken")
    compare(field, build(field, arguments.work), load())


if __name__ == "__main__":
    main()
