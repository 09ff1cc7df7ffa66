"""Recurrent dropout: the same as torch's layers where nothing is dropped, and no memory lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tevr.models.recurrent_dropout import RecurrentDropout, RecurrentDropoutConfig, State

CELLS = ("lstm", "gru", "rnn")
STEPS, BATCH, INPUTS, UNITS = 7, 3, 4, 5


def layer(**changes: Any) -> RecurrentDropout:
    torch.manual_seed(0)
    return RecurrentDropout(RecurrentDropoutConfig(INPUTS, UNITS, **changes))


def inputs(steps: int = STEPS) -> Tensor:
    return torch.randn(steps, BATCH, INPUTS, generator=torch.Generator().manual_seed(1))


def tensors(state: State) -> tuple[Tensor, ...]:
    return (state,) if isinstance(state, Tensor) else state


def without_drops(network: RecurrentDropout, x: Tensor) -> Tensor:
    """What the steps written here give when the mask keeps all."""
    for at in range(network.config.layers):
        state = [torch.zeros(BATCH, UNITS)] * (2 if network.config.cell == "lstm" else 1)
        x = network.run_layer(at, x, state, torch.ones(len(x), BATCH, UNITS))[0]
    return x


@pytest.mark.parametrize(("cell", "target"), [*product(CELLS, ("update", "memory"))])
def test_without_drops_it_equals_the_layer_of_torch(cell: str, target: str) -> None:
    network, x = layer(cell=cell, target=target, layers=2), inputs()
    expected, _ = network.core(x)
    torch.testing.assert_close(without_drops(network, x), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_without_drops_its_gradients_equal_those_of_torch(cell: str) -> None:
    network, x = layer(cell=cell, layers=2), inputs()
    weights = list(network.parameters())
    expected = torch.autograd.grad(network.core(x)[0].square().sum(), weights)
    found = torch.autograd.grad(without_drops(network, x).square().sum(), weights)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_weights_can_be_taken_from_torch_and_given_back(cell: str) -> None:
    network = layer(cell=cell, rate=0.0)
    kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[cell]
    theirs = kind(INPUTS, UNITS)
    network.core.load_state_dict(theirs.state_dict())
    torch.testing.assert_close(network(inputs())[0], theirs(inputs())[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "target", "mask"), [*product(CELLS, ("update", "memory"), ("step", "sequence"))]
)
def test_the_derivatives_are_right(cell: str, target: str, mask: str) -> None:
    network = layer(cell=cell, target=target, mask=mask, layers=2, rate=0.5).double()
    state = tuple(torch.randn(2, 2, UNITS, dtype=torch.float64) for _ in "hc")
    state = state if cell == "lstm" else state[:1]

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        torch.manual_seed(2)  # the same masks each time
        before = rest[: len(state)]
        outputs, after = network(x, before if cell == "lstm" else before[0])
        return (outputs, *tensors(after))

    arguments = (torch.randn(3, 2, INPUTS, dtype=torch.float64), *state)
    for each in arguments:
        each.requires_grad_()
    assert torch.autograd.gradcheck(run, (*arguments, *network.parameters()))


def opened(**changes: Any) -> RecurrentDropout:
    """An LSTM whose forget gate is 1 and that gets no input; outputs tell its memory."""
    network = layer(**changes)
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        network.core.all_weights[0][2][UNITS : 2 * UNITS] = 1e3
    return network


def memory_after(network: RecurrentDropout, steps: int) -> Tensor:
    memory = torch.linspace(-2, 2, UNITS).expand(1, BATCH, UNITS)
    _, (_, after) = network(torch.zeros(steps, BATCH, INPUTS), (torch.zeros_like(memory), memory))
    return torch.Tensor(after / memory)[:, :, [0, 1, 3, 4]]  # the middle one is 0


@pytest.mark.parametrize(
    ("scaling", "training"), [("inverted", True), ("original", True), ("original", False)]
)
def test_an_open_forget_gate_keeps_the_memory_under_update_dropout(
    scaling: str, training: bool
) -> None:
    network = opened(rate=0.5, scaling=scaling).train(training)
    torch.testing.assert_close(memory_after(network, 30), torch.ones(1, BATCH, 4))


@given(st.floats(0.05, 0.9), st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_the_memory_loss_variant_shrinks_the_memory_by_one_minus_p_a_step(
    rate: float, steps: int
) -> None:
    network = opened(rate=rate, target="memory", scaling="original").eval()
    expected = torch.full((1, BATCH, 4), (1 - rate) ** steps)
    torch.testing.assert_close(memory_after(network, steps), expected, rtol=1e-4, atol=1e-12)


def test_the_memory_loss_variant_loses_all_that_is_dropped_once() -> None:
    found = memory_after(opened(rate=0.5, target="memory", scaling="original"), 40)
    torch.testing.assert_close(found, torch.zeros(1, BATCH, 4))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("training", [True, False])
def test_two_windows_give_the_same_as_one(cell: str, training: bool) -> None:
    # With the original scaling, evaluation takes the steps written here, too.
    network = layer(cell=cell, scaling="original", layers=2, rate=0.5).train(training)
    x, mask = inputs(), torch.randint(0, 2, (STEPS, BATCH, UNITS)).float()
    if training:
        state = [torch.zeros(BATCH, UNITS)] * (2 if cell == "lstm" else 1)
        whole, *_ = network.run_layer(0, x, state, mask)
        first, *memory = network.run_layer(0, x[:4], state, mask[:4])
        second, *_ = network.run_layer(0, x[4:], [first[-1], *memory], mask[4:])
    else:
        whole, _ = network(x)
        first, after = network(x[:4])
        second, _ = network(x[4:], after)
    torch.testing.assert_close(torch.cat((first, second)), whole)


@pytest.mark.parametrize(("cell", "mask"), [*product(CELLS, ("step", "sequence"))])
def test_shapes_are_those_of_torch(cell: str, mask: str) -> None:
    network, x = layer(cell=cell, mask=mask, layers=3), inputs()
    outputs, state = network(x)
    expected, theirs = network.core(x)
    assert outputs.shape == expected.shape
    shapes = [each.shape for each in tensors(state)]
    assert shapes == [each.shape for each in tensors(theirs)]


@pytest.mark.parametrize(("scaling", "kept"), [("inverted", 4 / 3), ("original", 1.0)])
def test_masks_hold_zeros_and_what_the_scaling_says(scaling: str, kept: float) -> None:
    network = layer(rate=0.25, scaling=scaling)
    mask = network.draw_mask(torch.zeros(200, 50, INPUTS))
    assert mask.shape == (200, 50, UNITS)
    values, counts = mask.unique(return_counts=True)
    torch.testing.assert_close(values, torch.tensor([0.0, kept]))
    assert counts[0].item() / mask.numel() == pytest.approx(0.25, abs=0.01)


def test_masks_change_at_every_step_or_at_none() -> None:
    network = layer(rate=0.5)
    each = network.draw_mask(torch.zeros(50, 20, INPUTS))
    network.config = replace(network.config, mask="sequence")
    one = network.draw_mask(torch.zeros(50, 20, INPUTS))
    assert not torch.equal(each[0], each[1])
    assert torch.equal(one[0].expand_as(one), one)
    assert 0 < one[0].mean() < 2


def test_evaluation_with_inverted_scaling_draws_nothing() -> None:
    network = layer(rate=0.5).eval()
    assert torch.equal(network(inputs())[0], network.core(inputs())[0])


def test_training_draws_anew_and_the_seed_decides() -> None:
    network = layer(rate=0.5)
    torch.manual_seed(3)
    first, second = network(inputs())[0], network(inputs())[0]
    torch.manual_seed(3)
    assert torch.equal(network(inputs())[0], first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("cell", CELLS)
def test_narrow_products_stay_near_the_exact_ones(cell: str) -> None:
    network = layer(cell=cell, rate=0.5, between=0.5, layers=2)
    weights, found = list(network.parameters()), []
    for narrow in (False, True):
        torch.manual_seed(4)
        with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            outputs, _ = network(inputs())
        assert outputs.dtype == torch.float32
        found.append((outputs, *torch.autograd.grad(outputs.square().sum(), weights)))
    torch.testing.assert_close(found[1], found[0], rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    "changes",
    [
        {"rate": 1.0},
        {"rate": -0.1},
        {"between": 1.0},
        {"units": 0},
        {"layers": 0},
        {"cell": "mlp"},
        {"target": "gates"},
        {"mask": "batch"},
        {"scaling": "none"},
    ],
)
def test_bad_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at least|choose from"):
        RecurrentDropoutConfig(**({"inputs": 3, "units": 4} | changes))
