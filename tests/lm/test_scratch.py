"""Intermediate results come back as they were written, and nothing of them stays behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import OutputError
from tevr.lm.scratch import Column, scratch_folder

HOLD = """
import sys
from pathlib import Path
from tevr.lm.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "numbers").write_bytes(bytes(1000))
    print(folder, flush=True)
    sys.stdin.read()
"""


@given(
    parts=st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=9), max_size=5),
    rows=st.integers(1, 20),
)
def test_a_column_gives_back_what_was_appended(
    parts: list[list[int]], rows: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    column = Column(tmp_path_factory.mktemp("column") / "numbers", np.int32)
    whole = [number for part in parts for number in part]
    for part in parts:
        column.append(np.array(part, np.int64))
    assert len(column) == len(whole)
    assert column.read().tolist() == whole
    assert column.read(1, 4).tolist() == whole[1:4]
    assert [number for block in column.blocks(rows) for number in block.tolist()] == whole


def test_rows_may_be_wide(tmp_path: Path) -> None:
    column = Column(tmp_path / "numbers", np.int64, 3)
    column.append(np.arange(12).reshape(4, 3))
    assert column.read(1, 3).tolist() == [[3, 4, 5], [6, 7, 8]]
    assert column.read(4).shape == (0, 3)
    column.remove()
    assert (len(column), list(tmp_path.iterdir())) == (0, [])


def test_a_full_disk_is_said_and_what_to_do() -> None:
    with pytest.raises(OutputError, match=r"No space left.*Free some space") as caught:
        Column(Path("/dev/full"), np.int32).append(np.zeros(5))
    assert caught.value.exit_code == 1


def test_a_parent_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"), scratch_folder(tmp_path / "file"):
        raise AssertionError


@pytest.mark.parametrize("ending", [None, KeyboardInterrupt, OutputError("Full", "Make room.")])
def test_the_folder_goes_however_the_work_ends(
    ending: type[BaseException] | BaseException | None, tmp_path: Path
) -> None:
    try:
        with scratch_folder(tmp_path / "new") as folder:
            Column(folder / "numbers", np.int32).append(np.zeros(5))
            if ending:
                raise ending
    except (KeyboardInterrupt, OutputError):
        assert ending
    assert list((tmp_path / "new").iterdir()) == []


def test_a_killed_run_is_cleaned_up_by_the_next_and_a_living_one_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as killed,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as living,
    ):
        assert killed.stdout is not None
        assert living.stdout is not None
        folders = [Path(run.stdout.readline().strip()) for run in (killed, living) if run.stdout]
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert all((folder / "numbers").stat().st_size == 1000 for folder in folders)
        with scratch_folder(tmp_path) as own:
            assert sorted(tmp_path.iterdir()) == sorted([folders[1], own])
        living.communicate()
    assert list(tmp_path.iterdir()) == []
