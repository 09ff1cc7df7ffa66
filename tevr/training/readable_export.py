"""A trained labeller's network → an ONNX graph of 8-bit weights, without anything of torch in it.

The graph is put together here from its operators: so it is the same bytes for the same weights,
whatever version of torch trained them. What it takes and gives is told in
`tevr.readable.network`. Weights have a scale for every output, vectors of words one for each word;
arithmetic is in float32, so that a word's scores do not depend on the words it is run with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tevr.errors import OutputError
from tevr.lm.whole_file import whole_file
from tevr.readable.features import BUCKETS, IDS, NUMBERS
from tevr.readable.lexicon import Lexicon
from tevr.readable.network import MODEL
from tevr.readable.network_shape import SHIFTS
from tevr.training.readable_network import OUTPUTS, LabelNetwork

OPSET = 17
IR_VERSION = 8
"""The one that belongs to the operators, so that every ONNX Runtime that has them reads it."""
_LEVELS = 127
"""Largest 8-bit weight; the smallest is its negative."""

Floats = NDArray[np.float32]


def write(network: LabelNetwork, lexicon: Lexicon, folder: Path) -> None:
    """Write a model's files into a folder that exists.

    Raises:
        OutputError: they cannot be written.
    """
    content = graph(network).SerializeToString(deterministic=True)
    try:
        with whole_file(folder / MODEL) as stream:
            stream.write(content)
        lexicon.save(folder)
    except OSError as error:
        cause = f"The model cannot be written to {folder} ({error.strerror})"
        raise OutputError(cause, "Choose a folder that can be written to.") from error


def graph(network: LabelNetwork) -> onnx.ModelProto:
    """Return the network as a graph."""
    weights = {name: value.detach().float().numpy() for name, value in network.named_parameters()}
    builder = _Builder(weights)
    units = network.options.units
    values = builder.enter()
    for number, shifts in enumerate(SHIFTS):
        values = builder.nearby(values, f"layers.{number}", shifts)
    builder.leave(values, units)
    floats, whole = TensorProto.FLOAT, TensorProto.INT64
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT32, ["words", IDS]),
        helper.make_tensor_value_info("numbers", floats, ["words", NUMBERS]),
        helper.make_tensor_value_info("stretches", TensorProto.INT32, ["words"]),
        helper.make_tensor_value_info("first", whole, [1]),
        helper.make_tensor_value_info("last", whole, [1]),
        helper.make_tensor_value_info("hidden", floats, [1, 1, units]),
        helper.make_tensor_value_info("memory", floats, [1, 1, units]),
    ]
    outputs = [
        helper.make_tensor_value_info("scores", floats, ["labelled", sum(OUTPUTS)]),
        helper.make_tensor_value_info("hidden_after", floats, [1, 1, units]),
        helper.make_tensor_value_info("memory_after", floats, [1, 1, units]),
    ]
    whole_graph = helper.make_graph(
        builder.nodes, "labeller", inputs, outputs, initializer=builder.constants
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(whole_graph, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


class _Builder:
    """Puts operators in a row; each method returns the name of what it made."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._weights = weights

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 (as ONNX)
        """Add an operator with one output."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values: NDArray[Any]) -> str:
        """Add an array."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def rounded(self, values: Floats, axis: int) -> str:
        """Add an array in 8 bits, with a scale for each place on an axis."""
        others = tuple(other for other in range(values.ndim) if other != axis)
        scale = np.maximum(np.abs(values).max(axis=others), 1e-8) / _LEVELS
        shape = [-1 if place == axis else 1 for place in range(values.ndim)]
        steps = np.rint(values / scale.reshape(shape)).astype(np.int8)
        zero = self.constant(np.zeros(len(scale), np.int8))
        scales = self.constant(scale.astype(np.float32))
        return self.node("DequantizeLinear", self.constant(steps), scales, zero, axis=axis)

    def looked_up(self, table: str, ids: str) -> str:
        """Return rows of a table of vectors, each with its own scale."""
        values = self._weights[table]
        scale = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-8) / _LEVELS
        steps = self.constant(np.rint(values / scale).astype(np.int8))
        found = self.node("Cast", self.node("Gather", steps, ids), to=TensorProto.FLOAT)
        scales = self.node("Gather", self.constant(scale.astype(np.float32)), ids)
        return self.node("Mul", found, scales)

    def linear(self, values: str, layer: str) -> str:
        """Return a layer's product and bias."""
        weight = self.rounded(self._weights[f"{layer}.weight"].T, axis=1)
        product = self.node("MatMul", values, weight)
        return self.node("Add", product, self.constant(self._weights[f"{layer}.bias"]))

    def enter(self) -> str:
        """Return what goes into the layers, (words, size)."""
        tables = ["word.weight", *(f"parts.{number}.weight" for number in range(len(BUCKETS)))]
        found = []
        for column, table in enumerate(tables):
            ids = self.node("Gather", "ids", self.constant(np.array(column)), axis=1)
            found.append(self.looked_up(table, ids))
        return self.linear(self.node("Concat", *found, "numbers", axis=-1), "enter")

    def nearby(self, values: str, layer: str, shifts: tuple[int, ...]) -> str:
        """Return a layer that reads words nearby."""
        scale, bias = (
            self.constant(self._weights[f"{layer}.norm.{n}"]) for n in ("weight", "bias")
        )
        normed = self.node("LayerNormalization", values, scale, bias, axis=-1, epsilon=1e-5)
        near = self.node("Concat", *(self.shifted(normed, shift) for shift in shifts), axis=-1)
        hidden = self.node("Relu", self.linear(near, f"{layer}.gather"))
        return self.node("Add", values, self.linear(hidden, f"{layer}.add"))

    def shifted(self, values: str, shift: int) -> str:
        """Return each word's values of that `shift` places on, zeros where it sees none."""
        if shift == 0:
            return values
        if shift < 0:
            padded = self.node("Pad", values, self._whole(-shift, 0, 0, 0))
            return self.node("Slice", padded, self._whole(0), self._whole(shift), self._whole(0))
        ahead = self._cut(self.node("Pad", values, self._whole(0, 0, shift, 0)), shift)
        unseen = self.constant(np.array(-1, np.int32))
        numbers = self._cut(self.node("Pad", "stretches", self._whole(0, shift), unseen), shift)
        seen = self.node("Cast", self.node("Equal", numbers, "stretches"), to=TensorProto.FLOAT)
        return self.node("Mul", ahead, self.node("Unsqueeze", seen, self._whole(1)))

    def leave(self, values: str, units: int) -> None:
        """Add the recurrent layer over the words to label, and their scores."""
        asked = self.node("Slice", values, "first", "last", self._whole(0))
        steps = self.node("Unsqueeze", asked, self._whole(1))  # a batch of one
        names = [self._recurrent(f"recurrent.weight_{kind}_l0", units) for kind in ("ih", "hh")]
        biases = [self._weights[f"recurrent.bias_{kind}_l0"] for kind in ("ih", "hh")]
        bias = self.constant(np.concatenate([_in_order(each, units) for each in biases])[None])
        states = f"v{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(
                "LSTM",
                [steps, *names, bias, "", "hidden", "memory"],
                [states, "hidden_after", "memory_after"],
                hidden_size=units,
            )
        )
        squeezed = self.node("Squeeze", states, self._whole(1, 2))
        both = self.node("Concat", asked, squeezed, axis=-1)
        hidden = self.node("Relu", self.linear(both, "hidden"))
        scores = self.linear(hidden, "leave")
        self.nodes.append(helper.make_node("Identity", [scores], ["scores"]))

    def _recurrent(self, name: str, units: int) -> str:
        rounded = self.rounded(_in_order(self._weights[name], units), axis=0)
        return self.node("Unsqueeze", rounded, self._whole(0))  # one direction

    def _cut(self, values: str, first: int) -> str:
        """Return all rows from one on."""
        end = self._whole(np.iinfo(np.int64).max)
        return self.node("Slice", values, self._whole(first), end, self._whole(0))

    def _whole(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))


def _in_order(gates: Floats, units: int) -> Floats:
    """Turn torch's order of an LSTM's gates, i f g o, into that of ONNX, i o f g."""
    i, f, g, o = (gates[part * units : (part + 1) * units] for part in range(4))
    return np.concatenate([i, o, f, g])
