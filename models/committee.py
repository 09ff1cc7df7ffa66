"""Few labelled images → classes, by a committee of networks learned without back-propagation.

Miclut, Käster, Martinetz and Barth 2014, "Committees of Deep Feedforward Networks Trained with Few
Data", GCPR, arXiv 1406.5947. Each member learns its filters layer by layer with k-means on patches
(after Coates et al.), normalises contrast locally, and connects random groups of maps to the layer
above; only its classifier sees labels. Training images are also mirrored, turned and scaled. The
members' votes are counted:

    hard   a vote for the class that a member finds likeliest; equal counts go by soft votes
    soft   the mean of the members' scores, each member's brought to mean 0 and deviation 1

The paper's sizes, ranges and exact rule were not found, so those here are ours; members differ in
seed, in filter size and in what they learn from. `vote` and `Committee` take any classifiers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from tevr.models import kept
from tevr.models.data import Images, read_images
from tevr.models.fit import News
from tevr.models.layerwise import Layer, LayerwiseConfig, LayerwiseNetwork
from tevr.models.svm import LinearHead, SVMConfig, fit_svm

Vote = Literal["soft", "hard"]


class Classifier(Protocol):
    """What can be a member."""

    def scores(self, images: Tensor) -> Tensor:
        """Return what speaks for each class (images, classes) of images (images, …)."""


def vote(scores: Tensor, how: Vote = "soft") -> Tensor:
    """Count the members' votes.

    Args:
        scores: (members, images, classes), of any scale; members need not share one.
        how: see above.

    Returns:
        Votes (images, classes); the class with most is the committee's.
    """
    if how not in ("soft", "hard"):
        raise ValueError(f"There is no vote {how!r}; choose soft or hard.")
    if scores.ndim != 3 or not len(scores):  # noqa: PLR2004 (members, images, classes)
        raise ValueError("Votes are counted of scores in members × images × classes.")
    deviation = scores.std(2, correction=0, keepdim=True).clamp_min(1e-10)
    soft = ((scores - scores.mean(2, keepdim=True)) / deviation).mean(0)
    if how == "soft":
        return soft
    counts = functional.one_hot(scores.argmax(2), scores.shape[2]).sum(0)
    # Soft votes lie within ± √classes; shrunk below a half they decide between equal counts only.
    votes: Tensor = counts + soft / (4 * scores.shape[2] ** 0.5)
    return votes


@dataclass(frozen=True)
class Committee:
    """Classifiers that vote."""

    members: Sequence[Classifier]
    how: Vote = "soft"

    def all_scores(self, images: Tensor) -> Tensor:
        """Return the scores of each member, (members, images, classes)."""
        return torch.stack([member.scores(images) for member in self.members])

    def scores(self, images: Tensor) -> Tensor:
        """Return votes (images, classes), so that a committee can sit in another."""
        return vote(self.all_scores(images), self.how)

    def predict(self, images: Tensor) -> Tensor:
        """Return classes (images,)."""
        return self.scores(images).argmax(1)


@dataclass(frozen=True)
class Changes:
    """How training images are changed."""

    mirror: bool = True
    """Half of them, left to right."""
    turn: float = 10.0
    """By up to so many degrees, either way."""
    scale: float = 0.1
    """By up to this share, up or down."""

    def __post_init__(self) -> None:
        if self.turn < 0 or not 0 <= self.scale < 1:
            raise ValueError("Turning is by 0 degrees or more, scaling by a share below 1.")

    def apply(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed images (images, channels, height, width), borders going on outwards."""
        count = len(images)
        drawn = torch.rand(3, count, generator=generator)
        angle = (2 * drawn[0] - 1) * self.turn * torch.pi / 180
        size = 1 + (2 * drawn[1] - 1) * self.scale
        side = torch.where(drawn[2] < 0.5, -1.0, 1.0) if self.mirror else torch.ones(count)  # noqa: PLR2004 (half)
        matrix = torch.zeros(count, 2, 3)
        matrix[:, 0, 0], matrix[:, 0, 1] = side * angle.cos() / size, -angle.sin() / size
        matrix[:, 1, 0], matrix[:, 1, 1] = side * angle.sin() / size, angle.cos() / size
        grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
        return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


