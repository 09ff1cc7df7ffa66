"""Recurrent dropout → what it solves, what it costs, what it gains, as markdown tables.

    python -m benchmarks.recurrent_dropout order            # the paper's temporal-order task
    python -m benchmarks.recurrent_dropout speed            # time per step beside torch.nn
    python -m benchmarks.recurrent_dropout characters --text TEXT --held-out TEXT

The temporal-order task: one of the first ten bits and one of the next ten are marked, and after 30
steps the network says both. Dropping what is written lets an LSTM keep the first; dropping the
memory at every step does not. `characters` trains the character model on text that is small enough
to be learnt by heart, without dropout, with forward dropout, and with recurrent dropout besides.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.common import progress, table
from tevr.lm.char_lstm import NetworkOptions, TrainingOptions, bits_per_character, train
from tevr.models.recurrent_dropout import RecurrentDropout, RecurrentDropoutConfig

SEEDS = (0, 1, 2)
#: Two-sided 95 % quantile of Student's t for three runs.
STUDENT = 4.303

LOW, HIGH, STEPS = 10, 20, 30
UNITS, RATE, BATCH = 64, 0.5, 32
#: Added to the forget gates' bias before training, so that every variant remembers at the start.
OPEN = 3.0
#: Every so many batches the network is asked; one that is right so often has solved the task.
ROUND, SOLVED = 200, 0.999


def orders(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw sequences (STEPS, count, 2) of bits and marks, and classes 0…3 (count,)."""
    bits = torch.randint(0, 2, (STEPS, count), generator=generator)
    first = torch.randint(0, LOW, (count,), generator=generator)
    second = torch.randint(LOW, HIGH, (count,), generator=generator)
    every = torch.arange(count)
    marks = torch.zeros(STEPS, count)
    marks[first, every] = marks[second, every] = 1.0
    return torch.stack((bits.float(), marks), dim=2), 2 * bits[first, every] + bits[second, every]


