"""The clipboard and the keys of X11, through xclip and xdotool."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import suppress
from typing import IO

from tevr.errors import OutputError
from tevr.keyboard.programs import found, run
from tevr.keyboard.typist import Content, PasteKeys

#: Kinds of content that are worth putting back, the best first.
KINDS = ("image/png", "text/uri-list", "text/html", "UTF8_STRING", "STRING")
#: Plain text is preferred where all of it is text.
TEXT = "UTF8_STRING"
#: Seconds that a window may take to ask for the text, and without questions after the last one.
LONGEST, QUIET = 1.0, 0.15

_KEYS: dict[PasteKeys, str] = {
    "ctrl+v": "ctrl+v",
    "ctrl+shift+v": "ctrl+shift+v",
    "shift+insert": "shift+Insert",
}


class X11Keys:
    """Presses keys by xdotool; keys that the user holds down meanwhile do not count."""

    def __init__(self, paste: PasteKeys) -> None:
        """Raise UsageError if xdotool is missing."""
        self._xdotool = found("xdotool")
        self._paste = _KEYS[paste]

    def paste(self) -> None:
        """Press what pastes."""
        run([self._xdotool, "key", "--clearmodifiers", self._paste])

    def erase(self, count: int) -> None:
        """Press the backspace key so many times."""
        repeat = ["--delay", "2", "--repeat", str(count), "BackSpace"]
        run([self._xdotool, "key", "--clearmodifiers", *repeat])


class X11Clipboard:
    """The selection CLIPBOARD, by xclip."""

    def __init__(self) -> None:
        """Raise UsageError if xclip is missing."""
        self._xclip = [found("xclip"), "-selection", "clipboard"]

    def read(self) -> Content | None:
        """What is in it, in the kind that says most."""
        try:
            kinds = run([*self._xclip, "-o", "-t", "TARGETS"]).decode(errors="replace").split()
            kind = TEXT if TEXT in kinds else next((kind for kind in KINDS if kind in kinds), None)
            return Content(run([*self._xclip, "-o", "-t", kind]), kind) if kind else None
        except OutputError:  # nobody owns it, or its owner does not answer
            return None

    def offer(self, text: str) -> _Selection:
        """Put text in."""
        return _Selection([*self._xclip, "-i", "-quiet", "-verbose"], text)

    def put_back(self, content: Content) -> None:
        """Put in what was read before; xclip stays until something else is put in."""
        run([*self._xclip, "-i", "-t", content.kind], content.data, detached=True)


class _Selection:
    """Text that a process of xclip holds until another program takes the selection over."""

    def __init__(self, command: list[str], text: str) -> None:
        self._asked = 0  # questions for the text or its kinds
        self._when = time.monotonic()  # of the last one
        self._held = threading.Event()
        self._process = subprocess.Popen(  # noqa: S603 - no shell; the path was looked up
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        stdin, stderr = self._process.stdin, self._process.stderr
        if stdin is None or stderr is None:
            raise OutputError("Text could not be typed: xclip has no input", "Try again.")
        self._counter = threading.Thread(target=self._count, args=(stderr,), daemon=True)
        self._counter.start()
        with suppress(BrokenPipeError), stdin:  # told below
            stdin.write(text.encode())
        if not self._held.wait(LONGEST):
            self.withdraw()
            raise OutputError(
                "Text could not be typed: xclip does not start", "Check that DISPLAY is right."
            )

    def _count(self, said: IO[bytes]) -> None:
        """Count the questions: xclip says which it waits for."""
        with said:
            for line in said:
                if b"Waiting for selection request number" in line:
                    self._asked = int(line.split()[-1]) - 1
                    self._when = time.monotonic()
                    self._held.set()

    def wait(self) -> None:
        """Wait until nobody has asked for a moment, or nobody at all for long."""
        start = time.monotonic()
        while self._process.poll() is None and time.monotonic() - start < LONGEST:
            if self._asked and time.monotonic() - self._when > QUIET:
                return
            time.sleep(0.01)

    def withdraw(self) -> bool:
        """End xclip; whether it still held the selection."""
        held = self._process.poll() is None
        self._process.terminate()
        self._process.wait()
        self._counter.join()
        return held
