"""Finding models, and noticing missing or damaged files."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tevr.errors import ModelError
from tevr.store import (
    MANIFEST,
    WAV2VEC2,
    Source,
    bundled,
    find,
    installed,
    put,
    read_manifest,
    unwritten,
    write_manifest,
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the bundled model that a test may damage."""
    return shutil.copytree(bundled("de-small"), tmp_path / "copy")


def test_the_bundled_model_is_whole() -> None:
    assert "de-small" in installed()
    find("de-small").verify()


def test_a_folder_is_a_model_too(copy: Path) -> None:
    assert find(str(copy)).folder == copy


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"no model 'de-huge'.*de-small"):
        find("de-huge")


def test_a_flipped_bit_is_found(copy: Path) -> None:
    path = copy / "tokens.json"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        read_manifest(copy).verify()


def test_a_missing_file_is_found(copy: Path) -> None:
    (copy / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"model\.onnx .*cannot be read"):
        read_manifest(copy).verify()


@pytest.mark.parametrize(
    "change",
    [{"schema": 99}, {"surprise": 1}, {"files": {}}, {"decoding": {"beams": 3}}, {"files": 3}],
)
def test_a_manifest_that_does_not_fit_is_refused(copy: Path, change: dict[str, object]) -> None:
    path = copy / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError):
        find(str(copy))


def test_a_manifest_that_is_no_json_is_refused(copy: Path) -> None:
    (copy / MANIFEST).write_text("{")
    with pytest.raises(ModelError, match="cannot be used"):
        find(str(copy))


def test_writing_the_manifest_again_changes_nothing(copy: Path) -> None:
    before = (copy / MANIFEST).read_text()
    write_manifest(read_manifest(copy))
    assert (copy / MANIFEST).read_text() == before


def test_a_pulled_model_is_found_in_any_models_folder(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, own = tmp_path / "shared" / "tevr" / "models", tmp_path / "own" / "models"
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    monkeypatch.setenv("TEVR_HOME", str(tmp_path / "own"))
    with pytest.raises(ModelError, match="tevr models pull de-1b"):
        find("de-1b")
    shared.mkdir(parents=True)
    copy.rename(shared / "de-1b")
    assert find("de-1b").folder == shared / "de-1b"
    assert {"de-1b", "de-small"} <= set(installed())
    shutil.copytree(shared / "de-1b", own / "de-1b")
    assert find("de-1b").folder == own / "de-1b"


def test_a_half_made_model_is_none(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEVR_HOME", str(tmp_path / "own"))
    stage = tmp_path / "own" / "models" / ".downloads"
    stage.mkdir(parents=True)
    copy.rename(stage / "de-1b")
    assert "de-1b" not in installed()
    with pytest.raises(ModelError, match="not there yet"):
        find("de-1b")


@pytest.mark.parametrize("name", ["..", "../models", ".", "", "/", "sub/de-small"])
def test_a_path_is_no_name(name: str) -> None:
    with pytest.raises(ModelError):
        find(name)


def test_a_quick_check_reads_small_files_and_sizes_up_large_ones(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tevr.store.QUICK", 10_000)
    path = copy / "model.onnx"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    files = read_manifest(copy)
    files.verify(quick=True)
    with pytest.raises(ModelError, match=r"model\.onnx .*wrong checksum"):
        files.verify()
    path.write_bytes(content[:-1])
    with pytest.raises(ModelError, match=r"model\.onnx .*\d+ bytes of \d+"):
        files.verify(quick=True)
    path.write_bytes(content)
    (copy / "tokens.json").write_bytes(b" " * (copy / "tokens.json").stat().st_size)
    with pytest.raises(ModelError, match=r"tokens\.json .*wrong checksum"):
        files.verify(quick=True)


def test_where_a_model_is_from_stands_in_its_manifest(copy: Path) -> None:
    source = Source("somebody/model", "abc", "MIT", {"weights.bin": "0" * 64})
    files = replace(
        read_manifest(copy), kind=WAV2VEC2, beside=("README.md",), network="lm.bin", source=source
    )
    write_manifest(files)
    again = read_manifest(copy)
    assert (again.kind, again.beside, again.network) == (WAV2VEC2, ("README.md",), "lm.bin")
    assert again.source == source
    assert "README.md" in again.records


def test_a_folder_is_put_in_anothers_place(tmp_path: Path) -> None:
    new, target, old = (tmp_path / name for name in ("new", "target", "old"))
    for folder, text in ((new, "new"), (target, "old")):
        folder.mkdir()
        (folder / "file").write_text(text)
    put(new, target, old)
    assert ((target / "file").read_text(), (old / "file").read_text()) == ("new", "old")


def test_a_folder_that_cannot_be_put_leaves_the_one_before(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(FileNotFoundError):
        put(tmp_path / "new", target, tmp_path / "old")
    assert target.is_dir()


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "no room"), (errno.EACCES, "cannot be written")]
)
def test_why_a_folder_is_not_written_is_told(number: int, words: str) -> None:
    error = unwritten(Path("models"), OSError(number, os.strerror(number)))
    assert words in error.cause
    assert "TEVR_HOME" in error.advice