@dataclass(frozen=True)
class TrainConfig:
    """The members, and how they are trained."""

    members: int = 5
    filters: int = 64
    """Of the first layer."""
    upper: int = 48
    """Filters of the second layer, shared by its groups."""
    groups: int = 8
    """Random groups of maps that the second layer sees."""
    channels: int = 8
    """Maps in a group."""
    smallest: int = 5
    """Side of the first member's filters in pixels; the next ones have one and two more, …"""
    pool: int = 3
    photographs: bool = True
    """Whether images are whitened first, which suits photographs and not digits."""
    patches: int = 20_000
    copies: int = 1
    """Changed copies of each training image; 0 for none."""
    mirror: bool = True
    turn: float = 10.0
    scale: float = 0.1
    vote: Vote = "soft"
    cost: float = 4e-4
    """C of the members' support vector machines."""
    size: int = 0
    """Side of the images in pixels; 0 leaves them as they are."""
    held_out: float = 0.2
    """Share of the images on which the accuracy is measured."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.members < 1 or self.copies < 0 or not 0 < self.held_out < 1:
            raise ValueError("Members are at least 1, copies at least 0, the rest is held out.")
        if self.vote not in ("soft", "hard"):
            raise ValueError(f"There is no vote {self.vote!r}; choose soft or hard.")

    @property
    def changes(self) -> Changes:
        """How training images are changed."""
        return Changes(self.mirror, self.turn, self.scale)

    def network(self, number: int, shape: tuple[int, int, int]) -> LayerwiseNetwork:
        """Return the unlearned network of a member, for images (channels, height, width)."""
        first = Layer(self.filters, self.smallest + number % 3, self.pool)
        second = Layer(self.upper, 3, self.pool, groups=self.groups, channels=self.channels)
        config = LayerwiseConfig(
            (first, second),
            shape,
            whiten=self.photographs,
            normalise=True,
            grouping="random",
            patches=self.patches,
            seed=1000 * self.seed + number,
        )
        return LayerwiseNetwork(config)


class Member:
    """A network learned layer by layer, and a support vector machine on its features."""

    def __init__(self, number: int, shape: tuple[int, int, int], config: TrainConfig) -> None:
        self.network = config.network(number, shape)
        self.config = config
        self.head: LinearHead | None = None

    def fit(self, images: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> Member:
        """Learn filters without labels, then the classifier, from changed copies too.

        Args:
            images: (images, channels, height, width).
            labels: (images,).
            unlabelled: images to learn filters from, where more are at hand than have labels.
        """
        self.network.fit(images if unlabelled is None else unlabelled)
        generator = torch.Generator().manual_seed(self.network.config.seed)
        copies = range(self.config.copies)
        changed = [self.config.changes.apply(images, generator) for _ in copies]
        every = torch.cat([images, *changed])
        shape = (len(every), self.network.config.features)
        machine = SVMConfig(costs=(self.config.cost,), biases=(0.0,))
        labels = labels.repeat(1 + self.config.copies)
        head = fit_svm(self.network.stream(every), shape, labels, machine)
        if isinstance(head, LinearHead):
            self.head = head
        return self

    def scores(self, images: Tensor) -> Tensor:
        """Return the machine's scores (images, classes)."""
        if self.head is None:
            raise ValueError("The member has learned nothing yet; call fit first.")
        head = self.head
        return torch.cat([head.scores(part) for part in self.network.stream(images)])


def fit_members(
    images: Images,
    unlabelled: Tensor | None,
    config: TrainConfig,
    show: Callable[[int], None] = lambda _: None,
) -> list[Member]:
    """Learn all members.

    Args:
        images: with labels.
        unlabelled: (images, channels, height, width), from 0 to 1, to learn filters from.
        config: how.
        show: told how many are done.
    """
    _, channels, height, width = images.pixels.shape
    members = []
    for number in range(config.members):
        member = Member(number, (channels, height, width), config)
        members.append(member.fit(images.floats(), images.labels, unlabelled))
        show(number + 1)
    return members


def compare(scores: Tensor, labels: Tensor) -> dict[str, float]:
    """Return accuracies of the best and the mean member, and of both votes.

    Args:
        scores: (members, images, classes).
        labels: (images,).
    """
    single = (scores.argmax(2) == labels).float().mean(1)
    found = {"best member": single.max().item(), "mean member": single.mean().item()}
    ways: tuple[Vote, ...] = ("soft", "hard")
    for how in ways:
        right = vote(scores, how).argmax(1) == labels
        found[f"{how} vote"] = right.float().mean().item()
    return found


def train(
    data: Path | str, output: Path, config: TrainConfig, show: Callable[[News], None]
) -> Mapping[str, float]:
    """Learn a committee from images with labels (see `data`), keep it in the folder `output`."""
    images = read_images(data, config.size or None)
    now = kept.about(config, images)
    done = kept.figures_of(output, now)
    if done is not None:
        return done
    begun = time.monotonic()
    tried, learned = images.hold_out(config.held_out, config.seed)

    def tell(count: int) -> None:
        show(News(count, config.members, {"members": count}, time.monotonic() - begun))

    members = fit_members(learned, None, config, tell)
    figures = compare(Committee(members).all_scores(tried.floats()), tried.labels)
    networks = [member.network.state_dict() for member in members]
    heads = [vars(member.head) for member in members]
    kept.keep(output, now, {"networks": networks, "heads": heads}, figures)
    return figures


def predict(run: Path, inputs: Sequence[Path]) -> Iterator[Mapping[str, object]]:
    """Yield the class of each picture and by how many votes it leads."""
    state = kept.read_run(run)
    config = TrainConfig(**state["about"]["config"])
    channels, height, width = state["about"]["data"]["shape"]
    members = []
    for number, (network, head) in enumerate(zip(state["networks"], state["heads"], strict=True)):
        member = Member(number, (channels, height, width), config)
        member.network.load_state_dict(network)
        member.head = LinearHead(**head)
        members.append(member)
    yield from kept.say(state, inputs, Committee(members, config.vote).scores)


SMALL = TrainConfig(
    filters=16, upper=12, groups=4, channels=6, smallest=3, photographs=False, patches=2000,
    mirror=False, cost=1e-3,
)  # fmt: skip
"""For digits of 8 × 8 pixels, which are never mirrored."""


def demo() -> str:
    """Learn real digits from ten of each, and tell members and votes apart."""
    few, rest = read_images("digits").split(10, 0)
    members = fit_members(few, None, SMALL)
    found = compare(Committee(members).all_scores(rest.floats()), rest.labels)
    told = ", ".join(f"{name} {value:.1%}" for name, value in found.items())
    return f"{len(rest)} digits, learned from ten of each: {told}."
