"""The name of a program → its path, or what to install; a command → what it printed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from tevr.errors import OutputError, UsageError

#: Seconds after which a program that should be done at once hangs.
PATIENCE = 5.0


def found(*names: str, package: str = "") -> str:
    """The path of the first of these programs that is installed.

    Raises:
        UsageError: none is.
    """
    for name in names:
        if path := shutil.which(name):
            return path
    raise UsageError(
        f"Typing into windows needs the program {' or '.join(names)}",
        f"Install it, on Debian and Ubuntu by: apt install {package or names[0]}.",
    )


def run(command: Sequence[str], text: bytes | None = None, *, detached: bool = False) -> bytes:
    """Run a program to its end; returns what it printed.

    Args:
        command: path and arguments.
        text: what it reads.
        detached: it leaves a part of itself running, which keeps its streams open.

    Raises:
        OutputError: it failed, or hangs.
    """
    streams = subprocess.DEVNULL if detached else subprocess.PIPE
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the path was looked up
            command, input=text, stdout=streams, stderr=streams, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(command, str(error)) from error
    if done.returncode:
        raise _failed(command, (done.stderr or b"").decode(errors="replace"))
    return bytes(done.stdout or b"")


def _failed(command: Sequence[str], said: str) -> OutputError:
    name = command[0].rpartition("/")[2]
    reason = said.strip().splitlines()[0].rstrip(".") if said.strip() else "it gave no reason"
    return OutputError(
        f"Text could not be typed: {name} failed ({reason})", "Run it by hand to see why."
    )
