"""The metrics of a run → a picture of its losses and error rates (extra `plots`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tevr.errors import UsageError, needed
from tevr.training.run_folder import CURVE, METRICS, RunFolder

#: Share of a loss that the smoothed line takes over from the one before.
SMOOTHING = 0.9


def draw_curve(folder: RunFolder) -> Path:
    """Draw a run's curve.svg.

    Returns:
        the picture.

    Raises:
        UsageError: the run has no metrics yet, or matplotlib is missing.
        OutputError: the picture cannot be written.
    """
    with needed("Drawing", "plots"):
        from matplotlib.figure import Figure
    lines = folder.metrics()
    if not lines:
        cause = f"{folder.path} has no {METRICS} with anything to draw"
        raise UsageError(cause, "Name the folder of a run.")
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    losses = figure.add_subplot()
    steps, loss = _column(lines, "loss")
    losses.plot(steps, loss, color="0.8", linewidth=0.8)
    losses.plot(steps, smoothed(loss), color="C0", label="loss while learning")
    losses.plot(*_column(lines, "dev_loss"), "C1.-", label="loss on dev clips")
    losses.set(xlabel="step", ylabel="nats a label", ylim=(0, None))
    rates = losses.twinx()
    for name, style in (("dev_wer", "C2.-"), ("dev_cer", "C3.-")):
        at, shares = _column(lines, name)
        if at:
            rates.plot(at, [100 * share for share in shares], style, label=f"{name[4:].upper()}")
    rates.set(ylabel="greedy errors on dev clips, %", ylim=(0, None))
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    folder.write_by(CURVE, lambda path: figure.savefig(path, format="svg"))
    return folder.path / CURVE


def smoothed(values: Sequence[float]) -> list[float]:
    """A running mean of values, unbiased at the start."""
    mean, weight, found = 0.0, 0.0, []
    for value in values:
        mean = SMOOTHING * mean + (1 - SMOOTHING) * value
        weight = SMOOTHING * weight + (1 - SMOOTHING)
        found.append(mean / weight)
    return found


def _column(lines: Sequence[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    """Steps and values of the lines that have one."""
    found = [(line["step"], line[name]) for line in lines if line.get(name) is not None]
    return [step for step, _ in found], [value for _, value in found]
