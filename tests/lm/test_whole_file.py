"""A file stands there whole or as it was before, whatever ends the writing."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DATA
from tevr.lm.whole_file import whole_file

KILLED = """
import os, signal, sys
from pathlib import Path
from tevr.lm.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write(b"new")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with older content, the only one in its folder."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"older")
    return path


def names(path: Path) -> list[str]:
    return [each.name for each in path.parent.iterdir()]


def test_the_new_content_takes_the_place_of_the_older_at_the_end(path: Path) -> None:
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"older"
    assert (path.read_bytes(), names(path)) == (b"new", [path.name])


@pytest.mark.parametrize("ending", [KeyboardInterrupt, ValueError, OSError])
def test_whatever_is_raised_leaves_all_as_it_was(path: Path, ending: type[BaseException]) -> None:
    def interrupted() -> None:
        with whole_file(path) as file:
            file.write(b"new")
            raise ending

    with pytest.raises(ending):
        interrupted()
    assert (path.read_bytes(), names(path)) == (b"older", [path.name])


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_at_the_very_end_leaves_all_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*((os, call) if call == "fsync" else (Path, call)), full)
    with pytest.raises(OSError, match="No space left"), whole_file(path) as file:
        file.write(b"new")
    assert (path.read_bytes(), names(path)) == (b"older", [path.name])


def test_a_killed_process_leaves_the_older_content(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(DATA.parents[1])}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], check=False, env=environment, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"older"


def test_two_writers_of_one_file_do_not_mix(path: Path) -> None:
    with whole_file(path) as first, whole_file(path) as second:
        first.write(b"first")
        second.write(b"second")
    assert (path.read_bytes(), names(path)) == (b"first", [path.name])


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_rights_are_those_that_the_user_gives_new_files(path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with whole_file(path.with_name("b.bin")):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.with_name("b.bin").stat().st_mode) == 0o666 & ~mask


def test_a_folder_that_is_not_there_is_an_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(path.parent / "none" / "a.bin"):
        pass
