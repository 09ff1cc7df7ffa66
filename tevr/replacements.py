r"""A file of replacements and hot-words → what is said becomes what is to be written.

A text file holds one entry a line; `\n` in it stands for a line break, and # begins a remark:

    mit freundlichen grüßen = Mit freundlichen Grüßen\nYvonne Groß
    Yvonne

The first is a replacement, what is said before what is written; the second is a hot-word, which
the recogniser prefers. As TOML, the same is

    hotwords = ["Yvonne"]
    [replacements]
    "mit freundlichen grüßen" = "Mit freundlichen Grüßen\nYvonne Groß"
"""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tevr.errors import TevrError, UsageError
from tevr.lm.corpus import normalise
from tevr.spoken_marks import Fixed
from tevr.transcript import Word

#: Longer phrases would hold words back for too long.
MAX_WORDS = 8

logger = logging.getLogger("tevr.replacements")


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What a file of replacements says.

    Attributes:
        replacements: words as the recogniser writes them → text that takes their place.
        hotwords: words or phrases to prefer, as written.
    """

    replacements: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    hotwords: tuple[str, ...] = ()


def read_dictionary(path: Path) -> Dictionary:
    """Read a file of replacements, as TOML where its name ends like that.

    Raises:
        UsageError: it cannot be read, or an entry makes no sense.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".toml":
            return _from_toml(path, tomllib.loads(text))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise UsageError(
            f"The replacements in {path} cannot be read ({reason})", "Correct or rename it."
        ) from error
    return _from_lines(path, text.splitlines())


def _from_toml(path: Path, tables: Mapping[str, object]) -> Dictionary:
    replacements, hotwords = tables.get("replacements", {}), tables.get("hotwords", [])
    texts = isinstance(replacements, dict) and all(
        isinstance(value, str) for value in replacements.values()
    )
    words = isinstance(hotwords, list) and all(isinstance(word, str) for word in hotwords)
    if not texts or not words or set(tables) - {"replacements", "hotwords"}:
        raise UsageError(
            f"{path} is no dictionary of replacements",
            "It may hold a table [replacements] of texts, and a list hotwords of texts.",
        )
    entries = replacements.items() if isinstance(replacements, dict) else ()
    chosen = tuple(hotwords) if isinstance(hotwords, list) else ()
    return Dictionary(dict(_entry(path, said, text) for said, text in entries), chosen)


def _from_lines(path: Path, lines: Iterable[str]) -> Dictionary:
    replacements, hotwords = {}, []
    for line in (line.strip() for line in lines):
        if not line or line.startswith("#"):
            continue
        said, equals, written = line.partition("=")
        if not equals:
            hotwords.append(line)
            continue
        key, text = _entry(path, said, written.strip().replace("\\n", "\n"))
        replacements[key] = text
    return Dictionary(replacements, tuple(hotwords))


def _entry(path: Path, said: str, written: str) -> tuple[tuple[str, ...], str]:
    key = tuple(normalise(said).split())
    if not key or len(key) > MAX_WORDS:
        raise UsageError(
            f"{path} replaces {said.strip()!r}, which is not 1 to {MAX_WORDS} words",
            "Write what is said before =.",
        )
    return key, written


class DictionaryFile:
    """A file of replacements that is read again when it changes.

    Attributes:
        current: what it says, or said when it was whole for the last time.
    """

    def __init__(self, path: Path) -> None:
        """Read it; raises UsageError if it cannot be."""
        self._path = path
        self._stamp = _stamp(path)
        self.current = read_dictionary(path)

    def changed(self) -> bool:
        """Look at the file again; returns whether it says something else now.

        A file that is broken is told once, and what it said before holds on.
        """
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        before = self.current
        try:
            self.current = read_dictionary(self._path)
        except TevrError as error:
            logger.warning("%s What it said before still holds.", error)
        return self.current != before


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes whenever a file is written or replaced."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - as told by the system, links followed
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


class Replacements:
    """Puts the text of a dictionary in place of words, as they come; the longest phrase wins.

    Words that may begin a phrase are held back until it is whole or broken off, or the utterance
    closes: fewer than `MAX_WORDS`.
    """

    def __init__(self, dictionary: Dictionary | None = None) -> None:
        self._waiting: list[Word] = []
        self.use(dictionary or Dictionary())

    def use(self, dictionary: Dictionary) -> None:
        """Replace by another dictionary from now on."""
        self._texts = dictionary.replacements
        self._beginnings = {
            key[:size] for key in dictionary.replacements for size in range(1, len(key))
        }

    @property
    def held(self) -> tuple[Word, ...]:
        """Words that wait for those after them."""
        return tuple(self._waiting)

    def push(self, words: Iterable[Word], *, closes: bool) -> list[Word | Fixed]:
        """Take further words; return what is decided."""
        self._waiting += words
        return list(self._decided(closes))

    def _decided(self, closes: bool) -> Iterator[Word | Fixed]:
        while self._waiting:
            keys = tuple(word.text.lower().replace("ß", "ss") for word in self._waiting)
            if keys in self._beginnings and not closes:
                return
            size = next((n for n in range(len(keys), 0, -1) if keys[:n] in self._texts), 0)
            taken = tuple(self._waiting[: max(1, size)])
            del self._waiting[: len(taken)]
            yield Fixed(self._texts[keys[:size]], taken) if size else taken[0]
