"""Runs by name: settings read as declared, folders gone on with by their own settings only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from tevr.models.running import describe_settings, predict, read_settings, train

SMALL = ("size=8", "blocks=1", "epochs=1", "batch=16")


@dataclass(frozen=True)
class Settings:
    count: int = 1
    rate: float = 0.5
    fast: bool = False
    kind: Literal["a", "b"] = "a"
    limit: float | None = 1.0
    drops: tuple[float, ...] = (0.5,)
    name: str = "x"


def test_settings_are_read_as_they_are_declared() -> None:
    changes = ("count=3", "rate=1e-3", "fast=yes", "kind=b", "limit=none", "drops=0.1,0.2")
    assert read_settings(Settings, (*changes, "name=a=b")) == Settings(
        3, 0.001, True, "b", None, (0.1, 0.2), "a=b"
    )
    assert read_settings(Settings, ("limit=2", "fast=0")) == Settings(limit=2.0)
    assert describe_settings(Settings)["drops"] == (0.5,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("count", "'count' changes nothing; write name=value"),
        ("size=3", "no setting size; there are count, rate"),
        ("count=1.5", "count is a number, not '1.5'"),
        ("fast=maybe", "fast is true or false, not 'maybe'"),
        ("kind=c", "kind is one of a, b, not 'c'"),
        ("limit=much", "limit is a number, not 'much'"),
    ],
)
def test_settings_that_do_not_fit_are_told(change: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_settings(Settings, (change,))


def test_a_run_is_made_gone_on_with_and_asked(tmp_path: Path, picture_folder: Path) -> None:
    run = tmp_path / "run"
    figures = train("fp-net", picture_folder, run, SMALL)
    assert train("fp_net", picture_folder, run, SMALL) == figures
    (answer,) = predict(run, [next(picture_folder.rglob("*.png"))])
    assert set(answer) == {"file", "class", "probability"}
    with pytest.raises(ValueError, match=r"was begun with config\.epochs 1, not 2; go on so"):
        train("fp_net", picture_folder, run, (*SMALL[:2], "epochs=2", SMALL[3]))
    with pytest.raises(ValueError, match=r"begun with.* paper fp_net, not min_net"):
        train("min_net", picture_folder, run, ("size=8",))


def test_folders_with_other_files_are_left_alone(tmp_path: Path, picture_folder: Path) -> None:
    with pytest.raises(ValueError, match=r"holds other files and no run\.json"):
        train("fp_net", picture_folder, picture_folder)
    with pytest.raises(ValueError, match="is not trained alone"):
        train("recurrent_dropout", picture_folder, tmp_path / "run")
    with pytest.raises(ValueError, match="holds no run of the zoo"):
        list(predict(tmp_path, []))


@pytest.mark.parametrize(
    ("content", "words"),
    [("torn", "is damaged"), ("{}", "does not tell of a run"), ("[]", "does not tell of a run")],
)
def test_damaged_runs_are_told(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ValueError, match=words):
        list(predict(tmp_path, []))


def test_unfinished_and_torn_classifiers_are_told(tmp_path: Path, picture_folder: Path) -> None:
    run = tmp_path / "run"
    train("fp_net", picture_folder, run, SMALL)
    about = json.loads((run / "model.json").read_text())
    (run / "model.json").write_text(json.dumps({**about, "classes": ["a", "b", "c"]}))
    with pytest.raises(ValueError, match=r"model\.pt does not fit to model\.json"):
        list(predict(run, []))
    (run / "model.json").write_text(json.dumps({**about, "config": {"width": 3}}))
    with pytest.raises(ValueError, match="does not describe a network of this paper"):
        list(predict(run, []))
    (run / "model.json").unlink()
    with pytest.raises(ValueError, match=r"no finished training; there is no model\.json"):
        list(predict(run, []))
