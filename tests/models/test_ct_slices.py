"""CT slices: sources from file names, splits that keep them together, bad input named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tevr.models.ct_slices import SIDE, Slices, made_up_slices, read_slices, source_of, splits


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("2020.01.24.919183-p27-132.png", "2020.01.24.919183"),
        ("2019-novel-Coronavirus_2020_Jour-p3-89%0.png", "2019-novel-Coronavirus_2020_Jour"),
        ("10%2.jpg", "10"),
        ("1029.png", "1029.png"),
    ],
)
def test_the_source_stands_before_the_page(name: str, source: str) -> None:
    assert source_of(name) == source


def sets(slices: Slices, protocol: Any) -> list[tuple[set[str], set[str]]]:
    found = splits(slices, protocol, folds=4)
    names = slices.sources
    return [
        (set(names[learned].tolist()), set(names[tested].tolist())) for learned, tested in found
    ]


def test_by_source_no_source_lies_on_both_sides() -> None:
    slices = made_up_slices(8, 3)
    assert all(not learned & tested for learned, tested in sets(slices, "source"))
    assert any(learned & tested for learned, tested in sets(slices, "slice"))


@pytest.mark.parametrize("protocol", ["slice", "source"])
def test_every_slice_is_tested_once_and_never_learned_from_then(protocol: Any) -> None:
    slices = made_up_slices(8, 3)
    found = splits(slices, protocol, folds=4)
    assert len(found) == 4
    tested = np.concatenate([test for _, test in found])
    assert sorted(tested.tolist()) == list(range(len(slices)))
    for learned, test in found:
        assert not set(learned.tolist()) & set(test.tolist())
        assert set(slices.labels[test].tolist()) == {0, 1}


def test_the_official_split_is_taken_as_it_is() -> None:
    slices = made_up_slices(8, 3)
    ((learned, tested),) = splits(slices, "official")
    assert set(slices.parts[tested].tolist()) == {"test"}
    assert set(slices.parts[learned].tolist()) == {"train"}


def archive(path: Path, **changes: Any) -> Path:
    arrays = {
        "x": np.zeros((6, 8, 8), np.uint8),
        "y": np.array([1, 1, 1, 0, 0, 0]),
        "name": np.array([f"a{at}-p1.png" for at in range(6)]),
    }
    np.savez(path, **{key: value for key, value in (arrays | changes).items() if value is not None})
    return path


def test_an_archive_is_read(tmp_path: Path) -> None:
    parts = np.array(["train", "val", "test"] * 2)
    slices = read_slices(archive(tmp_path / "ct.npz", split=parts))
    assert slices.pixels.shape == (6, 1, 8, 8)
    assert slices.parts.tolist() == parts.tolist()
    assert slices.sources[0] == "1:a0"
    with pytest.raises(ValueError, match="no official split"):
        splits(read_slices(archive(tmp_path / "plain.npz")), "official")


def test_sources_of_equal_names_in_both_classes_stay_apart(tmp_path: Path) -> None:
    names = np.array(["1%0.png"] * 6)
    slices = read_slices(archive(tmp_path / "ct.npz", name=names))
    assert set(slices.sources.tolist()) == {"0:1", "1:1"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": None}, "lacks name"),
        ({"x": np.zeros((6, 8, 8, 3), np.uint8)}, "not bytes"),
        ({"x": np.zeros((6, 8, 8))}, "not bytes"),
        ({"y": np.array([1, 2, 0, 0, 1, 1])}, "no label 0 or 1"),
        ({"y": np.ones(6, int)}, "one class only"),
        ({"name": np.array(["a"])}, "no name for every slice"),
        ({"split": np.array(["test"])}, "to which part"),
    ],
)
def test_archives_of_another_kind_are_refused(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        read_slices(archive(tmp_path / "ct.npz", **changes))


def folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).mkdir(parents=True)
        for at in range(3):
            image = np.full((20, 30 + at, 3), 40 * at, np.uint8)
            Image.fromarray(image).save(path / name / f"{at}%0.png")
    return path


def test_folders_are_read_whatever_the_size_of_pictures(tmp_path: Path) -> None:
    slices = read_slices(folder(tmp_path, "CT_COVID", "CT_NonCOVID"))
    assert slices.pixels.shape == (6, 1, SIDE, SIDE)
    assert slices.labels.tolist() == [1, 1, 1, 0, 0, 0]
    assert (slices.pixels[1] == 40).all()


@pytest.mark.parametrize("names", [("CT_COVID",), ("a", "b"), ("a", "b", "non"), ()])
def test_folders_of_other_classes_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no two folders"):
        read_slices(folder(tmp_path, *names))
    for name in ("covid", "normal"):
        (tmp_path / "empty" / name).mkdir(parents=True)
    with pytest.raises(ValueError, match="no pictures"):
        read_slices(tmp_path / "empty")


def test_too_few_sources_for_the_folds_are_named() -> None:
    with pytest.raises(ValueError, match="5 folds by source need 5 of each class, not 3"):
        splits(made_up_slices(3, 9), "source", folds=5)
