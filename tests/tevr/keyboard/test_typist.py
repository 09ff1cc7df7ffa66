"""Text arrives whole and in order, and the clipboard is afterwards what it was before."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import OutputError
from tevr.keyboard.typist import Content, TypingQueue, Typist, merged


@dataclass
class Window:
    """A window, its keyboard and the clipboard in one."""

    clipboard: Content | None = None
    text: str = ""
    fails: bool = False
    stolen: Content | None = None
    pastes: int = 0
    busy: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> Content | None:
        return self.clipboard

    def offer(self, text: str) -> Window:
        self.clipboard = Content(text.encode(), "ours")
        return self

    def put_back(self, content: Content) -> None:
        self.clipboard = content

    def paste(self) -> None:
        with self.busy:
            if self.fails:
                raise OutputError("No window takes keys", "Focus one.")
            assert self.clipboard is not None
            self.text += self.clipboard.data.decode()
            self.pastes += 1

    def erase(self, count: int) -> None:
        self.text = self.text[: max(0, len(self.text) - count)]

    def wait(self) -> None:
        self.clipboard = self.stolen or self.clipboard

    def withdraw(self) -> bool:
        held = self.clipboard is not None and self.clipboard.kind == "ours"
        self.clipboard = None if held else self.clipboard
        return held


OLD = Content(b"\x89PNG", "image/png")


@pytest.mark.parametrize("old", [OLD, None])
def test_the_clipboard_is_as_before(old: Content | None) -> None:
    window = Window(old)
    Typist(window, window).type("Grüße, Yvonne")
    assert (window.text, window.clipboard) == ("Grüße, Yvonne", old)


def test_what_others_put_in_meanwhile_stays() -> None:
    window = Window(OLD, stolen=Content(b"new", "text"))
    Typist(window, window).type("Text")
    assert window.clipboard == Content(b"new", "text")


def test_the_clipboard_is_put_back_if_typing_fails() -> None:
    window = Window(OLD, fails=True)
    with pytest.raises(OutputError):
        Typist(window, window).type("Text")
    assert window.clipboard == OLD


def test_a_queue_types_all_in_order_before_it_closes() -> None:
    window = Window(OLD)
    queue = TypingQueue(Typist(window, window))
    with window.busy:  # the window is slow, and more text gathers
        for number in range(50):
            queue.type(f"{number} ")
        queue.erase(3)
        queue.type("ende")
    queue.close()
    assert window.text == "".join(f"{number} " for number in range(49)) + "ende"
    assert window.pastes <= 3
    assert window.clipboard == OLD


def test_an_error_is_told_once_until_it_is_another(caplog: pytest.LogCaptureFixture) -> None:
    window = Window(fails=True)
    queue = TypingQueue(Typist(window, window))
    for text in ("a", "b", "c"):
        queue.type(text)
    queue.close()
    assert caplog.messages == ["No window takes keys. Focus one."]


def test_a_window_that_hangs_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    window = Window()
    queue = TypingQueue(Typist(window, window))
    with window.busy:
        queue.type("text")
        queue.close(patience=0.05)
    assert caplog.messages == ["The window takes no more text; the rest was not typed into it."]
    queue._thread.join(5)


@given(
    st.lists(st.text("aäß\n", min_size=1, max_size=5) | st.integers(1, 6)),
    st.text("xy", max_size=20),
)
def test_merging_changes_nothing_that_is_seen(tasks: list[str | int], before: str) -> None:
    def seen(tasks: list[str | int]) -> str:
        text = "." * 50 + before
        for task in tasks:
            text = text + task if isinstance(task, str) else text[: max(0, len(text) - task)]
        return text

    fewer = merged(tasks)
    assert seen(fewer) == seen(tasks)
    assert len(fewer) <= 2
    assert all(fewer)
