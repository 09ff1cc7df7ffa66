"""Words and parts of compounds → a tree of letters in one file, mapped into memory by the search.

The nodes stand in breadth-first order, so that the children of a node lie side by side and those of
the next node follow. Scores are kept in one byte each, as twentieths below zero of a log10; 0 means
that the node ends no such thing.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, OutputError
from tevr.lm.whole_file import whole_file

_MAGIC = b"tevr lexicon 1\n"
_LENGTH = struct.Struct("<I")  # bytes of the header after it
_STEP = 0.05
"""log10 between two stored scores."""
_MOST = 255
"""Letters of the alphabet, letters of a word, and largest stored score."""
_MOST_GAIN = 4.0
"""Largest log10 score of a head that can be stored."""
_SHALLOW = 1000
"""Nodes from the root on, whose children, many and often asked for, are kept at hand."""
SHORTEST_PART = 3
"""Letters of a part of a compound; shorter ones ("ei", "in") would make compounds of anything."""
TYPICAL_HEAD = -2.5
"""log10 of what a good head adds, for foreseeing; never part of a final score."""
_ADVICE = "Build the language model again, or install it again."

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Compounding:
    """What a language does to make words of words; all scores are log10.

    A word that the vocabulary lacks is composed of modifiers and a head: "gerichts" + "saal". Its
    probability after some words is that of its head there, times the rate of such words, times what
    the modifiers have, times how much likelier the head is here than as a word of its own. The
    head's inflection and gender fit the sentence, so the model of words judges it best.

    Attributes:
        joint: rate of such words in running text.
        more: of each further modifier.
        modifiers: forms that stand before a joint, with their linking element, and their share.
        heads: words that stand after the last joint; their share of heads over their frequency.
    """

    joint: float = -1.6
    more: float = -1.0
    modifiers: Mapping[str, float] = field(default_factory=dict)
    heads: Mapping[str, float] = field(default_factory=dict)


class Lexicon:
    """A tree of letters in which words, modifiers and heads end; node 0 is its root.

    Attributes:
        joint: see `Compounding`.
        more: see `Compounding`.
    """

    def __init__(self, data: bytes | mmap.mmap, origin: str = "the lexicon") -> None:
        """Read what `encode` wrote.

        Raises:
            ModelError: the data is no lexicon or cut short.
        """
        self._data = data
        head = len(_MAGIC) + _LENGTH.size
        try:
            if data[: len(_MAGIC)] != _MAGIC:
                raise ValueError("it does not begin as one")
            (length,) = _LENGTH.unpack(data[len(_MAGIC) : head])
            header = json.loads(data[head : head + length])
            nodes = int(header["nodes"])
            self.joint, self.more = float(header["joint"]), float(header["more"])
            self._alphabet = str(header["alphabet"])
            self._codes = {letter: bytes([code]) for code, letter in enumerate(self._alphabet)}
            start = -(-(head + length) // 4) * 4
            if len(data) != start + 4 * (nodes + 1) + 5 * nodes:
                raise ValueError("its size does not fit")
        except (ValueError, KeyError, TypeError, struct.error) as error:
            raise ModelError(f"{origin} is damaged or no lexicon ({error})", _ADVICE) from error
        view = memoryview(data)
        self._first = view[start : start + 4 * (nodes + 1)].cast("I")
        self._letters = start + 4 * (nodes + 1)
        parts = [view[self._letters + k * nodes :][:nodes] for k in range(5)]
        self._letter, self._best, self._word, self._modifier, self._head = parts
        self._shallow: dict[int, list[tuple[str, float]]] = {}

    @classmethod
    def open(cls, path: Path) -> Lexicon:
        """Map a lexicon file into memory.

        Raises:
            ModelError: the file is missing or damaged.
        """
        try:
            with path.open("rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is empty"
            raise ModelError(f"The lexicon {path} cannot be read ({reason})", _ADVICE) from error
        return cls(data, str(path))

    def child(self, node: int, letter: str) -> int:
        """The node after one more letter, −1 if nothing begins so."""
        code = self._codes.get(letter)
        if code is None:
            return -1
        first, base = self._first, self._letters
        found = self._data.find(code, base + first[node], base + first[node + 1])
        return found - base if found >= 0 else -1

    def children(self, node: int) -> list[tuple[str, float]]:
        """The letters that may follow, each with the `best` of the node it leads to."""
        known = self._shallow.get(node)
        if known is not None:
            return known
        alphabet, letters, best = self._alphabet, self._letter, self._best
        found = [
            (alphabet[letters[child]], -_STEP * best[child])
            for child in range(self._first[node], self._first[node + 1])
        ]
        if node < _SHALLOW:
            self._shallow[node] = found
        return found

    def best(self, node: int) -> float:
        """log10 score of the likeliest word or compound that goes on from here."""
        return -_STEP * self._best[node]

    def word(self, node: int) -> float | None:
        """log10 probability of the word that ends here by itself; None if none does."""
        score = self._word[node]
        return -_STEP * score if score else None

    def modifier(self, node: int) -> float | None:
        """log10 share of the modifier that ends here; None if none does."""
        score = self._modifier[node]
        return -_STEP * score if score else None

    def head(self, node: int) -> float | None:
        """What is added to the log10 score of the word that ends here if it is a head."""
        score = self._head[node]
        return _MOST_GAIN - _STEP * score if score else None

    def words(self) -> Iterator[tuple[str, float]]:
        """Yield all words by alphabet, each with its log10 probability by itself."""
        for text, node in self._forms():
            if (score := self.word(node)) is not None:
                yield text, score

    def compounding(self) -> Compounding:
        """Return how words are composed, with scores as they are stored."""
        modifiers: dict[str, float] = {}
        heads: dict[str, float] = {}
        for text, node in self._forms():
            if (share := self.modifier(node)) is not None:
                modifiers[text] = share
            if (gain := self.head(node)) is not None:
                heads[text] = gain
        return Compounding(self.joint, self.more, modifiers, heads)

    def _forms(self) -> Iterator[tuple[str, int]]:
        """Yield the letters that lead to each node, and the node."""
        waiting = [("", 0)]
        while waiting:
            text, node = waiting.pop()
            yield text, node
            for child in reversed(range(self._first[node], self._first[node + 1])):
                waiting.append((text + self._alphabet[self._letter[child]], child))


def encode(
    words: Sequence[str], scores: Sequence[float], compounding: Compounding | None = None
) -> bytes:
    """Build a lexicon, to be written to a file or read by `Lexicon` at once.

    Args:
        words: different words.
        scores: their log10 probabilities without regard to neighbours.
        compounding: how words are composed of others; None for not at all.

    Raises:
        ModelError: there are no words, one is too long or there are too many different letters.
    """
    made = compounding or Compounding()
    forms = sorted({*words, *made.modifiers, *made.heads} - {""})
    if not forms:
        raise ModelError("There are no words for a lexicon", "Give a larger text.")
    tree = _Tree.of(forms)
    at = dict(zip(forms, tree.ends.tolist(), strict=True))
    word, modifier, head = (np.zeros(tree.nodes, np.uint8) for _ in range(3))
    word[[at[text] for text in words]] = _stored(scores)
    modifier[[at[text] for text in made.modifiers]] = _stored(list(made.modifiers.values()))
    gains = np.array(list(made.heads.values())) - _MOST_GAIN
    head[[at[text] for text in made.heads]] = _stored(gains)
    best = tree.best_below(word, modifier, max(made.joint, made.more))
    header = {"nodes": tree.nodes, "alphabet": tree.alphabet, "joint": made.joint}
    text = json.dumps(header | {"more": made.more}).encode()
    start = _MAGIC + _LENGTH.pack(len(text)) + text
    arrays = (tree.first.astype("<u4"), tree.letters, best, word, modifier, head)
    return start + bytes(-len(start) % 4) + b"".join(array.tobytes() for array in arrays)


def write_lexicon(data: bytes, path: Path) -> None:
    """Write an encoded lexicon; the file appears whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        with whole_file(path) as file:
            file.write(data)
    except OSError as error:
        cause = f"The lexicon {path} cannot be written ({error.strerror})"
        raise OutputError(cause, "Choose another folder or make room.") from error


