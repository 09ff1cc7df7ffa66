"""A network with (Leaky)ReLUs → the same with other slopes, forth, back or both, unedited.

Used by `proxy_grad`. Calls of the activations are caught on their way into torch, so it does not
matter whether a network has them as modules, as functions or as methods. ReLU6 keeps its upper
bound, with slope 0 above it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.overrides import TorchFunctionMode

Reading = Literal["backward", "network"]
"""`backward`: signs by the network's own pass, only derivatives take the slope. `network`: the
derivatives of a second network of equal weights whose units have that slope."""
READINGS: tuple[Reading, ...] = ("backward", "network")

_IN_PLACE = (torch.relu_, Tensor.relu_, functional.leaky_relu_)
_RELU = (functional.relu, torch.relu, Tensor.relu, torch.relu_, Tensor.relu_)
_LEAKY = (functional.leaky_relu, functional.leaky_relu_)
_BOUNDED = (functional.relu6, functional.hardtanh)


class TwoSlopes(torch.autograd.Function):
    """A leaky ReLU whose slope below 0 is one in the forward and another in the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, forth: float, back: float, top: float) -> Tensor:  # noqa: ANN401
        """Return x above 0, forth · x below, and no more than `top`; of any shape."""
        ctx.save_for_backward(x > 0, x >= top)
        ctx.back = back
        out = functional.leaky_relu(x, forth) if forth else torch.relu(x)
        return out.clamp(max=top) if math.isfinite(top) else out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Return the gradient, times `back` where x was not above 0."""
        above, full = ctx.saved_tensors
        passed = torch.where(above, gradient, gradient * ctx.back)
        return passed.masked_fill(full, 0.0), None, None, None


def two_slopes(x: Tensor, forth: float, back: float, top: float = math.inf) -> Tensor:
    """Return a leaky ReLU of `x` with slopes `forth` and, for derivatives, `back` below 0."""
    apply: Callable[..., Tensor] = TwoSlopes.apply
    return apply(x, forth, back, top)


class _Slopes(TorchFunctionMode):
    """Catches activations while it is entered."""

    def __init__(self, forth: float | None, back: float) -> None:
        super().__init__()
        self.forth, self.back, self.met = forth, back, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,  # noqa: ANN401 (torch's own signature)
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        given = dict(kwargs or {})
        unit = _unit(func, args, given)
        if unit is None:
            return func(*args, **given)
        x, slope, top, in_place = unit
        self.met += 1
        out = two_slopes(x, slope if self.forth is None else self.forth, self.back, top)
        return x.copy_(out) if in_place else out


def _unit(
    func: Callable[..., Any], args: tuple[Any, ...], given: dict[str, Any]
) -> tuple[Tensor, float, float, bool] | None:
    """Return input, slope below 0, upper bound and whether it works in place; None if no unit."""
    values = list(args)
    x = values.pop(0) if values else given["input"]
    if func in _RELU:
        slope, top, names = 0.0, math.inf, ["inplace"]
    elif func in _LEAKY:
        slope, top, names = 0.01, math.inf, ["negative_slope", "inplace"]
    elif func is functional.relu6:
        slope, top, names = 0.0, 6.0, ["inplace"]
    elif func is functional.hardtanh:
        slope, top, names = 0.0, 1.0, ["min_val", "max_val", "inplace"]
    else:
        return None
    given = {"min_val": -1.0, **dict(zip(names, values, strict=False)), **given}
    if func is functional.hardtanh and given["min_val"] != 0:
        return None
    top = given.get("max_val", top)
    in_place = func in _IN_PLACE or bool(given.get("inplace"))
    return x, given.get("negative_slope", slope), top, in_place


@contextmanager
def slopes(backward: float, forward: float | None = None, required: bool = True) -> Iterator[None]:
    """Let (Leaky)ReLUs that are called meanwhile have other slopes below 0.

    Args:
        backward: s′, the slope by which derivatives are multiplied.
        forward: s, the slope of values; each unit's own if None.
        required: whether any must be called.

    Raises:
        ValueError: none was called, though one must be.
    """
    mode = _Slopes(forward, backward)
    with mode:
        yield
    if required and not mode.met:
        raise ValueError("The network has no ReLU or LeakyReLU whose slope could differ.")


class Proxied(nn.Module):
    """A network with values of slope s and derivatives of slope s′.

    Args:
        network: any that has (Leaky)ReLUs; it is used as it is, not copied.
        slope: s′.
        reading: of the paper; `network` makes a second forward pass.
        forward_slope: s; each unit's own if None.
    """

    def __init__(
        self,
        network: nn.Module,
        slope: float,
        reading: Reading = "backward",
        forward_slope: float | None = None,
    ) -> None:
        super().__init__()
        if reading not in READINGS:
            raise ValueError(f"There is no reading {reading!r}; choose from {', '.join(READINGS)}.")
        self.network, self.slope, self.reading = network, slope, reading
        self.forward_slope = forward_slope

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return what the network makes of its inputs, any shape."""
        if self.reading == "backward":
            with slopes(self.slope, self.forward_slope):
                out: Tensor = self.network(*inputs)
            return out
        with slopes(self.slope, self.slope), _statistics_kept(self.network):
            proxy: Tensor = self.network(*inputs)
        with torch.no_grad():
            if self.forward_slope is None:
                value = self.network(*inputs)
            else:
                with slopes(self.slope, self.forward_slope):
                    value = self.network(*inputs)
        both: Tensor = proxy + (value - proxy.detach())
        return both


@contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    """Let a pass leave the running means of batch normalisation alone: they are the network's."""
    kept = [
        (module, {name: buffer.clone() for name, buffer in module.named_buffers(recurse=False)})
        for module in network.modules()
        if isinstance(module, nn.modules.batchnorm._NormBase) and module.training
    ]
    try:
        yield
    finally:
        for module, buffers in kept:
            for name, buffer in buffers.items():
                module.get_buffer(name).copy_(buffer)
