"""The clipboard and the keys of Windows, through its own functions.

Names are those of winuser.h and winbase.h.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from tevr.errors import OutputError
from tevr.keyboard.typist import Content, PasteKeys

CF_UNICODETEXT = 13
GMEM_MOVEABLE = 0x0002
INPUT_KEYBOARD = 1
KEYEVENTF_EXTENDEDKEY, KEYEVENTF_KEYUP = 0x0001, 0x0002
VK_BACK, VK_SHIFT, VK_CONTROL, VK_INSERT, VK_V = 0x08, 0x10, 0x11, 0x2D, 0x56
#: Seconds that a window gets to take the text; Windows does not tell when it did.
TAKING = 0.25
#: Another program may have the clipboard open for a moment: tries, and seconds between them.
TRIES, BETWEEN = 20, 0.05

_CHORDS: dict[PasteKeys, tuple[int, ...]] = {
    "ctrl+v": (VK_CONTROL, VK_V),
    "ctrl+shift+v": (VK_CONTROL, VK_SHIFT, VK_V),
    "shift+insert": (VK_SHIFT, VK_INSERT),
}


class KeyboardInput(ctypes.Structure):
    """KEYBDINPUT."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("wVk", ctypes.c_ushort),
        ("wScan", ctypes.c_ushort),
        ("dwFlags", ctypes.c_ulong),
        ("time", ctypes.c_ulong),
        ("dwExtraInfo", ctypes.c_size_t),
    ]


class _Payload(ctypes.Union):
    """The union within INPUT, as large as its largest member, MOUSEINPUT."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("ki", KeyboardInput),
        ("mouse", ctypes.c_byte * (32 if ctypes.sizeof(ctypes.c_void_p) == 8 else 24)),  # noqa: PLR2004 - bytes
    ]


class Input(ctypes.Structure):
    """INPUT."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [("type", ctypes.c_ulong), ("payload", _Payload)]


class WindowsKeys:
    """Presses keys by SendInput.

    Args:
        user32: the library of that name.
        paste: what pastes.
    """

    def __init__(self, user32: Any, paste: PasteKeys) -> None:  # noqa: ANN401 - a library
        self._user32 = user32
        self._chord = _CHORDS[paste]

    def paste(self) -> None:
        """Press what pastes."""
        self._send([*self._chord], [*reversed(self._chord)])

    def erase(self, count: int) -> None:
        """Press the backspace key so many times."""
        for _ in range(count):
            self._send([VK_BACK], [VK_BACK])

    def _send(self, pressed: list[int], released: list[int]) -> None:
        events = [_event(key, 0) for key in pressed]
        events += [_event(key, KEYEVENTF_KEYUP) for key in released]
        array = (Input * len(events))(*events)
        if self._user32.SendInput(len(events), array, ctypes.sizeof(Input)) != len(events):
            raise OutputError(
                "Text could not be typed: Windows refuses keys for that window",
                "Programs of the administrator take them only from such.",
            )


def _event(key: int, flags: int) -> Input:
    flags |= KEYEVENTF_EXTENDEDKEY if key == VK_INSERT else 0
    event = Input(type=INPUT_KEYBOARD)
    event.payload.ki = KeyboardInput(wVk=key, dwFlags=flags)
    return event


class WindowsClipboard:
    """The clipboard, as far as it is text.

    Args:
        user32: the library of that name.
        kernel32: the library of that name.
    """

    def __init__(self, user32: Any, kernel32: Any) -> None:  # noqa: ANN401 - libraries
        self._user32, self._kernel32 = user32, kernel32
        # Handles are as wide as pointers, which ctypes does not know by itself.
        for function in (user32.GetClipboardData, kernel32.GlobalAlloc, kernel32.GlobalLock):
            function.restype = ctypes.c_void_p
        user32.SetClipboardData.argtypes = [ctypes.c_uint, ctypes.c_void_p]
        kernel32.GlobalAlloc.argtypes = [ctypes.c_uint, ctypes.c_size_t]
        for function in (kernel32.GlobalLock, kernel32.GlobalUnlock, kernel32.GlobalFree):
            function.argtypes = [ctypes.c_void_p]

    def read(self) -> Content | None:
        """The text in it."""
        with self._open():
            handle = self._user32.GetClipboardData(CF_UNICODETEXT)
            address = self._kernel32.GlobalLock(handle) if handle else None
            if not address:
                return None
            text = ctypes.wstring_at(address)
            self._kernel32.GlobalUnlock(handle)
        return Content(text.encode("utf-8", "surrogatepass"), "text")

    def offer(self, text: str) -> _Copy:
        """Put text in."""
        self._put(text.replace("\n", "\r\n"))
        return _Copy(self._user32)

    def put_back(self, content: Content) -> None:
        """Put in what was read before."""
        self._put(content.data.decode("utf-8", "surrogatepass"))

    def _put(self, text: str) -> None:
        buffer = ctypes.create_unicode_buffer(text)
        handle = self._kernel32.GlobalAlloc(GMEM_MOVEABLE, ctypes.sizeof(buffer))
        address = self._kernel32.GlobalLock(handle) if handle else None
        if not address:
            raise OutputError("Text could not be typed: no memory is left", "Close programs.")
        ctypes.memmove(address, buffer, ctypes.sizeof(buffer))
        self._kernel32.GlobalUnlock(handle)
        with self._open():
            self._user32.EmptyClipboard()
            if not self._user32.SetClipboardData(CF_UNICODETEXT, handle):
                self._kernel32.GlobalFree(handle)
                raise OutputError(
                    "Text could not be typed: the clipboard takes none", "Try once more."
                )

    @contextmanager
    def _open(self) -> Iterator[None]:
        for _ in range(TRIES):
            if self._user32.OpenClipboard(None):
                break
            time.sleep(BETWEEN)
        else:
            raise OutputError(
                "Text could not be typed: another program holds the clipboard", "Close it."
            )
        try:
            yield
        finally:
            self._user32.CloseClipboard()


class _Copy:
    """Text in the clipboard."""

    def __init__(self, user32: Any) -> None:  # noqa: ANN401 - a library
        self._user32 = user32
        self._number = user32.GetClipboardSequenceNumber()

    def wait(self) -> None:
        """Give the window time."""
        time.sleep(TAKING)

    def withdraw(self) -> bool:
        """Whether it is there still; something takes its place, or it stays."""
        return bool(self._user32.GetClipboardSequenceNumber() == self._number)
