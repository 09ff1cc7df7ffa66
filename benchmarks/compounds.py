"""Sentences with compounds outside the vocabulary → how many come out whole, closed and open.

    python -m benchmarks.compounds --text held-out.txt --words words.txt --clips 600 \
        --data kerstin --data fleurs-de

The sentences are text that the language model has not learnt from, one a line; a word counts as a
compound if it is outside the vocabulary and a list of German words (as Debian's wngerman) holds the
parts it is made of, a linking element aside. They are spoken by SVOX Pico (package py-nanotts) at
three tempos and four pitches, with a little noise. `--data` are folders of real recordings, to see
what the open vocabulary costs where no compound is missing.
"""

from __future__ import annotations

import argparse
import itertools
import lzma
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import count_errors, interval, progress, read_manifest, table
from tevr import load
from tevr.audio import SAMPLE_RATE
from tevr.lm.beam import BeamDecoder, BeamSettings
from tevr.lm.compounds import is_modifier
from tevr.lm.corpus import normalise
from tevr.recognizer import Recognizer
from tevr.store import DEFAULT_MODEL, find
from tevr.tokens import TokenTable
from tevr.training.synthesisers import PICO_TEXT, PICO_VOLUME, Pico

Spans = list[NDArray[np.float32]]

SHORTEST_PART, SHORTEST_WORD = 4, 10
FEWEST, MOST = 4, 26
"""Words of a sentence."""
TEMPOS = (0.9, 1.0, 1.1)
PITCHES = (0.85, 1.0, 1.15, 1.3)
NOISE = 0.003 * PICO_VOLUME
"""Root mean square of the noise."""


@dataclass(frozen=True)
class Sentence:
    """A sentence with one compound that the vocabulary lacks."""

    words: tuple[str, ...]
    compound: str


def open_text(path: Path) -> Iterator[str]:
    """The lines of a plain or xz-compressed text."""
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
        yield from file


def read_words(path: Path) -> set[str]:
    """The nouns of a list, as the recogniser spells them."""
    lines = (line.strip() for line in open_text(path))
    return {normalise(line) for line in lines if line[:1].isupper() and line.isalpha()}


def is_compound(word: str, nouns: set[str]) -> bool:
    """Whether a word is a noun with something before it that the list holds too."""
    return len(word) >= SHORTEST_WORD and any(
        word[at:] in nouns and is_modifier(word[:at], nouns)
        for at in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)
    )


def find_sentences(
    texts: Iterable[Path], known: set[str], nouns: set[str], most: int
) -> list[Sentence]:
    """Sentences with different compounds; all other words but one are in the vocabulary."""
    found: dict[str, Sentence] = {}
    for text in texts:
        for line in open_text(text):
            words = tuple(normalise(line).split())
            new = [word for word in words if word not in known]
            compound = next((word for word in new if is_compound(word, nouns)), None)
            short = FEWEST <= len(words) <= MOST
            if compound and len(new) <= 2 and short and PICO_TEXT.fullmatch(" ".join(words)):
                found.setdefault(compound, Sentence(words, compound))
    chosen = sorted(found.values(), key=lambda sentence: sentence.compound)
    random.Random(0).shuffle(chosen)  # noqa: S311 (no secret)
    return chosen[:most]


def speak(sentences: Sequence[Sentence], recognizer: Recognizer) -> Iterator[Spans]:
    """Synthesise each sentence; yield what the decoder is given for it."""
    voice = Pico()
    for number, sentence in enumerate(progress(sentences, "sentences")):
        tempo, pitch = TEMPOS[number % len(TEMPOS)], PITCHES[number % len(PITCHES)]
        samples = voice.say(" ".join(sentence.words), pitch=pitch, pace=tempo)  # (samples,)
        noise = np.random.default_rng(number).normal(0, NOISE, len(samples))
        yield recognizer.log_probs((samples + noise).astype(np.float32), rate=SAMPLE_RATE)


def read(decoder: BeamDecoder, heard: Iterable[Spans]) -> list[list[str]]:
    """The words of each clip."""
    return [
        [word for span in spans for word in decoder.decode(span).text.split()] for spans in heard
    ]


def compare_compounds(
    decoders: dict[str, BeamDecoder], sentences: Sequence[Sentence], heard: Sequence[Spans]
) -> None:
    """Print how many compounds come out whole, and word errors, for each decoder."""
    rows = []
    for name, decoder in decoders.items():
        texts = read(decoder, heard)
        pairs = list(zip(sentences, texts, strict=True))
        whole = sum(sentence.compound in text for sentence, text in pairs)
        torn = sum(
            sentence.compound not in text and sentence.compound in "".join(text)
            for sentence, text in pairs
        )
        glued = sum(len(glued_words(sentence.words, text)) for sentence, text in pairs)
        references = [" ".join(sentence.words) for sentence in sentences]
        errors = count_errors(references, [" ".join(text) for text in texts])
        rows.append((name, len(sentences), whole, torn, glued, *errors.cells()))
    head = ("vocabulary", "compounds", "whole", "torn apart", "others glued", "WER %", "CER %")
    table(head, rows)


def glued_words(said: Sequence[str], text: Sequence[str]) -> list[str]:
    """Words of the result that are two neighbouring words of the sentence."""
    pairs = {first + second for first, second in itertools.pairwise(said)}
    return [word for word in text if word in pairs and word not in said]


def compare_recordings(
    decoders: dict[str, BeamDecoder], folders: Sequence[Path], recognizer: Recognizer, most: int
) -> None:
    """Print word errors of real recordings for each decoder."""
    rows = []
    for folder in folders:
        clips = read_manifest(folder)[:most]
        heard = [recognizer.log_probs(clip.path) for clip in progress(clips, folder.name)]
        for name, decoder in decoders.items():
            texts = [" ".join(text) for text in read(decoder, heard)]
            errors = count_errors([clip.text for clip in clips], texts)
            rows.append((folder.name, len(clips), name, interval(errors.words)))
    if rows:
        table(("recordings", "clips", "vocabulary", "WER %"), rows)


def main() -> None:
    """Compare the bundled model with a closed and an open vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--text", type=Path, action="append", required=True)
    parser.add_argument("--words", type=Path, required=True, help="nouns with capitals, one a line")
    parser.add_argument("--clips", type=int, default=600)
    parser.add_argument("--data", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    files = find(DEFAULT_MODEL)
    language_model = files.language_model_files
    if language_model is None:
        raise SystemExit(f"{DEFAULT_MODEL} has no language model.")
    recognizer = load()
    labels = TokenTable.load(files.folder / files.tokens).decoder_labels
    settings: dict[str, BeamSettings] = {
        "closed": replace(files.decoding, compound_offset=None),
        "open": files.decoding,
    }
    decoders = {name: BeamDecoder(labels, each, language_model) for name, each in settings.items()}
    known = set(language_model.unigrams.read_text(encoding="utf-8").split())
    nouns = read_words(arguments.words)
    sentences = find_sentences(arguments.text, known, nouns, arguments.clips)
    compare_compounds(decoders, sentences, list(speak(sentences, recognizer)))
    print()
    compare_recordings(decoders, arguments.data, recognizer, arguments.clips)


if __name__ == "__main__":
    main()
