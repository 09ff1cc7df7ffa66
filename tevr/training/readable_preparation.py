"""Text files, one sentence a line → a file of labelled sentences to learn from and one to test on.

Sentences to test on are fixed by their own letters, in blocks, so that running text can be
measured, too: whoever cleans the same text again holds out the same ones. No sentence that is held
out anywhere is learnt from, wherever else it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from zlib import crc32

from tevr.lm.held_out import HeldOut
from tevr.readable.labels import fold
from tevr.training.readable_text import BLOCK, blocks, is_held_out, label, show

TESTED = 5000
"""Sentences held out of each text, if it has enough."""
_LEAST = 10  # of so many blocks, one at most is held out
MOST = 100_000_000
"""Words of a text to learn from, where nothing else is said."""
TRAIN, TEST = ".train.txt", ".test.txt"
"""Suffixes of what is written: labelled sentences, and sentences as they were."""


@dataclass(frozen=True)
class Text:
    """A text and how it is parted.

    Attributes:
        path: UTF-8, one sentence a line.
        sentences: lines that it has.
    """

    path: Path
    sentences: int

    @property
    def name(self) -> str:
        """The name of the file up to the first point."""
        return self.path.name.partition(".")[0]

    @property
    def one_in(self) -> int:
        """Of how many blocks one is held out, so that somewhat more than TESTED lines are."""
        return max(_LEAST, self.sentences // (TESTED + TESTED // 5))

    def blocks(self) -> Iterator[list[str]]:
        """Yield its lines in blocks."""
        with self.path.open(encoding="utf-8") as lines:
            yield from blocks(line.strip() for line in lines if line.strip())


def open_text(path: Path) -> Text:
    """Return a text with its lines counted."""
    with path.open(encoding="utf-8") as lines:
        return Text(path, sum(1 for line in lines if line.strip()))


def prepare(
    texts: Iterable[Text], out: Path, *, without: HeldOut, most: int = MOST
) -> dict[str, int]:
    """Write both files for every text.

    Args:
        texts: their names differ.
        out: the folder to write to; it must exist.
        without: sentences that must not be learnt, nor anything like them.
        most: words to take of each text at most, from its beginning.

    Returns:
        Words to learn from, by the text's name.
    """
    texts = list(texts)
    held = {text.name: list(_held_out(text)) for text in texts}
    exact = {said(line) for found in held.values() for block in found for line in block}
    words = {}
    for text in texts:
        _write_test(out / f"{text.name}{TEST}", held[text.name])
        words[text.name] = _write_train(text, out / f"{text.name}{TRAIN}", exact, without, most)
    return words


def said(sentence: str) -> str:
    """Return the words of a sentence; nothing if it cannot be labelled."""
    return " ".join(fold(word.written) for word in label(sentence))


def _held_out(text: Text) -> Iterator[list[str]]:
    found = (block for block in text.blocks() if is_held_out(block, text.one_in))
    return islice(found, 2 * TESTED // BLOCK)


def _write_test(path: Path, found: list[list[str]]) -> None:
    """Write blocks of at most TESTED sentences that can be labelled, an empty line between."""
    left = TESTED
    with path.open("w", encoding="utf-8") as file:
        for block in found:
            kept = [line for line in block if said(line)][:left]
            left -= len(kept)
            file.write("".join(f"{line}\n" for line in kept) + ("\n" if kept else ""))


def _write_train(text: Text, path: Path, exact: set[str], without: HeldOut, most: int) -> int:
    words = 0
    with ExitStack() as stack:
        file = stack.enter_context(path.open("w", encoding="utf-8"))
        for block in text.blocks():
            if words >= most:
                break
            for line in [] if is_held_out(block, text.one_in) else block:
                labelled = label(line)
                spoken = " ".join(fold(word.written) for word in labelled)
                if not labelled or spoken in exact or without.matches(spoken):
                    continue
                if crc32(line.encode()) % 2 and any(letter.isdecimal() for letter in line):
                    labelled = label(line, digits=True) or labelled
                file.write(show(labelled) + "\n")
                words += len(labelled)
    return words
