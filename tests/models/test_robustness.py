"""JPEG and FGSM: images and decisions get worse with quality; attacks are of the size told."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tevr.models.data import Images
from tevr.models.robustness import decide, fgsm, fgsm_accuracy, jpeg_curve, save_as_jpeg


@pytest.fixture
def images() -> Images:
    """Two classes, brighter left or brighter right, with noise."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(40) % 2
    ramp = torch.linspace(-40, 40, 16).expand(3, 16, 16)
    noise = torch.randint(-60, 60, (40, 3, 16, 16), generator=draw)
    pixels = 128 + noise + ramp * (2 * labels - 1)[:, None, None, None]
    return Images(pixels.clamp(0, 255).to(torch.uint8), labels, ("left", "right"), "ramps")


class Sides(nn.Module):
    """Is the right half brighter than the left?"""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        left, right = x[..., :8].mean((1, 2, 3)), x[..., 8:].mean((1, 2, 3))
        return torch.stack((left, right), 1) * self.scale


@pytest.mark.parametrize("swapped", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_get_worse_with_the_quality(images: Images, channels: int, swapped: bool) -> None:
    pixels = images.pixels[:, :channels]
    kept = pixels.clone()
    errors = [
        (save_as_jpeg(pixels, quality, swapped).float() - pixels.float()).square().mean().item()
        for quality in (95, 60, 20, 5)
    ]
    assert errors == sorted(errors)
    assert errors[0] > 0
    assert torch.equal(pixels, kept)


def test_colours_are_swapped_while_saving_as_the_authors_did(images: Images) -> None:
    array = images.pixels[0].permute(1, 2, 0).numpy()
    packed = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array[..., ::-1])).save(packed, "JPEG", quality=50)
    expected = np.asarray(Image.open(packed))[..., ::-1]
    found = save_as_jpeg(images.pixels[:1], 50)[0].permute(1, 2, 0).numpy()
    assert np.array_equal(found, expected)
    assert not np.array_equal(found, save_as_jpeg(images.pixels[:1], 50, swapped=False)[0])


def test_a_curve_counts_errors_and_changed_decisions(images: Images) -> None:
    curve = jpeg_curve(Sides(), images, (90, 5))
    clean = decide(Sides(), images.pixels)
    worst = decide(Sides(), save_as_jpeg(images.pixels, 5))
    assert curve.qualities == (90, 5)
    assert curve.clean == pytest.approx(float((clean != images.labels).double().mean()))
    assert curve.changed[1] == pytest.approx(float((worst != clean).double().mean()))
    assert curve.errors[1] == pytest.approx(float((worst != images.labels).double().mean()))


def test_an_attack_moves_every_pixel_by_epsilon_and_raises_the_loss(images: Images) -> None:
    pixels, network = images.floats() * 0.8 + 0.1, Sides()
    attacked = fgsm(network, pixels, images.labels, 0.05)
    moved = (attacked - pixels).abs()
    torch.testing.assert_close(moved, torch.full_like(moved, 0.05))
    before = nn.functional.cross_entropy(network(pixels), images.labels)
    assert nn.functional.cross_entropy(network(attacked), images.labels) > before


def test_stronger_attacks_deceive_more(images: Images) -> None:
    shares = fgsm_accuracy(Sides(), images, (0, 8, 64), batch=7)
    clean = float((decide(Sides(), images.pixels) == images.labels).double().mean())
    assert shares[0] == pytest.approx(clean)
    assert shares[0] >= shares[1] > shares[2] == 0