class Classifier(nn.Module):
    """Sequences (steps, batch, 2) → scores of the four classes (batch, 4)."""

    def __init__(self, config: RecurrentDropoutConfig) -> None:
        super().__init__()
        self.recurrent = RecurrentDropout(config)
        with torch.no_grad():
            self.recurrent.core.all_weights[0][2][config.units : 2 * config.units] += OPEN
        self.output = nn.Linear(config.units, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the scores after the last step."""
        scores: Tensor = self.output(self.recurrent(inputs)[0][-1])
        return scores


def learn_order(config: RecurrentDropoutConfig, seed: int, rounds: int) -> tuple[float, int]:
    """Train until the task is solved or time is up; return accuracy on new data, and rounds."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = Classifier(config)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    accuracy, taken = 0.0, 0
    while accuracy < SOLVED and taken < rounds:
        taken += 1
        network.train()
        for _ in range(ROUND):
            inputs, classes = orders(BATCH, generator)
            loss = functional.cross_entropy(network(inputs), classes)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
        network.eval()
        inputs, classes = orders(10_000, torch.Generator().manual_seed(10_000 + seed))
        with torch.inference_mode():
            accuracy = (network(inputs).argmax(1) == classes).double().mean().item()
    return accuracy, taken


def measure_order(rounds: int) -> None:
    """Print how often each variant is right."""
    base = RecurrentDropoutConfig(2, UNITS, rate=RATE, scaling="original")
    variants = [
        ("nothing", replace(base, rate=0.0)),
        ("updates, new mask each step", base),
        ("updates, one mask a sequence", replace(base, mask="sequence")),
        ("memory, new mask each step", replace(base, target="memory")),
        ("memory, one mask a sequence", replace(base, target="memory", mask="sequence")),
    ]
    rows = []
    for name, config in progress(variants, "temporal order"):
        found = [learn_order(config, seed, rounds) for seed in SEEDS]
        cells = [f"{100 * accuracy:.1f}" for accuracy, _ in found]
        batches = ", ".join(str(taken * ROUND) for _, taken in found)
        rows.append((name, *cells, batches))
    seeds = [f"seed {seed}: right %" for seed in SEEDS]
    table(["what is dropped", *seeds, f"batches of {BATCH}"], rows)


def quickest(run: Callable[[], object], times: int = 7) -> float:
    """Return the seconds of the quickest of some runs, the first left out."""
    run()
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def measure_speed() -> None:
    """Print the time of a step forth and back beside torch's own layer."""
    rows = []
    steps = 100
    for cell in ("lstm", "gru", "rnn"):
        for units, batch in ((64, 32), (256, 32), (512, 64)):
            torch.manual_seed(0)
            network = RecurrentDropout(RecurrentDropoutConfig(64, units, cell=cell, rate=0.25))
            inputs = torch.randn(steps, batch, 64)

            def run(layer: nn.Module, inputs: Tensor = inputs) -> None:
                layer(inputs)[0].sum().backward()

            ours = quickest(partial(run, network)) / steps
            theirs = quickest(partial(run, network.core)) / steps
            milliseconds = (f"{1000 * ours:.3f}", f"{1000 * theirs:.3f}")
            rows.append((cell.upper(), units, batch, *milliseconds, f"{ours / theirs:.2f}"))
    table(["cell", "units", "batch", "ms a step", "torch.nn", "ratio"], rows)


@dataclass(frozen=True)
class CharacterTask:
    """Text and sizes of the measurement on characters."""

    text: list[str]
    held_out: list[str]
    units: int
    steps: int


def measure_characters(task: CharacterTask) -> None:
    """Print held-out bits per character with each kind of dropout."""
    variants = [("none", 0.0, 0.0), ("forward", 0.25, 0.0), ("forward and recurrent", 0.25, 0.25)]
    runs = [(name, *rates, seed) for name, *rates in variants for seed in SEEDS]
    found: dict[str, list[tuple[float, float]]] = {}
    for name, forward, recurrent, seed in progress(runs, "characters"):
        network_options = NetworkOptions(
            units=task.units, forward_dropout=forward, recurrent_dropout=recurrent
        )
        options = TrainingOptions(
            steps=task.steps, seed=seed, narrow=True, save_every=task.steps, batch=32
        )
        with tempfile.TemporaryDirectory() as folder:
            network = train(task.text, task.held_out, Path(folder), network_options, options)
        learnt = bits_per_character(network, task.text[: len(task.held_out)])
        held_out = bits_per_character(network, task.held_out)
        found.setdefault(name, []).append((learnt, held_out))
    print(f"{sum(map(len, task.text))} characters of text, {task.units} units, {task.steps} steps")
    rows = []
    plain = np.array(found["none"])[:, 1]
    for name, pairs in found.items():
        learnt, held_out = np.array(pairs).T
        change = with_interval(held_out - plain) if name != "none" else ""
        rows.append((name, f"{learnt.mean():.3f}", with_interval(held_out), change))
    head = ["dropout", "bits a character, learnt text", "held-out text", "beside none"]
    table(head, rows)
    both, forward_alone = (np.array(found[name])[:, 1] for name in list(found)[:0:-1])
    print(f"recurrent beside forward: {with_interval(both - forward_alone)}")


def with_interval(values: np.ndarray) -> str:
    """Mean of a few runs and its 95 % interval by Student's t."""
    margin = STUDENT * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():.3f} ± {margin:.3f}"


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=["order", "speed", "characters"])
    parser.add_argument("--rounds", type=int, default=15, help=f"of {ROUND} batches, at most")
    parser.add_argument("--text", type=Path, help="normalised sentences, one a line")
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--characters", type=int, default=60_000, help="of the text, at most")
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--steps", type=int, default=3500)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.what == "order":
        measure_order(arguments.rounds)
    elif arguments.what == "speed":
        measure_speed()
    elif arguments.text is None or arguments.held_out is None:
        parser.error("characters needs --text and --held-out")
    else:
        text = arguments.text.read_text(encoding="utf-8")[: arguments.characters].splitlines()[:-1]
        held_out = arguments.held_out.read_text(encoding="utf-8").splitlines()
        measure_characters(CharacterTask(text, held_out, arguments.units, arguments.steps))


if __name__ == "__main__":
    main()
