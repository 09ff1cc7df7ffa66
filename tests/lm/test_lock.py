"""A folder is held by one process, and by none once that process is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tevr.errors import OutputError, UsageError
from tevr.lm.lock import held

ROOT = Path(__file__).parents[2]
HOLDER = (
    f"import sys, pathlib; sys.path.insert(0, {str(ROOT)!r})\n"
    "from tevr.lm.lock import held\n"
    "with held(pathlib.Path(sys.argv[1])):\n"
    "    print(flush=True); sys.stdin.read()\n"
)


def test_another_process_is_kept_out_until_the_holder_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(UsageError, match="Another run is at work"), held(folder):
            pass
        holder.kill()
    with held(folder):
        pass
    with held(folder):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"), held(tmp_path / "file" / "x"):
        pass
