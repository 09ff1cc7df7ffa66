"""`tevr lm tune`: numbers are found, kept with the language model, and used from then on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Result
from tevr.store import pretrained
from tevr.tuning import STEPS

Tevr = Callable[..., Result]
SAID = "Mückenstiche sollte man nicht aufkratzen."


@pytest.fixture
def recordings(tmp_path: Path, data: Path) -> Path:
    """The clip with its words beside it."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    shutil.copy(data / "clip.wav", folder)
    (folder / "clip.txt").write_text(SAID, encoding="utf-8")
    return folder


@pytest.fixture
def language_model(tmp_path: Path, tevr: Tevr) -> Path:
    """A language model of a few sentences, with the clip's words among them."""
    texts = tmp_path / "texts.txt"
    others = "Man sollte nicht kratzen. Das juckt nur noch mehr. Stiche von Mücken jucken lange."
    texts.write_text(f"{SAID} {others} " * 3, encoding="utf-8")
    assert tevr("lm", "build", texts, "-o", tmp_path / "lm").code == 0
    return tmp_path / "lm"


def decoding(folder: Path) -> object:
    return json.loads((folder / "lm.json").read_text(encoding="utf-8"))["decoding"]


def test_numbers_are_kept_with_the_language_model(
    tevr: Tevr, recordings: Path, language_model: Path, data: Path
) -> None:
    result = tevr("lm", "tune", recordings, "--lm", language_model, "--json")
    assert result.code == 0
    found = json.loads(result.out)
    assert (found["recordings"], found["words"]) == (1, 5)
    assert found["word_error_rate"]["after"] <= found["word_error_rate"]["before"]
    assert decoding(language_model) == found["decoding"]
    assert set(found["decoding"]) == set(STEPS)
    assert "5 words are few" in result.sentence
    read = tevr("transcribe", data / "clip.wav", "--lm", language_model)
    if found["word_error_rate"]["after"] == 0:
        assert read.out.strip() == SAID


def test_a_dry_run_changes_nothing(tevr: Tevr, recordings: Path, language_model: Path) -> None:
    before = (language_model / "lm.json").read_bytes()
    result = tevr("lm", "tune", recordings, "--lm", language_model, "--dry-run")
    assert result.code == 0
    assert "best          alpha" in result.out
    assert "written" not in result.out
    assert (language_model / "lm.json").read_bytes() == before


def test_another_model_is_found_by_its_folder(
    tevr: Tevr, recordings: Path, language_model: Path, tmp_path: Path
) -> None:
    bundled, folder = pretrained() / "de-small", tmp_path / "mine"
    folder.mkdir()
    for file in bundled.iterdir():
        (folder / file.name).symlink_to(file)
    told = json.loads((bundled / "model.json").read_text(encoding="utf-8"))
    (folder / "model.json").unlink()
    (folder / "model.json").write_text(json.dumps(told | {"name": "nowhere-else"}), "utf-8")
    flags = ["--lm", language_model, "--dry-run", "--json"]
    own = tevr("lm", "tune", recordings, "--model", folder, *flags)
    assert own.code == 0
    assert own.out == tevr("lm", "tune", recordings, *flags).out


def test_recordings_without_words_are_wrong_usage(
    tevr: Tevr, tmp_path: Path, language_model: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    result = tevr("lm", "tune", empty, "--lm", language_model)
    assert result.code == 2
    assert "holds no recordings" in result.sentence


def test_a_recording_that_cannot_be_read_is_named(
    tevr: Tevr, recordings: Path, language_model: Path
) -> None:
    (recordings / "clip.wav").write_bytes(b"no sound")
    result = tevr("lm", "tune", recordings, "--lm", language_model)
    assert result.code == 1
    assert "clip.wav" in result.sentence


def test_a_model_that_cannot_keep_numbers_is_refused_at_once(
    tevr: Tevr, recordings: Path, data: Path
) -> None:
    result = tevr("lm", "tune", recordings, "--lm", data / "decoder")
    assert result.code == 2
    assert "lm.json" in result.sentence
