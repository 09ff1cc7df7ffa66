"""Step sizes by part, depth and time; frozen parts; the running mean of the weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tevr.errors import UsageError
from tevr.training.learning_settings import OptimiserSettings
from tevr.training.optimiser import Ema, freeze, groups, matches, share_at


def network() -> nn.Module:
    blocks = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    return nn.ModuleDict({"encoder": nn.ModuleDict({"blocks": blocks}), "head": nn.Linear(2, 2)})


def names(module: nn.Module) -> dict[str, str]:
    return {name: name for name, _ in module.named_parameters()}


@pytest.mark.parametrize(
    ("part", "name", "expected"),
    [
        ("encoder", "encoder.blocks.1.weight", True),
        ("encoder.blocks.1", "encoder.blocks.1.weight", True),
        ("encoder.blocks.1", "encoder.blocks.11.weight", False),
        ("encoder.blocks.1.weight", "encoder.blocks.1.weight", True),
        ("*.bias", "head.bias", True),
        ("encoder.blocks.[01].*", "encoder.blocks.1.weight", True),
        ("head", "encoder.head.weight", False),
    ],
)
def test_parts_are_prefixes_or_patterns(part: str, name: str, expected: bool) -> None:
    assert matches(part, name) == expected


def test_the_longest_part_that_fits_sets_the_rate() -> None:
    module = network()
    rates = {"encoder": 1e-5, "encoder.blocks.2": 4e-5}
    settings = OptimiserSettings(rate=1e-3, rates=rates, weight_decay=0.1)
    depths = dict.fromkeys(names(module), 0)
    found = groups(module, names(module), depths, settings)
    peaks = {id(weight): group for group in found for weight in group["params"]}
    for name, weight in module.named_parameters():
        expected = 1e-3 if "head" in name else 4e-5 if ".2." in name else 1e-5
        assert peaks[id(weight)]["peak"] == pytest.approx(expected)
        assert peaks[id(weight)]["weight_decay"] == (0.1 if weight.ndim > 1 else 0.0)
    assert len(peaks) == 8


def test_rates_shrink_with_depth() -> None:
    module = network()
    depths = {
        name: 3 - int(name.split(".")[2]) if "blocks" in name else 0 for name in names(module)
    }
    settings = OptimiserSettings(rate=1.0, layer_decay=0.5)
    found = {group["peak"] for group in groups(module, names(module), depths, settings)}
    assert found == {1.0, 0.5, 0.25, 0.125}


def test_frozen_parts_are_left_out() -> None:
    module = network()
    settings = OptimiserSettings(frozen=("encoder.blocks.0", "*.1.*"))
    freeze(module, names(module), settings)
    learning = {name for name, weight in module.named_parameters() if weight.requires_grad}
    assert learning == {
        "encoder.blocks.2.weight", "encoder.blocks.2.bias", "head.weight", "head.bias"
    }  # fmt: skip
    found = groups(module, names(module), dict.fromkeys(names(module), 0), settings)
    assert sum(len(group["params"]) for group in found) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frozen": ("encoder", "head")}, "All of the network is frozen"),
        ({"frozen": ("encoder.block",)}, "no part encoder.block. Perhaps encoder.blocks is meant"),
        ({"rates": {"haed": 1.0}}, "no part haed. Perhaps head is meant"),
    ],
)
def test_parts_that_are_not_there_are_named(change: dict[str, object], message: str) -> None:
    module = network()
    settings = replace(OptimiserSettings(), **change)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        freeze(module, names(module), settings)


@given(st.integers(0, 500), st.floats(0, 2), st.sampled_from(["cosine", "linear", "constant"]))
def test_shares_rise_fall_and_end_at_the_least(step: int, done: float, schedule: str) -> None:
    settings = OptimiserSettings(schedule=schedule, warm_up=100, least=0.1)  # type: ignore[arg-type]
    share = share_at(step, done, settings)
    assert 0 < share <= 1
    assert share >= 0.1 * min(1.0, (step + 1) / 100)
    assert share_at(1000, 1.0, settings) == pytest.approx(1.0 if schedule == "constant" else 0.1)
    assert share_at(1000, done, settings) <= share_at(1000, done / 2, settings) + 1e-9


def test_the_mean_follows_the_weights_and_is_put_in_place_for_a_while() -> None:
    weight = nn.Parameter(torch.zeros(3))
    ema = Ema([weight], 0.9)
    values = []
    for step in range(1, 200):
        with torch.no_grad():
            weight.fill_(step)
        ema.update()
        with ema.in_place():
            values.append(float(weight.detach()[0]))
        assert (weight == step).all()
    assert values[0] == pytest.approx(9 / 11)
    assert values[-1] == pytest.approx(199 - 9, rel=1e-3)  # a mean of decay 0.9 lags by 9 steps
    other = Ema([weight], 0.9)
    other.load_state_dict(ema.state_dict())
    with other.in_place():
        assert float(weight.detach()[0]) == values[-1]


def test_without_a_mean_the_weights_themselves_are_in_place() -> None:
    weight = nn.Parameter(torch.ones(3))
    ema = Ema([weight], 0.0)
    ema.update()
    with ema.in_place():
        assert (weight == 1).all()
