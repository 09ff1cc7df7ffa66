"""A word from another process ("toggle") → what a running dictation does, and its answer.

The two meet at a socket in the user's runtime directory. Windows has none of that kind: there it
is a port of this machine, and a file only the user can read holds its number and a secret.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, cast

from tevr.errors import OutputError, UsageError

Request = Literal["begin", "end", "toggle", "status"]
REQUESTS: tuple[Request, ...] = ("begin", "end", "toggle", "status")
#: Answers a request with what is so now.
Handler = Callable[[Request], Mapping[str, object]]

#: Names another place to meet at.
VARIABLE = "TEVR_SOCKET"
#: Seconds that either side waits for the other.
PATIENCE = 5.0
#: Bytes of the longest request or answer.
LONGEST = 65_536

logger = logging.getLogger("tevr.control")


def meeting_place() -> Path:
    """Where dictations of this user are reached: below the runtime directory, or one of its own."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "tevr" / "dictate.port"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) if runtime else Path(tempfile.gettempdir()) / f"tevr-{os.getuid()}"
    return folder / "tevr" / "dictate.sock"


def ask(request: Request, place: Path) -> dict[str, object]:
    """Send a request to the dictation that runs; returns its answer.

    Raises:
        UsageError: none runs.
        OutputError: it does not answer.
    """
    try:
        with _connected(place) as (connection, secret):
            message = json.dumps({"request": request, "secret": secret})
            connection.sendall(message.encode() + b"\n")
            answer = json.loads(_line(connection))
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise UsageError("No dictation is running", "Start one by: tevr dictate.") from error
    except (OSError, ValueError) as error:
        raise OutputError(
            f"The running dictation does not answer ({error})", "Stop it and start another."
        ) from error
    if "error" in answer:
        raise UsageError(str(answer["error"]), "Use the same version of tevr for both.")
    return cast("dict[str, object]", answer)


class Control:
    """Listens for requests in a thread of its own; a context manager.

    Args:
        handler: called in that thread, one request after another.
        place: where to be reached.

    Raises:
        UsageError: another dictation is reached there.
        OutputError: the place cannot be used.
    """

    def __init__(self, handler: Handler, place: Path) -> None:
        self._handler = handler
        self._place = place
        self._secret = ""
        if _is_taken(place):
            raise UsageError(
                "Another dictation is running", "Stop it, or give this one another --socket."
            )
        try:
            self._server = self._listening()
        except OSError as error:
            raise OutputError(
                f"{place} cannot be listened at ({error.strerror or error})",
                "Choose another place by --socket.",
            ) from error
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    def __enter__(self) -> Control:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Be reached no more."""
        self.close()

    def close(self) -> None:
        """Be reached no more; twice does no harm."""
        with suppress(OSError):  # a blocked accept wakes up by this on Linux
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(PATIENCE)
        with suppress(OSError):
            self._place.unlink()

    def _listening(self) -> socket.socket:
        self._place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._place.unlink(missing_ok=True)  # left behind by one that was killed
        if not hasattr(socket, "AF_UNIX"):
            return self._listening_at_port()
        server = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)  # for no other user, from the first moment on
        try:
            server.bind(str(self._place))
        except OSError:
            server.close()
            raise
        finally:
            os.umask(mask)
        server.listen()
        return server

    def _listening_at_port(self) -> socket.socket:
        server = socket.create_server(("127.0.0.1", 0))
        self._secret = secrets.token_hex(16)
        whole = os.open(self._place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(whole, "w", encoding="ascii") as file:
            file.write(f"{server.getsockname()[1]} {self._secret}\n")
        return server

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # closed
                return
            with connection, suppress(OSError):  # whoever asked may have left
                connection.settimeout(PATIENCE)
                connection.sendall(json.dumps(self._answer(connection)).encode() + b"\n")

    def _answer(self, connection: socket.socket) -> Mapping[str, object]:
        try:
            message = json.loads(_line(connection))
            request, secret = message["request"], message["secret"]
        except (ValueError, TypeError, LookupError):
            return {"error": "The request is none"}
        if not secrets.compare_digest(str(secret).encode(), self._secret.encode()):
            return {"error": "The secret is wrong"}
        if request not in REQUESTS:
            return {"error": f"There is no request {request!r}"}
        logger.debug("Asked to %s.", request)
        return self._handler(request)


def _is_taken(place: Path) -> bool:
    try:
        with _connected(place):
            return True
    except (OSError, ValueError):
        return False


@contextmanager
def _connected(place: Path) -> Iterator[tuple[socket.socket, str]]:
    """A connection to a place, and the secret to show there."""
    address: str | tuple[str, int] = str(place)
    kind, secret = getattr(socket, "AF_UNIX", None), ""
    if kind is None:
        port, secret = place.read_text(encoding="ascii").split()
        kind, address = socket.AF_INET, ("127.0.0.1", int(port))
    with socket.socket(kind) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(address)
        yield connection, secret


def _line(connection: socket.socket) -> bytes:
    """What is sent up to the end of the line."""
    received = b""
    while not received.endswith(b"\n") and len(received) < LONGEST:
        piece = connection.recv(4096)
        if not piece:
            break
        received += piece
    return received
