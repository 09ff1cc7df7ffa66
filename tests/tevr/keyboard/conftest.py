"""A desktop of small programs that keep their clipboard and their window in a folder."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

#: Each program finds the folder in $DESK: clipboard, its kind, the window's text, keys pressed.
XCLIP = """
case "$*" in
*TARGETS*) [ -e "$DESK/clipboard" ] || exit 1; printf 'TARGETS\\n'; cat "$DESK/kind" ;;
*-o*) cat "$DESK/clipboard" ;;
*-verbose*)
  cat > "$DESK/clipboard"; echo UTF8_STRING > "$DESK/kind"; echo $$ > "$DESK/owner"
  echo "  Waiting for selection request number 1" >&2
  while [ "$(cat "$DESK/owner")" = $$ ]; do
    if [ -e "$DESK/asked" ]; then
      rm "$DESK/asked"
      echo "  Waiting for selection request number 2" >&2
      echo "  Waiting for selection request number 3" >&2
    fi
    sleep 0.01
  done ;;
*-i*)
  cat > "$DESK/clipboard"; echo 0 > "$DESK/owner"
  for kind; do :; done; echo "$kind" > "$DESK/kind" ;;
esac
"""
PASTER = """
echo "$*" >> "$DESK/keys"
case "$*" in *BackSpace*|*14:1*|*"key code 51"*) exit ;; esac
cat "$DESK/clipboard" >> "$DESK/window"; touch "$DESK/asked"
if [ -e "$DESK/thief" ]; then mv "$DESK/thief" "$DESK/clipboard"; echo 1 > "$DESK/owner"; fi
sleep 0.05
"""
WL_COPY = """
cat > "$DESK/clipboard"; echo "text/plain;charset=utf-8" > "$DESK/kind"; echo $$ > "$DESK/owner"
case "$*" in *--foreground*) while [ "$(cat "$DESK/owner")" = $$ ]; do sleep 0.01; done ;; esac
"""
WL_PASTE = """
[ -e "$DESK/clipboard" ] || exit 1
case "$*" in *--list-types*) cat "$DESK/kind" ;; *) cat "$DESK/clipboard" ;; esac
"""
PBCOPY = 'cat > "$DESK/clipboard"\n'
PBPASTE = '[ ! -e "$DESK/clipboard" ] || cat "$DESK/clipboard"\n'


@dataclass(frozen=True)
class Desk:
    """The desktop: what lies in its folder, and the programs it has."""

    folder: Path

    def install(self, **programs: str) -> None:
        for name, text in programs.items():
            path = self.folder / "bin" / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def put(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def get(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty desktop without programs; those of the system that scripts need stay."""
    (tmp_path / "bin").mkdir()
    for name in ("cat", "sleep", "rm", "touch", "mv", "env", "sh"):
        target = next(
            Path(folder) / name
            for folder in os.environ["PATH"].split(os.pathsep)
            if (Path(folder) / name).exists()
        )
        (tmp_path / "bin" / name).symlink_to(target)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("DESK", str(tmp_path))
    return Desk(tmp_path)
