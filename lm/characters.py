"""Normalised text → how many bits each of its characters costs a reader of the text before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import log2
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tevr.errors import UsageError
from tevr.lm.backoff import START, BackoffModel, Ids, Sums
from tevr.lm.counts import MEMORY, Progress, no_progress
from tevr.lm.decoder import SPACE
from tevr.lm.kneser_ney import EstimateOptions, estimate
from tevr.lm.pruning import prune_to
from tevr.lm.token_ids import Vocabulary
from tevr.lm.trie import trie_bytes, write_trie
from tevr.lm.trie_layout import LEAST_ORDER
from tevr.lm.trie_reader import read_trie

ORDER = 6
"""Characters of the longest n-grams, the one foretold among them."""
_SPACE_WORD = "_"
"""The space as a word of an n-gram model, whose words spaces part."""
_BLOCK = 2_000_000
"""Characters scored at a time."""
_BITS = log2(10)


class CharacterModel(Protocol):
    """Foretells each character of normalised text from those before it."""

    @property
    def alphabet(self) -> frozenset[str]:
        """The characters that can be foretold, the space among them."""

    def costs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return −log2 of the probability of every character, given all before it.

        Args:
            texts: one sentence each; every one is begun afresh.

        Returns:
            For each text (characters,), in bits.

        Raises:
            UsageError: a text holds a character outside the alphabet.
        """


