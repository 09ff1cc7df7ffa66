"""Sequences of vectors → sequences of states, by LSTM, GRU or RNN with recurrent dropout.

Semeniuta, Severyn and Barth 2016, "Recurrent Dropout without Memory Loss", COLING, pp. 1757–1766,
arXiv 1603.05118. Dropout hits only what a step writes, never what the network keeps. With σ the
logistic function, ∘ the product by elements and m a mask of zeros and ones:

    LSTM   i, f, o = σ(·), g = tanh(·),  c' = f ∘ c + m ∘ (i ∘ g),  h' = o ∘ tanh(c')
    GRU    r, z = σ(·), n = tanh(W x + r ∘ (U h)),  h' = z ∘ h + m ∘ (1 − z) ∘ n
    RNN    h' = tanh(W x + U (m ∘ h))

The variant that the paper warns of masks the memory itself, c' ← m ∘ c' or h' ← m ∘ h', so that
after k steps only (1 − p)^k of it is left. An RNN rewrites all its memory at every step, so for it
both are the same, as in the authors' code.

Ours: the GRU's gates as `torch.nn.GRU` has them; one matrix product for the inputs of all steps;
derivatives written out, so that going back costs one matrix product a step, and the weights'
gradient one for all steps. Under `torch.autocast` matrix products take its type, and all else,
the memory above all, stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

State = Tensor | tuple[Tensor, Tensor]
"""As torch.nn has it: (h, c) of an LSTM, h of the others; each (layers, batch, units)."""


@dataclass(frozen=True)
class RecurrentDropoutConfig:
    """Sizes of the layers, and what is dropped."""

    inputs: int
    """Size of an input vector."""
    units: int
    """Size of a state."""
    layers: int = 1
    cell: Literal["lstm", "gru", "rnn"] = "lstm"
    rate: float = 0.25
    """Probability p of dropping, at least 0 and below 1."""
    target: Literal["update", "memory"] = "update"
    """What is dropped: what a step writes (the method), or all it keeps (for comparison)."""
    mask: Literal["step", "sequence"] = "step"
    """New masks at every step, or one for all steps of a call."""
    scaling: Literal["inverted", "original"] = "inverted"
    """Divide by 1 − p in training, or, as the paper does, multiply by it in evaluation."""
    between: float = 0.0
    """Rate of ordinary, feed-forward dropout between layers."""

    def __post_init__(self) -> None:
        if min(self.inputs, self.units, self.layers) < 1:
            raise ValueError("Inputs, units and layers are at least 1.")
        if not (0 <= self.rate < 1 and 0 <= self.between < 1):
            raise ValueError("Rates of dropout are at least 0 and below 1.")
        choices = {
            self.cell: ("lstm", "gru", "rnn"),
            self.target: ("update", "memory"),
            self.mask: ("step", "sequence"),
            self.scaling: ("inverted", "original"),
        }
        for value, allowed in choices.items():
            if value not in allowed:
                raise ValueError(f"There is no {value!r}; choose from {', '.join(allowed)}.")


class LSTMScan(torch.autograd.Function):
    """The steps of an LSTM layer and their derivatives; gates in torch's order i, f, g, o."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch gives it no type)
        projected: Tensor,  # (steps, batch, 4 units): what inputs and biases add to the gates
        weight: Tensor,  # (4 units, units)
        hidden: Tensor,  # (batch, units)
        memory: Tensor,  # (batch, units)
        mask: Tensor,  # (steps, batch, units)
        loses: bool,  # whether the mask hits the memory
    ) -> tuple[Tensor, Tensor]:
        """Return all hidden states (steps, batch, units) and the last memory (batch, units)."""
        turned = weight.t()
        gates = torch.empty_like(projected)
        hiddens, memories = _room(projected, hidden), _room(projected, memory)
        states = zip(hiddens[1:], memories[1:], strict=True)
        rows = zip(projected, gates, *gates.chunk(4, 2), mask, states, strict=True)
        for x, gate, i, f, g, o, m, (next_hidden, next_memory) in rows:  # gate: i to o together
            _add_product(x, hidden, turned, gate)
            g.mul_(2)
            gate.sigmoid_()
            g.mul_(2).sub_(1)  # now tanh of what it was
            torch.mul(f, memory, out=next_memory)
            if loses:
                next_memory.addcmul_(i, g).mul_(m)
            else:
                next_memory.addcmul_(i * g, m)
            hidden, memory = torch.mul(o, _tanh(next_memory), out=next_hidden), next_memory
        ctx.save_for_backward(weight, mask, gates, memories, hiddens)
        ctx.loses = loses
        return hiddens[1:], memory.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_hiddens: Tensor, d_memory: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Return the derivatives by the arguments of `forward`."""
        weight, mask, gates, memories, hiddens = ctx.saved_tensors
        i, f, g, o = gates.chunk(4, 2)  # (steps, batch, units) each
        squashed = _tanh(memories[1:])
        by_hidden = o * (1 - squashed**2)  # of the memory by the hidden state
        kept, written = (mask, mask) if ctx.loses else (torch.ones_like(mask), mask)
        # How each gate, before σ or tanh, moves the memory, and the last the hidden state.
        slopes = torch.stack(
            (
                written * g * i * (1 - i),
                kept * memories[:-1] * f * (1 - f),
                written * i * (1 - g**2),
                squashed * o * (1 - o),
            ),
            dim=2,
        )  # (steps, batch, 4, units)
        kept = kept * f
        d_gates = slopes.flatten(2)  # the same memory; the loop turns slopes into gradients
        d_hidden = torch.zeros_like(hiddens[0])
        inner, outer = slopes[:, :, :3], slopes[:, :, 3]
        rows = zip(d_hiddens, by_hidden, kept, inner, outer, d_gates, strict=True)
        for d_output, outward, stays, by_memory, by_state, d_gate in reversed(list(rows)):
            d_hidden = d_hidden + d_output
            d_memory = torch.addcmul(d_memory, d_hidden, outward)
            by_memory.mul_(d_memory[:, None])
            by_state.mul_(d_hidden)
            d_memory = d_memory * stays
            d_hidden = d_gate.to(weight.dtype) @ weight
        d_hidden = d_hidden.to(d_memory.dtype)
        d_weight = _weight_gradient(d_gates, hiddens[:-1], weight)
        return d_gates, d_weight, d_hidden, d_memory, None, None


class GRUScan(torch.autograd.Function):
    """The steps of a GRU layer and their derivatives; gates in torch's order r, z, n."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch gives it no type)
        projected: Tensor,  # (steps, batch, 3 units): what inputs and their biases add to the gates
        weight: Tensor,  # (3 units, units)
        bias: Tensor,  # (3 units,)
        hidden: Tensor,  # (batch, units)
        mask: Tensor,  # (steps, batch, units)
        loses: bool,  # whether the mask hits the memory
    ) -> Tensor:
        """Return all hidden states (steps, batch, units)."""
        units, turned = hidden.shape[1], weight.t()
        gates, recurrent = torch.empty_like(projected), torch.empty_like(projected)
        hiddens = _room(projected, hidden)
        rows = zip(projected, gates, recurrent, mask, hiddens[1:], strict=True)
        for x, gate, part, m, next_hidden in rows:
            _add_product(bias, hidden, turned, part)
            gate.copy_(x)
            r, z, n = gate.split(units, 1)  # (batch, units) each
            gate[:, : 2 * units].add_(part[:, : 2 * units]).sigmoid_()
            n.copy_(_tanh(n.addcmul_(r, part[:, 2 * units :])))
            update = n if loses else n * m
            torch.lerp(update, hidden, z, out=next_hidden)
            hidden = next_hidden.mul_(m) if loses else next_hidden
        ctx.save_for_backward(weight, mask, gates, recurrent[:, :, 2 * units :], hiddens)
        ctx.loses = loses
        return hiddens[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_hiddens: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Return the derivatives by the arguments of `forward`."""
        weight, mask, gates, part, hiddens = ctx.saved_tensors
        r, z, n = gates.chunk(3, 2)  # (steps, batch, units) each
        kept, update = (mask, n) if ctx.loses else (torch.ones_like(mask), n * mask)
        by_n = mask * (1 - z) * (1 - n**2)
        by_r = by_n * part * r * (1 - r)
        by_z = kept * (hiddens[:-1] - update) * z * (1 - z)
        # How the recurrent part of each gate, before σ or tanh, moves the hidden state.
        slopes = torch.stack((by_r, by_z, by_n * r), dim=2)  # (steps, batch, 3, units)
        kept = kept * z
        d_states = torch.empty_like(kept)
        d_hidden = torch.zeros_like(hiddens[0])
        rows = zip(d_hiddens, kept, slopes, d_states, strict=True)
        for d_output, stays, slope, d_state in reversed(list(rows)):
            torch.add(d_hidden, d_output, out=d_state)
            slope.mul_(d_state[:, None])
            d_hidden = d_state * stays + slope.flatten(1).to(weight.dtype) @ weight
        d_recurrent = slopes.flatten(2)
        d_projected = torch.cat((slopes[:, :, :2].flatten(2), d_states * by_n), dim=2)
        d_weight = _weight_gradient(d_recurrent, hiddens[:-1], weight)
        return d_projected, d_weight, d_recurrent.sum((0, 1)), d_hidden, None, None


class RNNScan(torch.autograd.Function):
    """The steps of an RNN layer with tanh, and their derivatives."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch gives it no type)
        projected: Tensor,  # (steps, batch, units): what inputs and biases add
        weight: Tensor,  # (units, units)
        hidden: Tensor,  # (batch, units)
        mask: Tensor,  # (steps, batch, units)
    ) -> Tensor:
        """Return all hidden states (steps, batch, units)."""
        turned = weight.t()
        hiddens = _room(projected, hidden)
        masked = torch.empty_like(hiddens[1:])
        rows = zip(projected, mask, masked, hiddens[1:], strict=True)
        for x, m, kept, next_hidden in rows:
            torch.mul(hidden, m, out=kept)
            hidden = next_hidden.copy_(_tanh(_add_product(x, kept, turned, next_hidden)))
        ctx.save_for_backward(weight, mask, masked, hiddens)
        return hiddens[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_hiddens: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Return the derivatives by the arguments of `forward`."""
        weight, mask, masked, hiddens = ctx.saved_tensors
        slopes = 1 - hiddens[1:] ** 2  # (steps, batch, units)
        d_hidden = torch.zeros_like(hiddens[0])
        rows = zip(d_hiddens, mask, slopes, strict=True)
        for d_output, m, slope in reversed(list(rows)):
            slope.mul_(d_hidden + d_output)
            d_hidden = (slope.to(weight.dtype) @ weight) * m
        return slopes, _weight_gradient(slopes, masked, weight), d_hidden, None


def _room(projected: Tensor, state: Tensor) -> Tensor:
    """Return room for a state (batch, units) and all that follow, (1 + steps, batch, units)."""
    states = state.new_empty(1 + len(projected), *state.shape)
    states[0] = state
    return states


def _add_product(addend: Tensor, state: Tensor, turned: Tensor, out: Tensor) -> Tensor:
    """Write addend + state @ turned into `out`; the product may be of a narrower type."""
    if turned.dtype == state.dtype:
        return torch.addmm(addend, state, turned, out=out)
    return torch.add(addend, state.to(turned.dtype) @ turned, out=out)


def _tanh(values: Tensor) -> Tensor:
    """Return tanh as 2 σ(2 x) − 1: on processors torch's own takes eight times as long as σ."""
    return values.mul(2).sigmoid_().mul_(2).sub_(1)


def _weight_gradient(d_gates: Tensor, states: Tensor, weight: Tensor) -> Tensor:
    """Return the gradient of the recurrent weights over all steps in one product."""
    left, right = d_gates.flatten(0, 1).to(weight.dtype), states.flatten(0, 1).to(weight.dtype)
    return left.t() @ right


class RecurrentDropout(nn.Module):
    """Layers of an LSTM, GRU or RNN with recurrent dropout, steps first.

    `core` is the torch.nn layer that holds the weights, so their state dicts can be exchanged.
    Where nothing is dropped it also does the work.
    """

    def __init__(self, config: RecurrentDropoutConfig) -> None:
        super().__init__()
        self.config = config
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[config.cell]
        between = config.between if config.layers > 1 else 0.0  # else torch warns of it
        self.core: nn.RNNBase = kind(config.inputs, config.units, config.layers, dropout=between)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run all steps.

        Args:
            inputs: (steps, batch, inputs), at least one step.
            state: what the call before gave, or None for zeros.

        Returns:
            Hidden states of the last layer (steps, batch, units), and the state after all steps.
        """
        idle = not self.training and self.config.scaling == "inverted"
        if self.config.rate == 0 or idle:
            return self.core(inputs, state)  # type: ignore[no-any-return]
        config = self.config
        if state is None:
            zeros = inputs.new_zeros(config.layers, inputs.shape[1], config.units)
            state = (zeros, zeros) if config.cell == "lstm" else zeros
        after: list[tuple[Tensor, ...]] = []
        for layer in range(config.layers):
            if layer:
                inputs = functional.dropout(inputs, config.between, self.training)
            before = [each[layer] for each in ([state] if isinstance(state, Tensor) else state)]
            mask = self.draw_mask(inputs)
            inputs, *memory = self.run_layer(layer, inputs, before, mask)
            after.append((inputs[-1], *memory))
        stacked = tuple(torch.stack(each) for each in zip(*after, strict=True))
        return inputs, stacked if len(stacked) == 2 else stacked[0]  # noqa: PLR2004 (h and c)

    def draw_mask(self, inputs: Tensor) -> Tensor:
        """Return what updates or memories are multiplied with, (steps, batch, units)."""
        config, (steps, batch, _) = self.config, inputs.shape
        keep = 1 - config.rate
        if not self.training:
            return inputs.new_full((1, 1, 1), keep).expand(steps, batch, config.units)
        drawn = steps if config.mask == "step" else 1
        mask = inputs.new_empty(drawn, batch, config.units).bernoulli_(keep)
        if config.scaling == "inverted":
            mask /= keep
        return mask.expand(steps, batch, config.units)

    def run_layer(
        self, layer: int, inputs: Tensor, state: list[Tensor], mask: Tensor
    ) -> tuple[Tensor, ...]:
        """Run one layer with a given mask.

        Args:
            layer: its number, from 0.
            inputs: (steps, batch, size), what the layer below gives.
            state: hidden states and, of an LSTM, memories before, (batch, units) each.
            mask: (steps, batch, units).

        Returns:
            Hidden states (steps, batch, units) and, of an LSTM, the last memories (batch, units).
        """
        into, kept, bias_into, bias = self.core.all_weights[layer]
        recurrent: Tensor = kept
        place = inputs.device.type
        if torch.is_autocast_enabled(place):
            recurrent = recurrent.to(torch.get_autocast_dtype(place))
        projected = functional.linear(inputs, into).to(bias.dtype) + bias_into
        loses = self.config.target == "memory"
        if self.config.cell == "lstm":
            scan: Callable[..., tuple[Tensor, Tensor]] = LSTMScan.apply
            return scan(projected + bias, recurrent, *state, mask, loses)
        if self.config.cell == "gru":
            gru: Callable[..., Tensor] = GRUScan.apply
            return (gru(projected, recurrent, bias, *state, mask, loses),)
        rnn: Callable[..., Tensor] = RNNScan.apply
        return (rnn(projected + bias, recurrent, *state, mask),)
