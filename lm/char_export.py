"""A trained character network → a folder with an ONNX graph of 8-bit weights, and its manifest.

The graph is put together here from its eight operators: so it is the same bytes for the same
weights, whatever version of torch trained them. What it takes and gives is told in
`tevr.lm.char_network`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tevr.errors import OutputError
from tevr.lm.char_lstm import CharacterNetwork
from tevr.lm.char_network import MANIFEST, SCHEMA
from tevr.lm.manifest import FileRecord
from tevr.lm.whole_file import whole_file

OPSET = 17
IR_VERSION = 8
"""The one that belongs to the operators, so that every ONNX Runtime that has them reads it."""
MODEL = "model.onnx"
_LEVELS = 127
"""Largest 8-bit weight; the smallest is its negative."""

Floats = NDArray[np.float32]


def export(network: CharacterNetwork, folder: Path, name: str = "de-chars") -> None:
    """Write a network's graph and manifest into a folder; both appear whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    content = graph(network).SerializeToString(deterministic=True)
    record = FileRecord.of_content(content)
    manifest = {
        "schema": SCHEMA,
        "name": name,
        "model": MODEL,
        "alphabet": network.options.alphabet,
        "files": {MODEL: asdict(record)},
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in ((MODEL, content), (MANIFEST, text.encode())):
            with whole_file(folder / file) as stream:
                stream.write(data)
    except OSError as error:
        cause = f"The character model cannot be written to {folder} ({error.strerror})"
        raise OutputError(cause, "Free some space there, or name another folder.") from error


def graph(network: CharacterNetwork) -> onnx.ModelProto:
    """Return the network as a graph from `ids` and `targets` to `bits`, (steps, batch) each."""
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    build = _Graph()
    vectors = build.add("Gather", [build.rounded(weights["embedding.weight"]), "ids"])
    for layer in range(network.options.layers):
        vectors = build.lstm(vectors, weights, layer, network.options.units)
    turned = build.add("Transpose", [build.rounded(weights["output.weight"])], perm=[1, 0])
    scores = build.add("MatMul", [vectors, turned])
    scores = build.add("Add", [scores, build.constant(weights["output.bias"])])
    logs = build.add("LogSoftmax", [scores], axis=-1)  # (steps, batch, characters)
    last = build.constant(np.array([-1], np.int64))
    at = build.add("Unsqueeze", ["targets", last])
    chosen = build.add("GatherElements", [logs, at], axis=-1)
    scale = build.constant(np.array(-1 / log(2), np.float32))
    build.add("Mul", [build.add("Squeeze", [chosen, last]), scale], output="bits")
    return build.model()


class _Graph:
    """Nodes and constants of a graph, named in the order they come."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(
        self,
        operator: str,
        inputs: Sequence[str],
        *,
        output: str = "",
        **attributes: Any,  # noqa: ANN401 (as ONNX has them)
    ) -> str:
        """Add a node; return the name of its first output."""
        name = output or f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, values: NDArray[np.generic]) -> str:
        """Add numbers as they are; return their name."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def rounded(self, rows: Floats) -> str:
        """Add weights (rows, columns) as 8-bit numbers with one scale a row; return their name."""
        scales = np.maximum(np.abs(rows).max(axis=1), np.float32(1e-12)) / np.float32(_LEVELS)
        numbers = np.rint(rows / scales[:, None]).astype(np.int8)
        inputs = [self.constant(numbers), self.constant(scales)]
        return self.add("DequantizeLinear", inputs, axis=0)

    def lstm(self, vectors: str, weights: dict[str, Floats], layer: int, units: int) -> str:
        """Add an LSTM layer over (steps, batch, size); return its states (steps, batch, units)."""
        front, second = (self.constant(np.array([axis], np.int64)) for axis in (0, 1))

        def gates(name: str) -> Floats:
            """Return rows in ONNX's order i, o, f, g, which in torch is i, f, g, o."""
            i, f, g, o = np.split(weights[f"recurrent.core.{name}_l{layer}"], 4)
            return np.concatenate((i, o, f, g))

        into, across = (
            self.add("Unsqueeze", [self.rounded(gates(name)), front])
            for name in ("weight_ih", "weight_hh")
        )
        biases = np.concatenate((gates("bias_ih"), gates("bias_hh")))[None]
        inputs = [vectors, into, across, self.constant(biases)]
        states = self.add("LSTM", inputs, hidden_size=units)  # (steps, 1, batch, units)
        return self.add("Squeeze", [states, second])

    def model(self) -> onnx.ModelProto:
        """Return the checked graph."""
        shape = ["steps", "batch"]
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("ids", "targets")
        ]
        outputs = [helper.make_tensor_value_info("bits", TensorProto.FLOAT, shape)]
        whole = helper.make_graph(self._nodes, "characters", inputs, outputs, self._constants)
        model = helper.make_model(
            whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        return model
