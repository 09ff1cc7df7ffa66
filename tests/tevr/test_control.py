"""Another process reaches the one dictation that runs, and nobody else's."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tevr.control import REQUESTS, VARIABLE, Control, Request, ask, meeting_place
from tevr.errors import OutputError, UsageError


@pytest.fixture(params=["socket", "port"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place to meet, on systems with sockets in folders and on those without."""
    if request.param == "port":
        monkeypatch.delattr(socket, "AF_UNIX")
    return tmp_path / "below" / "dictate"


@pytest.fixture
def asked() -> list[Request]:
    return []


@pytest.fixture
def control(place: Path, asked: list[Request]) -> Iterator[Control]:
    def handle(request: Request) -> dict[str, object]:
        asked.append(request)
        return {"state": "listening", "count": len(asked)}

    with Control(handle, place) as control:
        yield control


@pytest.mark.usefixtures("control")
def test_every_request_is_answered(place: Path, asked: list[Request]) -> None:
    answers = [ask(request, place) for request in REQUESTS]
    assert asked == list(REQUESTS)
    assert answers == [{"state": "listening", "count": number} for number in (1, 2, 3, 4)]


@pytest.mark.usefixtures("control")
def test_only_the_user_may_ask(place: Path) -> None:
    mode = place.stat().st_mode
    assert stat.S_IMODE(mode) & 0o077 == 0
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("control")
def test_a_second_dictation_is_refused_and_the_first_goes_on(place: Path) -> None:
    with pytest.raises(UsageError, match="Another dictation is running"):
        Control(lambda _: {}, place)
    assert ask("status", place)["state"] == "listening"


def test_nobody_answers_after_the_end(place: Path, control: Control) -> None:
    control.close()
    control.close()
    assert not place.exists()
    with pytest.raises(UsageError, match="No dictation is running"):
        ask("status", place)


def test_what_a_killed_dictation_left_is_no_obstacle(place: Path) -> None:
    place.parent.mkdir()
    if hasattr(socket, "AF_UNIX"):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(place))
    else:
        place.write_text("1 secret\n")
    with pytest.raises(UsageError, match="No dictation is running"):
        ask("toggle", place)
    with Control(lambda _: {"state": "muted"}, place):
        assert ask("toggle", place) == {"state": "muted"}


NONSENSE = [
    *(b"", b"{}\n", b"[]\n", b"toggle\n", b"x" * 70_000),
    b'{"request": "stop", "secret": ""}\n',
    b'{"request": "toggle", "secret": "x"}\n',
]


@pytest.mark.parametrize("message", NONSENSE)
def test_nonsense_is_refused_and_does_not_end_it(
    tmp_path: Path, asked: list[Request], message: bytes
) -> None:
    place = tmp_path / "socket"
    with Control(lambda request: {"asked": request}, place):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(place))
            connection.sendall(message)
            connection.shutdown(socket.SHUT_WR)
            assert "error" in json.loads(connection.makefile("rb").readline())
        assert not asked
        assert ask("end", place) == {"asked": "end"}


def test_a_wrong_secret_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    place = tmp_path / "port"
    with Control(lambda _: {}, place):
        port, _ = place.read_text().split()
        place.write_text(f"{port} guessed\n")
        with pytest.raises(UsageError, match="secret is wrong"):
            ask("toggle", place)


def test_a_dictation_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tevr.control.PATIENCE", 0.05)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen()
        with pytest.raises(OutputError, match="does not answer"):
            ask("status", tmp_path / "deaf")


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be listened at"):
        Control(lambda _: {}, tmp_path / "file" / "socket")
    with pytest.raises(OutputError, match="cannot be listened at"):
        Control(lambda _: {}, tmp_path / ("x" * 200))


def test_the_place_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert meeting_place() == tmp_path / "tevr" / "dictate.sock"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert f"tevr-{os.getuid()}" in str(meeting_place())
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    assert meeting_place() == tmp_path / "mine"
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("tevr.control.sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert meeting_place() == tmp_path / "Local" / "tevr" / "dictate.port"
