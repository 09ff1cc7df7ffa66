"""Normalised sentences → a character LSTM with recurrent dropout, trained step by step on torch.

Every sentence is a sequence of its own: a border, its characters, a border again. What a network
reads at a place is the character there, what it foretells is the next one. Training is the same
whether it was broken off and resumed or not: which sentences a step learns from follows from the
seed and the step's number, and a checkpoint holds the state of everything drawn at random.
"""

from __future__ import annotations

import json
import logging
import pickle
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import cos, log, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tevr.errors import ModelError, UsageError
from tevr.lm.char_batches import BORDER, IGNORED, Sampler, Text, encode
from tevr.lm.corpus import ALPHABET
from tevr.lm.whole_file import whole_file
from tevr.models.recurrent_dropout import RecurrentDropout, RecurrentDropoutConfig

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"

_log = logging.getLogger("tevr.lm")


@dataclass(frozen=True)
class NetworkOptions:
    """Sizes of the network, and what is dropped while it learns."""

    alphabet: str = " " + ALPHABET
    """Every character that it reads and foretells."""
    embedding: int = 64
    """Size of a character's vector."""
    units: int = 640
    """Size of the LSTM's state."""
    layers: int = 1
    recurrent_dropout: float = 0.0
    """Rate for what the LSTM writes into its memory, new at every step."""
    forward_dropout: float = 0.0
    """Rate for what goes into and out of every layer."""


@dataclass(frozen=True)
class TrainingOptions:
    """How long and how fast a network learns."""

    steps: int = 8000
    """Batches learnt from."""
    batch: int = 64
    """Sentences of a batch."""
    rate: float = 3e-3
    """Adam's step size at its highest; it rises over `warm_up` steps and falls along a cosine."""
    warm_up: int = 200
    clip: float = 1.0
    """Largest norm of all gradients together."""
    seed: int = 0
    narrow: bool = False
    """Take matrix products in bfloat16: three times as fast on processors that have it."""
    save_every: int = 250
    """Steps from one checkpoint to the next."""
    measure_every: int = 1000
    """Steps from one measurement on the held-out sentences to the next."""

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.save_every, self.measure_every) < 1:
            cause = "Steps, batches and what lies between checkpoints are below 1"
            raise UsageError(cause, "Give whole numbers from 1.")

    def rate_at(self, step: int) -> float:
        """Return the step size of a step, from 0."""
        rise = min(1.0, (step + 1) / max(1, self.warm_up))
        return self.rate * rise * 0.5 * (1 + cos(pi * step / self.steps))


class CharacterNetwork(nn.Module):
    """Characters' ids → scores of the next character."""

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        self.options = options
        many = 1 + len(options.alphabet)
        self.embedding = nn.Embedding(many, options.embedding)
        self.recurrent = RecurrentDropout(
            RecurrentDropoutConfig(
                options.embedding,
                options.units,
                options.layers,
                rate=options.recurrent_dropout,
                between=options.forward_dropout,
            )
        )
        self.drop = nn.Dropout(options.forward_dropout)
        self.output = nn.Linear(options.units, many)
        gates = [weight for name, weight in self.named_parameters() if "bias_ih" in name]
        with torch.no_grad():
            for bias in gates:  # a memory that is kept from the start learns long words sooner
                bias[options.units : 2 * options.units] += 1.0

    def forward(self, ids: Tensor) -> Tensor:
        """Return scores (steps, batch, characters) after each of the ids (steps, batch)."""
        states, _ = self.recurrent(self.drop(self.embedding(ids)))
        scores: Tensor = self.output(self.drop(states))
        return scores


def train(
    sentences: Sequence[str],
    held_out: Sequence[str],
    folder: Path,
    network_options: NetworkOptions = NetworkOptions(),
    options: TrainingOptions = TrainingOptions(),
) -> CharacterNetwork:
    """Train a network, or go on where the folder's checkpoint stands.

    `log.jsonl` gets a line for every checkpoint: step, mean cost since the line before in bits per
    character, held-out bits where measured, seconds since the start or the last resumption.

    Args:
        sentences: what to learn.
        held_out: sentences to measure on.
        folder: for checkpoint and log; made where it is missing.
        network_options, options: as at the start if training goes on.

    Raises:
        UsageError: there is no text, or it holds characters outside the alphabet.
        ModelError: the checkpoint is of another network or training.
    """
    torch.manual_seed(options.seed)
    network = CharacterNetwork(network_options)
    optimiser = torch.optim.Adam(network.parameters(), lr=options.rate, betas=(0.9, 0.99))
    sampler = Sampler(encode(sentences, network_options.alphabet), options.batch, options.seed)
    first = _resume(folder, network, optimiser, options)
    begun, costs = time.monotonic(), []
    for step in range(first, options.steps):
        optimiser.param_groups[0]["lr"] = options.rate_at(step)
        costs.append(_learn(network, optimiser, sampler.batch(step), options))
        done, last = step + 1, step + 1 == options.steps
        if done % options.save_every == 0 or last:
            line: dict[str, Any] = {"step": done, "bits": float(np.mean(costs)) / log(2)}
            if done % options.measure_every == 0 or last:
                line["held_out"] = bits_per_character(network, held_out)
            _append(folder / LOG, line | {"seconds": round(time.monotonic() - begun, 1)})
            _save(folder, network, optimiser, options, done)
            costs = []
    return network.eval()


