"""This machine's desktop → a typist for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from tevr.errors import UsageError
from tevr.keyboard.typist import PasteKeys, Typist


def open_typist(
    paste: PasteKeys = "ctrl+v",
    *,
    platform: str = sys.platform,
    environment: Mapping[str, str] = os.environ,
) -> Typist:
    """A typist for the desktop that this process runs in.

    Args:
        paste: keys that paste in the windows that are typed into; not asked for on macOS.
        platform: as `sys.platform`.
        environment: variables that tell which desktop it is.

    Raises:
        UsageError: there is no desktop, or a program is missing.
    """
    if platform == "win32":
        return _windows(paste)
    if platform == "darwin":
        from tevr.keyboard.macos import MacClipboard, MacKeys

        return Typist(MacClipboard(), MacKeys())
    if environment.get("WAYLAND_DISPLAY"):
        from tevr.keyboard.wayland import WaylandClipboard, WaylandKeys

        return Typist(WaylandClipboard(), WaylandKeys(paste))
    if environment.get("DISPLAY"):
        from tevr.keyboard.x11 import X11Clipboard, X11Keys

        return Typist(X11Clipboard(), X11Keys(paste))
    raise UsageError(
        "There is no desktop to type into",
        "Start it within one; neither WAYLAND_DISPLAY nor DISPLAY is set here.",
    )


def _windows(paste: PasteKeys) -> Typist:
    import ctypes

    from tevr.keyboard.windows import WindowsClipboard, WindowsKeys

    load = vars(ctypes)["WinDLL"]  # of Windows only
    user32, kernel32 = load("user32"), load("kernel32")
    return Typist(WindowsClipboard(user32, kernel32), WindowsKeys(user32, paste))
