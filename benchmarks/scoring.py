"""Random pairs and real ones → counts beside those of sclite and jiwer, and the time they take.

    python -m benchmarks.scoring [--pairs 10000] [--write tests/data/scoring/sclite.json]

Needs `sctk` (Debian's package of the NIST tools) and `jiwer`. The pairs are made of few words, so
that many alignments cost the same, and hold insertions, deletions, any letters and empty sides.
`--write` stores pairs with the counts of sclite for the tests, which need no such tool.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.common import table
from tevr.scoring.alignment import SCLITE, Pair, align, count
from tevr.scoring.significance import matched_pairs

Lines = Sequence[Sequence[object]]
WORDS = (
    "der",
    "die",
    "das",
    "haus",
    "straße",
    "übermut",
    "ёж",
    "नमस्ते",
    "漢字",
    "😀",
    "é",
    "e\u0301",
)
UTTERANCES = 16_000
_SCORES = re.compile(r"^id: \(s_(\d+)\)$\n^Scores: \(#C #S #D #I\) (\d+) (\d+) (\d+) (\d+)$", re.M)


def random_pairs(number: int, seed: int = 0) -> list[Pair]:
    """Pairs of up to 15 words out of 2 to all of `WORDS`; every twentieth has an empty side."""
    random = np.random.default_rng(seed)
    pairs: list[Pair] = []
    for place in range(number):
        words = random.permutation(WORDS)[: random.integers(2, len(WORDS) + 1)]
        sides = [random.choice(words, random.integers(0, 16)).tolist() for _ in range(2)]
        if place % 20 == 0:
            sides[place // 20 % 2] = []
        pairs.append((sides[0], sides[1]))
    return pairs


def write_trn(path: Path, lines: Lines) -> Path:
    """Utterances as the NIST tools read them."""
    text = (f"{' '.join(map(str, words))} (s_{n})\n" for n, words in enumerate(lines))
    path.write_text("".join(text), encoding="utf-8")
    return path


def sclite(reference: Path, hypothesis: Path, form: str) -> bytes:
    """What the NIST tool tells of two files."""
    files = ["-r", str(reference), "trn", "-h", str(hypothesis), "trn"]
    options = ["-i", "rm", "-e", "utf-8", "-s", "-o", form, "stdout"]
    command = ["sctk", "sclite", *files, *options]
    return subprocess.run(command, capture_output=True, check=True).stdout


def by_sclite(pairs: Sequence[Pair]) -> list[list[int]]:
    """Hits, substitutions, deletions and insertions of each pair as the NIST tool counts them."""
    with tempfile.TemporaryDirectory() as folder:
        names = [
            write_trn(Path(folder, f"{side}.trn"), [pair[side] for pair in pairs])
            for side in (0, 1)
        ]
        told = sclite(names[0], names[1], "pra").decode()
    found = {int(number): list(map(int, counts)) for number, *counts in _SCORES.findall(told)}
    return [found[number] for number in range(len(pairs))]


def segments_by_sc_stats(references: Lines, systems: Sequence[Lines]) -> int:
    """Segments that the matched-pairs test of the NIST tools finds for two systems."""
    with tempfile.TemporaryDirectory() as folder:
        said = write_trn(Path(folder, "ref"), references)
        heard = [write_trn(Path(folder, f"{n}"), lines) for n, lines in enumerate(systems)]
        aligned = b"".join(sclite(said, each, "sgml") for each in heard)
        command = ["sctk", "sc_stats", "-p", "-t", "mapsswe", "-v", "-n", "-"]
        told = subprocess.run(
            command, input=aligned, capture_output=True, check=True, cwd=folder
        ).stdout.decode()
    (found,) = re.findall(r"Number of Segments (\d+)", told)
    return int(found)


def by_jiwer(pairs: Sequence[Pair]) -> list[list[int]]:
    """The same as jiwer counts; it refuses references without words."""
    import jiwer

    counts = []
    for reference, hypothesis in pairs:
        if not reference:
            counts.append([0, 0, 0, len(hypothesis)])
            continue
        found = jiwer.process_words(" ".join(map(str, reference)), " ".join(map(str, hypothesis)))
        counts.append([found.hits, found.substitutions, found.deletions, found.insertions])
    return counts


def compare_segments() -> None:
    """Print the segments of two random systems beside those of the NIST tools."""
    random = np.random.default_rng(3)
    references = [random.choice(WORDS, random.integers(3, 21)).tolist() for _ in range(500)]
    systems = [
        [[word for word in line if random.random() > rate] or [WORDS[0]] for line in references]
        for rate in (0.3, 0.2)
    ]
    one, two = (align(list(zip(references, each, strict=True)), SCLITE) for each in systems)
    theirs = segments_by_sc_stats(references, systems)
    print(f"matched pairs: {matched_pairs(one, two).segments} segments, sc_stats {theirs}")


def timed(function: Callable[[], object]) -> tuple[object, float]:
    """What a function gives, and the seconds it takes."""
    start = time.perf_counter()
    return function(), time.perf_counter() - start


def write_stored(target: Path) -> None:
    """Store pairs with the counts of sclite."""
    pairs = random_pairs(300, seed=1)
    lines = ",\n".join(
        json.dumps([" ".join(map(str, ref)), " ".join(map(str, hyp)), counts], ensure_ascii=False)
        for (ref, hyp), counts in zip(pairs, by_sclite(pairs), strict=True)
    )
    target.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main() -> None:
    """Compare, or store what sclite counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=10_000, metavar="N")
    parser.add_argument("--write", type=Path, metavar="JSON", help="store 300 pairs for the tests")
    arguments = parser.parse_args()
    if arguments.write:
        write_stored(arguments.write)
        return
    pairs = random_pairs(arguments.pairs)
    rows = []
    for name, theirs, ours in (
        ("sclite", lambda: by_sclite(pairs), lambda: count(pairs, SCLITE)),
        ("jiwer", lambda: by_jiwer(pairs), lambda: count(pairs)),
    ):
        expected, their_seconds = timed(theirs)
        found, our_seconds = timed(ours)
        different = np.any(np.array(expected) != found, axis=1).sum()
        rows.append((name, len(pairs), different, f"{their_seconds:.2f}", f"{our_seconds:.2f}"))
    table(["tool", "pairs", "other counts", "its s", "our s"], rows)
    random = np.random.default_rng(2)
    many = [
        tuple(random.choice(WORDS[:6], random.integers(6, 13)).tolist() for _ in range(2))
        for _ in range(UTTERANCES)
    ]
    _, words = timed(lambda: count(many))
    _, letters = timed(lambda: count([(" ".join(ref), " ".join(hyp)) for ref, hyp in many]))
    compare_segments()
    print(f"{UTTERANCES} utterances: words {words:.1f} s, letters {letters:.1f} s")


if __name__ == "__main__":
    main()
