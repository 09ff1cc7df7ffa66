"""A trained classifier of images ↔ one file in a run's folder; pictures → what it says of each.

For classifiers that are not trained by gradient, whose runs have no checkpoints: `last.pt` holds
settings, tensors and figures, and a second training with the same settings returns the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tevr.models.data import Images, read_picture
from tevr.models.run_files import CHECKPOINT, plain, read_state, same_training


def about(config: Any, images: Images) -> dict[str, Any]:  # noqa: ANN401 (any frozen dataclass)
    """Return what a run depends on: settings and data, in plain values."""
    _, channels, height, width = images.pixels.shape
    shape = [channels, height, width]
    data = {"source": images.source, "count": len(images), "shape": shape}
    return plain({"config": asdict(config), "data": data, "classes": list(images.classes)})


def figures_of(run: Path, now: Mapping[str, Any]) -> dict[str, float] | None:
    """Return the figures of a finished run with these settings, None if the folder has none.

    Raises:
        ValueError: the folder holds a run with other settings.
    """
    path = run / CHECKPOINT
    if not path.exists():
        return None
    state = read_state(path)
    same_training(state.get("about", {}), now, run)
    return dict(state["figures"])


def keep(
    run: Path, now: Mapping[str, Any], state: Mapping[str, Any], figures: Mapping[str, float]
) -> None:
    """Write a run whole: what it depends on, tensors and plain values, figures."""
    run.mkdir(parents=True, exist_ok=True)
    part = run / f"{CHECKPOINT}.part"
    torch.save({"about": dict(now), **state, "figures": dict(figures)}, part)
    part.replace(run / CHECKPOINT)


def read_run(run: Path) -> dict[str, Any]:
    """Return what `keep` wrote.

    Raises:
        ValueError: there is no such file, or it cannot be read.
    """
    state = read_state(run / CHECKPOINT)
    if "about" not in state or "figures" not in state:
        raise ValueError(f"{run} holds a training that was broken off, or of another kind.")
    return state


def say(
    state: Mapping[str, Any], inputs: Sequence[Path], scores: Callable[[Tensor], Tensor]
) -> Iterator[dict[str, object]]:
    """Yield, for each picture, its file, its class and the margin to the second class.

    Args:
        state: what `read_run` gave; it knows the images' shape and the classes' names.
        inputs: picture files.
        scores: images float (1, channels, height, width), from 0 to 1 → (1, classes).
    """
    channels, height, _ = state["about"]["data"]["shape"]
    classes = state["about"]["classes"]
    for path in inputs:
        picture = read_picture(path, channels, height).float()[None] / 255
        first, second = scores(picture)[0].topk(2)[0].tolist()
        named = classes[int(scores(picture)[0].argmax())]
        yield {"file": str(path), "class": named, "margin": first - second}
