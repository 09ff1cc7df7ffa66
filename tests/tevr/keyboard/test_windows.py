"""The calls to Windows come in the order it wants, with the memory it expects."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from tevr.errors import OutputError
from tevr.keyboard import windows
from tevr.keyboard.typist import Content, Typist
from tevr.keyboard.windows import CF_UNICODETEXT, Input, WindowsClipboard, WindowsKeys


class Function:
    """A function of a library, with the attributes that ctypes gives it."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self.restype: Any = None
        self.argtypes: Any = None

    def __call__(self, *arguments: Any) -> Any:
        return self.call(*arguments)


class Windows:
    """Both libraries, with a clipboard and a window that pastes on Ctrl-V."""

    def __init__(self) -> None:
        self.memory: dict[int, Any] = {}
        self.clipboard: int | None = None
        self.number = 0
        self.open = False
        self.refusals = 0
        self.text = ""
        self.down: list[int] = []
        for name in (
            *("GlobalAlloc", "GlobalLock", "GlobalUnlock", "GlobalFree", "GetClipboardData"),
            *("SetClipboardData", "OpenClipboard", "CloseClipboard", "EmptyClipboard"),
            *("GetClipboardSequenceNumber", "SendInput"),
        ):
            setattr(self, name, Function(getattr(self, f"_{name}")))

    def _GlobalAlloc(self, flags: int, size: int) -> int:  # noqa: N802
        assert flags == windows.GMEM_MOVEABLE
        buffer = ctypes.create_string_buffer(size)
        self.memory[ctypes.addressof(buffer)] = buffer
        return ctypes.addressof(buffer)

    def _GlobalLock(self, handle: int) -> int:  # noqa: N802
        return handle

    def _GlobalUnlock(self, handle: int) -> int:  # noqa: N802
        return int(handle in self.memory)

    def _GlobalFree(self, handle: int) -> None:  # noqa: N802
        del self.memory[handle]

    def _OpenClipboard(self, _window: None) -> bool:  # noqa: N802
        assert not self.open
        self.refusals -= 1
        self.open = self.refusals < 0
        return self.open

    def _CloseClipboard(self) -> None:  # noqa: N802
        assert self.open
        self.open = False

    def _EmptyClipboard(self) -> None:  # noqa: N802
        assert self.open
        self.clipboard = None

    def _SetClipboardData(self, kind: int, handle: int) -> int:  # noqa: N802
        assert (self.open, kind) == (True, CF_UNICODETEXT)
        self.clipboard = handle
        self.number += 1
        return handle

    def _GetClipboardData(self, kind: int) -> int | None:  # noqa: N802
        assert (self.open, kind) == (True, CF_UNICODETEXT)
        return self.clipboard

    def _GetClipboardSequenceNumber(self) -> int:  # noqa: N802
        return self.number

    def _SendInput(self, count: int, events: Any, size: int) -> int:  # noqa: N802
        assert size == ctypes.sizeof(Input)
        for event in list(events)[:count]:
            key = event.payload.ki
            if key.dwFlags & windows.KEYEVENTF_KEYUP:
                self.down.remove(key.wVk)
                continue
            self.down.append(key.wVk)
            if self.down == [windows.VK_CONTROL, windows.VK_V]:
                self.text += ctypes.wstring_at(self.clipboard or 0)
            if key.wVk == windows.VK_BACK:
                self.text = self.text[:-1]
        return count


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Windows:
    monkeypatch.setattr(windows, "TAKING", 0.0)
    monkeypatch.setattr(windows, "BETWEEN", 0.0)
    return Windows()


def test_text_is_pasted_and_the_clipboard_restored(system: Windows) -> None:
    clipboard = WindowsClipboard(system, system)
    clipboard.put_back(Content("vorher ß 😀".encode(), "text"))
    typist = Typist(clipboard, WindowsKeys(system, "ctrl+v"))
    typist.type("Grüße,\nYvonne")
    assert system.text == "Grüße,\r\nYvonne"
    assert clipboard.read() == Content("vorher ß 😀".encode(), "text")
    assert not system.down
    assert not system.open


def test_what_others_copied_meanwhile_stays(system: Windows) -> None:
    clipboard = WindowsClipboard(system, system)
    offer = clipboard.offer("Text")
    clipboard.put_back(Content(b"other", "text"))
    assert not offer.withdraw()


def test_an_empty_clipboard_is_nothing(system: Windows) -> None:
    assert WindowsClipboard(system, system).read() is None


def test_characters_are_taken_back(system: Windows) -> None:
    system.text = "abcdef"
    WindowsKeys(system, "ctrl+v").erase(4)
    assert system.text == "ab"


def test_the_insert_key_is_the_extended_one(system: Windows) -> None:
    seen: list[tuple[int, int]] = []

    def send(count: int, events: Any, _size: int) -> int:
        seen.extend((event.payload.ki.wVk, event.payload.ki.dwFlags) for event in events)
        return count

    system.SendInput = Function(send)  # type: ignore[attr-defined]
    WindowsKeys(system, "shift+insert").paste()
    extended, up = windows.KEYEVENTF_EXTENDEDKEY, windows.KEYEVENTF_KEYUP
    shift, insert = windows.VK_SHIFT, windows.VK_INSERT
    assert seen == [(shift, 0), (insert, extended), (insert, extended | up), (shift, up)]


def test_another_program_may_hold_the_clipboard_for_a_while(system: Windows) -> None:
    system.refusals = windows.TRIES - 1
    WindowsClipboard(system, system).offer("Text")
    system.refusals = windows.TRIES
    with pytest.raises(OutputError, match="another program holds the clipboard"):
        WindowsClipboard(system, system).offer("Text")


def test_refused_keys_are_told(system: Windows) -> None:
    system.SendInput = Function(lambda *_: 0)  # type: ignore[attr-defined]
    with pytest.raises(OutputError, match="refuses keys"):
        WindowsKeys(system, "ctrl+v").paste()
