"""Finding models, and noticing missing or damaged files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tevr.errors import ModelError
from tevr.store import MANIFEST, bundled, find, installed, read_manifest, write_manifest


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
