"""Settings → groups of parameters, the course of their step sizes, and a mean of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import Tensor, nn

from tevr.errors import UsageError
from tevr.training.learning_settings import OptimiserSettings


def matches(part: str, name: str) -> bool:
    """Whether a part of the network, as settings name it, holds a parameter."""
    part = part.rstrip(".")
    return name == part or name.startswith(f"{part}.") or fnmatchcase(name, part)


def freeze(network: nn.Module, names: dict[str, str], settings: OptimiserSettings) -> None:
    """Let the frozen parts need no gradients.

    Args:
        network: whose parameters.
        names: parameter → its name in settings.
        settings: which parts.

    Raises:
        UsageError: a part is not there, or all are frozen.
    """
    for part in (*settings.frozen, *settings.rates):
        if not any(matches(part, name) for name in names.values()):
            near = get_close_matches(part, _parts(names.values()), n=1, cutoff=0.3)
            advice = f"Perhaps {near[0]} is meant." if near else "See the network's names."
            raise UsageError(f"The network has no part {part}", advice)
    for name, weight in network.named_parameters():
        if any(matches(part, names[name]) for part in settings.frozen):
            weight.requires_grad = False
    if not any(weight.requires_grad for weight in network.parameters()):
        raise UsageError("All of the network is frozen", "Name fewer parts in optimiser.frozen.")


def _parts(names: Iterable[str]) -> list[str]:
    """All prefixes of names."""
    found = {}
    for name in names:
        words = name.split(".")
        found.update(dict.fromkeys(".".join(words[:count]) for count in range(1, len(words) + 1)))
    return list(found)


def groups(
    network: nn.Module, names: dict[str, str], depths: dict[str, int], settings: OptimiserSettings
) -> list[dict[str, Any]]:
    """Parameters that learn, grouped for AdamW by step size and decay.

    Args:
        network: whose parameters; frozen ones are left out.
        names: parameter → its name in settings.
        depths: parameter → blocks up to the encoder's end, for the layer decay.
        settings: rates and decays.

    Returns:
        groups with `peak`, the highest step size.
    """
    found: dict[tuple[float, float], list[Tensor]] = {}
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            parts = [part for part in settings.rates if matches(part, names[name])]
            rate = settings.rates[max(parts, key=len)] if parts else settings.rate
            rate *= settings.layer_decay ** depths[name]
            decay = settings.weight_decay if weight.ndim > 1 else 0.0
            found.setdefault((rate, decay), []).append(weight)
    return [
        {"params": weights, "lr": rate, "peak": rate, "weight_decay": decay}
        for (rate, decay), weights in found.items()
    ]


def share_at(step: int, done: float, settings: OptimiserSettings) -> float:
    """Share of the highest step size.

    Args:
        step: number of the step, from 0.
        done: share of the training that is done, 0 to 1.
        settings: warm-up and schedule.
    """
    rise = min(1.0, (step + 1) / max(1, settings.warm_up))
    fall = {
        "cosine": 0.5 + 0.5 * math.cos(math.pi * min(1.0, done)),
        "linear": 1 - min(1.0, done),
        "constant": 1.0,
    }[settings.schedule]
    return rise * (settings.least + (1 - settings.least) * fall)


class Ema:
    """A running mean of the weights that learn; young means follow faster.

    Args:
        weights: those that learn.
        decay: share of the mean that a step leaves; 0 keeps no mean.
    """

    def __init__(self, weights: Iterable[Tensor], decay: float) -> None:
        self._decay = decay
        self._weights = list(weights) if decay else []
        self._means = [weight.detach().clone() for weight in self._weights]
        self._steps = 0

    @torch.no_grad()
    def update(self) -> None:
        """Follow the weights by one step."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        if self._means:
            torch._foreach_lerp_(self._means, self._weights, 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the mean into the network for a while."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for weight, mean in zip(self._weights, self._means, strict=True):
            kept = weight.clone()
            weight.copy_(mean)
            mean.copy_(kept)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"steps": self._steps, "means": self._means}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what a checkpoint kept."""
        self._steps = int(state["steps"])
        for mean, kept in zip(self._means, state["means"], strict=True):
            mean.copy_(kept)
