"""`tevr models list`, `pull`, `path`, `verify`, `remove` and `convert` from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tevr = Callable[..., Any]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models, and room for the real one whatever the disk of the tests has."""
    monkeypatch.setenv("TEVR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    room = shutil._ntuple_diskusage(10**12, 0, 10**12)
    monkeypatch.setattr("tevr.pulling.shutil.disk_usage", lambda _: room)
    return tmp_path / "home" / "models"


def test_a_model_lives_from_pull_to_remove(
    tevr: Tevr, published: Path, home: Path, data: Path
) -> None:
    result = tevr("models", "list")
    assert result.code == 0
    assert "de-small" in result.out
    assert "5.4 GB to pull" in result.out

    result = tevr("transcribe", data / "clip.wav", "--model", "de-1b")
    assert (result.code, result.out) == (1, "")
    assert "tevr models pull de-1b" in result.sentence

    result = tevr("models", "pull", "de-1b", "--from", published)
    assert (result.code, result.err) == (0, "")
    assert "from       xls-r-tiny" in result.out

    assert tevr("models", "path", "de-1b").out.strip() == str(home / "de-1b")
    assert "checksums right" in tevr("models", "verify", "de-1b").out

    result = tevr("transcribe", data / "clip.wav", "--model", "de-1b", "--threads", "1")
    assert result.code == 0
    assert "sollte man nicht" in result.out

    listed = json.loads(tevr("models", "list", "--json").out)["models"]
    (pulled,) = [each for each in listed if each["name"] == "de-1b"]
    assert pulled["folder"] == str(home / "de-1b")
    assert pulled["source"]["licence"] == "Apache-2.0"

    assert "freed" in tevr("models", "remove", "de-1b").out
    assert not (home / "de-1b").exists()


def test_damage_is_found_and_the_others_are_still_verified(
    tevr: Tevr, published: Path, home: Path
) -> None:
    tevr("models", "pull", "de-1b", "--from", published)
    content = bytearray((home / "de-1b" / "model.data").read_bytes())
    content[5] ^= 1
    (home / "de-1b" / "model.data").write_bytes(content)
    result = tevr("models", "verify")
    assert result.code == 1
    assert "model.data" in result.sentence
    assert "de-small" in result.out


def test_a_folder_of_transformers_is_run_as_it_is_and_converted(
    tevr: Tevr, published: Path, tmp_path: Path, data: Path
) -> None:
    result = tevr("transcribe", data / "clip.wav", "--model", published, "--threads", "1")
    assert result.code == 0
    assert "sollte man nicht" in result.out
    target = tmp_path / "mine"
    result = tevr("models", "convert", published, "-o", target, "--precision", "float32")
    assert (result.code, result.err) == (0, "")
    result = tevr("transcribe", data / "clip.wav", "--model", target, "--threads", "1")
    assert "sollte man nicht" in result.out
    result = tevr("models", "convert", published, "-o", target)
    assert result.code == 2
    assert "--force" in result.sentence


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["pull", "de-2b"], 2, "de-1b"),
        (["pull", "de-1b", "--from", "nowhere"], 1, "is no folder"),
        (["path", "de-2b"], 1, "no model 'de-2b'"),
        (["remove", "de-small"], 2, "comes with tevr"),
        (["remove", "de-1b"], 1, "not there yet"),
        (["convert", "nowhere", "-o", "there"], 1, "config.json"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tevr: Tevr, arguments: list[str], code: int, words: str
) -> None:
    result = tevr("models", *arguments)
    assert (result.code, result.out) == (code, "")
    assert words in result.sentence


def test_a_missing_package_is_named(
    tevr: Tevr, published: Path, tmp_path: Path, hide: Callable[[str, str], None]
) -> None:
    hide("tevr.wav2vec2.conversion", "onnx")
    result = tevr("models", "convert", published, "-o", tmp_path / "mine")
    assert result.code == 2
    assert "Converting needs the package onnx, which is missing" in result.sentence
    assert 'pip install "tevr[pull]"' in result.sentence
