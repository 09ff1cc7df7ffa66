"""CT slices with sources → parts to learn from and to test on, by three protocols.

Slices of one source, an article or a patient, look alike. Cross-validation by slice puts such twins
on both sides of a split and measures in part how well a source is recognised; by source, none is on
both; the official split of COVID-CT is one such split, made by its authors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tevr.models.data import GREY, picture_files, read_arrays, read_picture

Protocol = Literal["slice", "source", "official"]
PROTOCOLS: tuple[Protocol, ...] = ("slice", "source", "official")
SIDE = 224
"""To which slices of folders are brought, in pixels; proportions are not kept."""
_OF_SOURCE = re.compile(r"%|-p\d+")


@dataclass(frozen=True)
class Slices:
    """Grey slices, what they show, and where they come from."""

    pixels: Tensor
    """uint8 (slices, 1, height, width)."""
    labels: NDArray[np.int64]
    """(slices,): 1 for the finding that is looked for, else 0."""
    sources: NDArray[np.str_]
    """(slices,): names of articles or patients; slices of different classes never share one."""
    parts: NDArray[np.str_]
    """(slices,): train, val or test of the official split; empty where there is none."""
    name: str = "slices"

    def __len__(self) -> int:
        return len(self.labels)


def source_of(name: str) -> str:
    """Return the source in a file name of COVID-CT: what stands before `%` or the page's `-p7`."""
    return _OF_SOURCE.split(name, maxsplit=1)[0]


def read_slices(path: Path) -> Slices:
    """Read slices from an archive or a folder.

    Args:
        path: an .npz with x (slices, height, width) uint8, y (1 for the finding), name and
            perhaps split; or a folder with two folders of pictures, the one whose name does not
            begin with non, no or normal holding the finding.

    Raises:
        ValueError: it cannot be read so, or shows one class only.
    """
    slices = _from_folder(path) if path.is_dir() else _from_archive(path)
    if len(set(slices.labels.tolist())) < 2:  # noqa: PLR2004 (two classes)
        raise ValueError(f"{path} shows one class only; telling apart needs two.")
    return slices


def _from_archive(path: Path) -> Slices:
    arrays = read_arrays(path)
    missing = [name for name in ("x", "y", "name") if name not in arrays]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}; wanted are x, y, name and split.")
    pixels, labels, names = arrays["x"], arrays["y"], arrays["name"]
    if pixels.ndim != 3 or pixels.dtype != np.uint8:  # noqa: PLR2004 (slices, height, width)
        raise ValueError(f"The slices of {path} are not bytes in slices × height × width.")
    if not len(pixels) == len(labels) == len(names) or set(labels.tolist()) - {0, 1}:
        raise ValueError(f"{path} has no label 0 or 1 and no name for every slice.")
    parts = arrays.get("split", np.full(len(pixels), ""))
    if len(parts) != len(pixels):
        raise ValueError(f"{path} does not say of every slice to which part it belongs.")
    labels = labels.astype(np.int64)
    tensor = torch.from_numpy(pixels)[:, None]
    return Slices(tensor, labels, _sources(names, labels), parts.astype(str), path.stem)


def _from_folder(path: Path) -> Slices:
    folders = sorted(each for each in path.iterdir() if each.is_dir() and each.name[0] != ".")
    found = [each for each in folders if not re.search(r"(?i)(^|_)no", each.name)]
    if len(folders) != 2 or len(found) != 1:  # noqa: PLR2004 (with and without)
        raise ValueError(f"{path} holds no two folders of which one begins with non, no or normal.")
    files = [file for folder in folders for file in picture_files(folder)]
    if not files:
        raise ValueError(f"{path} holds no pictures.")
    labels = np.array([int(found[0] in file.parents) for file in files])
    pixels = [_squeezed(read_picture(file, GREY)) for file in files]
    names = np.array([file.name for file in files])
    parts = np.full(len(files), "")
    return Slices(torch.stack(pixels), labels, _sources(names, labels), parts, path.name)


def _squeezed(picture: Tensor) -> Tensor:
    """Return a picture uint8 (1, height, width) at SIDE × SIDE."""
    side = (SIDE, SIDE)
    scaled = torch.nn.functional.interpolate(
        picture[None].float(), side, mode="bicubic", antialias=True
    )
    return scaled[0].round().clamp(0, 255).byte()


def _sources(names: NDArray[np.str_], labels: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return a source for each slice; equal names with and without the finding stay apart."""
    pairs = zip(names.tolist(), labels.tolist(), strict=True)
    return np.array([f"{label}:{source_of(name)}" for name, label in pairs])


Split = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Numbers of slices to learn from, and to test on."""


def splits(slices: Slices, protocol: Protocol, folds: int = 5, seed: int = 0) -> Sequence[Split]:
    """Return the splits of a protocol.

    Args:
        slices: all of them.
        protocol: by slice or by source: every slice is tested once; official: learn from train
            and val, test on test.
        folds: of the first two.
        seed: of what is shuffled.

    Raises:
        ValueError: there is no official split, or there are too few slices or sources.
    """
    if protocol == "official":
        test = slices.parts == "test"
        if not test.any() or test.all():
            raise ValueError("The slices have no official split.")
        return [(np.flatnonzero(~test), np.flatnonzero(test))]
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    groups = slices.sources if protocol == "source" else np.arange(len(slices)).astype(str)
    for label in (0, 1):
        count = len(set(groups[slices.labels == label].tolist()))
        if count < folds:
            raise ValueError(
                f"{folds} folds by {protocol} need {folds} of each class, not {count}."
            )
    kind = StratifiedGroupKFold if protocol == "source" else StratifiedKFold
    folding = kind(folds, shuffle=True, random_state=seed)
    together = slices.sources if protocol == "source" else None
    return list(folding.split(np.zeros(len(slices)), slices.labels, together))


def made_up_slices(sources: int, each: int, seed: int = 0, sign: float = 0.5) -> Slices:
    """Make slices of which each source has a look of its own, and the finding a faint sign.

    Args:
        sources: of each class.
        each: slices of a source.
        seed: of everything.
        sign: how strong the finding's bright spot is, beside a source's look of strength 1.
    """
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[:32, :32] / 32
    pixels, labels, names = [], [], []
    for number in range(2 * sources):
        label = number % 2
        pace, turn, phase = draw.uniform(6, 40), draw.uniform(0, np.pi), draw.uniform(0, 6)
        look = np.sin(pace * (rows * np.sin(turn) + columns * np.cos(turn)) + phase)
        for _ in range(each):
            top, left = draw.uniform(0.3, 0.7, 2)
            spot = np.exp(-((rows - top) ** 2 + (columns - left) ** 2) / 0.01)
            image = look + label * 3 * sign * spot + 0.3 * draw.normal(size=(32, 32))
            pixels.append((128 + 30 * image).clip(0, 255).astype(np.uint8))
            labels.append(label)
            names.append(f"article{number}-p{len(pixels)}.png")
    named, marked = np.array(names), np.array(labels)
    parts = np.where(np.arange(len(named)) // each % 4 < 2, "test", "train")  # noqa: PLR2004
    tensor = torch.from_numpy(np.stack(pixels))[:, None]
    return Slices(tensor, marked, _sources(named, marked), parts, "made-up slices")
