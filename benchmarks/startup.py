"""Whole processes, started over and over → seconds until `tevr` is done, beside numpy's import.

    python -m benchmarks.startup [--clip CLIP] [--tevr PATH] [--runs 15]

The commands take turns, so that whatever else the machine does meets all of them. The best run is
what the work costs; the median is what a busy machine made of it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.common import progress, table
from tevr.store import DEFAULT_MODEL

CLIP = Path(__file__).parents[1] / "tests" / "data" / "clip.wav"
NUMPY = "python -c 'import numpy'"


def commands(tevr: Path, clip: Path, model: str) -> dict[str, list[str]]:
    """Argument lists by the name each has in the table."""
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        NUMPY: [sys.executable, "-c", "import numpy"],
        "tevr --version": [str(tevr), "--version"],
        "tevr --help": [str(tevr), "--help"],
        "tevr transcribe CLIP": [str(tevr), "transcribe", str(clip), "--model", model],
    }


def seconds(command: list[str]) -> float:
    """Wall time of one process, from before its start to after its end."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    """Run all commands in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clip", type=Path, default=CLIP, help="a sound file of a few seconds")
    parser.add_argument(
        "--tevr",
        type=Path,
        default=Path(sys.executable).with_name("tevr"),
        help="the command line to start; by default the one beside this Python",
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or folder")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()

    named = commands(arguments.tevr, arguments.clip, arguments.model)
    for command in named.values():  # the first run reads files into memory and compiles modules
        seconds(command)
    times = np.array(
        [
            [seconds(command) for command in named.values()]
            for _ in progress(range(arguments.runs), "run")
        ]
    )  # (runs, commands)
    best = times.min(axis=0)
    median = np.median(times, axis=0)
    numpy_best, numpy_median = best[list(named).index(NUMPY)], median[list(named).index(NUMPY)]
    rows = [
        (name, f"{b:.3f}", f"{m:.3f}", f"{b / numpy_best:.2f}", f"{m / numpy_median:.2f}")
        for name, b, m in zip(named, best, median, strict=True)
    ]
    table(["process", "best s", "median s", "best / numpy's", "median / numpy's"], rows)


if __name__ == "__main__":
    main()
