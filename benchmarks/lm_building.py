"""Normalised text → an n-gram model by tevr and by KenLM's lmplz: time, peak memory, sizes.

    python -m benchmarks.lm_building --lmplz PATH --text FILE... [--order 5] [--memory 4G]

Each program is a process of its own that reads one file and writes ARPA text; they run one after
the other. tevr's estimate is timed within that process too, since a model goes on as arrays to be
pruned and written as a binary, and ARPA text is seldom wanted. Needs disk space: for 25 million
words and order 5, 10 GB in the folder of --work.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import table

UNITS = {"": 1, "M": 10**6, "G": 10**9}
OURS = """
import sys, time
from pathlib import Path
from tevr.lm.arpa import write_arpa
from tevr.lm.kneser_ney import EstimateOptions, estimate
begin = time.perf_counter()
text, arpa, order, memory = sys.argv[1:]
options = EstimateOptions(int(order), memory=int(memory))
with open(text, encoding="utf-8") as sentences:
    found = estimate(sentences, options, Path(arpa).parent)
print(time.perf_counter() - begin)
if arpa.endswith(".arpa"):
    write_arpa(found.model, arpa)
"""


@dataclass(frozen=True)
class Run:
    """What one process took.

    Attributes:
        seconds: from its start to its end.
        peak: most memory resident at a time, in bytes.
        output: what it printed.
    """

    seconds: float
    peak: int
    output: str


def measured(command: Sequence[str], folder: Path) -> Run:
    """Run a process to its end."""
    with (folder / "output").open("w+", encoding="utf-8") as output:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed:\n{text}")
    return Run(seconds, usage.ru_maxrss * 1024, text)


def sizes(arpa: Path) -> str:
    """The number of n-grams by length that an ARPA text states."""
    with arpa.open(encoding="utf-8") as file:
        head = file.read(1000)
    return " ".join(re.findall(r"^ngram \d=(\d+)$", head, re.MULTILINE))


def number_of_bytes(text: str) -> int:
    """Read a number of bytes such as 500M or 4G."""
    found = re.fullmatch(r"([\d.]+)([MG]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no amount of memory such as 4G")
    return int(float(found[1]) * UNITS[found[2]])


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lmplz", type=Path, required=True, help="KenLM's program")
    parser.add_argument("--text", type=Path, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--memory", type=number_of_bytes, default="4G", help="such as 500M or 4G")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()))
    return parser.parse_args()


def main() -> None:
    """Run both programs on the same text and print the table."""
    arguments = read_arguments()
    order, memory = str(arguments.order), arguments.memory
    rows: list[tuple[str, float, int, str]] = []
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        folder = Path(name)
        text, arpa = folder / "text", folder / "model.arpa"
        with text.open("wb") as whole:
            for path in arguments.text:
                with path.open("rb") as part:
                    shutil.copyfileobj(part, whole)
        theirs = [str(arguments.lmplz), "-o", order, "-S", f"{memory}b", "-T", f"{folder}/"]
        run = measured([*theirs, "--text", str(text), "--arpa", str(arpa)], folder)
        rows.append(("lmplz, ARPA", run.seconds, run.peak, sizes(arpa)))
        ours = [sys.executable, "-c", OURS, str(text), str(arpa), order, str(memory)]
        run = measured(ours, folder)
        rows.append(("tevr, ARPA", run.seconds, run.peak, sizes(arpa)))
        run = measured([*ours[:4], str(folder / "none"), *ours[5:]], folder)
        rows.append(("tevr, arrays", float(run.output), run.peak, rows[-1][-1]))
    first = rows[0][1]
    table(
        ["program", "seconds", "times lmplz", "peak GB", "n-grams by length"],
        [
            (name, f"{seconds:.1f}", f"{seconds / first:.2f}", f"{peak / 1e9:.2f}", held)
            for name, seconds, peak, held in rows
        ],
    )


if __name__ == "__main__":
    main()
