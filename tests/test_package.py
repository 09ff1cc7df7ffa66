"""What is installed: the built wheel, its contents, and the checks every commit must pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"tevr": "tevr", "lm": "tevr/lm", "cli": "tevr/cli", "models": "tevr/models"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, so that building leaves nothing behind in the checkout."""
    copy = tmp_path_factory.mktemp("source")
    for name in (*FOLDERS, "pyproject.toml", "README.md", "LICENSE"):
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path) -> Iterator[zipfile.ZipFile]:
    """The wheel that users get."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "-w", "dist", "."]
    command += ["--no-deps", "--no-build-isolation"]  # tests need no network
    subprocess.run(command, cwd=source, check=True)
    (path,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def complaints(tool: str, *arguments: str, folder: Path) -> str:
    """What a checker says, empty if it is content."""
    command = [sys.executable, "-m", tool, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_wheel_installs_nothing_but_tevr(wheel: zipfile.ZipFile) -> None:
    top = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"tevr"}


def test_the_wheel_holds_every_module_and_model(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for folder, target in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            inside = path.relative_to(ROOT / folder)
            kept = (
                path.suffix == ".py" or inside.parts[0] == "pretrained" or path.name == "py.typed"
            )
            if path.is_file() and kept and "recipes" not in inside.parts:
                assert f"{target}/{inside.as_posix()}" in names


def test_bundled_models_have_cards() -> None:
    for folder in (ROOT / "models" / "pretrained").iterdir():
        assert (folder / "README.md").is_file(), folder


@pytest.mark.parametrize("arguments", [["check", "."], ["format", "--check", "."]])
def test_ruff_finds_nothing(arguments: list[str]) -> None:
    assert complaints("ruff", *arguments, folder=ROOT) == ""


def test_mypy_finds_nothing(tmp_path: Path) -> None:
    # Laid out as installed: the checker does not know of setuptools' package-dir.
    for folder, target in FOLDERS.items():
        for path in (ROOT / folder).rglob("*.py"):
            inside = path.relative_to(ROOT / folder)
            if "recipes" not in inside.parts:
                (tmp_path / target / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, tmp_path / target / inside)
    config = str(ROOT / "pyproject.toml")
    assert complaints("mypy", "--config-file", config, "-p", "tevr", folder=tmp_path) == ""
