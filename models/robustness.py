"""Classifier and images → its errors when they are saved as JPEG, and when it is attacked (FGSM).

As the authors of FP-nets and Min-nets measure it (see `fp_net`, `min_net`). JPEG: images are saved
at qualities from 90 to 10 and read again; told are the share of errors, and the share of decisions
that differ from those on the images as they were. The authors gave red, green and blue to a library
that expects blue, green and red, so that their weights in the brightness are swapped: `swapped`.
FGSM (Goodfellow, Shlens and Szegedy 2015): every pixel moves by ε against the classifier.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tevr.models.data import Images

QUALITIES = (90, 80, 70, 60, 50, 40, 30, 20, 10)
EPSILONS = (1, 2, 4, 8, 16)
"""In steps of 1/255, as in the papers."""


@dataclass(frozen=True)
class JpegCurve:
    """What saving as JPEG does to a classifier's decisions."""

    qualities: tuple[int, ...]
    clean: float
    """Share of errors on the images as they were."""
    errors: tuple[float, ...]
    """Share of errors at each quality."""
    changed: tuple[float, ...]
    """Share of decisions that differ from those on the images as they were."""


def save_as_jpeg(pixels: Tensor, quality: int, swapped: bool = True) -> Tensor:
    """Save images as JPEG and read them again.

    Args:
        pixels: uint8 (images, channels, height, width), grey or colour.
        quality: 1 to 95, as libjpeg has it.
        swapped: take red for blue and blue for red while saving.

    Returns:
        uint8, of the same shape.
    """
    from PIL import Image

    colour = pixels.shape[1] > 1
    arrays = pixels.permute(0, 2, 3, 1).numpy()  # (images, height, width, channels)
    if colour and swapped:
        arrays = arrays[..., ::-1]
    found = np.empty_like(arrays)
    for at, array in enumerate(arrays):
        packed = io.BytesIO()
        plain = np.ascontiguousarray(array if colour else array[..., 0])
        Image.fromarray(plain).save(packed, "JPEG", quality=quality)
        with Image.open(packed) as picture:
            found[at] = np.asarray(picture).reshape(array.shape)
    if colour and swapped:
        found = found[..., ::-1]
    return torch.from_numpy(np.ascontiguousarray(found)).permute(0, 3, 1, 2).contiguous()


def decide(network: nn.Module, pixels: Tensor, batch: int = 250) -> Tensor:
    """Return the classes (images,) that a network in evaluation mode sees.

    Args:
        network: pixels from 0 to 1 → scores (batch, classes).
        pixels: uint8 (images, channels, height, width).
        batch: images at once.
    """
    network.eval()
    place = next(network.parameters()).device
    with torch.no_grad():
        scores = [network(part.to(place).float() / 255).argmax(1) for part in pixels.split(batch)]  # type: ignore[no-untyped-call]
    return torch.cat(scores).cpu()


def jpeg_curve(
    network: nn.Module,
    images: Images,
    qualities: Sequence[int] = QUALITIES,
    swapped: bool = True,
) -> JpegCurve:
    """Measure errors and changed decisions at each quality."""
    before = decide(network, images.pixels)
    errors, changed = [], []
    for quality in qualities:
        after = decide(network, save_as_jpeg(images.pixels, quality, swapped))
        errors.append(_share(after != images.labels))
        changed.append(_share(after != before))
    clean = _share(before != images.labels)
    return JpegCurve(tuple(qualities), clean, tuple(errors), tuple(changed))


def fgsm(network: nn.Module, pixels: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Move every pixel by ε so that the loss rises.

    Args:
        network: pixels from 0 to 1 → scores (batch, classes), in evaluation mode.
        pixels: (images, channels, height, width), 0 to 1.
        labels: (images,).
        epsilon: in the range of the pixels.

    Returns:
        Pixels from 0 to 1, of the same shape.
    """
    leaf = pixels.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(functional.cross_entropy(network(leaf), labels), leaf)
    return (pixels + epsilon * gradient.sign()).clamp(0, 1)


def fgsm_accuracy(
    network: nn.Module,
    images: Images,
    epsilons: Sequence[float] = EPSILONS,
    batch: int = 250,
) -> tuple[float, ...]:
    """Return the share of right decisions under attack at each ε, in steps of 1/255."""
    network.eval()
    place = next(network.parameters()).device
    right = torch.zeros(len(epsilons))
    for start in range(0, len(images), batch):
        part = images.take(slice(start, start + batch))
        pixels, labels = part.floats().to(place), part.labels.to(place)
        for at, epsilon in enumerate(epsilons):
            attacked = fgsm(network, pixels, labels, epsilon / 255)
            with torch.no_grad():
                right[at] += (network(attacked).argmax(1) == labels).sum().cpu()
    return tuple((right / len(images)).tolist())


def _share(found: Tensor) -> float:
    return float(found.double().mean())
