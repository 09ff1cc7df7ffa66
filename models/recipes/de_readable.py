"""German text → the model of `de-readable`, which writes capitals, marks and ß.

    python models/recipes/de_readable.py --work WORK --out models/pretrained/de-readable \
        --without sentences.txt \
        tatoeba_deu.txt klexikon.txt bundestag_wp19_wp20.txt wikipedia_klexikon.txt

Texts are cased and punctuated, one sentence a line. Run again after a break, it goes on after what
is done. WORK keeps the sentences to learn from and those held out (`NAME.test.txt`), which are the
same whenever and wherever the same texts are taken; `python -m benchmarks.readable` measures on
them.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from tevr.lm.corpus import normalise
from tevr.lm.held_out import HeldOut
from tevr.readable.features import WordFeatures
from tevr.readable.labeller import LabelFiles
from tevr.readable.labels import MARKS
from tevr.readable.lexicon import Lexicon
from tevr.training.readable_calibration import offsets
from tevr.training.readable_data import (
    Batch,
    DataOptions,
    Encoder,
    batches,
    load,
    save,
    shuffled,
)
from tevr.training.readable_export import write
from tevr.training.readable_lexicon import WordCounts
from tevr.training.readable_loop import LearningOptions, learn, steps_done
from tevr.training.readable_network import LabelNetwork
from tevr.training.readable_preparation import TEST, TRAIN, open_text, prepare
from tevr.training.readable_text import label, parse

SEED = 20
TIMES = {"tatoeba_deu": 3, "klexikon": 2}
"""How often an epoch has the sentences of texts that are small for how usual their German is."""
SHUFFLED = {"tatoeba_deu"}
"""Texts whose sentences do not follow from one another."""
CALIBRATION = "klexikon"
"""The text whose held-out sentences tell how easily marks are set; nothing is reported on it."""
WORDS = 8_000_000
"""At most, of each text."""


def main() -> None:
    """Clean, count, learn and export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", type=Path, help="sentences that must not be learnt")
    parser.add_argument("--steps", type=int, default=LearningOptions.steps)
    parser.add_argument("--words", type=int, default=WORDS, help="of each text, at most")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)

    options.work.mkdir(parents=True, exist_ok=True)
    _prepare(options.texts, options.work, options.without, options.words)
    paths = [options.work / f"{path.name.partition('.')[0]}{TRAIN}" for path in options.texts]
    lexicon = _lexicon(paths, options.work / "lexicon")
    drawn = _batches(paths, lexicon, options.work / "encoded.npz", SEED + steps_done(options.work))
    torch.manual_seed(SEED)
    network = LabelNetwork()
    learn(network, drawn, LearningOptions(steps=options.steps), options.work)
    options.out.mkdir(parents=True, exist_ok=True)
    write(network, lexicon, options.out)
    _calibrate(network, lexicon, options.work / f"{CALIBRATION}{TEST}", options.out)


def _calibrate(network: LabelNetwork, lexicon: Lexicon, path: Path, out: Path) -> None:
    """Add to the scores of marks what raises F1 on a text, by itself and in a row."""
    if not path.exists():
        return
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    sentences = [[label(line) for line in block.splitlines() if line] for block in blocks]
    rows = [[word for sentence in block for word in sentence] for block in sentences]
    alone = [sentence for block in sentences for sentence in block]
    found = offsets(LabelFiles(out), [text for text in [*alone, *rows] if text])
    print("offsets of marks:", dict(zip(MARKS, found.tolist(), strict=True)))
    with torch.no_grad():
        network.leave.bias[: len(MARKS)] += torch.from_numpy(found)
    write(network, lexicon, out)


def _prepare(texts: list[Path], work: Path, without: Path | None, words: int) -> None:
    missing = [
        path for path in texts if not (work / f"{path.name.partition('.')[0]}{TEST}").exists()
    ]
    if missing:
        lines = without.read_text(encoding="utf-8").splitlines() if without else []
        held = HeldOut(map(normalise, lines))
        print(prepare([open_text(path) for path in texts], work, without=held, most=words))


def _lexicon(paths: list[Path], folder: Path) -> Lexicon:
    if not folder.exists():
        counts = WordCounts()
        for path in paths:
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    counts.add(parse(line))
        folder.mkdir()
        counts.lexicon().save(folder)
    return Lexicon.load(folder)


def _batches(paths: list[Path], lexicon: Lexicon, kept: Path, seed: int) -> Iterator[Batch]:
    """Read the numbers of all texts, or make and keep them: that takes minutes."""
    if not kept.exists():
        encoder = Encoder()
        found = [encoder.encode(path) for path in paths]
        save(kept, found, encoder.table(WordFeatures(lexicon)))
    encoded, table = load(kept)
    random = np.random.default_rng(SEED)
    streams = []
    for path, stream in zip(paths, encoded, strict=True):
        name = path.name.removesuffix(TRAIN)
        for _ in range(TIMES.get(name, 1)):
            streams.append(shuffled(stream, random) if name in SHUFFLED else stream)
    return batches(streams, table, DataOptions(), seed)


if __name__ == "__main__":
    main()
