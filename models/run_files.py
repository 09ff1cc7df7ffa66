"""A run's folder → where its training stands, and whether it is the one that is gone on with."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

CHECKPOINT, LOG = "last.pt", "log.jsonl"


def read_state(path: Path) -> dict[str, Any]:
    """Read a file that `torch.save` wrote: tensors and plain values, never code.

    Raises:
        ValueError: it is missing, torn, or no such file.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, LookupError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"{path} cannot be read as a checkpoint.") from error
    if not isinstance(state, dict):
        raise ValueError(f"{path} holds no training.")
    return state


def same_training(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Check that a run is gone on with as it was begun.

    Raises:
        ValueError: it names the settings that differ.
    """
    old, new = _flat(before), _flat(plain(now))
    differ = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    if differ:
        told = ", ".join(f"{name} {old.get(name)}, not {new.get(name)}" for name in differ)
        raise ValueError(f"The run in {folder} was begun with {told}; go on so, or name another.")


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested mappings → one, names joined by dots."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = isinstance(value, Mapping)
        found |= _flat(value, f"{before}{name}.") if inner else {f"{before}{name}": value}
    return found


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON would give them back, so that those of two runs compare equal."""
    found: dict[str, Any] = json.loads(json.dumps(dict(values), default=str))
    return found


def cut_log(path: Path, step: int) -> None:
    """Drop lines of a log that come after that step, or were torn; such steps are made again."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
    path.write_text("".join(kept), encoding="utf-8")
