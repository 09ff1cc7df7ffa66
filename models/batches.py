"""Tensors and the number of a step → a batch: always the same for the same step and seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Batch = tuple[Tensor, ...]
Batches = Callable[[int], Batch]
"""Number of a step, from 0 → tensors, the first axis of each being that of the batch."""


@dataclass(frozen=True)
class Shuffled:
    """Tensors in memory as batches, in a new order in each round through them."""

    tensors: Batch
    batch: int
    seed: int = 0
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None
    """Changes the first tensor of a batch."""

    def __post_init__(self) -> None:
        if len({len(tensor) for tensor in self.tensors}) != 1 or not len(self.tensors[0]):
            raise ValueError("There are no examples, or not as many labels as examples.")

    @property
    def per_round(self) -> int:
        """Steps of one round (epoch); the last batch of a round may be smaller."""
        return math.ceil(len(self.tensors[0]) / self.batch)

    def __call__(self, step: int) -> Batch:
        """Return the batch of that step."""
        turn, at = divmod(step, self.per_round)
        order = torch.randperm(len(self.tensors[0]), generator=seeded(self.seed, turn))
        chosen = order[at * self.batch : (at + 1) * self.batch]
        first, *others = (tensor[chosen] for tensor in self.tensors)
        if self.augment is not None:
            first = self.augment(first, seeded(self.seed, step, 1))
        return (first, *others)


def seeded(*numbers: int) -> torch.Generator:
    """Return a generator that those numbers determine, unlike that of any others."""
    mixed = 0
    for number in numbers:  # splitmix64's increment and first multiplier
        mixed = ((mixed ^ number) + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9 % 2**64
        mixed ^= mixed >> 31
    return torch.Generator().manual_seed(mixed % 2**63)
