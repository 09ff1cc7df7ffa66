"""Images from archives, folders and libraries; what is none of these is told in one sentence."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tevr.models.data import Images, picture_files, read_arrays, read_images, read_picture


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def small(count: int = 6) -> dict[str, Any]:
    pixels = np.arange(count * 12, dtype=np.uint8).reshape(count, 3, 4)
    return {"x": pixels, "y": np.arange(count) % 2}


def labelled(counts: list[int]) -> Images:
    labels = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    pixels = torch.arange(len(labels), dtype=torch.uint8).view(-1, 1, 1, 1)
    return Images(pixels, labels, tuple(map(str, range(len(counts)))), "numbers")


def test_archives_are_read_in_all_shapes_and_depths(tmp_path: Path) -> None:
    given_bytes = small()["x"]
    for name, array in {
        "grey": given_bytes,
        "one": given_bytes[..., None],
        "deep": given_bytes.astype(np.uint16) * 257,
        "shares": given_bytes / 255,
        "whole": given_bytes.astype(np.int64),
    }.items():
        images = read_images(save(tmp_path / f"{name}.npz", **{**small(), "x": array}))
        assert images.source == name
        assert torch.equal(images.pixels, torch.from_numpy(given_bytes)[:, None])
        assert images.labels.tolist() == [0, 1, 0, 1, 0, 1]
    colours = np.stack([given_bytes] * 3, 3)
    path = save(tmp_path / "c.npz", train_images=colours, train_labels=small()["y"][:, None])
    assert read_images(path).pixels.shape == (6, 3, 3, 4)
    assert torch.equal(read_images(path, channels=1).pixels[:, 0], torch.from_numpy(given_bytes))
    named = save(tmp_path / "n.npz", **small(), classes=np.array(["cat", "dog", "owl"]))
    assert read_images(named).classes == ("cat", "dog", "owl")
    assert read_images(named, size=8, channels=3).pixels.shape == (6, 3, 8, 8)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"x": np.zeros((6, 3))}, "6×3; wanted are images × height × width"),
        ({"x": np.zeros((6, 3, 4, 5), np.uint8)}, "6×3×4×5; wanted"),
        ({"x": np.zeros((6, 0, 4), np.uint8)}, "there are none"),
        ({"x": np.full((6, 3, 4), 1.5)}, "not all from 0 to 1"),
        ({"x": np.full((6, 3, 4), np.nan)}, "not all from 0 to 1"),
        ({"x": np.full((6, 3, 4), 300)}, "wanted are 0 to 255"),
        ({"x": np.full((6, 3, 4), -1)}, "wanted are 0 to 255"),
        ({"y": np.arange(5)}, "6 images but 5 labels"),
        ({"y": np.zeros(6, int)}, "one class only, 0"),
        ({"y": np.arange(6) - 1}, "no numbers of classes"),
        ({"y": np.zeros((6, 2), int)}, "no numbers of classes"),
        ({"y": np.arange(6) / 2}, "no numbers of classes"),
        ({"classes": np.array(["a"])}, "names 1 classes but labels go up to 1"),
        ({"x": np.array([None] * 6)}, "cannot be read as an archive of plain arrays"),
    ],
)
def test_archives_of_another_form_are_told(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        read_images(save(tmp_path / "a.npz", **{**small(), **changed}))


def test_files_that_are_no_archives_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no "):
        read_arrays(tmp_path / "none.npz")
    for name, content in (("text.npz", b"hello"), ("empty.npz", b""), ("torn.npz", b"PK\3\4torn")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="cannot be read as an archive"):
            read_images(tmp_path / name)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ValueError, match="cannot be read as an archive"):
        read_images(tmp_path / "one.npy")
    with pytest.raises(ValueError, match="holds z; images are looked for as x"):
        read_images(save(tmp_path / "other.npz", z=np.zeros(3)))


def test_folders_are_read_one_class_each(picture_folder: Path) -> None:
    (picture_folder / "vertical" / "notes.txt").write_text("no picture")
    (picture_folder / "vertical" / ".hidden.png").write_bytes(b"no picture")
    images = read_images(picture_folder)
    assert images.classes == ("horizontal", "vertical")
    assert images.pixels.shape == (32, 3, 14, 12)
    assert images.labels.bincount().tolist() == [16, 16]
    assert read_images(picture_folder, size=10, channels=1).pixels.shape == (32, 1, 10, 10)
    assert len(picture_files(picture_folder)) == 32


def test_folders_of_another_form_are_told(tmp_path: Path, picture_folder: Path) -> None:
    with pytest.raises(ValueError, match="holds no pictures in folders"):
        read_images(picture_folder / "vertical")
    Image.new("L", (3, 3)).save(picture_folder / "vertical" / "x.png")
    with pytest.raises(ValueError, match="differ in size; give one for all"):
        read_images(picture_folder)
    (picture_folder / "vertical" / "y.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    with pytest.raises(ValueError, match=r"y\.png cannot be read as a picture"):
        read_images(picture_folder, size=8)
    (tmp_path / "one" / "cat").mkdir(parents=True)
    Image.new("L", (3, 3)).save(tmp_path / "one" / "cat" / "x.png")
    with pytest.raises(ValueError, match="one class only, cat"):
        read_images(tmp_path / "one")


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("L", (4, 3), 77), (77, 77, 77)),
        (Image.new("1", (4, 3), 1), (255, 255, 255)),
        (Image.new("RGB", (4, 3), (1, 2, 3)), (1, 2, 3)),
        (Image.new("RGBA", (4, 3), (9, 9, 9, 0)), (255, 255, 255)),
        (Image.new("RGBA", (4, 3), (0, 0, 0, 128)), (127, 127, 127)),
        (Image.new("LA", (4, 3), (0, 0)), (255, 255, 255)),
        (Image.new("I;16", (4, 3), 77 * 257), (77, 77, 77)),
        (Image.new("P", (4, 3), 0), (0, 0, 0)),
    ],
)
def test_pictures_of_all_kinds_become_bytes(
    tmp_path: Path, picture: Image.Image, expected: tuple[int, int, int]
) -> None:
    picture.save(tmp_path / "x.png")
    found = read_picture(tmp_path / "x.png")
    assert found.shape == (3, 3, 4)
    assert found[:, 0, 0].tolist() == list(expected)
    assert read_picture(tmp_path / "x.png", channels=1, size=2).shape == (1, 2, 2)


def test_turned_photographs_stand_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4)).save(tmp_path / "x.jpg", exif=exif)
    assert read_picture(tmp_path / "x.jpg").shape == (3, 8, 4)


def test_huge_pictures_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    packed = io.BytesIO()
    Image.new("1", (20_000, 6_000)).save(packed, "PNG")
    (tmp_path / "x.png").write_bytes(packed.getvalue())
    with pytest.raises(ValueError, match="20000×6000 pixels; too many"):
        read_picture(tmp_path / "x.png")
    Image.new("1", (40_000, 10_000)).save(tmp_path / "y.png")
    with pytest.raises(ValueError, match=r"cannot be read as a picture|too many"):
        read_picture(tmp_path / "y.png")


def test_digits_are_at_hand() -> None:
    digits = read_images("digits", size=16, channels=3)
    assert digits.pixels.shape == (1797, 3, 16, 16)
    assert digits.classes == tuple("0123456789")
    lowest, highest = digits.floats().aminmax()
    assert 0 <= lowest < 0.1
    assert 0.9 < highest <= 1


def test_data_sets_of_torchvision_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(folder: str, download: bool) -> SimpleNamespace:
        assert (folder, download) == ("there", True)
        return SimpleNamespace(data=small()["x"], targets=[0, 1] * 3, classes=["a", "b"])

    fakes = SimpleNamespace(datasets=SimpleNamespace(Small=fake))
    monkeypatch.setitem(sys.modules, "torchvision", fakes)  # type: ignore[arg-type]
    images = read_images("torchvision:Small:there")
    assert (len(images), images.classes, images.source) == (6, ("a", "b"), "Small")
    with pytest.raises(ValueError, match="no data set Large"):
        read_images("torchvision:Large")
    monkeypatch.setitem(sys.modules, "torchvision", None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs torchvision"):
        read_images("torchvision:Small")


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(2, 9), min_size=2, max_size=4), st.floats(0.05, 0.95), st.integers(0, 9)
)
def test_a_share_of_each_class_is_held_out(counts: list[int], share: float, seed: int) -> None:
    images = labelled(counts)
    held, rest = images.hold_out(share, seed)
    assert sorted(held.pixels.flatten().tolist() + rest.pixels.flatten().tolist()) == list(
        range(sum(counts))
    )
    for label, count in enumerate(counts):
        assert int((held.labels == label).sum()) == max(1, round(share * count))
    again, _ = images.hold_out(share, seed)
    assert torch.equal(again.pixels, held.pixels)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(4, 9), min_size=2, max_size=4), st.integers(1, 3), st.integers(0, 9))
def test_equally_many_of_each_class_are_drawn(counts: list[int], each: int, seed: int) -> None:
    few, rest = labelled(counts).split(each, seed)
    assert few.labels.bincount().tolist() == [each] * len(counts)
    assert len(few) + len(rest) == sum(counts)
    assert not set(few.pixels.flatten().tolist()) & set(rest.pixels.flatten().tolist())


def test_classes_that_are_too_small_are_told() -> None:
    with pytest.raises(ValueError, match="Class 1 has 2 images; more are needed"):
        labelled([5, 2]).split(2, 0)
    with pytest.raises(ValueError, match="Class 1 has one image only"):
        labelled([5, 1]).hold_out(0.5, 0)
    with pytest.raises(ValueError, match="0 pixels hold nothing"):
        read_images("digits", size=0)
