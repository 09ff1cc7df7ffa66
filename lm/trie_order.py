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

    Takes some 50 bytes for each n-gram of the longest level beside the model's own.

    Args:
        model: n-grams of two words or more.
        trie_ids: the id in the trie of each of the model's words (words,).

    Raises:
        ValueError: an n-gram's words but the first are no n-gram of the model.
    """
    position = first = trie_ids  # of each n-gram below: its node, and its first word
    suffix = np.zeros(len(trie_ids), np.int64)
    suffixes = 1
    below = np.arange(len(trie_ids))
    for level in model.levels[1:]:
        last = trie_ids[level.word]
        ranks = last * len(position) + position[level.history]
        index = np.argsort(ranks)
        wanted = (last * suffixes + suffix[level.history])[index]
        starts = np.append(np.searchsorted(wanted, below), len(wanted))
        if starts[0] or not np.array_equal(np.repeat(below, np.diff(starts)), wanted):
            raise ValueError("an n-gram's words but the first are no n-gram")
        first = first[level.history]
        yield Placed(Nodes(first[index], starts), index)
        below, suffixes = ranks[index], len(position)
        suffix = np.empty(len(index), np.int64)
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
    last = np.arange(words)
    history: Ids | None = None  # of each node below: the node without the last word
    below = last  # of each node below: suffix and first word as one number, ascending
    for nodes in levels:
        suffix = np.repeat(np.arange(len(place)), np.diff(nodes.starts))
        if history is None:
            history = nodes.word
        else:
            history = _find(below, history[suffix] * words + nodes.word)
        last = last[suffix]
        histories, ids = place[history], model_ids[last]
        index = np.argsort(histories * words + ids)
        yield Restored(histories[index], ids[index], index)
        below = suffix * words + nodes.word
        place = inverse(index)


def inverse(index: NDArray[np.int64]) -> Ids:
    """Return the permutation that undoes one."""
    undone = np.empty(len(index), np.int64)
    undone[index] = np.arange(len(index))
    return undone


def _find(keys: Ids, wanted: Ids) -> Ids:
    """Return where each wanted number stands among ascending keys, which all hold."""
    if not len(wanted):
        return wanted
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    if not len(keys) or not np.array_equal(keys[at], wanted):
        raise ValueError("an n-gram's words but the last are no n-gram")
    return at
