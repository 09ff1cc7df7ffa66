"""On each desktop text is pasted by its own programs; what is missing is named."""

from __future__ import annotations

import time

import pytest

from tests.tevr.keyboard import conftest as programs
from tests.tevr.keyboard.conftest import Desk
from tevr.errors import OutputError, UsageError
from tevr.keyboard.system import open_typist
from tevr.keyboard.typist import PasteKeys

TEXT = "Grüße aus Köln, z. B. für Yvonne"
X11 = {"DISPLAY": ":1"}
WAYLAND = {"DISPLAY": ":1", "WAYLAND_DISPLAY": "wayland-0"}
PASTE: tuple[PasteKeys, ...] = ("ctrl+v", "ctrl+shift+v", "shift+insert")


@pytest.fixture
def x11(desk: Desk) -> Desk:
    desk.install(xclip=programs.XCLIP, xdotool=programs.PASTER)
    desk.put("clipboard", "before ß")
    desk.put("kind", "UTF8_STRING\n")
    return desk


@pytest.fixture
def wayland(desk: Desk) -> Desk:
    desk.install(wl_copy=programs.WL_COPY, wl_paste=programs.WL_PASTE, wtype=programs.PASTER)
    desk.put("clipboard", "before ß")
    desk.put("kind", "text/plain;charset=utf-8\n")
    return desk


@pytest.fixture
def macos(desk: Desk) -> Desk:
    desk.install(pbcopy=programs.PBCOPY, pbpaste=programs.PBPASTE, osascript=programs.PASTER)
    desk.put("clipboard", "before ß")
    return desk


# X11


@pytest.mark.parametrize("paste", PASTE)
def test_x11_pastes_and_restores(x11: Desk, paste: PasteKeys) -> None:
    open_typist(paste, platform="linux", environment=X11).type(TEXT)
    assert x11.get("window") == TEXT
    assert x11.get("clipboard") == "before ß"
    assert x11.get("keys").lower() == f"key --clearmodifiers {paste}\n"


def test_x11_puts_back_a_picture_as_a_picture(x11: Desk) -> None:
    x11.put("kind", "TIMESTAMP\nimage/png\n")
    open_typist(platform="linux", environment=X11).type(TEXT)
    assert x11.get("clipboard") == "before ß"
    assert x11.get("kind") == "image/png\n"


def test_x11_leaves_what_another_program_copied_meanwhile(x11: Desk) -> None:
    x11.put("thief", "copied by the user")
    open_typist(platform="linux", environment=X11).type(TEXT)
    assert x11.get("window") == TEXT
    assert x11.get("clipboard") == "copied by the user"


def test_x11_takes_an_empty_clipboard_for_nothing(x11: Desk) -> None:
    (x11.folder / "clipboard").unlink()
    typist = open_typist(platform="linux", environment=X11)
    typist.type("a")
    typist.type("b")
    assert x11.get("window") == "ab"


def test_x11_waits_for_a_window_but_not_for_ever(x11: Desk) -> None:
    x11.install(xdotool='echo "$*" >> "$DESK/keys"\n')  # no window asks for the text
    begin = time.monotonic()
    open_typist(platform="linux", environment=X11).type(TEXT)
    assert time.monotonic() - begin >= 1.0
    assert x11.get("clipboard") == "before ß"


def test_x11_erases_by_backspace(x11: Desk) -> None:
    typist = open_typist(platform="linux", environment=X11)
    typist.erase(0)
    typist.erase(7)
    assert x11.get("keys") == "key --clearmodifiers --delay 2 --repeat 7 BackSpace\n"


def test_x11_says_what_failed(x11: Desk) -> None:
    x11.install(xdotool="echo 'Error: no display.' >&2; exit 1\n")
    with pytest.raises(OutputError, match=r"xdotool failed \(Error: no display\)"):
        open_typist(platform="linux", environment=X11).type(TEXT)
    assert x11.get("clipboard") == "before ß"


def test_x11_says_that_xclip_does_not_start(x11: Desk) -> None:
    typist = open_typist(platform="linux", environment=X11)
    x11.install(xclip="exit 1\n")
    with pytest.raises(OutputError, match="xclip does not start"):
        typist.type(TEXT)


# Wayland


def test_wayland_comes_before_x11_pastes_and_restores(wayland: Desk) -> None:
    open_typist(platform="linux", environment=WAYLAND).type(TEXT)
    assert wayland.get("window") == TEXT
    assert wayland.get("clipboard") == "before ß"
    assert wayland.get("keys") == "-M ctrl -k v -m ctrl\n"


def test_wayland_takes_ydotool_where_wtype_is_refused(wayland: Desk) -> None:
    wayland.install(wtype="echo 'Compositor does not support it' >&2; exit 1\n")
    typist = open_typist(platform="linux", environment=WAYLAND)
    with pytest.raises(OutputError, match=r"does not support it.*ydotoold"):
        typist.type(TEXT)
    wayland.install(ydotool=programs.PASTER)
    typist.type(TEXT)
    typist.erase(2)
    assert wayland.get("window") == TEXT
    pasted, erased = wayland.get("keys").splitlines()
    assert pasted == "key --key-delay 2 29:1 47:1 47:0 29:0"
    assert erased.endswith(" 14:1 14:0 14:1 14:0")


def test_wayland_says_that_wl_copy_does_not_start(wayland: Desk) -> None:
    typist = open_typist(platform="linux", environment=WAYLAND)
    wayland.install(wl_copy="exit 1\n")
    with pytest.raises(OutputError, match="wl-copy does not start"):
        typist.type(TEXT)


def test_wayland_takes_an_empty_clipboard_for_nothing(wayland: Desk) -> None:
    (wayland.folder / "clipboard").unlink()
    open_typist(platform="linux", environment=WAYLAND).type(TEXT)
    assert wayland.get("window") == TEXT


# macOS


def test_macos_pastes_and_restores(macos: Desk) -> None:
    typist = open_typist(platform="darwin", environment={})
    typist.type(TEXT)
    typist.erase(3)
    assert macos.get("window") == TEXT
    assert macos.get("clipboard") == "before ß"
    assert "using command down" in macos.get("keys")
    assert "repeat 3 times\nkey code 51\nend repeat" in macos.get("keys")


def test_macos_tells_how_to_allow_it(macos: Desk) -> None:
    macos.install(osascript="echo 'not allowed to send keystrokes' >&2; exit 1\n")
    with pytest.raises(OutputError, match=r"not allowed.*Accessibility"):
        open_typist(platform="darwin", environment={}).type(TEXT)


# What is missing


@pytest.mark.parametrize(
    ("installed", "environment", "words"),
    [
        ((), X11, "xclip"),
        (("xclip",), X11, "xdotool"),
        ((), WAYLAND, "apt install wl-clipboard"),
        (("wl_copy", "wl_paste"), WAYLAND, "wtype or ydotool"),
    ],
)
def test_a_missing_program_is_named(
    desk: Desk, installed: tuple[str, ...], environment: dict[str, str], words: str
) -> None:
    desk.install(**dict.fromkeys(installed, "exit 0\n"))
    with pytest.raises(UsageError, match=words):
        open_typist(platform="linux", environment=environment)


def test_without_a_desktop_nothing_is_typed() -> None:
    with pytest.raises(UsageError, match="no desktop"):
        open_typist(platform="linux", environment={})
