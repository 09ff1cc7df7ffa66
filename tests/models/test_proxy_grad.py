"""Proxy gradients: slopes forth and back in any network, images that excite units, training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from tevr.models.proxy_grad import (
    MaximiseConfig,
    PlainNet,
    TrainConfig,
    climb_toy,
    demo,
    maximise,
    predict,
    proxied_loss,
    toy,
    train,
)
from tevr.models.proxy_slope import READINGS, Proxied, Reading, slopes, two_slopes


class Kinds(nn.Module):
    """All ways to write the unit, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.leaky, self.six = nn.ReLU(inplace=True), nn.LeakyReLU(0.2), nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:
        x = self.leaky(self.relu(x * 2) - 0.5)
        x = functional.leaky_relu(functional.relu(x - 0.1), 0.3) - 0.2
        x = functional.relu6(torch.relu(x.relu() - 0.1) * 9 - 1)
        return self.six(x).clone().relu_() - functional.hardtanh(x)


def small_network(seed: int = 0, width: int = 2) -> PlainNet:
    torch.manual_seed(seed)
    return PlainNet(1, width, 3).eval()


@settings(deadline=None)
@given(
    st.lists(st.floats(-5, 9), min_size=1).map(torch.tensor),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_values_take_one_slope_and_derivatives_another(
    x: Tensor, forth: float, back: float
) -> None:
    leaf = x.clone().requires_grad_()
    out = two_slopes(leaf, forth, back, top=6.0)
    torch.testing.assert_close(out, torch.where(x > 0, x, forth * x).clamp(max=6))
    out.sum().backward()
    expected = torch.where(x > 0, 1.0, back).masked_fill(x >= 6, 0.0)
    torch.testing.assert_close(leaf.grad, expected.to(x.dtype))


def test_equal_slopes_change_nothing_however_the_unit_is_written() -> None:
    x = torch.randn(50, generator=torch.Generator().manual_seed(0))
    results = []
    for changed in (False, True):
        leaf = x.clone().requires_grad_()
        if changed:
            with slopes(0.0):
                out = functional.relu(nn.ReLU6()(leaf * 3)) + (torch.relu(leaf) - 0.1).relu_()
        else:
            out = functional.relu(nn.ReLU6()(leaf * 3)) + (torch.relu(leaf) - 0.1).relu_()
        out.sum().backward()
        results.append((out.detach(), leaf.grad))
    assert torch.equal(results[0][0], results[1][0])
    torch.testing.assert_close(results[0][1], results[1][1])


def test_values_stay_the_networks_own_and_gradients_reach_silent_units() -> None:
    network, x = Kinds(), torch.tensor([-3.0, -1.0, 0.05, 0.3, 2.0])
    expected = network(x)
    leaf = x.clone().requires_grad_()
    with slopes(0.5):
        out = network(leaf)
    torch.testing.assert_close(out, expected)
    out.sum().backward()
    assert leaf.grad is not None
    assert (leaf.grad[:2] != 0).all()


def test_changes_in_place_are_made_in_place() -> None:
    x = torch.tensor([-1.0, 2.0])
    with slopes(1.0):
        nn.ReLU(inplace=True)(x)
    assert x.tolist() == [0.0, 2.0]


@pytest.mark.parametrize("reading", READINGS)
def test_both_readings_agree_in_one_layer_and_differ_in_more(reading: Reading) -> None:
    torch.manual_seed(0)
    x = torch.randn(20, 4)

    def gradient(network: nn.Module, how: Reading) -> Tensor:
        leaf = x.clone().requires_grad_()
        Proxied(network, 0.4, how)(leaf).sum().backward()
        assert leaf.grad is not None
        return leaf.grad

    one = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    torch.testing.assert_close(gradient(one, reading), gradient(one, "backward"))
    two = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    same = torch.allclose(gradient(two, reading), gradient(two, "backward"))
    assert same == (reading == "backward")
    torch.testing.assert_close(Proxied(two, 0.4, reading)(x), two(x))


def test_the_reading_of_a_second_network_has_its_gradient() -> None:
    torch.manual_seed(0)
    layers = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 1)
    x = torch.randn(5, 4, requires_grad=True)

    def run(unit: nn.Module) -> Tensor:
        out: Tensor = layers[2](unit(layers[1](unit(layers[0](x)))))
        return out.sum()

    (expected,) = torch.autograd.grad(run(nn.LeakyReLU(0.4)), x)
    network = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    (found,) = torch.autograd.grad(Proxied(network, 0.4, "network")(x).sum(), x)
    torch.testing.assert_close(found, expected)


def test_running_means_are_those_of_the_network_itself() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4))
    x = torch.randn(8, 3)
    Proxied(network, 0.9, "network")(x)
    found = network[2].running_mean.clone()
    network[2].reset_running_stats()
    network(x)
    assert torch.equal(found, network[2].running_mean)


