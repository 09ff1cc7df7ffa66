"""Data sets: releases of all kinds, folders of one's own, and what is wrong with their rows."""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tevr.errors import UsageError
from tevr.evaluation.datasets import open_dataset

MakeRelease = Callable[..., Path]


@pytest.mark.parametrize("release", ["6.1", "17", "25"])
def test_tables_of_all_releases_are_read(
    release: str, make_release: MakeRelease, tmp_path: Path
) -> None:
    home = make_release(tmp_path, release)
    dataset = open_dataset(home, "test", tmp_path / "unpacked")
    assert dataset.split == "test"
    assert [each.problem for each in dataset.utterances] == [None] * 4
    first = dataset.utterances[0]
    assert first.text.startswith("Nun verfolgten die Helvetier")
    assert first.traits == {
        "speaker": "b2",
        "age": "thirties",
        "gender": "female",
        "accent": "germany",
    }
    assert dataset.utterances[1].traits == {"speaker": "c3"}
    # The folder above, as the archive unpacks to, is the same release.
    assert open_dataset(home.parent, "test", tmp_path).utterances == dataset.utterances
    assert not (tmp_path / "unpacked").exists()


def test_what_is_wrong_is_told_row_by_row(make_release: MakeRelease, tmp_path: Path) -> None:
    dataset = open_dataset(make_release(tmp_path, flawed=True), "test", tmp_path / "unpacked")
    problems = {each.name: each.problem for each in dataset.utterances if each.problem}
    assert problems == {
        "lost.mp3": "missing",
        "empty.mp3": "empty",
        "common_voice_de_0.mp3 (row 8)": "duplicate",
    }
    names = Counter(each.name for each in dataset.utterances)
    assert set(names.values()) == {1}


@pytest.mark.parametrize("ending", ["tar.gz", "tar"])
def test_an_archive_gives_what_its_folder_gives(
    ending: str, make_release: MakeRelease, tmp_path: Path
) -> None:
    home = make_release(tmp_path, flawed=True)
    archive = tmp_path / f"cv.{ending}"
    with tarfile.open(archive, "w:gz" if ending == "tar.gz" else "w") as tar:
        tar.add(home.parent, home.parent.name)
    for _ in range(2):  # unpacked, then found unpacked
        dataset = open_dataset(archive, "test", tmp_path / "unpacked")
        expected = open_dataset(home, "test", tmp_path).utterances
        assert [(u.name, u.text, u.problem) for u in dataset.utterances] == [
            (u.name, u.text, u.problem) for u in expected
        ]
        assert dataset.utterances[0].path.read_bytes() == expected[0].path.read_bytes()
        archive.touch()


def test_an_archive_writes_nowhere_else(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        table = b"path\tsentence\n../../evil.mp3\tBoese.\n/evil.mp3\tBoese Sache.\n"
        for name, content in (("de/test.tsv", table), ("de/clips/../../evil.mp3", b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    open_dataset(archive, "test", tmp_path / "in" / "unpacked")
    outside = [path for path in tmp_path.rglob("evil.mp3") if "unpacked" not in path.parts]
    assert outside == []


def test_folders_of_ones_own_are_read(data: Path, tmp_path: Path) -> None:
    own = open_dataset(data / "kerstin", "test", tmp_path)
    assert (own.split, len(own.utterances)) == ("", 4)
    assert own.utterances[0].traits == {"speaker": "kerstin"}
    (tmp_path / "a.wav").write_bytes(b"")
    (tmp_path / "a.txt").write_text("Guten Tag!\n", encoding="utf-8")
    (single,) = open_dataset(tmp_path, "test", tmp_path).utterances
    assert (single.name, single.text) == ("a.wav", "Guten Tag!")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no recordings"),
        ({"dev.tsv": "path\tsentence\n"}, "dev"),
        ({"test.tsv": "clip\twords\n"}, "column"),
        ({"de/test.tsv": "path\tsentence\n", "fr/test.tsv": "path\tsentence\n"}, "2 tables"),
        ({"cv.tar.gz": "no archive"}, "unpacked"),
    ],
)
def test_what_is_no_data_set_is_told(files: dict[str, str], message: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    path = tmp_path / "cv.tar.gz" if "cv.tar.gz" in files else tmp_path
    with pytest.raises(UsageError, match=message):
        open_dataset(path, "test", tmp_path / "unpacked")
