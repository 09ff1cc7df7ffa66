"""The environment → the folders in which pulled models lie, one's own first, then shared ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HOME = "TEVR_HOME"
"""Names another folder for one's own models, as for a disk with more room."""
_MODELS = "models"


def model_home() -> Path:
    """The folder that models are pulled into, whether or not it is there yet."""
    named = os.environ.get(HOME)
    return (Path(named).expanduser() if named else _user_data() / "tevr") / _MODELS


def model_folders() -> list[Path]:
    """The folders to look for pulled models in: one's own, then those of all users, read only."""
    return [model_home(), *(folder / "tevr" / _MODELS for folder in _shared_data())]


def _user_data() -> Path:
    """Where the platform keeps a user's data."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    # The XDG base directory specification ignores relative paths.
    named = Path(os.environ.get("XDG_DATA_HOME") or ".")
    return named if named.is_absolute() else Path.home() / ".local" / "share"


def _shared_data() -> list[Path]:
    """Where the platform keeps data of all users."""
    if sys.platform == "win32":
        common = os.environ.get("PROGRAMDATA")
        return [Path(common)] if common else []
    if sys.platform == "darwin":
        return [Path("/Library/Application Support")]
    named = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [Path(folder) for folder in named.split(os.pathsep) if Path(folder).is_absolute()]
