"""Folders of recordings with their words: both kinds, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tevr.errors import UsageError
from tevr.labelled import read_labelled


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    for name in ("a.wav", "b.opus"):
        (tmp_path / name).write_bytes(b"sound")
    return tmp_path


@pytest.mark.parametrize("columns", ["path\ttext", "client_id\tpath\tsentence"])
def test_a_manifest_tells_the_words(sounds: Path, columns: str) -> None:
    first = "x\t" * (columns.count("\t") - 1)
    rows = [f"{first}a.wav\tGrüße!", f'{first}b.opus\tum 3 "Uhr']
    (sounds / "manifest.tsv").write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    clips = read_labelled(sounds)
    assert [clip.path.name for clip in clips] == ["a.wav", "b.opus"]
    assert [clip.text for clip in clips] == ["grüsse", "um drei uhr"]


def test_a_text_may_lie_beside_each_recording(sounds: Path) -> None:
    (sounds / "a.txt").write_text("Grüße!", encoding="utf-8")
    assert [(clip.path.name, clip.text) for clip in read_labelled(sounds)] == [("a.wav", "grüsse")]


def test_recordings_without_words_are_left_out(sounds: Path) -> None:
    manifest = "path\ttext\na.wav\t–\nb.opus\tja\n"
    (sounds / "manifest.tsv").write_text(manifest, encoding="utf-8")
    assert [clip.path.name for clip in read_labelled(sounds)] == ["b.opus"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"path\tspeaker\na.wav\tx\n", "lacks a column"),
        (b"path\ttext\nc.wav\tja\n", "c.wav is not there"),
        (b"path\ttext\n", "no recordings"),
        ("path\ttext\na.wav\tGrüße\n".encode("utf-16"), "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_told(sounds: Path, content: bytes, told: str) -> None:
    (sounds / "manifest.tsv").write_bytes(content)
    with pytest.raises(UsageError, match=told):
        read_labelled(sounds)


def test_a_folder_without_words_is_told(sounds: Path) -> None:
    with pytest.raises(UsageError, match="no recordings"):
        read_labelled(sounds)
    with pytest.raises(UsageError, match="no folder"):
        read_labelled(sounds / "missing")
