"""A network, batches and a loss → a trained network; broken off, it goes on as if it had not been.

    config = FitConfig(steps=500, rate=0.1, schedule="steps")
    batches = Shuffled((images, labels), config.batch, config.seed, augment=flip)
    fit(network, batches, classify, config, folder=Path("run"), show=print)

A batch is a function of the number of the step, and so is all that layers draw: each step seeds
torch anew. So a run that goes on from its folder makes the very steps that it would have made.
Launched by `accelerate launch`, several processes share every batch.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD, Adam, AdamW, Optimizer

from tevr.models.batches import Batch, Batches, Shuffled, seeded
from tevr.models.run_files import CHECKPOINT, LOG, cut_log, plain, read_state, same_training

__all__ = ["Batch", "Batches", "FitConfig", "Loss", "News", "Shuffled", "classify", "fit", "seeded"]

Loss = Callable[[nn.Module, Batch, int], Mapping[str, Tensor]]
"""Network, batch and number of the step → `loss`, which is minimised, and what else is logged."""


@dataclass(frozen=True)
class FitConfig:
    """How long, how fast and by what rule a network learns."""

    steps: int = 1000
    batch: int = 128
    """Examples of one step, of all processes together."""
    optimiser: Literal["sgd", "adam", "adamw"] = "sgd"
    rate: float = 0.1
    momentum: float = 0.9
    """Of SGD; Adam takes its usual 0.9 and 0.999."""
    nesterov: bool = False
    decay: float = 1e-4
    """Of all weights, added to the gradient (AdamW: apart from it)."""
    schedule: Literal["constant", "steps", "cosine"] = "constant"
    """`steps` divides the rate by ten at each of `drops`; `cosine` lets it fall to 0."""
    drops: tuple[float, ...] = (0.5, 0.75)
    """Shares of the training."""
    warmup: float = 0.0
    """Share of the training in which the rate rises from 0."""
    clip: float | None = None
    """Largest norm of the gradient."""
    ema: float = 0.0
    """Above 0, the network ends as the mean of its steps, forgetting at this factor."""
    seconds: float | None = None
    """Ends the training if it comes before `steps`; the schedule then follows the clock."""
    seed: int = 0
    device: str = "auto"
    """`auto` is the first graphics card if there is one."""

    def __post_init__(self) -> None:
        if min(self.steps, self.batch) < 1:
            raise ValueError("Steps and batch are at least 1.")
        if not (self.rate > 0 and 0 <= self.ema < 1 and 0 <= self.warmup < 1):
            raise ValueError("The rate is above 0; EMA and warm-up are at least 0 and below 1.")
        for value, known in (
            (self.optimiser, ("sgd", "adam", "adamw")),
            (self.schedule, ("constant", "steps", "cosine")),
        ):
            if value not in known:
                raise ValueError(f"There is no {value!r}; choose from {', '.join(known)}.")

    def rate_at(self, share: float) -> float:
        """Return the rate after that share of the training, from 0 to 1."""
        rate = self.rate
        if self.schedule == "steps":
            rate *= 0.1 ** sum(share >= drop for drop in self.drops)
        elif self.schedule == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
        return rate * min(1.0, (share + 1e-9) / self.warmup) if self.warmup else rate


@dataclass(frozen=True)
class News:
    """How far a training has come."""

    step: int
    steps: int
    values: Mapping[str, float]
    """Means of what the loss returned since the last news, and what was measured."""
    seconds: float
    """Spent since the training began, pauses left out."""


def classify(network: nn.Module, batch: Batch, _step: int) -> dict[str, Tensor]:
    """Cross-entropy of (inputs, labels), and the share of errors."""
    inputs, labels = batch
    scores = network(inputs)
    errors = (scores.argmax(1) != labels).float().mean()
    return {"loss": functional.cross_entropy(scores, labels), "errors": errors}


def fit(
    network: nn.Module,
    batches: Batches,
    loss: Loss,
    config: FitConfig,
    *,
    folder: Path | None = None,
    about: Mapping[str, Any] | None = None,
    show: Callable[[News], None] = lambda _: None,
    measure: Callable[[nn.Module], Mapping[str, float]] | None = None,
    news_every: int = 50,
    save_every: float = 60.0,
) -> News:
    """Train a network in place.

    Args:
        network: on any device; it ends on the one of `config`, in evaluation mode.
        batches: step → batch; the same one whenever it is asked again.
        loss: network, batch, step → values.
        config: how.
        folder: keeps `last.pt` and `log.jsonl`; a training that stands there goes on.
        about: what else the run depends on, such as the network's settings: plain values.
        show: told of news.
        measure: network in evaluation mode → values that are logged with the news.
        news_every: steps from news to news.
        save_every: seconds from checkpoint to checkpoint.

    Returns:
        The last news.

    Raises:
        ValueError: the folder holds another training, or the loss is no number any more.
    """
    run = _Run(network, config, folder, dict(about or {}))
    news = run.resume()
    sums: dict[str, Tensor] = {}
    while not run.done:
        for name, value in run.learn(batches, loss).items():
            sums[name] = sums.get(name, 0) + value.detach().double()
        if run.step % news_every == 0 or run.done:
            # Checkpoints fall on news, so that a mean never spans a pause.
            news = run.tell(sums, measure)
            sums = {}
            run.save(news, every=0.0 if run.done else save_every)
            show(news)
    run.finish()
    return news


class _Run:
    """One training in one process: network, optimiser, weights' mean, files."""

    def __init__(
        self, network: nn.Module, config: FitConfig, folder: Path | None, about: dict[str, Any]
    ) -> None:
        self.config, self.folder = config, folder
        self.about = plain({"fit": asdict(config), **about})
        self.step = self._told = 0
        self._others = _processes(config)
        device = self._others.device if self._others else _device(config.device)
        self.network = network.to(device).train()
        self.optimiser = _optimiser(self.network, config)
        self._called: nn.Module = self.network
        if self._others:
            self._called = self._others.prepare_model(self.network)
        self.device = device
        self.mean = {name: value.clone() for name, value in self._floats()} if config.ema else {}
        self._before, self._begun = 0.0, time.monotonic()
        self._saved = self._begun

    @property
    def seconds(self) -> float:
        """Spent on the training, in this and earlier processes."""
        return self._before + time.monotonic() - self._begun

    @property
    def share(self) -> float:
        """Of the training that is done, from 0 to 1."""
        clock = self.seconds / self.config.seconds if self.config.seconds else 0.0
        return max(self.step / self.config.steps, min(1.0, clock))

    @property
    def done(self) -> bool:
        return self.share >= 1

    def learn(self, batches: Batches, loss: Loss) -> Mapping[str, Tensor]:
        """Make one step."""
        rank = self._others.process_index if self._others else 0
        torch.manual_seed(seeded(self.config.seed, self.step, rank).initial_seed())
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.rate_at(self.share)
        batch = tuple(self._share(tensor).to(self.device) for tensor in batches(self.step))
        values = loss(self._called, batch, self.step)
        if not torch.isfinite(values["loss"]):
            raise ValueError(f"The loss is no number any more at step {self.step}; lower the rate.")
        self.optimiser.zero_grad(set_to_none=True)
        values["loss"].backward()  # type: ignore[no-untyped-call]
        if self.config.clip is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        self.optimiser.step()
        self.step += 1
        for name, value in self._floats() if self.mean else ():
            self.mean[name].lerp_(value, 1 - self.config.ema)
        return values

    def _share(self, tensor: Tensor) -> Tensor:
        """Return what this process takes of a batch: no less than one example."""
        if not self._others:
            return tensor
        part = tensor.tensor_split(self._others.num_processes)[self._others.process_index]
        return part if len(part) else tensor[:1]

    def _floats(self) -> Iterator[tuple[str, Tensor]]:
        """Weights and running statistics, not counters."""
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                yield name, value

    def tell(
        self, sums: Mapping[str, Tensor], measure: Callable[[nn.Module], Mapping[str, float]] | None
    ) -> News:
        """Return means since the last news and what is measured, and log them."""
        count = self.step - self._told
        values = {name: float(total) / count for name, total in sums.items()}
        if measure is not None:
            with self._averaged(), torch.no_grad():
                values |= measure(self.network.eval())
            self.network.train()
        self._told = self.step
        news = News(self.step, self.config.steps, values, self.seconds)
        if self._writes:
            line = {"step": news.step, **values, "rate": self.config.rate_at(self.share)}
            with self._path(LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps({**line, "seconds": round(news.seconds, 2)}) + "\n")
        return news

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """Lend the network the mean of its weights."""
        own = {name: value.clone() for name, value in self._floats()} if self.mean else {}
        self.network.load_state_dict(self.mean, strict=False)
        try:
            yield
        finally:
            self.network.load_state_dict(own, strict=False)

    @property
    def _writes(self) -> bool:
        """Whether this process writes files."""
        return self.folder is not None and (not self._others or self._others.is_main_process)

    def _path(self, name: str) -> Path:
        if self.folder is None:
            raise ValueError("A training without a folder has no files.")
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name

    def save(self, news: News, every: float) -> None:
        """Write a checkpoint, unless one is younger than that many seconds."""
        if not self._writes or time.monotonic() - self._saved < every:
            return
        state = {
            "about": self.about,
            "step": self.step,
            "seconds": news.seconds,
            "values": dict(news.values),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "mean": self.mean,
        }
        path = self._path(CHECKPOINT)
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)
        self._saved = time.monotonic()

    def resume(self) -> News:
        """Take up what stands in the folder, if anything does."""
        path = self.folder / CHECKPOINT if self.folder else None
        if path is None or not path.exists():
            return News(0, self.config.steps, {}, 0.0)
        state = read_state(path)
        same_training(state["about"], self.about, path.parent)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.mean = {name: value.to(self.device) for name, value in state["mean"].items()}
        self.step = self._told = state["step"]
        self._before = state["seconds"]
        if self._writes:
            cut_log(path.with_name(LOG), self.step)
        return News(self.step, self.config.steps, state["values"], self._before)

    def finish(self) -> None:
        """Leave the network as it shall be used."""
        if self.mean:
            self.network.load_state_dict(self.mean, strict=False)
        self.network.eval()


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _processes(config: FitConfig) -> Any:  # noqa: ANN401 (accelerate may not be there)
    """Return what joins the processes of `accelerate launch`, None if this one is alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:  # noqa: PLR2004 (one is alone)
        return None
    if config.seconds is not None:
        raise ValueError("Several processes train by steps, not by the clock; leave out seconds.")
    from accelerate import Accelerator

    return Accelerator(cpu=_device(config.device).type == "cpu")


def _optimiser(network: nn.Module, config: FitConfig) -> Optimizer:
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    if not weights:
        raise ValueError("All weights of the network are frozen; there is nothing to train.")
    if config.optimiser == "sgd":
        return SGD(
            weights,
            lr=config.rate,
            momentum=config.momentum,
            weight_decay=config.decay,
            nesterov=config.nesterov,
        )
    kind = Adam if config.optimiser == "adam" else AdamW
    return kind(weights, lr=config.rate, weight_decay=config.decay)
