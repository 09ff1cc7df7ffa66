"""The clipboard and the keys of Wayland, through wl-clipboard, and wtype or ydotool."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress

from tevr.errors import OutputError, UsageError
from tevr.keyboard.programs import found, run
from tevr.keyboard.typist import Content, PasteKeys
from tevr.keyboard.x11 import KINDS

#: Kinds of plain text.
TEXTS = ("text/plain;charset=utf-8", "UTF8_STRING", "text/plain")
#: Seconds that a window gets to take the text; wl-copy does not tell when it did.
TAKING = 0.25
#: Seconds until wl-copy holds the clipboard.
STARTING = 0.05

_WTYPE: dict[PasteKeys, list[str]] = {
    "ctrl+v": ["-M", "ctrl", "-k", "v", "-m", "ctrl"],
    "ctrl+shift+v": ["-M", "ctrl", "-M", "shift", "-k", "v", "-m", "shift", "-m", "ctrl"],
    "shift+insert": ["-M", "shift", "-k", "Insert", "-m", "shift"],
}
# Numbers of keys in linux/input-event-codes.h, pressed (1) and let go (0).
_YDOTOOL: dict[PasteKeys, list[str]] = {
    "ctrl+v": ["29:1", "47:1", "47:0", "29:0"],
    "ctrl+shift+v": ["29:1", "42:1", "47:1", "47:0", "42:0", "29:0"],
    "shift+insert": ["42:1", "110:1", "110:0", "42:0"],
}
_YDOTOOL_ERASE = ["14:1", "14:0"]


class WaylandKeys:
    """Presses keys by wtype, or by ydotool where the compositor has no virtual keyboard."""

    def __init__(self, paste: PasteKeys) -> None:
        """Raise UsageError if both programs are missing."""
        found("wtype", "ydotool")
        self._paste = paste

    def paste(self) -> None:
        """Press what pastes."""
        self._press(_WTYPE[self._paste], _YDOTOOL[self._paste])

    def erase(self, count: int) -> None:
        """Press the backspace key so many times."""
        self._press(["-k", "BackSpace"] * count, _YDOTOOL_ERASE * count)

    def _press(self, by_wtype: list[str], by_ydotool: list[str]) -> None:
        try:
            run([found("wtype"), *by_wtype])
        except (OutputError, UsageError) as first:
            try:
                run([found("ydotool"), "key", "--key-delay", "2", *by_ydotool])
            except UsageError:
                raise OutputError(
                    f"Text could not be typed ({first})",
                    "GNOME needs ydotool and its service ydotoold; install them.",
                ) from first


class WaylandClipboard:
    """The clipboard, by wl-copy and wl-paste."""

    def __init__(self) -> None:
        """Raise UsageError if they are missing."""
        self._copy = found("wl-copy", package="wl-clipboard")
        self._paste = found("wl-paste", package="wl-clipboard")

    def read(self) -> Content | None:
        """What is in it: plain text where there is some, else the kind that says most."""
        try:
            kinds = run([self._paste, "--list-types"]).decode(errors="replace").split("\n")
            kind = next((kind for kind in (*TEXTS, *KINDS) if kind in kinds), None)
            if kind is None:
                return None
            return Content(run([self._paste, "--no-newline", "--type", kind]), kind)
        except OutputError:  # it is empty
            return None

    def offer(self, text: str) -> _Copy:
        """Put text in."""
        return _Copy([self._copy, "--foreground", "--type", TEXTS[0]], text)

    def put_back(self, content: Content) -> None:
        """Put in what was read before; wl-copy stays until something else is put in."""
        run([self._copy, "--type", content.kind], content.data, detached=True)


class _Copy:
    """Text that a process of wl-copy holds until another program takes the clipboard over."""

    def __init__(self, command: list[str], text: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - no shell; the path was looked up
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if self._process.stdin is None:
            raise OutputError("Text could not be typed: wl-copy has no input", "Try again.")
        with suppress(BrokenPipeError), self._process.stdin:
            self._process.stdin.write(text.encode())
        time.sleep(STARTING)
        if self._process.poll():
            raise OutputError(
                "Text could not be typed: wl-copy does not start",
                "Check that WAYLAND_DISPLAY is right.",
            )

    def wait(self) -> None:
        """Give the window time."""
        time.sleep(TAKING)

    def withdraw(self) -> bool:
        """End wl-copy; whether it still held the clipboard."""
        held = self._process.poll() is None
        self._process.terminate()
        self._process.wait()
        return held
