"""Files of weights ↔ tensors by name, one at a time: reads pickles and safetensors, writes bf16."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tevr.errors import ModelError
from tevr.lm.whole_file import whole_file
from tevr.wav2vec2.config import read_object

_INDEX = ".index.json"
_PICKLES = (".bin", ".pt", ".pth")
#: The positional convolution's weight is a direction times a length for each tap; torch renamed
#: both when weight normalisation became a parametrisation.
_RENAMED = {
    "conv.weight_g": "conv.parametrizations.weight.original0",
    "conv.weight_v": "conv.parametrizations.weight.original1",
}
_ADVICE = "Download or copy the file again."


class Checkpoint:
    """The weights of a network, left on disk until they are asked for.

    Pickles are read by torch with `weights_only`: tables of tensors and nothing that could run.

    Args:
        path: a pickle, a safetensors file, or the index of several.

    Raises:
        ModelError: a file is missing, damaged, or holds more than weights.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open = ExitStack()
        self._read: dict[str, Callable[[], Tensor]] = {}
        for file in _files(path):
            for name, read in self._tensors(file):
                self._read[_renamed(name)] = read

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self._read.clear()
        self._open.close()

    def __contains__(self, name: object) -> bool:
        return name in self._read

    def names(self) -> list[str]:
        """Names of all tensors, as torch has them today."""
        return list(self._read)

    def tensor(self, name: str) -> Tensor:
        """One tensor as it is stored.

        Raises:
            ModelError: there is none of that name, or it cannot be read.
        """
        if name not in self._read:
            raise ModelError(f"{self.path} holds no {name}", _ADVICE)
        try:
            return self._read[name]()
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{name} of {self.path} cannot be read ({error})", _ADVICE) from error

    def array(self, name: str) -> NDArray[np.float32]:
        """One tensor as float32."""
        return self.tensor(name).float().numpy()

    def _tensors(self, file: Path) -> Iterator[tuple[str, Callable[[], Tensor]]]:
        if file.suffix in _PICKLES:
            for name, tensor in _unpickled(file).items():
                yield name, lambda tensor=tensor: tensor  # type: ignore[misc]
            return
        try:
            opened = self._open.enter_context(safe_open(str(file), framework="pt"))
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{file} cannot be read ({error})", _ADVICE) from error
        for name in opened.keys():  # noqa: SIM118 - it is no dictionary
            yield name, lambda name=name: opened.get_tensor(name)  # type: ignore[misc]


def write_bf16(checkpoint: Checkpoint, path: Path, progress: Callable[[float], None]) -> None:
    """Write all weights as bfloat16 in one safetensors file, one tensor in memory at a time.

    Raises:
        OSError: the file cannot be written.
    """
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    names = checkpoint.names()
    for name in names:
        tensor = checkpoint.tensor(name)
        start, end = end, end + 2 * tensor.numel()
        entries[name] = {"dtype": "BF16", "shape": tensor.shape, "data_offsets": [start, end]}
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)  # the format keeps tensors at multiples of 8
    with whole_file(path) as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for count, name in enumerate(names, 1):
            rounded = checkpoint.tensor(name).to(torch.bfloat16).contiguous()
            file.write(rounded.view(torch.int16).numpy().data)
            progress(count / len(names))


def _files(path: Path) -> list[Path]:
    """The files that an index lists, or the file itself."""
    if not path.name.endswith(_INDEX):
        return [path]
    table = read_object(path).get("weight_map")
    if not isinstance(table, dict) or not all(_is_name(name) for name in table.values()):
        raise ModelError(f"{path} lists no files of weights", _ADVICE)
    return [path.with_name(name) for name in sorted(set(table.values()))]


def _is_name(name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name


def _unpickled(path: Path) -> Mapping[str, Tensor]:
    try:
        # Files from before torch 1.6 are no zip archives and cannot be mapped into memory.
        mapped = zipfile.is_zipfile(path)
        with warnings.catch_warnings():  # about what is refused right after
            warnings.simplefilter("ignore")
            found = torch.load(path, map_location="cpu", mmap=mapped, weights_only=True)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", _ADVICE) from error
    except UnpicklingError as error:
        cause = f"{path} holds more than weights, or is damaged; nothing of it was run"
        raise ModelError(cause, "Take it from a source that you trust.") from error
    except (RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is damaged or cut short", _ADVICE) from error
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in found.items()
    ):
        raise ModelError(f"{path} holds no table of weights", _ADVICE)
    return found


def _renamed(name: str) -> str:
    for old, new in _RENAMED.items():
        name = name.replace(old, new)
    return name
