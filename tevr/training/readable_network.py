"""Numbers of words → the labels of each: its case, the mark after it, ß for ss.

Layers that read the words nearby, after one another, then a recurrent layer that reads all words
before. A word sees `RIGHT` words ahead and none beyond a pause that closes, so words can be
labelled as they come, with the same result.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tevr.readable.features import BUCKETS, EMBEDDED, NUMBERS
from tevr.readable.labels import CASES, MARKS
from tevr.readable.network_shape import SHIFTS

OUTPUTS = (len(MARKS), len(CASES), 1)
"""Scores of a word: of each mark, of each case, and of ß."""


@dataclass(frozen=True)
class NetworkOptions:
    """Sizes of the network."""

    words: int = 1 + EMBEDDED
    """Vectors of words."""
    word_size: int = 64
    part_sizes: tuple[int, ...] = (16, 24, 16)
    """Sizes of the vectors that words share, one for each of BUCKETS."""
    size: int = 256
    """Of what the layers give for a word."""
    units: int = 256
    """Of the recurrent layer."""
    between: float = 0.05
    """Rate of dropout on what goes into the layers."""


class Nearby(nn.Module):
    """One layer that reads words nearby and adds to what is known of a word."""

    def __init__(self, size: int, shifts: tuple[int, ...]) -> None:
        super().__init__()
        self.shifts = shifts
        self.norm = nn.LayerNorm(size)
        self.gather = nn.Linear(size * len(shifts), size)
        self.add = nn.Linear(size, size)

    def forward(self, values: Tensor, stretches: Tensor) -> Tensor:
        """Return (batch, words, size); stretches (batch, words) number what pauses part."""
        normed = self.norm(values)
        near = [_shifted(normed, stretches, shift) for shift in self.shifts]
        added: Tensor = self.add(functional.relu(self.gather(torch.cat(near, dim=-1))))
        return values + added


def _shifted(values: Tensor, stretches: Tensor, shift: int) -> Tensor:
    """Return for each word the values of that `shift` places on, zeros where it sees none."""
    words = values.shape[1]
    if shift <= 0:
        return functional.pad(values, (0, 0, -shift, 0))[:, :words]
    seen = functional.pad(stretches, (0, shift), value=-1)[:, shift:] == stretches
    return functional.pad(values, (0, 0, 0, shift))[:, shift:] * seen[..., None]


class LabelNetwork(nn.Module):
    """The whole network."""

    def __init__(self, options: NetworkOptions = NetworkOptions()) -> None:
        super().__init__()
        self.options = options
        self.word = nn.Embedding(options.words, options.word_size)
        sizes = zip(BUCKETS, options.part_sizes, strict=True)
        self.parts = nn.ModuleList(nn.Embedding(count, size) for count, size in sizes)
        for table in (self.word, *self.parts):
            nn.init.normal_(table.weight, std=0.3)
        width = options.word_size + sum(options.part_sizes) + NUMBERS
        self.enter = nn.Linear(width, options.size)
        self.layers = nn.ModuleList(Nearby(options.size, shifts) for shifts in SHIFTS)
        self.recurrent = nn.LSTM(options.size, options.units, batch_first=True)
        self.hidden = nn.Linear(options.size + options.units, options.size)
        self.leave = nn.Linear(options.size, sum(OUTPUTS))

    def forward(self, ids: Tensor, numbers: Tensor, stretches: Tensor) -> tuple[Tensor, ...]:
        """Return scores of marks, cases and ß, (batch, words, …) each.

        Args:
            ids: (batch, words, IDS).
            numbers: (batch, words, NUMBERS).
            stretches: (batch, words).
        """
        found = [self.word(ids[..., 0])]
        found += [part(ids[..., place + 1]) for place, part in enumerate(self.parts)]
        values = self.enter(torch.cat([*found, numbers], dim=-1))
        values = functional.dropout(values, self.options.between, self.training)
        for layer in self.layers:
            values = layer(values, stretches)
        states, _ = self.recurrent(values)
        hidden = functional.relu(self.hidden(torch.cat([values, states], dim=-1)))
        marks, cases, sharp = self.leave(hidden).split(OUTPUTS, dim=-1)
        return marks, cases, sharp[..., 0]
