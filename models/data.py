"""Archives of arrays, folders of pictures and torchvision's data sets → images with labels.

read_images(Path("cifar10.npz"))                 x (images, height, width[, channels]), y
read_images(Path("pictures"), size=64)           one folder a class, one file an image
read_images("torchvision:CIFAR10:FOLDER")        where torchvision is installed
read_images("digits")                            1,797 real digits that scikit-learn brings
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tevr.models.batches import seeded

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
NAMES = (("x", "y"), ("images", "labels"), ("train_images", "train_labels"), ("X", "y"))
"""What archives call images and labels."""
LARGEST = 100_000_000
"""Pixels of a picture; more is a mistake, or meant to exhaust the memory."""
GREY, COLOUR = 1, 3


@dataclass(frozen=True)
class Images:
    """Images of one size, and what they show."""

    pixels: Tensor
    """uint8 (images, channels, height, width); 1 channel is grey, 3 are red, green, blue."""
    labels: Tensor
    """int64 (images,): numbers of classes."""
    classes: tuple[str, ...]
    source: str
    """What they are, for tables."""

    def __len__(self) -> int:
        return len(self.pixels)

    def floats(self) -> Tensor:
        """Return the pixels from 0 to 1, float32 (images, channels, height, width)."""
        return self.pixels.float() / 255

    def take(self, chosen: Tensor | Sequence[int] | slice) -> Images:
        """Return the images of those numbers."""
        which = chosen if isinstance(chosen, slice) else torch.as_tensor(chosen)
        return replace(self, pixels=self.pixels[which], labels=self.labels[which])

    def split(self, per_class: int, seed: int) -> tuple[Images, Images]:
        """Draw that many of each class; return them and the rest, both shuffled.

        Raises:
            ValueError: a class has not one more than that.
        """
        order = torch.randperm(len(self), generator=seeded(seed))
        chosen = []
        for label, name in enumerate(self.classes):
            members = order[self.labels[order] == label]
            if len(members) <= per_class:
                raise ValueError(f"Class {name} has {len(members)} images; more are needed.")
            chosen.append(members[:per_class])
        first = torch.zeros(len(self), dtype=torch.bool)
        first[torch.cat(chosen)] = True
        return self.take(order[first[order]]), self.take(order[~first[order]])

    def hold_out(self, share: float, seed: int) -> tuple[Images, Images]:
        """Draw that share of each class, one image at least; return them and the rest, shuffled.

        Raises:
            ValueError: a class has one image only.
        """
        order = torch.randperm(len(self), generator=seeded(seed))
        held = torch.zeros(len(self), dtype=torch.bool)
        for label, name in enumerate(self.classes):
            members = order[self.labels[order] == label]
            if len(members) == 1:
                raise ValueError(f"Class {name} has one image only; two are needed.")
            held[members[: max(1, round(share * len(members)))]] = True
        return self.take(order[held[order]]), self.take(order[~held[order]])


def read_images(source: Path | str, size: int | None = None, channels: int | None = None) -> Images:
    """Read images with labels.

    Args:
        source: an .npz archive, a folder with one folder of pictures per class,
            `torchvision:NAME[:FOLDER]`, or `digits`.
        size: side in pixels to which pictures are brought; needed where they differ.
        channels: 1 for grey or 3 for colours; as found if None.

    Raises:
        ValueError: it cannot be read as images of at least two classes; says why.
    """
    if size is not None and size < 1:
        raise ValueError(f"Images of {size} pixels hold nothing.")
    text = str(source)
    if text == "digits":
        images = _digits()
    elif text.startswith("torchvision:"):
        images = _torchvision(text)
    elif Path(source).is_dir():
        return _folder(Path(source), size, channels)
    else:
        images = _archive(Path(source))
    pixels = _resized(_with_channels(images.pixels, channels), size)
    return replace(images, pixels=pixels)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of an .npz archive; none may hold Python objects.

    Raises:
        ValueError: it is missing, damaged, or no such archive.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise ValueError(f"There is no {path}.") from None
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read as an archive of plain arrays (.npz).") from error


def read_picture(path: Path, channels: int = COLOUR, size: int | None = None) -> Tensor:
    """Read one picture file: 16-bit as 8-bit, transparent parts as white.

    Args:
        path: of a file that Pillow reads.
        channels: 1 for grey or 3 for colours.
        size: side of a square to which it is brought, its longer side cut; None leaves it.

    Returns:
        uint8 (channels, height, width).

    Raises:
        ValueError: it is no picture, or too large.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", Image.DecompressionBombWarning
            )  # the next check is ours
            with Image.open(path) as file:
                if file.width * file.height > LARGEST:
                    raise ValueError(f"{path} has {file.width}×{file.height} pixels; too many.")
                picture = _eight_bits(ImageOps.exif_transpose(file)).convert(
                    "L" if channels == GREY else "RGB"
                )
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as a picture.") from error
    if size is not None:
        picture = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    array = np.array(picture, dtype=np.uint8)  # (height, width[, 3])
    return torch.from_numpy(array.reshape(*array.shape[:2], channels)).permute(2, 0, 1)


def picture_files(folder: Path) -> list[Path]:
    """Return the picture files below a folder, hidden ones left out, in order of their names."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def _eight_bits(picture: Image) -> Image:
    """Bring any mode of Pillow to L, or RGB without transparency."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float64)
        deep = picture.mode != "F" or values.max(initial=0) > 1
        top = 65535 if deep and values.max(initial=0) > 255 else 255 if deep else 1  # noqa: PLR2004
        return Image.fromarray((values.clip(0, top) / top * 255).round().astype(np.uint8))
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return picture


