"""A matrix product with learned weights → operators that keep them in 32, 16 or 8 bits."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tevr.wav2vec2.graph import MICROSOFT, Graph

Precision = Literal["float32", "columns", "rows", "blocks"]
"""How the weights of a product are kept, and what it multiplies.

`float32`: as they are. `columns`: 7 bits with a scale for each output, inputs rounded to 8 with one
scale for all frames; the fastest. `rows`: the same, but each frame is first divided by its largest
number, so that a loud one does not cost the others their precision. `blocks`: 8 bits with a scale
for each few inputs (see `BLOCKS`), of weights and of every frame; half as fast, and about as exact
as bfloat16.
"""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
BLOCKS = (256, 128, 64, 32, 16)
"""Inputs that share a scale, the first number that divides all: larger ones are faster. On random
numbers products err by 1.0 % with 256, 0.9 % with 128 and 0.75 % with 32, in 0.7 of the time."""
_MOST = 127
#: Processors without VNNI add pairs of products in 16 bits, which 8-bit weights would overflow.
_SAFE = 63

Array = NDArray[np.float32]


def add_product(
    graph: Graph, name: str, frames: str, weight: Array, bias: Array | None, precision: Precision
) -> str:
    """Add frames (frames, inputs) times weight (inputs, outputs), plus bias (outputs,).

    Returns:
        Name of the result, (frames, outputs).
    """
    if precision == "blocks" and weight.shape[0] % BLOCKS[-1] == 0:
        return _blocks(graph, name, frames, weight, bias)
    constant = graph.constant(f"{name}.bias", bias) if bias is not None else ""
    if precision == "float32" or min(weight.shape) == 1:
        table = graph.constant(f"{name}.table", weight)
        return graph.one("Gemm", frames, table, constant)
    if precision == "rows":
        largest = graph.one("ReduceMax", graph.one("Abs", frames), graph.integers(1), keepdims=1)
        least = graph.constant(f"{name}.least", np.array(1e-20, np.float32))
        largest = graph.one("Max", largest, least)
        scaled = _columns(graph, name, graph.one("Div", frames, largest), weight, "")
        product = graph.one("Mul", scaled, largest)
        return graph.one("Add", product, constant) if constant else product
    return _columns(graph, name, frames, weight, constant)


def _columns(graph: Graph, name: str, frames: str, weight: Array, bias: str) -> str:
    scale = np.maximum(np.abs(weight).max(axis=0) / _SAFE, np.float32(1e-20))
    rounded = np.round(weight / scale).astype(np.int8)
    zeros = np.zeros(len(scale), np.int8)
    return graph.one(
        "DynamicQuantizeMatMul",
        frames,
        graph.constant(f"{name}.rounded", rounded),
        graph.constant(f"{name}.scale", scale.astype(np.float32)),
        graph.constant(f"{name}.zero", zeros),
        bias,
        domain=MICROSOFT,
    )


def _blocks(graph: Graph, name: str, frames: str, weight: Array, bias: Array | None) -> str:
    inputs, outputs = weight.shape
    block = next(size for size in BLOCKS if inputs % size == 0)
    parted = weight.T.reshape(outputs, inputs // block, block)
    scale = np.maximum(np.abs(parted).max(axis=2) / _MOST, np.float32(1e-20))
    rounded = np.round(parted / scale[:, :, None]) + 128  # the operator's zero
    product = graph.one(
        "MatMulNBits",
        frames,
        graph.constant(f"{name}.rounded", rounded.astype(np.uint8)),
        graph.constant(f"{name}.scale", scale.astype(np.float32)),
        domain=MICROSOFT,
        K=inputs,
        N=outputs,
        bits=8,
        block_size=block,
        accuracy_level=4,  # products in int8
    )
    if bias is None:
        return product
    return graph.one("Add", product, graph.constant(f"{name}.bias", bias))
