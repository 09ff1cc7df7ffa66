"""A label table, the alphabet or the words of a text → labels and how they spell a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from tevr.lm.bpe import BytePairs, learn
from tevr.lm.corpus import ALPHABET
from tevr.lm.decoder import SPACE
from tevr.tokens import TokenTable

CHARACTERS, BPE = "characters", "bpe"
LABELS = 256
"""Of byte-pair encoding, blank and space among them."""
LINES = 300_000  # of the text that BPE is learnt on


@dataclass(frozen=True)
class LabelSet:
    """Labels of a CTC head.

    Attributes:
        name: of the set.
        labels: text of every column; only the blank's is empty.
        encode: normalised text → columns.
    """

    name: str
    labels: tuple[str, ...]
    encode: Callable[[str], list[int]]

    @property
    def blank(self) -> int:
        """Column of the blank."""
        return self.labels.index("")


def open_labels(name: str, file: Path) -> LabelSet:
    """Characters, pieces kept by `keep_pieces`, or a label table."""
    if name == CHARACTERS:
        return _of_table(name, TokenTable(("", SPACE, *ALPHABET)))
    if name == BPE:
        return _of_pairs(BytePairs.read(file))
    return _of_table(name, TokenTable.load(file))


def _of_table(name: str, table: TokenTable) -> LabelSet:
    """A table without its end marker: heads trained here have none."""
    end = len(table.labels) if table.end is None else table.end

    def encode(text: str) -> list[int]:
        return [label - (label > end) for label in table.segment(text)]

    return LabelSet(name, table.decoder_labels, encode)


def _of_pairs(pairs: BytePairs) -> LabelSet:
    labels = ("", SPACE, *ALPHABET, *dict.fromkeys(map("".join, pairs.merges)))
    ids = {label: index for index, label in enumerate(labels)}

    @lru_cache(maxsize=1 << 16)
    def spell(word: str) -> tuple[int, ...]:
        return tuple(ids[piece] for piece in pairs.split(word))

    def encode(text: str) -> list[int]:
        found: list[int] = []
        for number, word in enumerate(text.split()):
            found.extend((ids[SPACE],) if number else ())
            found.extend(spell(word))
        return found

    return LabelSet(BPE, labels, encode)


def keep_pieces(text: Path, file: Path) -> None:
    """Learn byte pairs on the words of a normalised text and write them, unless that was done."""
    if file.exists():
        return
    with text.open(encoding="utf-8") as lines:
        counts = Counter(word for line in islice(lines, LINES) for word in line.split())
    spellable = {word: count for word, count in counts.items() if set(word) <= set(ALPHABET)}
    # Every letter takes part as a word of its own, so that everything can be spelt.
    pairs = learn(spellable | dict.fromkeys(ALPHABET, 1), LABELS - 2)
    file.write_text(pairs.to_json(), encoding="utf-8")