def _stored(scores: Sequence[float] | NDArray[np.float64]) -> Bytes:
    """Scores of at most 0 as multiples of the step, from 1 on."""
    steps = np.round(np.asarray(scores, np.float64) / -_STEP)
    return np.clip(steps, 1, _MOST).astype(np.uint8)


@dataclass(frozen=True)
class _Tree:
    """The letters of sorted words as a tree in breadth-first order."""

    alphabet: str
    letters: Bytes
    """(nodes,): code of the letter that leads to a node; 0 for the root."""
    parent: NDArray[np.int64]
    """(nodes,), ascending; −1 for the root."""
    ends: NDArray[np.int64]
    """(words,): the node in which each word ends."""
    depths: tuple[int, ...]
    """First node of each depth, and the number of nodes."""

    @classmethod
    def of(cls, words: Sequence[str]) -> _Tree:
        alphabet = "".join(sorted(set().union(*words)))
        lengths = np.array([len(word) for word in words])
        if len(alphabet) > _MOST or lengths.max() > _MOST:
            raise ModelError(
                f"The words hold {len(alphabet)} different letters or one is longer than {_MOST}",
                "Normalise the text first.",
            )
        matrix = _letter_matrix(words, alphabet, int(lengths.max()))  # (words, letters)
        differs = matrix[1:] != matrix[:-1]
        shared = np.concatenate([[0], np.where(differs.any(1), differs.argmax(1), 0)])
        letters = [np.zeros(1, np.uint8)]
        parents = [np.full(1, -1)]
        ends = np.zeros(len(words), np.int64)
        current = np.zeros(len(words), np.int64)  # the node of each word at the depth before
        depths = [0, 1]
        for depth in range(matrix.shape[1]):
            new = (shared <= depth) & (lengths > depth)
            letters.append(matrix[new, depth])
            parents.append(current[new])
            current = np.where(lengths > depth, depths[-1] + np.cumsum(new) - 1, current)
            ends[lengths == depth + 1] = current[lengths == depth + 1]
            depths.append(depths[-1] + int(new.sum()))
        return cls(alphabet, np.concatenate(letters), np.concatenate(parents), ends, tuple(depths))

    @property
    def nodes(self) -> int:
        return len(self.letters)

    @property
    def first(self) -> NDArray[np.int64]:
        """(nodes + 1,): where each node's children begin; those of the last one end."""
        return np.searchsorted(self.parent, np.arange(self.nodes + 1))

    def best_below(self, word: Bytes, modifier: Bytes, joint: float) -> Bytes:
        """For each node the best stored score of what ends in or below it."""
        # After a modifier a joint and a head follow: that is the least it costs.
        composed = modifier.astype(np.int64) + round((joint + TYPICAL_HEAD) / -_STEP)
        best = np.where(word > 0, word.astype(np.int64), _MOST)
        best = np.where(modifier > 0, np.minimum(best, composed), best)
        for start, end in zip(self.depths[-2:0:-1], self.depths[:1:-1], strict=True):
            np.minimum.at(best, self.parent[start:end], best[start:end])
        return np.clip(best, 0, _MOST).astype(np.uint8)


def _letter_matrix(words: Sequence[str], alphabet: str, longest: int) -> Bytes:
    """The letters' codes, from 0 on, (words, letters); behind a word's end anything."""
    points = np.array(words, dtype=f"U{longest}").view(np.uint32).reshape(len(words), longest)
    codes = np.searchsorted(np.array([ord(letter) for letter in alphabet]), points)
    # An end differs from every letter, else "an" would seem to share all of "and".
    return np.where(points == 0, _MOST, codes).astype(np.uint8)
