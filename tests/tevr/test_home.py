"""Where pulled models lie: one's own folder first, by variable or platform, then shared ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tevr.home import HOME, model_folders, model_home

LINUX = pytest.MonkeyPatch


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Linux with a home of its own and no variables set."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in (HOME, "XDG_DATA_HOME", "XDG_DATA_DIRS"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_users_data_folder_is_the_home(linux: LINUX, tmp_path: Path) -> None:
    assert model_home() == tmp_path / ".local" / "share" / "tevr" / "models"
    linux.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert model_home() == tmp_path / "data" / "tevr" / "models"
    linux.setenv("XDG_DATA_HOME", "relative")  # to be ignored, as its specification says
    assert model_home() == tmp_path / ".local" / "share" / "tevr" / "models"


def test_the_variable_comes_before_the_platform(linux: LINUX, tmp_path: Path) -> None:
    linux.setenv(HOME, str(tmp_path / "big disk"))
    assert model_home() == tmp_path / "big disk" / "models"


def test_shared_folders_follow_ones_own(linux: LINUX, tmp_path: Path) -> None:
    linux.setenv("XDG_DATA_DIRS", f"{tmp_path}/a:relative:{tmp_path}/b")
    assert model_folders() == [
        model_home(),
        tmp_path / "a" / "tevr" / "models",
        tmp_path / "b" / "tevr" / "models",
    ]


def test_other_platforms_have_their_own_places(linux: LINUX, tmp_path: Path) -> None:
    linux.setattr(sys, "platform", "darwin")
    assert model_home() == tmp_path / "Library" / "Application Support" / "tevr" / "models"
    linux.setattr(sys, "platform", "win32")
    linux.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    linux.setenv("PROGRAMDATA", str(tmp_path / "All"))
    assert model_folders() == [tmp_path / each / "tevr" / "models" for each in ("Local", "All")]
