"""A published model's name → its files in a folder, from the Hugging Face hub or a mirror of it.

The hub's own package is not used: it begins a large file anew whenever it was stopped. Here what is
half downloaded is gone on with, nothing but the files' names is told to the hub, and every file is
compared with the checksum that the hub states for it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from tevr import __version__
from tevr.errors import ModelError, OutputError
from tevr.lm.whole_file import is_full
from tevr.registry import Published
from tevr.store import Source, unwritten

Progress = Callable[[str, float], None]
HUB = "https://huggingface.co"
_BLOCK = 1 << 20
_PATIENCE = 30.0
"""Seconds to wait for an answer."""
_TRIES = 5
"""Connections that may bring nothing new before a download is given up for now."""
_NOTHING_LEFT = 416
"""What HTTP answers when a file has no more bytes than one has already."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One file as the hub lists it.

    Attributes:
        name: its path there.
        bytes: its size.
        sha256: of a large file; empty for others.
        blob: SHA-1 that git gives a small file; empty for others.
    """

    name: str
    bytes: int
    sha256: str
    blob: str

    def matches(self, path: Path) -> bool:
        """Whether a file has this size and checksum."""
        if not path.is_file() or path.stat().st_size != self.bytes:
            return False
        known = hashlib.sha256()
        if not self.sha256:  # git's own, of the file with a line before it that tells its size
            known = hashlib.sha1(b"blob %d\0" % self.bytes, usedforsecurity=False)
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                known.update(block)
        return known.hexdigest() == (self.sha256 or self.blob)


def fetch(model: Published, folder: Path, endpoint: str | None, progress: Progress) -> Source:
    """Download a model's files, each compared with the hub's checksum.

    Args:
        model: which one.
        folder: where to; what is there already is not fetched again.
        endpoint: address of a mirror, as https://host; ``None`` for the hub itself.
        progress: told the file's name and what share of it is there.

    Returns:
        Where they are from, with the commit.

    Raises:
        ModelError: the hub cannot be reached or lacks the model, or a file arrived damaged.
        OutputError: the folder cannot be written.
    """
    place = (endpoint or HUB).rstrip("/")
    try:
        commit, listed = _listing(model, place)
        wanted = _wanted(model, listed)
        for each in wanted:
            if not each.matches(folder / each.name):
                address = f"{place}/{model.repository}/resolve/{commit}/{quote(each.name)}"
                _download(address, each, folder / each.name, progress)
    except (OSError, HTTPException) as error:
        if isinstance(error, OutputError):
            raise
        raise _failed(model, folder, place, error) from error
    sums = {each.name: each.sha256 for each in wanted if each.sha256}
    return Source(model.repository, commit, model.licence, sums)


def _listing(model: Published, place: str) -> tuple[str, list[Listed]]:
    """The commit that a revision stands for, and its files."""
    address = f"{place}/api/models/{model.repository}/revision/{model.revision}?blobs=true"
    with _open(address) as answer:
        text = answer.read()
    try:
        data = json.loads(text)
        return str(data["sha"]), [_listed(each) for each in data["siblings"]]
    except (ValueError, KeyError, TypeError) as error:
        cause = f"{place} answers otherwise than the Hugging Face hub"
        raise ModelError(cause, "Check the address, or give a folder with --from.") from error


def _listed(entry: Any) -> Listed:  # noqa: ANN401 - JSON
    large = entry.get("lfs") or {}
    name, size = str(entry["rfilename"]), int(entry["size"])
    return Listed(name, size, str(large.get("sha256", "")), str(entry.get("blobId", "")))


def _wanted(model: Published, listed: list[Listed]) -> list[Listed]:
    """The files to fetch, in the order of the model's patterns: small ones first."""
    # Names become paths here; the hub allows none that lead elsewhere, a mirror might.
    safe = [each for each in listed if all(p not in ("", "..") for p in each.name.split("/"))]
    found = []
    for pattern in model.files:
        matching = [each for each in safe if fnmatch(each.name, pattern)]
        if not matching:
            cause = f"{model.repository} lacks {pattern}"
            raise ModelError(cause, "Look there whether it was renamed, and update tevr.")
        found += matching
    return found


def _download(address: str, each: Listed, path: Path, progress: Progress) -> None:
    """Download one file; what is there of it by then stays for the next time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Its checksum stands in the name: what is left of another version is not gone on with.
    part = path.with_name(f"{path.name}.{(each.sha256 or each.blob)[:16]}.part")
    tries = 0
    while (there := part.stat().st_size if part.is_file() else 0) < each.bytes and tries < _TRIES:
        try:
            _append(address, part, there, lambda done: progress(each.name, done / each.bytes))
        except (ConnectionError, TimeoutError, HTTPException) as error:
            if tries == _TRIES - 1:
                raise error
        tries = tries + 1 if part.stat().st_size == there else 0
    if there < each.bytes:
        raise ConnectionError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    progress(f"{each.name}, checksum", 0.0)
    if not each.matches(part):
        part.unlink()
        raise ModelError(f"{each.name} arrived damaged (wrong checksum)", "Pull it again.")
    part.replace(path)


def _append(address: str, part: Path, there: int, progress: Callable[[int], None]) -> None:
    """Append what one connection brings to what is there."""
    with part.open("ab") as file:
        try:
            answer = _open(address, {"Range": f"bytes={there}-"} if there else {})
        except HTTPError as error:
            if error.code == _NOTHING_LEFT:
                file.truncate(0)
            raise
        with answer:
            if there and not answer.headers["Content-Range"]:  # all of it comes again
                file.truncate(0)
                there = 0
            while block := answer.read(_BLOCK):
                file.write(block)
                there += len(block)
                progress(there)


def _open(address: str, headers: dict[str, str] | None = None) -> HTTPResponse:
    told = {"User-Agent": f"tevr/{__version__}"} | (headers or {})
    request = Request(address, headers=told)  # noqa: S310 - begins with http, see tevr.pulling
    answer: HTTPResponse = urlopen(request, timeout=_PATIENCE)  # noqa: S310
    return answer


def _failed(model: Published, folder: Path, place: str, error: Exception) -> Exception:
    """What went wrong on the way, in words."""
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and is_full(error):
        return unwritten(folder, error)
    if number in (errno.EACCES, errno.EROFS, errno.EPERM):
        cause = f"{folder} cannot be written ({os.strerror(number)})"
        return OutputError(cause, "Choose a folder of your own with TEVR_HOME.")
    if isinstance(error, HTTPError) and error.code in (401, 403, 404):
        cause = f"{place} has no {model.repository} at {model.revision} ({error.code})"
        return ModelError(cause, "Update tevr, or give a copy with --from.")
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return ModelError(
        f"{place} could not be reached or broke off ({reason})",
        "Pull again to go on where it stopped, or give a folder with --from.",
    )
