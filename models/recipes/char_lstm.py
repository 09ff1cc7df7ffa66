"""Cleaned German sentences → `models/pretrained/de-chars`, the character model.

    python models/recipes/de_small_lm.py --work DIR …   # leaves NAME.txt and NAME.test.txt in DIR
    python models/recipes/char_lstm.py --work RUN --out models/pretrained/de-chars --narrow DIR

Run again, it goes on after the last checkpoint in RUN. `--export-only` writes the model as the
last checkpoint has it. `RUN/log.jsonl` tells how far it is.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import torch

from tevr.lm.char_batches import LONGEST
from tevr.lm.char_export import export
from tevr.lm.char_lstm import (
    NetworkOptions,
    TrainingOptions,
    bits_per_character,
    load_network,
    train,
)
from tevr.lm.char_network import NetworkModel

MEASURED = 400
"""Held-out sentences of each text to measure on during training, and in float32 at the end."""


def read_lines(paths: list[Path], most: int | None = None) -> list[str]:
    """Return the lines of texts, of each so many at most."""
    return [
        line
        for path in paths
        for line in path.read_text(encoding="utf-8").splitlines()[:most]
        if line
    ]


def measure(folder: Path, work: Path, tests: list[Path]) -> None:
    """Print the bits per character of the exported model, and of the network, for each text."""
    model, network = NetworkModel(folder, threads=torch.get_num_threads()), load_network(work)
    print("| text | sentences | characters | bits per character | before rounding |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for path in tests:
        lines = read_lines([path], MEASURED)
        characters = sum(map(len, lines))
        bits = sum(float(costs.sum()) for costs in model.costs(lines)) / characters
        exact = bits_per_character(network, [line[:LONGEST] for line in lines])
        name = path.name.removesuffix(".test.txt")
        print(f"| {name} | {len(lines)} | {characters} | {bits:.3f} | {exact:.3f} |")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("texts", type=Path, metavar="DIR", help="folder of cleaned texts")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoint and log")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--export-only", action="store_true")
    parser.add_argument("--narrow", action="store_true", help="matrix products in bfloat16")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--layers", type=int, default=NetworkOptions.layers)
    parser.add_argument("--recurrent-dropout", type=float, default=0.0)
    parser.add_argument("--forward-dropout", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Train, export, measure."""
    arguments = read_arguments()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("tevr").setLevel(logging.INFO)
    torch.set_num_threads(arguments.threads)
    tests = sorted(arguments.texts.glob("*.test.txt"))
    texts = sorted(set(arguments.texts.glob("*.txt")) - set(tests))
    if not arguments.export_only:
        network = NetworkOptions(
            units=arguments.units,
            layers=arguments.layers,
            recurrent_dropout=arguments.recurrent_dropout,
            forward_dropout=arguments.forward_dropout,
        )
        options = TrainingOptions(steps=arguments.steps, narrow=arguments.narrow)
        held_out = read_lines(tests, MEASURED)
        train(read_lines(texts), held_out, arguments.work, network, options)
    export(load_network(arguments.work), arguments.out)
    measure(arguments.out, arguments.work, tests)


if __name__ == "__main__":
    main()
