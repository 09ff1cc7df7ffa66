"""The command line in this process and in one of its own, apart from the user's own settings."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tevr.cli.main import run

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from tevr.cli.main import main; main()"]


@dataclass(frozen=True)
class Result:
    """How a command ended: exit code and everything printed."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The only line on stderr."""
        (line,) = self.err.splitlines()
        assert line.startswith("tevr: ")
        assert "Traceback" not in line
        return line


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither the variables nor the settings file of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("TEVR_"):
            monkeypatch.delenv(name)
    home = str(tmp_path_factory.mktemp("home"))
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, home)


@pytest.fixture
def tevr(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command line within this process."""

    def call(*arguments: str | Path) -> Result:
        capsys.readouterr()
        code = run([os.fspath(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command line as a process of its own, to be followed by arguments."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return COMMAND


@pytest.fixture
def process(command: list[str]) -> Callable[..., Result]:
    """Runs the command line as a process of its own; keywords go to `subprocess.run`."""

    def call(*arguments: str | Path, **keywords: object) -> Result:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 60}
        whole = [*command, *map(os.fspath, arguments)]
        done = subprocess.run(whole, check=False, **(streams | keywords))
        return Result(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode())

    return call


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Let importing a module fail as if a package that it needs were missing."""
    usual = builtins.__import__

    def hide(module: str, needs: str) -> None:
        def without(name: str, *rest: Any) -> Any:
            if name == module:
                raise ModuleNotFoundError(f"No module named {needs!r}", name=needs)
            return usual(name, *rest)

        monkeypatch.setattr(builtins, "__import__", without)

    return hide