@dataclass(frozen=True)
class CharacterNgram:
    """An n-gram model of characters.

    Attributes:
        model: n-grams whose words are single characters, `_` for the space.
        counts: for each level how often its n-grams occur, (n-grams,); None where nobody knows.
    """

    model: BackoffModel
    counts: Sequence[Ids] | None = field(default=None, repr=False)
    _ids: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        words = [SPACE if word == _SPACE_WORD else word for word in self.model.words]
        ids = {word: index for index, word in enumerate(words) if len(word) == 1}
        object.__setattr__(self, "_ids", ids)

    @classmethod
    def learn(
        cls,
        sentences: Iterable[str],
        order: int = ORDER,
        *,
        alphabet: str | None = None,
        work: Path | None = None,
        memory: int = MEMORY,
        progress: Progress = no_progress,
    ) -> CharacterNgram:
        """Learn from normalised sentences.

        Args:
            sentences: letters and single spaces.
            order: characters of the longest n-grams.
            alphabet: the letters it shall know, even those that the text lacks; None for the
                text's own.
            work: where intermediate results are kept, see `tevr.lm.kneser_ney.estimate`.
            memory: bytes the whole process may take.
            progress: told of every step.

        Raises:
            ModelError: the text is empty, or needs more memory.
            OutputError: the disk is full.
        """
        spelt = (" ".join(text.replace(SPACE, _SPACE_WORD)) for text in sentences)
        known = None if alphabet is None else [_SPACE_WORD, *alphabet]
        options = EstimateOptions(order=order, vocabulary=Vocabulary(known), memory=memory)
        found = estimate(spelt, options, work, progress)
        return cls(found.model, found.counts)

    @classmethod
    def read(cls, path: Path) -> CharacterNgram:
        """Read a model of characters from a KenLM trie.

        Raises:
            ModelError: the file cannot be read, or is no trie.
        """
        return cls(read_trie(path))

    def write(self, path: Path, most: int, bits: int = 8) -> None:
        """Write a KenLM trie, pruned so far as needed to keep to so many bytes.

        Without counts pruning costs much: the model's own probabilities do not tell how often a
        history comes.

        Args:
            path: the file.
            most: bytes.
            bits: of a stored score.

        Raises:
            UsageError: single characters alone take more.
            OutputError: the file cannot be written.
        """
        strings = sum(len(word.encode()) + 1 for word in self.model.words)

        def fits(sizes: list[int]) -> bool:
            padded = [*sizes, 0][: max(LEAST_ORDER, len(sizes))]
            return trie_bytes(padded, strings, bits, bits) <= most

        model = self.model
        if not fits(model.sizes):
            model, _ = prune_to(model, fits, self.counts)
        write_trie(model, path, bits=bits, back_off_bits=bits)

    @property
    def alphabet(self) -> frozenset[str]:
        """The characters of the text that it was learnt from."""
        return frozenset(self._ids)

    def costs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return the bits of every character; see `CharacterModel.costs`."""
        return [bits for block in _blocks(texts) for bits in self._block_costs(block)]

    def _block_costs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        ids = self._encode(texts)
        begins = np.flatnonzero(ids == START)
        numbers = self._windows(ids)
        # Running text repeats most of its windows; each is looked up once.
        windows, inverse = np.unique(numbers, return_inverse=True)
        bits = self._window_costs(windows)[inverse]
        ends = [*begins[1:], len(ids)]
        return [bits[begin + 1 : end] for begin, end in zip(begins, ends, strict=True)]

    def _encode(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the ids of all characters with `<s>` before each text."""
        marked = "\n" + "\n".join(texts)
        points = np.frombuffer(marked.encode("utf-32-le"), np.uint32)
        ids = self._by_point[np.minimum(points, len(self._by_point) - 1)]
        if (ids < 0).any() or np.count_nonzero(ids == START) != len(texts):
            wrong = sorted(set("".join(texts)) - self.alphabet)
            cause = f"The character model does not know {wrong[0]!r}"
            raise UsageError(cause, "Normalise the text first, or learn from more of it.")
        return ids

    @cached_property
    def _by_point(self) -> NDArray[np.int64]:
        """Id of every Unicode point, −1 for unknown ones; a line break stands for `<s>`."""
        last = max(map(ord, self._ids))
        table = np.full(last + 2, -1, np.int64)
        table[ord("\n")] = START
        for character, index in self._ids.items():
            table[ord(character)] = index
        return table

    def _windows(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return one number for the n characters that end at each place, `<s>` among them."""
        numbers = np.zeros(len(ids), np.int64)
        for back in range(self.model.order - 1, -1, -1):
            numbers *= len(self.model.words)
            numbers[back:] += ids[: max(len(ids) - back, 0)]
        return numbers

    def _window_costs(self, windows: NDArray[np.int64]) -> Sums:
        """Return the bits of the last character of windows, (windows,)."""
        columns = [  # (windows,) each, the last character first
            windows // len(self.model.words) ** back % len(self.model.words)
            for back in range(self.model.order)
        ]
        word = columns[0]
        log10: Sums = self.model.levels[0].log10[word].astype(np.float64)
        for index in range(1, self.model.order):
            history = self._find(columns[index:0:-1])
            level = self.model.levels[index]
            found = self._lookup(index, history, word)
            weight = self.model.levels[index - 1].back_off[history]
            backed_off = log10 + np.where(history < 0, 0.0, weight)
            log10 = np.where(found < 0, backed_off, level.log10[found])
        return np.maximum(-log10 * _BITS, 0.0)

    def _find(self, columns: Sequence[NDArray[np.int64]]) -> Ids:
        """Return the index of n-grams in their level, −1 for unknown ones."""
        found: Ids = columns[0]
        for index, word in enumerate(columns[1:], 1):
            found = self._lookup(index, found, word)
        return found

    def _lookup(self, index: int, history: Ids, word: Ids) -> Ids:
        """Do what `BackoffModel.find` does, with keys made once."""
        keys = self._keys[index]
        wanted = np.where(history < 0, -1, history.astype(np.int64) * len(self.model.words) + word)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, at, -1)

    @cached_property
    def _keys(self) -> list[NDArray[np.int64]]:
        """For each level one number for each n-gram, ascending."""
        many = len(self.model.words)
        return [each.history.astype(np.int64) * many + each.word for each in self.model.levels]


def _blocks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the texts in stretches of about so many characters as are scored at a time."""
    begin, size = 0, 0
    for index, text in enumerate(texts, 1):
        size += len(text) + 1
        if size >= _BLOCK:
            yield texts[begin:index]
            begin, size = index, 0
    if begin < len(texts):
        yield texts[begin:]
