"""Results of `benchmarks.token_training` → tables of errors with intervals, and two pictures.

    python -m benchmarks.token_report runs --features features --plots docs

Rates are those of all words (letters) of a source, averaged over seeds. Intervals are 95 %
bootstrap intervals that draw both seeds and clips anew; a difference compares the same clips and
seeds on both sides.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import RESAMPLES, table
from benchmarks.token_data import TEST, Features
from benchmarks.token_labels import BPE, CHARACTERS

ORDER = (CHARACTERS, BPE)  # the others follow by name
WAYS = {
    "greedy": "greedy",
    "model": "LM",
    "tuned": "tuned LM",
}
"""Ways to decode; with the language model, and with its search tuned to the labels."""
UNITS = {"words": "WER", "letters": "CER"}


@dataclass(frozen=True)
class Runs:
    """All seeds of one label set.

    Attributes:
        name: of the set.
        runs: what `benchmarks.token_training` wrote of each seed, in order of seeds.
    """

    name: str
    runs: tuple[Mapping[str, Any], ...]

    @property
    def sources(self) -> list[str]:
        """What was tested on."""
        return list(self.runs[0]["sets"])

    def has(self, way: str) -> bool:
        """Tell whether all seeds were decoded in this way."""
        return all(way in held for run in self.runs for held in run["sets"].values())

    def counts(self, source: str, way: str, unit: str) -> NDArray[np.int64]:
        """(seeds, clips, 2) errors and lengths."""
        return np.array([run["sets"][source][way][unit] for run in self.runs])

    def per_second(self, source: str, *keys: str) -> float:
        """Mean over seeds of a figure of the source, divided by its seconds of sound."""
        figures = []
        for run in self.runs:
            held = run["sets"][source]
            sound = held["sound"]
            for key in keys:
                held = held[key]
            figures.append(held / sound)
        return float(np.mean(figures))


def read(folder: Path) -> list[Runs]:
    """The finished runs of a folder; those with a tuned search hold it, too."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(folder.glob("*-[0-9]*.json")):
        if path.suffixes != [".json"]:
            continue
        run = json.loads(path.read_text(encoding="utf-8"))
        tuned = path.with_suffix(".tuned.json")
        if tuned.exists():
            for source, held in json.loads(tuned.read_text(encoding="utf-8")).items():
                run["sets"][source] |= {"tuned": held["tuned"]}
        found[run["labels"]].append(run)
    names = [name for name in ORDER if name in found]
    names += sorted(set(found) - set(ORDER))
    by_seed = {name: sorted(found[name], key=lambda run: run["seed"]) for name in names}
    return [Runs(name, tuple(runs)) for name, runs in by_seed.items()]


