"""Operators and constants, one by one → an ONNX file, its large constants in a file beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Attribute = int | float | Sequence[int]
OPSET = 20  # the first with Gelu as one operator
MICROSOFT = "com.microsoft"
_INLINE = 1024
"""Bytes up to which a constant stands within the graph."""
_ALIGNMENT = 4096  # so that constants can be mapped into memory


class Graph:
    """A graph under construction; constants go to disk at once, so that memory stays small.

    Args:
        data: an open file for the large constants.
        data_name: its name, beside that of the graph.
    """

    def __init__(self, data: BinaryIO, data_name: str) -> None:
        self._data = data
        self._data_name = data_name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, TensorProto] = {}

    def add(
        self,
        operator: str,
        *inputs: str,
        outputs: int = 1,
        domain: str = "",
        **attributes: Attribute,
    ) -> list[str]:
        """Add an operator; returns the names of its outputs.

        Args:
            operator: its ONNX type.
            inputs: names; empty for one left out.
            outputs: how many it has.
            domain: empty for ONNX's own operators.
            attributes: as the operator knows them.
        """
        return self._append(operator, inputs, outputs, domain, attributes)

    def one(self, operator: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Add an operator with one output; returns its name."""
        (name,) = self._append(operator, inputs, 1, domain, attributes)
        return name

    def _append(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: int,
        domain: str,
        attributes: Mapping[str, Attribute],
    ) -> list[str]:
        name = f"{operator}_{len(self._nodes)}"
        names = [f"{name}_{index}" if index else name for index in range(outputs)]
        node = helper.make_node(operator, inputs, names, name, domain=domain)
        node.attribute.extend(helper.make_attribute(*each) for each in attributes.items())
        self._nodes.append(node)
        return names

    def rename(self, old: str, new: str) -> None:
        """Give the one output of the last operator another name, that of an output of the graph."""
        node = self._nodes[-1]
        if list(node.output) != [old]:
            raise ValueError(f"{old} is not what the last operator gives")
        node.output[0] = new

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """Add a constant; returns its name."""
        array = np.ascontiguousarray(array)
        if array.nbytes <= _INLINE:
            self._constants[name] = numpy_helper.from_array(array, name)
            return name
        self._data.write(bytes(-self._data.tell() % _ALIGNMENT))
        tensor = TensorProto(
            name=name,
            dims=array.shape,
            data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
            data_location=TensorProto.EXTERNAL,
        )
        place = {"location": self._data_name, "offset": self._data.tell(), "length": array.nbytes}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self._data.write(array.data)
        self._constants[name] = tensor
        return name

    def integers(self, *values: int) -> str:
        """A constant of int64, (values,); the same ones stand in the graph once."""
        name = "integers_" + "_".join(map(str, values)).replace("-", "minus")
        if name not in self._constants:
            self.constant(name, np.array(values, np.int64))
        return name

    def write(
        self,
        path: Path,
        inputs: dict[str, list[str]],
        outputs: dict[str, list[str]],
        told: dict[str, str],
    ) -> None:
        """Write the graph.

        Args:
            path: the file.
            inputs: name → names of dimensions, all float32.
            outputs: the same for what it gives.
            told: metadata, for `tevr.onnx_model`.
        """
        graph = helper.make_graph(
            self._nodes,
            "tevr",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in outputs.items()],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="tevr", ir_version=9)
        helper.set_model_props(model, told)
        path.write_bytes(model.SerializeToString())
