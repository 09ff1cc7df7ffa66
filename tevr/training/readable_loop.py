"""Batches of passages → a trained labeller's network, kept as it goes and gone on with."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from tevr.training.readable_data import NOT_ASKED, Batch
from tevr.training.readable_network import LabelNetwork

CHECKPOINT = "checkpoint.pt"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LearningOptions:
    """How the network learns."""

    steps: int = 6000
    rate: float = 2e-3
    """Of Adam at its highest; it rises over `warm` steps and falls to zero at the last."""
    warm: int = 200
    clip: float = 1.0
    """Longest gradient."""
    keep_every: int = 100
    """Steps between checkpoints."""


def learn(
    network: LabelNetwork, batches: Iterator[Batch], options: LearningOptions, folder: Path
) -> None:
    """Train a network in place; a run that was stopped goes on after its last checkpoint.

    Args:
        network: what learns.
        batches: what it learns from; where a run goes on, others than it began with.
        options: how.
        folder: where checkpoints are kept; it must exist.
    """
    optimiser = torch.optim.Adam(
        network.parameters(), lr=options.rate, betas=(0.9, 0.98), fused=True
    )
    path = folder / CHECKPOINT
    first = _go_on(path, network, optimiser)
    network.train()
    begin, sums = time.monotonic(), torch.zeros(3)
    for step in range(first, options.steps):
        share = min((step + 1) / options.warm, (options.steps - step) / options.steps)
        for group in optimiser.param_groups:
            group |= {"lr": options.rate * share, "fused": True}  # a checkpoint brings its own
        with torch.autocast("cpu", torch.bfloat16):
            losses = losses_of(network, next(batches))
        optimiser.zero_grad()
        total: Tensor = losses[0] + losses[1] + 0.5 * losses[2]
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), options.clip)
        optimiser.step()
        sums += losses.detach()
        if (step + 1) % options.keep_every == 0 or step + 1 == options.steps:
            shown = ", ".join(f"{float(value) / options.keep_every:.4f}" for value in sums)
            passed = time.monotonic() - begin
            _log.info("Step %d, %.0f s: loss of marks, case, ß %s.", step + 1, passed, shown)
            sums.zero_()
            _keep(path, network, optimiser, step + 1)
    network.eval()


def steps_done(folder: Path) -> int:
    """Return how many steps a run in a folder has done."""
    path = folder / CHECKPOINT
    return int(torch.load(path, weights_only=True)["step"]) if path.exists() else 0


def losses_of(network: LabelNetwork, batch: Batch) -> Tensor:
    """Return the mean losses of marks, cases and ß, (3,)."""
    ids, numbers = torch.from_numpy(batch.ids), torch.from_numpy(batch.numbers)
    marks, cases, sharp = network(ids, numbers, torch.from_numpy(batch.stretches))
    asked = torch.from_numpy(batch.sharp)
    with_ss = asked != NOT_ASKED
    return torch.stack(
        (
            _cross_entropy(marks, torch.from_numpy(batch.marks)),
            _cross_entropy(cases, torch.from_numpy(batch.cases)),
            functional.binary_cross_entropy_with_logits(
                sharp[with_ss].float(), asked[with_ss].float()
            ),
        )
    )


def _cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(
        scores.flatten(0, 1).float(), labels.flatten(), ignore_index=NOT_ASKED
    )


def _go_on(path: Path, network: LabelNetwork, optimiser: torch.optim.Optimizer) -> int:
    """Take up a checkpoint if there is one; returns the next step."""
    if not path.exists():
        return 0
    kept = torch.load(path, weights_only=True)
    network.load_state_dict(kept["network"])
    optimiser.load_state_dict(kept["optimiser"])
    return int(kept["step"])


def _keep(path: Path, network: LabelNetwork, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Write a checkpoint whole or not at all."""
    part = path.with_suffix(".part")
    states = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    torch.save(states, part)
    part.replace(path)
