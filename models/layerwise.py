"""Images → features, by convolutional layers learned one after another without back-propagation.

The network that `autoconvolution` and `committee` share. A layer standardises its input, convolves
it with filters learned from its own patches, rectifies, takes the maximum of each neighbourhood,
and hands its maps on with local contrast normalised. From the second layer on the maps are split
into groups, and all groups use the same filters, so that a few filters give very many maps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from tevr.models.feature_maps import group_by_correlation, local_contrast, scale_features
from tevr.models.filters import (
    FilterConfig,
    Whitening,
    learn_filters,
    sample_patches,
    standardise,
)

INPUT_SCALE = 20  # standardised input is divided by it, as in the authors' code
BATCH = 50  # images at a time; no result depends on it


@dataclass(frozen=True)
class Layer:
    """One layer: its filters, its pooling, and how the maps below are grouped."""

    filters: int
    """How many filters, shared by all groups; the layer gives groups × filters maps."""
    size: int
    """Side of a filter in pixels."""
    pool: int
    """Side of the neighbourhood of which the maximum is taken, in pixels."""
    stride: int | None = None
    """Pixels from one neighbourhood to the next; None for pool, or pool − 1 in deeper networks."""
    orders: tuple[int, ...] = (0,)
    """Orders of autoconvolution of the patches that filters are learned from; 0 is the patch."""
    groups: int = 1
    """Groups of maps of the layer below; the first layer has one."""
    channels: int | None = None
    """Maps in a group; None for all."""

    def __post_init__(self) -> None:
        numbers = (self.filters, self.size, self.pool, self.groups, self.channels or 1)
        if min(*numbers, 1 if self.stride is None else self.stride) < 1:
            raise ValueError(
                "Filters, sizes, pooling, strides, groups and channels are 1 at least."
            )
        if not self.orders or min(self.orders) < 0:
            raise ValueError("Orders of autoconvolution are 0 or more, and at least one is given.")


@dataclass(frozen=True)
class LayerwiseConfig:
    """A network: its layers, and what is done between and after them."""

    layers: tuple[Layer, ...]
    shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, height and width of an image."""
    whiten: bool = False
    """Whether images are whitened (ZCA) first; the authors do it for photographs, not digits."""
    rectifier: Literal["abs", "relu-abs"] = "abs"
    """Absolute values in all layers, or ReLU in the first and absolute values above."""
    normalise: bool = False
    """Whether local contrast is normalised between layers."""
    scaling: Literal["standard", "rootsift"] = "standard"
    """Each sample's features standardised; or divided by their sum, and their root, before."""
    all_layers: bool = True
    """Whether features of all layers are used, on the last one's grid, or of the last alone."""
    grouping: Literal["correlated", "random"] = "correlated"
    """Maps that answer together form a group, or maps drawn at random do."""
    patches: int = 50_000
    """Patches that filters of a layer are learned from."""
    learn: FilterConfig = field(default_factory=FilterConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("A network has at least one layer.")
        if self.layers[0].groups != 1:
            raise ValueError("The first layer has one group.")
        maps = self.shape[0]
        for layer, side in zip(self.layers, self.sides(), strict=True):
            if (layer.channels or maps) > maps:
                raise ValueError(f"A group of {layer.channels} maps, where there are {maps}.")
            if min(side) < 1:
                raise ValueError("The images are too small for this many layers of pooling.")
            maps = layer.groups * layer.filters

    def padding(self, layer: Layer) -> int:
        """Return the pixels added on each side before pooling; none in networks of one layer."""
        return min(1, layer.pool // 2) if len(self.layers) > 1 else 0

    def stride(self, layer: Layer) -> int:
        """Return the pixels from one neighbourhood to the next."""
        deep = len(self.layers) > 1
        return layer.stride or max(1, layer.pool - deep)

    def sides(self) -> list[tuple[int, int]]:
        """Return height and width of each layer's maps."""
        height, width = self.shape[1:]
        found = []
        for layer in self.layers:
            extra = 2 * self.padding(layer) - layer.pool + layer.size % 2 - 1
            height, width = ((each + extra) // self.stride(layer) + 1 for each in (height, width))
            found.append((height, width))
        return found

    @property
    def features(self) -> int:
        """Values in the features of one image."""
        used = self.layers if self.all_layers else self.layers[-1:]
        height, width = self.sides()[-1]
        return sum(layer.groups * layer.filters for layer in used) * height * width


Prepare = Callable[[Tensor, Layer, torch.Generator], Tensor]
"""Turns patches (count, channels, size, size) into those that filters are learned from."""


def as_they_are(patches: Tensor, layer: Layer, generator: torch.Generator) -> Tensor:  # noqa: ARG001 (a Prepare)
    """Return patches (count, channels, size, size) standardised, and else unchanged."""
    return standardise(patches, jointly=patches.shape[1] > 3)  # noqa: PLR2004 (colours)


class LayerwiseNetwork(nn.Module):
    """The network; `fit` learns it, calling it gives features, `state_dict` keeps it."""

    def __init__(self, config: LayerwiseConfig, prepare: Prepare = as_they_are) -> None:
        super().__init__()
        self.config = config
        self.prepare = prepare
        self.fitted = 0  # layers
        maps = config.shape[0]
        for at, layer in enumerate(config.layers):
            channels = layer.channels or maps
            self.register_buffer(
                f"filters{at}", torch.zeros(layer.filters, channels, *[layer.size] * 2)
            )
            self.register_buffer(
                f"groups{at}", torch.zeros(layer.groups, channels, dtype=torch.long)
            )
            self.register_buffer(f"input{at}", torch.tensor([0.0, 1.0]))  # mean and deviation
            self.register_buffer(f"contrast{at}", torch.zeros(()))
            maps = layer.groups * layer.filters
        values = torch.Size(config.shape).numel() if config.whiten else 0
        self.register_buffer("mean", torch.zeros(values))
        self.register_buffer("matrix", torch.zeros(values, values))

    def fit(self, images: Tensor) -> LayerwiseNetwork:
        """Learn all layers from images (count, channels, height, width); labels are not asked."""
        self._check(images)
        generator = torch.Generator().manual_seed(self.config.seed)
        if self.config.whiten:
            whitening = Whitening.fit(images.flatten(1), epsilon=self.config.learn.epsilon)
            self.mean, self.matrix = whitening.mean, whitening.matrix
        self.fitted = 0
        for at, layer in enumerate(self.config.layers):
            setattr(self, f"groups{at}", self._grouped(at, images, generator))
            patches = self.prepare(self._patches(at, images, generator), layer, generator)
            seed = self.config.seed + at
            learned = learn_filters(patches, layer.filters, self.config.learn, seed)
            setattr(self, f"filters{at}", learned)
            self._measure(at, images[torch.randperm(len(images), generator=generator)[: 4 * BATCH]])
            self.fitted = at + 1
        return self

    @torch.inference_mode()
    def _measure(self, at: int, sample: Tensor) -> None:
        """Keep mean and deviation of what layer `at` gets, and how much contrast it hands on."""
        layer = self.config.layers[at]
        below = functional.pad(self._below(at, sample), [layer.size // 2] * 4)
        statistics = torch.stack([below.mean(), below.std().clamp_min(1e-10)])
        setattr(self, f"input{at}", statistics.clone())
        if self.config.normalise:
            deviation = local_contrast(self._layer(at, self._below(at, sample)))[1]
            setattr(self, f"contrast{at}", deviation.mean())

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """Return features (count, features) of images (count, channels, height, width)."""
        return torch.cat(list(self.stream(images)))

    @torch.inference_mode()
    def stream(self, images: Tensor) -> Iterator[Tensor]:
        """Yield features (up to BATCH, features), so that not all need be held in memory."""
        self._check(images)
        if self.fitted < len(self.config.layers):
            raise ValueError("The network has learned nothing yet; call fit first.")
        for batch in torch.split(images, BATCH):
            yield self._features(batch)

    def load_state_dict(self, *args: object, **settings: object) -> object:
        """Take what a fitted network's `state_dict` holds."""
        result = super().load_state_dict(*args, **settings)  # type: ignore[arg-type]
        self.fitted = len(self.config.layers)
        return result

    def _check(self, images: Tensor) -> None:
        if images.ndim != 4 or tuple(images.shape[1:]) != self.config.shape:  # noqa: PLR2004
            wanted = "×".join(map(str, self.config.shape))
            found = "×".join(map(str, images.shape[1:]))
            raise ValueError(f"Images are {found}, and the network is for {wanted}.")

    def _features(self, images: Tensor) -> Tensor:
        """Return features (images, features) of one batch."""
        height, width = self.config.sides()[-1]
        below, kept = self._below(0, images), []
        last = len(self.config.layers) - 1
        for at in range(last + 1):
            maps = self._layer(at, below)
            if self.config.all_layers or at == last:
                kept.append(functional.adaptive_max_pool2d(maps, (height, width)).flatten(1))
            if at < last:
                below = self._handed_on(at, maps)
        return scale_features(torch.cat(kept, 1), self.config.scaling)

    def _below(self, at: int, images: Tensor) -> Tensor:
        """Return what layer `at` gets, (images, maps, height, width)."""
        below = images
        if self.config.whiten:
            whitening = Whitening(self.mean, self.matrix)
            below = whitening(images.flatten(1)).view_as(images)
        for lower in range(at):
            below = self._handed_on(lower, self._layer(lower, below))
        return below

    def _layer(self, at: int, below: Tensor) -> Tensor:
        """Return maps (images, groups × filters, height, width) of what is below."""
        layer = self.config.layers[at]
        filters: Tensor = getattr(self, f"filters{at}")
        groups: Tensor = getattr(self, f"groups{at}")
        # The border is added first, so that to dark images it is dark, and no edge.
        below = functional.pad(below, [layer.size // 2] * 4)
        mean, deviation = getattr(self, f"input{at}")
        below = (below - mean) / (INPUT_SCALE * deviation)
        split = below[:, groups].flatten(0, 1)  # (images × groups, channels, height, width)
        maps = functional.conv2d(split, filters)
        linear = at == 0 and self.config.rectifier == "relu-abs"
        maps = maps.relu_() if linear else maps.abs_()
        stride, padding = self.config.stride(layer), self.config.padding(layer)
        maps = functional.max_pool2d(maps, layer.pool, stride, padding)
        return maps.view(len(below), -1, *maps.shape[2:])

    def _handed_on(self, at: int, maps: Tensor) -> Tensor:
        """Return maps as the next layer gets them."""
        if not self.config.normalise:
            return maps
        centred, deviation = local_contrast(maps)
        floor: Tensor = getattr(self, f"contrast{at}")
        return centred / torch.maximum(deviation, floor).clamp_min(1e-10)

    @torch.inference_mode()
    def _patches(self, at: int, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return patches of what layer `at` gets, each of one group's maps drawn at random."""
        layer = self.config.layers[at]
        groups: Tensor = getattr(self, f"groups{at}")
        order = torch.randperm(len(images), generator=generator)
        batches = torch.split(order, BATCH * 4)
        each = -(-self.config.patches // len(batches))  # rounded up
        found = []
        for chosen in batches:
            # Filters of the first layer are learned from images as they are, not whitened.
            below = images[chosen]
            if at:
                below = self._below(at, below)[:, groups].flatten(0, 1)
            found.append(sample_patches(below, layer.size, each, generator))
        return torch.cat(found)[: self.config.patches]

    @torch.inference_mode()
    def _grouped(self, at: int, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return which maps below form the groups of layer `at`, (groups, channels)."""
        layer = self.config.layers[at]
        maps = self.config.shape[0]
        if at:
            below = self.config.layers[at - 1]
            maps = below.groups * below.filters
        channels = layer.channels or maps
        if self.config.grouping == "random" and channels < maps:
            drawn = [torch.randperm(maps, generator=generator) for _ in range(layer.groups)]
            return torch.stack([each[:channels] for each in drawn])
        if layer.groups * channels == maps:
            return torch.arange(maps).view(layer.groups, channels)
        sample = images[torch.randperm(len(images), generator=generator)[: 4 * BATCH]]
        answers = self._below(at, sample).movedim(1, -1).flatten(0, 2)  # (places, maps)
        rows = torch.randperm(len(answers), generator=generator)[:10_000]
        return group_by_correlation(answers[rows], layer.groups, channels, generator)