def test_a_forward_slope_of_ones_own_is_taken() -> None:
    network, x = nn.Sequential(nn.ReLU()), torch.tensor([-1.0, 1.0])
    for reading in READINGS:
        values = Proxied(network, 0.5, reading, forward_slope=0.1)(x)
        torch.testing.assert_close(values, torch.tensor([-0.1, 1.0]))


@pytest.mark.parametrize(
    ("slope", "reached"),
    [(0.0, 1.0), (0.1, 1.0), (0.3, 1.0), (0.33, 1.0), (0.34, 1.5), (0.5, 1.5), (1.0, 1.5)],
)
def test_the_lower_maximum_is_left_above_a_third(slope: float, reached: float) -> None:
    assert climb_toy(slope) == pytest.approx(reached)


@given(st.floats(0, 1), st.floats(-1, -0.01))
def test_the_proxys_gradient_left_of_zero_is_as_derived(slope: float, start: float) -> None:
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(toy(x, 0.0, slope), x)
    assert float(gradient) == pytest.approx(-1 + 3 * slope)


def test_from_the_plateau_only_a_proxy_leads_on() -> None:
    assert climb_toy(0.0, start=0.2) == 0
    assert climb_toy(0.01, start=0.2) == pytest.approx(1.5)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("start", ["centre", "grey", "noise"])
def test_images_excite_their_unit_more_and_more(start: str, reading: Reading) -> None:
    network = small_network()
    config = MaximiseConfig(start=start, reading=reading, starts=2, steps=15, blur=0.4, shift=1)  # type: ignore[arg-type]
    found = maximise(network.layers, network.convolutions()[3], [0, 3], (1, 16, 16), config)
    assert found.images.shape == (2, 2, 1, 16, 16)
    assert found.history.shape == (16, 2, 2)
    assert found.images.abs().max() <= 1
    assert (found.values >= found.history[0]).all()
    assert found.values.mean() > found.history[0].mean() + 0.05
    again = maximise(network.layers, network.convolutions()[3], [0, 3], (1, 16, 16), config)
    assert torch.equal(again.images, found.images)


def test_the_value_told_is_what_the_network_itself_says() -> None:
    network = small_network()
    found = maximise(
        network.layers, "14", 2, (1, 12, 12), MaximiseConfig(steps=10, reading="network")
    )
    with torch.no_grad():
        said = network.layers(found.images[0])[0, 2]
    assert float(said) == pytest.approx(float(found.values), rel=1e-5)


def test_what_cannot_be_maximised_is_told() -> None:
    network = small_network()
    with pytest.raises(ValueError, match="no layer 'x'; it has"):
        maximise(network.layers, "x", 0, (1, 8, 8))
    with pytest.raises(ValueError, match="units 0 to 1"):
        maximise(network.layers, "0", 2, (1, 8, 8))
    plain = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh())
    with pytest.raises(ValueError, match="no ReLU or LeakyReLU"):
        maximise(plain, "0", 0, (1, 8, 8))
    with pytest.raises(ValueError, match="no ReLU or LeakyReLU"):
        Proxied(plain, 0.1)(torch.rand(1, 1, 8, 8))
    with pytest.raises(ValueError, match="no reading 'both'"):
        Proxied(network, 0.1, "both")  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [{"steps": 0}, {"shrink": 1.0}, {"start": "black"}])
def test_impossible_settings_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"at least|no such"):
        MaximiseConfig(**values)  # type: ignore[arg-type]


def test_training_has_the_loss_of_the_network_and_the_gradient_of_the_proxy() -> None:
    network = small_network()
    batch = torch.rand(4, 1, 12, 12), torch.tensor([0, 1, 2, 0])
    first = network.get_parameter("layers.0.weight")

    def gradient(slope: float) -> tuple[float, Tensor]:
        loss = proxied_loss(slope)(network, batch, 0)["loss"]
        return float(loss.detach()), torch.autograd.grad(loss, first)[0]

    plain, proxied = gradient(0.0), gradient(0.5)
    expected = functional.cross_entropy(network(batch[0]), batch[1])
    (own,) = torch.autograd.grad(expected, first)
    assert plain[0] == proxied[0] == pytest.approx(float(expected.detach()))
    torch.testing.assert_close(plain[1], own)
    assert not torch.allclose(plain[1], proxied[1])


@pytest.mark.parametrize("reading", READINGS)
def test_it_is_trained_on_a_folder_and_says_what_pictures_show(
    tmp_path: Path, picture_folder: Path, reading: Reading
) -> None:
    config = TrainConfig(size=12, epochs=20, batch=8, rate=3e-3, width=4, reading=reading)
    figures = train(picture_folder, tmp_path / "run", config, lambda _: None)
    assert figures["error %"] <= 25
    answers = list(predict(tmp_path / "run", sorted(picture_folder.rglob("*.png"))))
    right = [answer["class"] == Path(str(answer["file"])).parent.name for answer in answers]
    assert sum(right) >= 24


def test_a_demonstration_tells_of_the_threshold() -> None:
    assert "s′ = 0.3: 1.00, s′ = 0.34: 1.50" in demo()
