"""Levels of a back-off model, by first word first ↔ nodes of a trie, by last word first.

A trie finds n-grams from their last word back to the first, so that the longest n-gram known is
found on the way. Its nodes of one length are sorted by last word, then the word before it, and so
on; the nodes that have the same words but the first, their suffix, lie together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tevr.lm.backoff import BackoffModel, Ids


@dataclass(frozen=True)
class Nodes:
    """All n-grams of one length, from bigrams on, in a trie's order."""

    word: Ids
    """Trie id of the first word (n-grams,); ascending within the n-grams of one suffix."""
    starts: Ids
    """First n-gram of each suffix, a node of the level below; their number (suffixes + 1,)."""


@dataclass(frozen=True)
class Placed:
    """The n-grams of one length and where they stood in the other order."""

    nodes: Nodes
    index: Ids
    """For each node its n-gram in the model's level (n-grams,)."""


@dataclass(frozen=True)
class Restored:
    """The n-grams of one length, sorted by history and word as a model's level is."""

    history: Ids
    word: Ids
    index: Ids
    """For each n-gram its node in the trie (n-grams,)."""


def to_trie(model: BackoffModel, trie_ids: Ids) -> Iterator[Placed]:
    """Yield the nodes of each length from bigrams on.

    Works on one length at a time and takes some 75 bytes for each of its n-grams.

    Args:
        model: n-grams of two words or more.
        trie_ids: the id in the trie of each of the model's words (words,).

    Raises:
        ValueError: an n-gram's words but the first are no n-gram of the model.
    """
    position = first = compact(trie_ids)  # of each n-gram below: its node, and its first word
    suffix = np.zeros_like(position)  # of each n-gram below: the node without the first word
    suffixes = 1
    below = np.arange(len(trie_ids))  # of each node below: last word and suffix as one number
    for level in model.levels[1:]:
        last = trie_ids[level.word]
        ranks = _pair(last, len(position), position[level.history])
        index = compact(np.argsort(ranks))
        is_longest = level is model.levels[-1]
        longer_below = below[:0] if is_longest else ranks[index]
        del ranks
        wanted = _pair(last, suffixes, suffix[level.history])[index]
        starts = np.append(np.searchsorted(wanted, below), len(wanted))
        _check_suffixes(below, wanted, starts)
        del last, wanted
        first = first[level.history]
        yield Placed(Nodes(first[index], starts), index)
        if not is_longest:
            suffixes, below = len(position), longer_below
            suffix = np.empty_like(index)
            suffix[index] = np.repeat(np.arange(len(position)), np.diff(starts))
            position = inverse(index)


def from_trie(levels: Iterable[Nodes], model_ids: Ids) -> Iterator[Restored]:
    """Yield the n-grams of each length from bigrams on; the opposite of `to_trie`.

    Args:
        levels: nodes from bigrams on, with words and starts in range and in order.
        model_ids: the id in the model of each of the trie's words (words,).

    Raises:
        ValueError: an n-gram's words but the last are no n-gram of the trie.
    """
    words = len(model_ids)
    place = model_ids  # of each node below: its n-gram in the model's order
    last = compact(np.arange(words))
    history: Ids | None = None  # of each node below: the node without the last word
    below = np.arange(words)  # of each node below: suffix and first word as one number, ascending
    for nodes in levels:
        suffix = np.repeat(compact(np.arange(len(place))), np.diff(nodes.starts))
        if history is None:
            history = nodes.word
        else:
            history = _find(below, _pair(history[suffix], words, nodes.word))
        below = _pair(suffix, words, nodes.word)
        last = last[suffix]
        histories, ids = place[history], model_ids[last]
        index = compact(np.argsort(_pair(histories, words, ids)))
        yield Restored(histories[index], ids[index], index)
        place = inverse(index)


def inverse(index: Ids) -> Ids:
    """Return the permutation that undoes one."""
    undone = np.empty_like(index)
    undone[index] = np.arange(len(index), dtype=index.dtype)
    return undone


def compact(numbers: Ids) -> Ids:
    """Take half the memory for what numbers less than 2^31 n-grams."""
    fits = len(numbers) <= np.iinfo(np.int32).max
    return numbers.astype(np.int32 if fits else np.int64, copy=False)


def _pair(high: Ids, size: int, low: Ids) -> NDArray[np.int64]:
    """Return two numbers as one, the second below a size; in int64, since it goes beyond int32."""
    pairs = high.astype(np.int64)
    pairs *= size
    pairs += low
    return pairs


def _check_suffixes(below: Ids, wanted: Ids, starts: Ids) -> None:
    """Check that the ascending numbers wanted, cut at the starts of those below, are the same."""
    some = starts[1:] > starts[:-1]
    if starts[0] or not np.array_equal(wanted[starts[1:][some] - 1], below[some]):
        raise ValueError("an n-gram's words but the first are no n-gram")


def _find(keys: Ids, wanted: Ids) -> Ids:
    """Return where each wanted number stands among ascending keys, which hold all of them."""
    order = np.argsort(wanted)  # neighbours are found near each other, which caches like
    ascending = wanted[order]
    at = np.minimum(np.searchsorted(keys, ascending), max(len(keys) - 1, 0))
    if len(wanted) and (not len(keys) or not np.array_equal(keys[at], ascending)):
        raise ValueError("an n-gram's words but the last are no n-gram")
    found = np.empty_like(at)
    found[order] = at
    return compact(found)
