"""Text → a clipboard and a few keys → the window that has the focus.

Text goes through the clipboard: pressing keys for it would spoil ä, ö, ü, ß, and y and z wherever
the layout is another than thought. What was in the clipboard is put back.
"""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from typing import Literal, Protocol

from tevr.errors import TevrError

#: Keys that paste; terminals want other ones than editors.
PasteKeys = Literal["ctrl+v", "ctrl+shift+v", "shift+insert"]

logger = logging.getLogger("tevr.keyboard")


@dataclass(frozen=True, slots=True)
class Content:
    """What a clipboard holds.

    Attributes:
        data: the bytes.
        kind: what they are, as the system calls it.
    """

    data: bytes
    kind: str


class Offer(Protocol):
    """Text that was put into the clipboard."""

    def wait(self) -> None:
        """Wait until a window has taken it, or has had time enough to."""

    def withdraw(self) -> bool:
        """Take it out; whether it was there still, and nobody put something else in."""


class Clipboard(Protocol):
    """The clipboard of a system."""

    def read(self) -> Content | None:
        """What is in it; ``None`` if nothing is, or nothing that can be put back."""

    def offer(self, text: str) -> Offer:
        """Put text in."""

    def put_back(self, content: Content) -> None:
        """Put in what was read before."""


class Keys(Protocol):
    """The keys of a system's keyboard."""

    def paste(self) -> None:
        """Press what pastes."""

    def erase(self, count: int) -> None:
        """Press the backspace key so many times."""


class Typist:
    """Types into the window that has the focus, by pasting; see `tevr.keyboard.system`."""

    def __init__(self, clipboard: Clipboard, keys: Keys) -> None:
        self._clipboard = clipboard
        self._keys = keys

    def type(self, text: str) -> None:
        """Write text at the cursor; the clipboard is as it was afterwards.

        Raises:
            OutputError: the system refuses.
        """
        before = self._clipboard.read()
        offer = self._clipboard.offer(text)
        try:
            self._keys.paste()
            offer.wait()
        finally:
            if offer.withdraw() and before is not None:
                self._clipboard.put_back(before)

    def erase(self, count: int) -> None:
        """Take back so many characters before the cursor.

        Raises:
            OutputError: the system refuses.
        """
        if count:
            self._keys.erase(count)


class TypingQueue:
    """Types in a thread of its own, so that nobody waits for windows; in order, nothing twice.

    What gathers while a window is slow is typed in one go. An error is told once, and typing is
    tried again with the next text.
    """

    def __init__(self, typist: Typist) -> None:
        self._typist = typist
        self._waiting: queue.SimpleQueue[str | int | None] = queue.SimpleQueue()
        self._told = ""
        self._thread = threading.Thread(target=self._work, name="typing", daemon=True)
        self._thread.start()

    def type(self, text: str) -> None:
        """Type text, soon."""
        self._waiting.put(text)

    def erase(self, count: int) -> None:
        """Take back so many characters, soon."""
        self._waiting.put(count)

    def close(self, patience: float = 10.0) -> None:
        """Type all that waits, for at most so many seconds."""
        self._waiting.put(None)
        self._thread.join(patience)
        if self._thread.is_alive():
            logger.warning("The window takes no more text; the rest was not typed into it.")

    def _work(self) -> None:
        more = True
        while more:
            tasks = [self._waiting.get()]
            while not self._waiting.empty():
                tasks.append(self._waiting.get())
            more = None not in tasks
            for task in merged([task for task in tasks if task is not None]):
                self._try(task)

    def _try(self, task: str | int) -> None:
        try:
            if isinstance(task, str):
                self._typist.type(task)
            else:
                self._typist.erase(task)
        except TevrError as error:
            if str(error) != self._told:
                logger.warning("%s", error)
            self._told = str(error)
        else:
            self._told = ""


def merged(tasks: list[str | int]) -> list[str | int]:
    """Texts and numbers of characters to take back → the fewest with the same result."""
    erased, text = 0, ""
    for task in tasks:
        if isinstance(task, str):
            text += task
            continue
        own = min(len(text), task)  # characters that need not be typed at all
        text = text[: len(text) - own]
        erased += task - own
    return [each for each in (erased, text) if each]