def _learn(
    network: CharacterNetwork,
    optimiser: torch.optim.Optimizer,
    batch: Tensor,
    options: TrainingOptions,
) -> float:
    """Take one step; return the cost before it in nats per character, borders counted."""
    network.train()
    with torch.autocast("cpu", torch.bfloat16, enabled=options.narrow):
        scores = network(batch[:-1].clamp(min=BORDER))
    loss = functional.cross_entropy(scores.float().flatten(0, 1), batch[1:].flatten())
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), options.clip)
    optimiser.step()
    return loss.item()


def bits_per_character(
    network: CharacterNetwork, sentences: Sequence[str], *, batch: int = 128
) -> float:
    """Return the mean cost of the characters of sentences; ends of sentences are not counted."""
    bits = characters = 0.0
    text = encode(sentences, network.options.alphabet)
    for costs, known in _costs(network, text, batch):
        bits += float(costs.sum()) / log(2)
        characters += int(known.sum())
    return bits / characters


@torch.inference_mode()
def _costs(network: CharacterNetwork, text: Text, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield costs in nats (steps, sentences) and which of them are those of characters."""
    network.eval()
    order = np.argsort(np.diff(text.starts), kind="stable")
    for begin in range(0, len(order), batch):
        ids = text.batch(order[begin : begin + batch])
        known = ids[1:] > BORDER
        scores = network(ids[:-1].clamp(min=BORDER))
        targets = torch.where(known, ids[1:], IGNORED)
        costs = functional.cross_entropy(
            scores.flatten(0, 1), targets.flatten(), reduction="none", ignore_index=IGNORED
        )
        yield costs.view(targets.shape), known


def load_network(folder: Path) -> CharacterNetwork:
    """Read the network out of a training's checkpoint.

    Raises:
        ModelError: there is none that can be read.
    """
    saved = _read(folder / CHECKPOINT)
    network = CharacterNetwork(NetworkOptions(**saved["network_options"]))
    network.load_state_dict(saved["network"])
    return network.eval()


def _save(
    folder: Path,
    network: CharacterNetwork,
    optimiser: torch.optim.Optimizer,
    options: TrainingOptions,
    step: int,
) -> None:
    """Write a checkpoint; a kill leaves the old one or the new one."""
    state = {
        "step": step,
        "network_options": asdict(network.options),
        "options": asdict(options),
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "random": torch.get_rng_state(),
    }
    with whole_file(folder / CHECKPOINT) as file:
        torch.save(state, file)


def _resume(
    folder: Path,
    network: CharacterNetwork,
    optimiser: torch.optim.Optimizer,
    options: TrainingOptions,
) -> int:
    """Take over the folder's checkpoint if there is one; return the number of steps done."""
    folder.mkdir(parents=True, exist_ok=True)
    path, lines = folder / CHECKPOINT, folder / LOG
    if not path.exists():
        lines.unlink(missing_ok=True)
        return 0
    saved = _read(path)
    if (saved["network_options"], saved["options"]) != (asdict(network.options), asdict(options)):
        cause = f"The checkpoint in {folder} is of another network or another training"
        raise ModelError(cause, "Take its options, or another folder.")
    network.load_state_dict(saved["network"])
    optimiser.load_state_dict(saved["optimiser"])
    torch.set_rng_state(saved["random"])
    # A kill between log and checkpoint leaves a line that will be written again.
    kept = [each for each in lines.read_text(encoding="utf-8").splitlines() if each]
    kept = [each for each in kept if json.loads(each)["step"] <= saved["step"]]
    lines.write_text("".join(f"{each}\n" for each in kept), encoding="utf-8")
    _log.info("Training goes on after step %d of %d.", saved["step"], options.steps)
    return int(saved["step"])


def _read(path: Path) -> dict[str, Any]:
    try:
        saved: dict[str, Any] = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        cause = f"The checkpoint {path} cannot be read"
        raise ModelError(cause, "Train again, or copy it again.") from error
    return saved


def _append(path: Path, line: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
