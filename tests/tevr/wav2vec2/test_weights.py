"""Files of weights: what is read of them, and that nothing in them is ever run."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tevr.errors import ModelError
from tevr.wav2vec2.weights import Checkpoint, write_bf16

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3) / 7, "b.bias": torch.ones(5)}


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def read(path: Path) -> dict[str, torch.Tensor]:
    with Checkpoint(path) as checkpoint:
        return {name: checkpoint.tensor(name).clone() for name in checkpoint.names()}


def assert_same(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


@pytest.mark.parametrize("zipped", [True, False])
def test_pickles_new_and_old_are_read(tmp_path: Path, zipped: bool) -> None:
    torch.save(STATE, tmp_path / "w.bin", _use_new_zipfile_serialization=zipped)
    assert_same(read(tmp_path / "w.bin"), STATE)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_would_run_something_does_not(tmp_path: Path, zipped: bool) -> None:
    state = STATE | {"c": Trap(tmp_path / "sprung")}
    torch.save(state, tmp_path / "w.bin", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match=r"holds more than weights.*nothing of it was run"):
        Checkpoint(tmp_path / "w.bin")
    assert not (tmp_path / "sprung").exists()
    torch.load(tmp_path / "w.bin", weights_only=False)  # the trap is a real one
    assert (tmp_path / "sprung").is_dir()


def test_a_plain_pickle_does_not_run_either(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(ModelError):
        Checkpoint(tmp_path / "w.bin")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("name", ["w.bin", "w.safetensors"])
def test_half_a_file_is_told(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    if name == "w.bin":
        torch.save(STATE, path)
    else:
        save_file(STATE, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        Checkpoint(path)


@pytest.mark.parametrize("found", [[1, 2], {"a": 3}, {3: torch.ones(1)}, torch.ones(2)])
def test_what_is_no_table_of_weights_is_refused(tmp_path: Path, found: object) -> None:
    torch.save(found, tmp_path / "w.bin")
    with pytest.raises(ModelError, match="no table of weights"):
        Checkpoint(tmp_path / "w.bin")


def test_a_missing_file_and_a_missing_tensor_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        Checkpoint(tmp_path / "w.bin")
    save_file(STATE, tmp_path / "w.safetensors")
    with Checkpoint(tmp_path / "w.safetensors") as checkpoint, pytest.raises(ModelError, match="x"):
        checkpoint.tensor("x")


def test_weights_in_several_files_are_one(tmp_path: Path) -> None:
    save_file({"a.weight": STATE["a.weight"]}, tmp_path / "1.safetensors")
    save_file({"b.bias": STATE["b.bias"]}, tmp_path / "2.safetensors")
    table = {"a.weight": "1.safetensors", "b.bias": "2.safetensors"}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": table}))
    assert_same(read(index), STATE)
    index.write_text(json.dumps({"weight_map": {"a.weight": "../1.safetensors"}}))
    with pytest.raises(ModelError, match="lists no files"):
        Checkpoint(index)


def test_old_names_of_normalised_weights_become_todays(tmp_path: Path) -> None:
    torch.save({"x.conv.weight_g": torch.ones(1), "x.conv.weight_v": torch.zeros(1)},
               tmp_path / "w.bin")  # fmt: skip
    assert list(read(tmp_path / "w.bin")) == [
        "x.conv.parametrizations.weight.original0",
        "x.conv.parametrizations.weight.original1",
    ]


def test_bf16_files_are_those_of_the_format(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.bin")
    shares: list[float] = []
    with Checkpoint(tmp_path / "w.bin") as checkpoint:
        write_bf16(checkpoint, tmp_path / "w.safetensors", shares.append)
    found = load_file(tmp_path / "w.safetensors")
    assert_same(found, {name: value.to(torch.bfloat16) for name, value in STATE.items()})
    assert shares[-1] == 1.0
