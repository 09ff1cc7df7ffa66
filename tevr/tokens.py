"""Labels ↔ ids, text → labels by priority, and frames of a CTC network → text.

A TEVR table (arXiv 2206.12693) holds labels of one to four letters. The published one has 256, in
id order: 0 the CTC blank, 1 an end-of-utterance marker that the network emits once on its last
frame, 2 the space, then letters, longest labels first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.lm.decoder import SPACE

PUBLISHED = ("alphabet.json", "vocab.json")
"""Files that hold the labels of networks as they are published for transformers."""


@dataclass(frozen=True)
class TokenTable:
    """The labels of one acoustic model.

    Attributes:
        labels: the text of every label in id order; blank and end marker are empty.
        blank: id of the CTC blank.
        end: id of the end marker, or ``None`` if the model has none.
        silent: ids of further markers without text, as tokenizers of transformers add them.
    """

    labels: tuple[str, ...]
    blank: int = 0
    end: int | None = None
    silent: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        silent = {self.blank, *self._markers}
        if not silent <= set(range(len(self.labels))):
            raise ModelError("The blank lies outside the label table", "Check tokens.json.")
        spoken = [label for index, label in enumerate(self.labels) if index not in silent]
        if len(set(spoken)) != len(spoken) or "" in spoken:
            raise ModelError("The label table has an empty or doubled label", "Check tokens.json.")
        if SPACE not in spoken:
            raise ModelError("The label table has no space", "Words could not be told apart.")

    @classmethod
    def load(cls, path: Path) -> TokenTable:
        """Read ``{"labels": […], "blank": 0, "end": 1}``, or the labels of a published folder.

        Raises:
            ModelError: the file is missing, not JSON, or not a label table.
        """
        if path.name in PUBLISHED:
            from tevr.wav2vec2.folder import read_labels  # it needs this class

            return read_labels(path.parent)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            silent = tuple(data.get("silent", ()))
            return cls(tuple(data["labels"]), int(data["blank"]), data.get("end"), silent)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is no label table", "Install the model again.") from error

    def to_json(self) -> str:
        """Return what `load` reads."""
        data: dict[str, object] = {"labels": self.labels, "blank": self.blank, "end": self.end}
        if self.silent:
            data["silent"] = self.silent
        return json.dumps(data, ensure_ascii=False) + "\n"

    @cached_property
    def _markers(self) -> tuple[int, ...]:
        """Ids besides the blank that carry no text."""
        return self.silent if self.end is None else (self.end, *self.silent)

    @cached_property
    def _ids(self) -> dict[str, int]:
        """Id of each label that has text."""
        return {label: index for index, label in enumerate(self.labels) if label}

    @cached_property
    def longest(self) -> int:
        """Letters in the longest label."""
        return max(map(len, self.labels))

    @cached_property
    def alphabet(self) -> frozenset[str]:
        """The characters a text may consist of to be segmented."""
        return frozenset(label for label in self.labels if len(label) == 1)

    def segment(self, text: str) -> list[int]:
        """Text → label ids by priority, as the published network was taught.

        Labels are tried in id order over the whole word, each wherever it fits into letters still
        uncovered (from the left); left-to-right longest match would differ ("man" is m+an).

        Raises:
            UsageError: a character that no label can spell.
        """
        ids: list[int] = []
        for position, word in enumerate(text.split(SPACE)):
            if position:
                ids.append(self._ids[SPACE])
            ids.extend(self._spell(word))
        return ids

    def split(self, word: str) -> list[str]:
        """One word → the texts of its labels.

        Raises:
            UsageError: a character that no label can spell.
        """
        return [self.labels[index] for index in self._spell(word)]

    @cached_property
    def _spell(self) -> Callable[[str], tuple[int, ...]]:
        """`_segment_word` with a memory: running text repeats most of its words."""
        return lru_cache(maxsize=1 << 17)(self._segment_word)

    def _segment_word(self, word: str) -> tuple[int, ...]:
        found = sorted(
            (index, start)
            for start in range(len(word))
            for length in range(1, min(self.longest, len(word) - start) + 1)
            if (index := self._ids.get(word[start : start + length])) is not None
        )
        owner: list[int | None] = [None] * len(word)
        starts: dict[int, int] = {}
        for index, start in found:
            stop = start + len(self.labels[index])
            if all(taken is None for taken in owner[start:stop]):
                owner[start:stop] = [index] * (stop - start)
                starts[start] = index
        if None in owner:
            letter = word[owner.index(None)]
            raise UsageError(
                f"The label table cannot spell {letter!r} in {word!r}", "Normalise the text first."
            )
        return tuple(starts[start] for start in sorted(starts))

    def join(self, ids: Iterable[int]) -> str:
        """Label ids → text; blank and end marker add nothing."""
        return "".join(self.labels[index] for index in ids)

    def collapse(self, frame_ids: Sequence[int] | NDArray[np.integer]) -> list[int]:
        """Best ids per frame → label ids: repeats merged, then blank and end marker dropped."""
        kept: list[int] = []
        previous = None
        for index in map(int, frame_ids):
            if index not in (previous, self.blank, *self._markers):
                kept.append(index)
            previous = index
        return kept

    def fold(self, log_probs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Fold the probabilities of markers into the blank's and drop their columns.

        Decoders refuse two empty labels, and markers carry no text.

        Args:
            log_probs: (frames, labels)

        Returns:
            (frames, labels − markers), in the order of `decoder_labels`; unchanged without markers.
        """
        if not self._markers:
            return log_probs
        folded = np.delete(log_probs, self._markers, axis=1)
        blank = self.blank - sum(marker < self.blank for marker in self._markers)
        empty = log_probs[:, [self.blank, *self._markers]]
        folded[:, blank] = np.logaddexp.reduce(empty, axis=1)
        return folded

    @cached_property
    def decoder_labels(self) -> tuple[str, ...]:
        """The labels of `fold`'s columns; the blank is the only empty one."""
        markers = set(self._markers)
        return tuple(label for index, label in enumerate(self.labels) if index not in markers)