def _folder(folder: Path, size: int | None, channels: int | None) -> Images:
    """One folder a class, one file an image."""
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    files = [(label, path) for label, each in enumerate(classes) for path in picture_files(each)]
    _check_classes([label for label, _ in files], tuple(path.name for path in classes), folder)
    pixels = [read_picture(path, channels or COLOUR, size) for _, path in files]
    shapes = {tuple(each.shape) for each in pixels}
    if len(shapes) > 1:
        raise ValueError(f"The pictures in {folder} differ in size; give one for all.")
    names = tuple(path.name for path in classes)
    labels = torch.tensor([label for label, _ in files])
    return Images(torch.stack(pixels), labels, names, folder.name)


def _archive(path: Path) -> Images:
    arrays = read_arrays(path)
    for images, labels in NAMES:
        if images in arrays and labels in arrays:
            break
    else:
        found = ", ".join(arrays) or "nothing"
        raise ValueError(f"{path} holds {found}; images are looked for as x, their labels as y.")
    pixels, numbers = _pixels(arrays[images], path), _labels(arrays[labels], path)
    if len(pixels) != len(numbers):
        raise ValueError(f"{path} holds {len(pixels)} images but {len(numbers)} labels.")
    count = int(numbers.max(initial=0)) + 1
    names = [str(name) for name in arrays.get("classes", np.arange(count))]
    if len(names) < count:
        raise ValueError(f"{path} names {len(names)} classes but labels go up to {count - 1}.")
    _check_classes(numbers.tolist(), tuple(names), path)
    return Images(pixels, torch.from_numpy(numbers), tuple(names), path.stem)


def _pixels(array: NDArray[Any], path: Path) -> Tensor:
    """(images, height, width[, channels]) of bytes, 16-bit or 0 to 1 → (images, channels, …)."""
    shape = "×".join(map(str, array.shape)) or "one number"
    grey = array.ndim == 3  # noqa: PLR2004 (images, height, width)
    if not grey and (array.ndim != 4 or array.shape[3] not in (1, 3)):  # noqa: PLR2004 (channels last)
        wanted = "images × height × width, with 1 or 3 channels as the last axis or none"
        raise ValueError(f"The images of {path} are {shape}; wanted are {wanted}.")
    if not array.size:
        raise ValueError(f"The images of {path} are {shape}: there are none.")
    if array.dtype == np.uint16:
        array = (array / 257).round()
    elif array.dtype.kind == "f":
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            raise ValueError(f"The images of {path} are fractions but not all from 0 to 1.")
        array = (array * 255).round()
    elif array.dtype.kind not in "biu" or array.min() < 0 or array.max() > 255:  # noqa: PLR2004 (bytes)
        raise ValueError(f"The images of {path} are {array.dtype}; wanted are 0 to 255.")
    four = array.astype(np.uint8).reshape(*array.shape[:3], -1)
    return torch.from_numpy(four).permute(0, 3, 1, 2).contiguous()


def _labels(array: NDArray[Any], path: Path) -> NDArray[np.int64]:
    """Numbers of classes, (images,) or (images, 1)."""
    if array.dtype.kind not in "biu" or array.size != len(array) or array.min(initial=0) < 0:
        raise ValueError(f"The labels of {path} are no numbers of classes, one for each image.")
    return array.reshape(-1).astype(np.int64)


def _check_classes(labels: Iterable[int], names: tuple[str, ...], where: Path) -> None:
    present = set(labels)
    if not present:
        raise ValueError(f"{where} holds no pictures in folders, one for each class.")
    if len(present) == 1:
        only = names[present.pop()]
        raise ValueError(f"{where} holds one class only, {only}; telling apart needs two.")


def _with_channels(pixels: Tensor, channels: int | None) -> Tensor:
    if channels is None or pixels.shape[1] == channels:
        return pixels
    if channels == COLOUR:
        return pixels.expand(-1, COLOUR, -1, -1)
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)  # luma of ITU-R BT.601
    return (pixels * weights).sum(1, keepdim=True).round().to(torch.uint8)


def _resized(pixels: Tensor, size: int | None) -> Tensor:
    """Cut to squares at the middle and bring to a size."""
    if size is None or tuple(pixels.shape[2:]) == (size, size):
        return pixels
    side = min(pixels.shape[2:])
    top, left = ((length - side) // 2 for length in pixels.shape[2:])
    square = pixels[:, :, top : top + side, left : left + side].float()
    scaled = torch.nn.functional.interpolate(square, (size, size), mode="bicubic", antialias=True)
    return scaled.round().clamp(0, 255).to(torch.uint8)


def _digits() -> Images:
    from sklearn.datasets import load_digits

    digits = load_digits()  # (images, 8, 8), 0 to 16
    pixels = torch.from_numpy((digits.images / 16 * 255).round().astype(np.uint8))[:, None]
    names = tuple(str(name) for name in range(10))
    return Images(pixels, torch.from_numpy(digits.target).long(), names, "digits of scikit-learn")


def _torchvision(source: str) -> Images:
    """`torchvision:NAME[:FOLDER]` → its images; downloaded only if the folder lacks them."""
    _, name, folder = (*source.split(":", 2), ".")[:3]
    try:
        from torchvision import datasets
    except ModuleNotFoundError:
        raise ValueError(f"{source} needs torchvision; install it, or give an archive.") from None
    kind = getattr(datasets, name, None)
    if kind is None:
        raise ValueError(f"torchvision has no data set {name}.")
    loaded = kind(folder, download=True)
    array = np.asarray(loaded.data)
    labels = torch.as_tensor(np.asarray(loaded.targets)).long()
    names = tuple(map(str, getattr(loaded, "classes", range(int(labels.max()) + 1))))
    return Images(_pixels(array, Path(name)), labels, names, name)
