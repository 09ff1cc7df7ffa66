"""Pulling a published model from a folder, a mirror or a stand-in of the hub, and removing it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm.lock import held
from tevr.pulling import PullOptions, pull, remove
from tevr.registry import PUBLISHED_DECODING, published
from tevr.store import ModelFiles, find
from tevr.wav2vec2.conversion import ConvertOptions, convert

REPOSITORY = published("de-1b").repository
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = "pytorch_model.bin"


def silently(_step: str, _share: float) -> None:
    """No progress."""


def get(source: object = None, **options: Any) -> ModelFiles:
    named = None if source is None else str(source)
    return pull(PullOptions("de-1b", named, **options), silently)


@dataclass
class Hub:
    """Serves a folder as the hub serves a repository.

    Attributes:
        folder: with the files.
        address: of the server.
        broken: bytes of the large file after which the connection breaks, from now on.
        wrong: serve the large file with a bit flipped.
        ranges: whether parts of files can be asked for.
        asked: what was asked for: method, path, range.
    """

    folder: Path
    address: str = ""
    broken: int | None = None
    wrong: bool = False
    ranges: bool = True
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def listing(self) -> bytes:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        siblings = [self.sibling(path) for path in files]
        return json.dumps({"id": REPOSITORY, "sha": COMMIT, "siblings": siblings}).encode()

    def sibling(self, path: Path) -> dict[str, object]:
        content = path.read_bytes()
        found: dict[str, object] = {
            "rfilename": path.relative_to(self.folder).as_posix(),
            "size": len(content),
            "blobId": hashlib.sha1(  # noqa: S324 - git's
                b"blob %d\0" % len(content) + content
            ).hexdigest(),
        }
        if path.suffix == ".bin":
            digest = hashlib.sha256(content).hexdigest()
            found["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
        return found

    def content(self, name: str) -> bytes:
        content = (self.folder / name).read_bytes()
        return bytes([content[0] ^ 1]) + content[1:] if self.wrong and name == LARGE else content


class Handler(BaseHTTPRequestHandler):
    """What the hub answers; `hub` is set on a subclass."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.path.split("?")[0]
        self.hub.asked.append((self.command, path, self.headers["Range"]))
        prefix = f"/{REPOSITORY}/resolve/{COMMIT}/"
        if path == f"/api/models/{REPOSITORY}/revision/main":
            self.send(self.hub.listing(), {"Content-Type": "application/json"}, body=body)
        elif path.startswith(prefix) and (self.hub.folder / path.removeprefix(prefix)).is_file():
            self.send_file(path.removeprefix(prefix), body=body)
        else:
            self.send(b"", {"X-Error-Code": "RepoNotFound"}, body=body, status=404)

    def send_file(self, name: str, *, body: bool) -> None:
        listed = self.hub.sibling(self.hub.folder / name)
        large = listed.get("lfs")
        tag = large["sha256"] if isinstance(large, dict) else listed["blobId"]
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
        content, status, start = self.hub.content(name), 200, 0
        if (asked := self.headers["Range"]) and self.hub.ranges:
            start = int(asked.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content, status = content[start:], 206
        broken = self.hub.broken if name == LARGE and body else None
        limit = None if broken is None else max(0, broken - start)
        self.send(content, headers, body=body, status=status, limit=limit)

    def send(
        self,
        content: bytes,
        headers: dict[str, str],
        *,
        body: bool,
        status: int = 200,
        limit: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content[:limit])
        if limit is not None:
            self.wfile.flush()
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(published: Path) -> Iterator[Hub]:
    """A running stand-in of the hub that has the small published layout."""
    hub = Hub(published)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where models are pulled to, with room for the real one whatever the disk of the tests has."""
    monkeypatch.setenv("TEVR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    room = shutil._ntuple_diskusage(10**12, 0, 10**12)
    monkeypatch.setattr("tevr.pulling.shutil.disk_usage", lambda _: room)
    return tmp_path / "home" / "models"


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """A copy of the published layout that a test may damage."""
    return shutil.copytree(published, tmp_path / "copy")


def left(home: Path) -> list[str]:
    """Names of all files among the models but the lock."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if path.name != ".tevr-lock")


def test_a_folder_is_pulled_and_found_by_name(published: Path, home: Path) -> None:
    files = get(published, form="both")
    assert files.folder == home / "de-1b"
    assert find("de-1b") == files
    files.verify()
    assert files.name == "de-1b"
    assert files.decoding == PUBLISHED_DECODING
    assert files.source is not None
    digest = hashlib.sha256((published / LARGE).read_bytes()).hexdigest()
    assert files.source.checksums[LARGE] == digest
    assert set(left(home)) == {*files.names, "model.json"}


def test_what_is_there_is_not_pulled_again(published: Path, tmp_path: Path) -> None:
    first = get(published)
    assert get(tmp_path / "nowhere") == first
    assert get(published, force=True) == first


def test_a_damaged_model_is_pulled_again(published: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = get(published)
    (files.folder / "model.onnx").write_bytes(b"")
    get(published).verify()
    assert "is pulled again" in caplog.text


def test_a_converted_model_is_copied(published: Path, tmp_path: Path, home: Path) -> None:
    made = convert(ConvertOptions(published, tmp_path / "made", "de-1b"), silently)
    damaged = bytearray((made.folder / "model.data").read_bytes())
    damaged[7] ^= 1
    whole = (made.folder / "model.data").read_bytes()
    (made.folder / "model.data").write_bytes(damaged)
    with pytest.raises(ModelError, match=r"model\.data is damaged"):
        get(made.folder)
    assert "model.data" not in left(home)
    (made.folder / "model.data").unlink()
    with pytest.raises(ModelError, match=r"lacks model\.data"):
        get(made.folder)
    (made.folder / "model.data").write_bytes(whole)
    files = get(made.folder)
    files.verify()
    assert set(left(home)) == {*made.names, "model.json"}


def test_what_is_no_source_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder"):
        get(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="holds no model"):
        get(tmp_path / "empty")


def test_checksums_beside_the_files_are_compared(copy: Path, home: Path) -> None:
    digest = hashlib.sha256((copy / LARGE).read_bytes()).hexdigest()
    (copy / "SHA256SUMS").write_text(f"{digest}  {LARGE}\n")
    get(copy).verify()
    (copy / "SHA256SUMS").write_text(f"{digest[::-1]} *./{LARGE}\n")
    with pytest.raises(ModelError, match="wrong checksum"):
        get(copy, force=True)
    find("de-1b").verify()  # the one before is still there
    (copy / "SHA256SUMS").write_text("what is this")
    assert left(home)
    with pytest.raises(ModelError):
        get(copy, force=True)


def test_another_network_is_not_taken_for_the_published_one(copy: Path, home: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    labels = json.loads((copy / "alphabet.json").read_text())["labels"]
    (copy / "config.json").write_text(json.dumps(config | {"vocab_size": 255}))
    (copy / "alphabet.json").write_text(json.dumps({"labels": labels[:255]}))
    with pytest.raises(ModelError, match="255 labels, not de-1b"):
        get(copy)
    assert left(home) == []


def test_half_a_pickle_leaves_nothing(copy: Path, home: Path) -> None:
    (copy / LARGE).write_bytes((copy / LARGE).read_bytes()[:-100])
    with pytest.raises(ModelError, match=LARGE):
        get(copy)
    assert left(home) == []


def test_no_room_is_told_before_anything_is_written(
    published: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = shutil._ntuple_diskusage(10**12, 0, 10**9)
    monkeypatch.setattr("tevr.pulling.shutil.disk_usage", lambda _: room)
    with pytest.raises(OutputError, match=r"no room for de-1b, which takes 4\.6 GB"):
        get(published)
    with pytest.raises(OutputError, match=r"10\.0 GB"):
        get()
    assert left(home) == []


def test_a_disk_that_fills_up_leaves_nothing(
    published: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tevr.wav2vec2.conversion.shutil.copyfile", full)
    with pytest.raises(OutputError, match="no room"):
        get(published)
    assert left(home) == []


def test_two_processes_do_not_pull_at_once(published: Path, home: Path) -> None:
    with held(home / ".downloads" / "de-1b"), pytest.raises(UsageError, match="Another process"):
        get(published)
    get(published).verify()


def test_a_home_that_cannot_be_written_is_told(published: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    with pytest.raises(OutputError, match="cannot be written"):
        get(published)


# From the network


def test_the_hub_is_asked_for_what_is_needed_and_no_more(hub: Hub, home: Path) -> None:
    (hub.folder / "README.md").write_text("not needed")
    try:
        files = get(hub.address)
    finally:
        (hub.folder / "README.md").unlink()
    files.verify()
    assert files.source is not None
    assert (files.source.repository, files.source.revision) == (REPOSITORY, COMMIT)
    assert not any("README" in path for _, path, _ in hub.asked)
    assert set(left(home)) == {*files.names, "model.json"}


def test_a_broken_download_is_gone_on_with(hub: Hub, home: Path) -> None:
    size = (hub.folder / LARGE).stat().st_size
    hub.broken = size // 2
    with pytest.raises(ModelError, match="could not be reached or broke off"):
        get(hub.address)
    assert not (home / "de-1b").exists()
    hub.broken = None
    hub.asked.clear()
    get(hub.address).verify()
    fetched = [(path, span) for method, path, span in hub.asked if method == "GET"]
    spans = [span for path, span in fetched if path.endswith(LARGE)]
    assert spans[0] is not None
    assert int(spans[0].removeprefix("bytes=").split("-")[0]) == size // 2
    assert not any("alphabet.json" in path for path, _ in fetched)


def test_a_file_that_arrives_damaged_is_not_kept(hub: Hub, home: Path) -> None:
    hub.wrong = True
    with pytest.raises(ModelError, match=r"pytorch_model\.bin arrived damaged"):
        get(hub.address)
    assert LARGE not in left(home)
    hub.wrong = False
    get(hub.address).verify()


def test_a_hub_without_the_model_is_told(hub: Hub, published: Path, tmp_path: Path) -> None:
    hub.folder = tmp_path / "less"
    shutil.copytree(published, hub.folder, ignore=shutil.ignore_patterns(LARGE))
    with pytest.raises(ModelError, match=r"lacks pytorch_model\.bin"):
        get(hub.address)
    with pytest.raises(ModelError, match=r"has no fxtentacle/.* \(404\)"):
        get(f"{hub.address}/nothing/here")


def test_no_network_is_told(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    server.server_close()  # nobody listens there any more
    with pytest.raises(ModelError, match=r"could not be reached.*--from"):
        get(address)
    assert not (tmp_path / "home" / "models" / "de-1b").exists()


def test_a_mirror_that_is_none_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "listing", lambda: b"<html>Welcome</html>")
    with pytest.raises(ModelError, match="otherwise than the Hugging Face hub"):
        get(hub.address)


def test_a_mirror_cannot_lead_out_of_the_folder(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = json.loads(hub.listing())
    evil = {"rfilename": "language_model/../../../evil", "size": 1, "blobId": "0"}
    listing["siblings"].append(evil)
    monkeypatch.setattr(hub, "listing", lambda: json.dumps(listing).encode())
    get(hub.address).verify()
    assert not any("evil" in path for _, path, _ in hub.asked)


def test_a_server_that_sends_all_again_is_understood(hub: Hub) -> None:
    hub.broken = (hub.folder / LARGE).stat().st_size // 2
    with pytest.raises(ModelError):
        get(hub.address)
    hub.broken = None
    hub.ranges = False
    get(hub.address).verify()


# Removing


def test_a_pulled_model_is_removed(published: Path, home: Path) -> None:
    size = get(published).bytes
    assert remove("de-1b").bytes == size
    assert left(home) == []
    with pytest.raises(ModelError, match="not there yet"):
        remove("de-1b")


@pytest.mark.parametrize("place", ["bundled", "shared", "path"])
def test_what_is_not_ones_own_is_not_removed(
    published: Path, tmp_path: Path, home: Path, place: str
) -> None:
    name = "de-small"
    if place != "bundled":
        get(published)
        other = tmp_path / "shared" / "tevr" / "models" / "de-1b"
        other.parent.mkdir(parents=True)
        (home / "de-1b").rename(other)
        name = "de-1b" if place == "shared" else str(other)
    with pytest.raises(UsageError):
        remove(name)
    find(name).verify()