def rates(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(…, clips, 2) → (…) errors in per cent of all lengths."""
    wrong, length = np.moveaxis(counts.sum(axis=-2), -1, 0)
    return np.asarray(100 * wrong / length)


def resampled(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean rates of sets of seeds and clips drawn anew, (RESAMPLES,); the same draws every time."""
    random = np.random.default_rng(0)
    seeds, clips = counts.shape[:2]
    means = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        drawn = counts[random.integers(0, seeds, seeds)]
        means[number] = rates(drawn[:, random.integers(0, clips, clips)]).mean()
    return means


def with_interval(counts: NDArray[np.int64]) -> str:
    """Mean rate and its interval."""
    low, high = np.quantile(resampled(counts), [0.025, 0.975])
    return f"{rates(counts).mean():.1f} ({low:.1f}–{high:.1f})"


def difference(counts: NDArray[np.int64], reference: NDArray[np.int64]) -> str:
    """Mean rate minus that of the reference, and its interval; seeds and clips in pairs."""
    seeds = min(len(counts), len(reference))
    counts, reference = counts[:seeds], reference[:seeds]
    low, high = np.quantile(resampled(counts) - resampled(reference), [0.025, 0.975])
    mean = rates(counts).mean() - rates(reference).mean()
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


def error_tables(found: Sequence[Runs]) -> None:
    """Print one table of rates for each source."""
    ways = [way for way in WAYS if all(each.has(way) for each in found)]
    head = ["labels", "seeds", *(f"{unit} %, {WAYS[w]}" for w in ways for unit in UNITS.values())]
    for source in found[0].sources:
        print(f"\n{source}: {found[0].counts(source, 'greedy', 'words').shape[1]} clips\n")
        rows = [
            (
                each.name,
                len(each.runs),
                *(with_interval(each.counts(source, way, unit)) for way in ways for unit in UNITS),
            )
            for each in found
        ]
        table(head, rows)


def difference_table(reference: Runs, others: Sequence[Runs]) -> None:
    """Print how far the rates of other label sets are from those of one, in percentage points."""
    ways = [way for way in WAYS if all(each.has(way) for each in (reference, *others))]
    head = ["source", "labels"]
    head += [f"{unit}, {WAYS[way]}" for way in ways for unit in UNITS.values()]
    print(f"\nDifference to {reference.name}, percentage points\n")
    rows: list[Sequence[object]] = []
    for source in reference.sources:
        for each in others:
            cells = [
                difference(each.counts(source, way, unit), reference.counts(source, way, unit))
                for way in ways
                for unit in UNITS
            ]
            rows.append((source, each.name, *cells))
    table(head, rows)


def kind_table(found: Sequence[Runs], features: Features) -> None:
    """Print what kinds of letter errors the label sets make, in per cent of all letters."""
    import jiwer

    ways = [way for way in WAYS if all(each.has(way) for each in found)]
    print("\nSubstitutions / deletions / insertions of letters, per cent\n")
    rows: list[list[str]] = []
    for source, each in product(found[0].sources, found):
        references = [item.text for item in features.of(TEST, source)]
        row = [source, each.name]
        for way in ways:
            texts = [run["sets"][source][way]["texts"] for run in each.runs]
            kinds = jiwer.process_characters(references * len(texts), list(chain(*texts)))
            length = kinds.hits + kinds.substitutions + kinds.deletions
            counts = (kinds.substitutions, kinds.deletions, kinds.insertions)
            row.append(" / ".join(f"{100 * count / length:.1f}" for count in counts))
        rows.append(row)
    table(["source", "labels", *(WAYS[way] for way in ways)], rows)


def cost_table(found: Sequence[Runs]) -> None:
    """Print what each label set takes: tokens, weights, time."""
    print("\nCost\n")
    head = ["labels", "weights of the head", "training, processor s"]
    head += [f"tokens/s of sound, {source}" for source in found[0].sources]
    head += [f"search, ms/s of sound, {source}" for source in found[0].sources]
    table(head, (list(_cost(each)) for each in found))


def _cost(each: Runs) -> Iterator[object]:
    yield each.name
    yield f"{each.runs[0]['size']:,}"
    yield f"{np.mean([run['seconds'] for run in each.runs]):.0f}"
    for source in each.sources:
        yield f"{each.per_second(source, 'tokens'):.1f}"
    for source in each.sources:
        yield f"{1e3 * each.per_second(source, 'model', 'seconds'):.1f}"


def draw_rates(found: Sequence[Runs], path: Path) -> None:
    """Plot word error rates by label set, one dot a seed."""
    from matplotlib.figure import Figure

    sources = found[0].sources
    figure = Figure(figsize=(3.4 * len(sources), 3.6), layout="constrained")
    for axes, source in zip(_flat(figure.subplots(1, len(sources))), sources, strict=True):
        for way, marker in (("greedy", "o"), ("model", "s")):
            points = [rates(each.counts(source, way, "words")) for each in found]
            places = [[number] * len(values) for number, values in enumerate(points)]
            colour = "C0" if way == "greedy" else "C1"
            axes.plot(np.concatenate(places), np.concatenate(points), marker, color=colour,
                      alpha=0.7, label=WAYS[way])  # fmt: skip
            means = [values.mean() for values in points]
            axes.plot(range(len(found)), means, "_", color=colour, markersize=22)
        axes.set(title=source, ylabel="WER %", ylim=(0, None))
        axes.set_xticks(range(len(found)), [each.name for each in found], rotation=20)
        axes.margins(x=0.15)
        axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _flat(axes: Any) -> Iterable[Any]:  # noqa: ANN401 (one plot or an array of them)
    return np.ravel(np.array(axes, dtype=object))


def draw_learning(found: Sequence[Runs], path: Path) -> None:
    """Plot greedy character error rates on the clips for development while heads learn."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    for number, each in enumerate(found):
        steps = [point["step"] for point in each.runs[0]["curve"]]
        lines = np.array([[100 * point["cer"] for point in run["curve"]] for run in each.runs])
        for line in lines:
            axes.plot(steps, line, color=f"C{number}", alpha=0.3, linewidth=0.8)
        axes.plot(steps, lines.mean(axis=0), color=f"C{number}", marker=".", label=each.name)
    axes.set(xlabel="steps", ylabel="CER % on dev clips, greedy", yscale="log")
    axes.set_yticks(ticks := [10, 15, 20, 30, 50, 100], map(str, ticks))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    """Print the tables, draw the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("runs", type=Path, metavar="DIR")
    parser.add_argument("--features", type=Path, metavar="DIR", help="show kinds of errors, too")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="folder for two pictures")
    arguments = parser.parse_args()
    found = read(arguments.runs)
    error_tables(found)
    for number, reference in enumerate(found[:-1], 1):
        difference_table(reference, found[number:])
    cost_table(found)
    if arguments.features:
        kind_table(found, Features(arguments.features))
    if arguments.plots:
        from matplotlib import rcParams

        rcParams["svg.hashsalt"] = "tevr"  # the same results give the same file
        draw_rates(found, arguments.plots / "tokens_wer.svg")
        draw_learning(found, arguments.plots / "tokens_learning.svg")


if __name__ == "__main__":
    main()
