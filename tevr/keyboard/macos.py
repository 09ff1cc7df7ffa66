"""The clipboard and the keys of macOS, through pbcopy, pbpaste and osascript."""

from __future__ import annotations

import time

from tevr.errors import OutputError
from tevr.keyboard.programs import found, run
from tevr.keyboard.typist import Content

#: Seconds that a window gets to take the text; pbcopy does not tell when it did.
TAKING = 0.25

# Without this, pbcopy takes its input for the ancient encoding of Macs.
_UTF8 = ["/usr/bin/env", "LC_CTYPE=UTF-8"]
_EVENTS = 'tell application "System Events" to '
_PASTE = _EVENTS + 'keystroke "v" using command down'
_BACKSPACE = 51  # kVK_Delete in HIToolbox/Events.h


class MacKeys:
    """Presses keys by System Events, which the user must allow once."""

    def __init__(self) -> None:
        """Raise UsageError if osascript is missing."""
        self._osascript = found("osascript")

    def paste(self) -> None:
        """Press what pastes."""
        self._tell(_PASTE)

    def erase(self, count: int) -> None:
        """Press the backspace key so many times."""
        self._tell(f"{_EVENTS}repeat {count} times\nkey code {_BACKSPACE}\nend repeat")

    def _tell(self, script: str) -> None:
        try:
            run([self._osascript, "-e", script])
        except OutputError as error:
            raise OutputError(
                error.cause,
                "Allow your terminal to control the computer: System Settings, Privacy & Security,"
                " Accessibility.",
            ) from error


class MacClipboard:
    """The general pasteboard, as far as it is text."""

    def __init__(self) -> None:
        """Raise UsageError if the programs are missing."""
        self._copy = [*_UTF8, found("pbcopy")]
        self._paste = [*_UTF8, found("pbpaste")]

    def read(self) -> Content | None:
        """The text in it."""
        text = run(self._paste)
        return Content(text, "text") if text else None

    def offer(self, text: str) -> _Copy:
        """Put text in."""
        run(self._copy, text.encode())
        return _Copy(self, text)

    def put_back(self, content: Content) -> None:
        """Put in what was read before."""
        run(self._copy, content.data)


class _Copy:
    """Text in the pasteboard."""

    def __init__(self, clipboard: MacClipboard, text: str) -> None:
        self._clipboard = clipboard
        self._data = text.encode()

    def wait(self) -> None:
        """Give the window time."""
        time.sleep(TAKING)

    def withdraw(self) -> bool:
        """Whether it is there still; something takes its place, or it stays."""
        now = self._clipboard.read()
        return now is not None and now.data == self._data
