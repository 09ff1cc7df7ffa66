"""Autoconvolution: equal to scipy's convolution, recursive as documented, in the paper's words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.signal import convolve2d
from torch import Tensor

from tevr.models.autoconvolution import (
    DIGITS,
    L32,
    AutoCNN,
    AutoconvolutionConfig,
    TrainConfig,
    autoconvolve,
    autoconvolved,
    demo,
    parse_network,
    predict,
    prepare,
    reduce,
    resize,
    stripes,
    train,
    write_network,
)
from tevr.models.filters import standardise
from tevr.models.fit import News
from tevr.models.layerwise import Layer, LayerwiseConfig
from tevr.models.svm import SVMConfig

FAST = SVMConfig(costs=(1e-3,), biases=(0.0,))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def patches(count: int = 6, channels: int = 2, size: int = 7) -> Tensor:
    return torch.randn(count, channels, size, size, generator=generator(1), dtype=torch.float64)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 1000))
def test_it_equals_convolution_of_a_patch_with_itself(height: int, width: int, seed: int) -> None:
    x = torch.randn(2, 2, height, width, generator=generator(seed), dtype=torch.float64)
    found = autoconvolve(x)
    for patch in range(2):
        for channel in range(2):
            each = x[patch, channel].numpy()
            expected = convolve2d(each, each, "full")
            np.testing.assert_allclose(found[patch, channel].numpy(), expected, atol=1e-10)


def test_its_spectrum_is_the_square_of_the_patch_s() -> None:
    x = patches()
    size = (13, 13)
    torch.testing.assert_close(torch.fft.fft2(autoconvolve(x)), torch.fft.fft2(x, s=size).square())


def test_it_sharpens_the_spectrum() -> None:
    x = standardise(patches(50, 1, 11))

    def flatness(values: Tensor) -> Tensor:
        power = torch.fft.rfft2(values).abs().square().flatten(1) + 1e-12
        return power.log().mean(1).exp() / power.mean(1)

    assert (flatness(autoconvolve(x)) < flatness(x)).double().mean() > 0.95


def test_reduction_is_by_resizing_or_by_cutting_the_middle() -> None:
    x = patches(200, 1, 13)
    found = reduce(x, generator())
    assert found.shape == (200, 1, 7, 7)
    cut = (found == x[:, :, 3:10, 3:10]).flatten(1).all(1)
    resized = (found == resize(x, 7)).flatten(1).all(1)
    assert (cut ^ resized).all()
    assert 70 < cut.sum() < 130


def test_order_two_goes_on_from_the_whole_of_order_one_and_order_three_from_the_reduced() -> None:
    x = patches(size=7)
    found = autoconvolved(x, (0, 1, 2, 3), generator())
    coins = generator()
    torch.testing.assert_close(found[0], standardise(x))
    whole = autoconvolve(standardise(found[0]))  # 13 × 13
    torch.testing.assert_close(found[1], resize(reduce(whole, coins), 7))
    second = reduce(autoconvolve(standardise(whole)), coins)  # 25 → 13
    assert second.shape[-1] == 13
    torch.testing.assert_close(found[2], resize(second, 7))
    third = reduce(autoconvolve(standardise(second)), coins)
    torch.testing.assert_close(found[3], resize(third, 7))


def test_only_the_orders_asked_for_are_returned() -> None:
    x = patches()
    assert len(autoconvolved(x, (1, 3), generator())) == 2
    torch.testing.assert_close(
        autoconvolved(x, (1, 2, 3), generator())[2], autoconvolved(x, (3,), generator())[0]
    )


def test_patches_of_all_orders_are_mixed_in_equal_shares() -> None:
    x = patches(10)
    layer = Layer(4, 7, 2, orders=(0, 1))
    found = prepare(x, layer, generator())
    assert found.shape == x.shape
    torch.testing.assert_close(found[:5], standardise(x[:5]))
    assert not torch.allclose(found[5:], standardise(x[5:]))


def test_flat_patches_stay_flat() -> None:
    flat = torch.full((2, 1, 5, 5), 0.3)
    assert all((each == 0).all() for each in autoconvolved(flat, (0, 1, 2), generator()))


def test_the_papers_notation_is_read() -> None:
    assert parse_network(DIGITS) == (Layer(128, 11, 4, None, (1, 2, 3)),)
    first, second = parse_network("128c7-5p-3s-conv1_3__1g-128ch-1024c5-3p-conv0_2")
    assert first == Layer(128, 7, 5, 3, (1, 2, 3))
    assert second == Layer(1024, 5, 3, None, (0, 1, 2), 1, 128)
    assert parse_network("96c5-2p-conv0")[0].orders == (0,)


def test_the_largest_network_gives_more_than_600_thousand_features() -> None:
    config = LayerwiseConfig(parse_network(L32), (3, 32, 32))
    assert [layer.groups * layer.filters for layer in config.layers] == [1024, 8192, 32768]
    assert config.features == (1024 + 8192 + 32768) * 4 * 4 == 671_744


@st.composite
def networks(draw: st.DrawFn) -> tuple[Layer, ...]:
    size = st.integers(1, 999)
    found: list[Layer] = []
    for at in range(draw(st.integers(1, 3))):
        first = draw(st.integers(0, 4))
        orders = tuple(range(first, first + draw(st.integers(1, 3))))
        groups, channels = (draw(size), draw(size)) if at else (1, None)
        stride = draw(st.none() | size)
        found.append(Layer(draw(size), draw(size), draw(size), stride, orders, groups, channels))
    return tuple(found)


@settings(deadline=None)
@given(networks())
def test_notation_can_be_written_and_read_back(layers: tuple[Layer, ...]) -> None:
    assert parse_network(write_network(layers)) == layers


@pytest.mark.parametrize(
    ("notation", "words"),
    [
        ("", "none of"),
        ("128c11-4p", "needs filters, pooling and orders"),
        ("128c11-4q-conv0", "'4q'"),
        ("8c5-2p-2p-conv0", "twice"),
        ("8c5-2p-conv3_1", "Orders"),
        ("0c5-2p-conv0", "1 at least"),
    ],
)
def test_wrong_notation_is_named(notation: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_network(notation)


def test_it_tells_stripes_apart_from_few_examples() -> None:
    assert "100%" in demo() or "9" in demo().split("%")[0][-2:]


@pytest.mark.parametrize("photographs", [False, True])
def test_networks_of_two_layers_with_groups_learn(photographs: bool) -> None:
    images, labels = stripes(120, generator())
    network = "8c5-2p-conv0_1__3g-4ch-6c3-3p-conv0_1"
    config = AutoconvolutionConfig(network, (1, 16, 16), photographs, patches=400, svm=FAST)
    model = AutoCNN(config).fit(images[:60], labels[:60], images)
    assert (model.predict(images[60:]) == labels[60:]).float().mean() > 0.85


def test_scores_with_mirroring_do_not_change_when_images_are_mirrored() -> None:
    images, labels = stripes(60, generator())
    config = AutoconvolutionConfig("6c5-4p-conv0", (1, 16, 16), patches=200, svm=FAST, mirror=True)
    model = AutoCNN(config).fit(images[:40], labels[:40])
    torch.testing.assert_close(model.scores(images[40:]), model.scores(images[40:].flip(-1)))


def test_a_classifier_that_learned_nothing_says_so() -> None:
    model = AutoCNN(AutoconvolutionConfig())
    with pytest.raises(ValueError, match="call fit first"):
        model.predict(torch.zeros(1, 1, 28, 28))


def pictures(folder: Path) -> Path:
    images, labels = stripes(60, generator())
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / ("upright", "lying")[int(label)] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = ((image[0] + 3) / 6 * 255).clamp(0, 255).byte().numpy()
        Image.fromarray(pixels).save(path)
    return folder


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_a_run_is_trained_kept_and_used(tmp_path: Path, kernel: str) -> None:
    data, run = pictures(tmp_path / "data"), tmp_path / "run"
    config = TrainConfig("8c5-4p-conv0_1", patches=300, kernel=kernel)  # type: ignore[arg-type]
    told: list[News] = []
    figures = train(data, run, config, told.append)
    assert figures["accuracy"] > 0.8
    assert [news.step for news in told] == [1, 2]
    assert train(data, run, config, told.append) == figures
    assert len(told) == 2  # the second time nothing was left to do
    files = sorted((data / "lying").glob("*.png"))[:10]
    said = list(predict(run, files))
    assert [each["file"] for each in said] == [str(path) for path in files]
    assert sum(each["class"] == "lying" for each in said) >= 9
    with pytest.raises(ValueError, match=r"config\.patches 300, not 200"):
        train(data, run, TrainConfig("8c5-4p-conv0_1", patches=200, kernel=config.kernel), print)
