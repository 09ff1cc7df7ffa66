"""Blocks of running text → normalised sentences to learn from, on several processor cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tevr.errors import TevrError, UsageError
from tevr.lm.corpus import ALPHABET, clean
from tevr.lm.workers import in_order, serve

CHUNK = 1 << 19
"""Characters a worker process cleans at a time."""
BATCH = 1 << 16
"""Sentences compared at a time when repeated ones are dropped."""
SHORTEST = 4
"""Words from which a repeated sentence counts as a copy; shorter ones are said again and again."""

_AHEAD = 2  # chunks a worker that wait or run


@dataclass(frozen=True)
class CleanOptions:
    """How running text becomes sentences to learn from."""

    modern: bool = True
    """Turn old spelling into that of today (see `tevr.lm.spelling`)."""
    alphabet: str = ALPHABET
    """Letters of the labels; sentences with letters that they cannot spell are left out."""


def clean_all(
    texts: Iterable[str],
    options: CleanOptions = CleanOptions(),
    *,
    workers: int = 2,
) -> Iterator[str]:
    """Yield the normalised sentences of many blocks of text in their order.

    Only a few chunks a worker are in memory at any time.

    Args:
        texts: blocks that end where a sentence ends, such as `read_document` yields.
        options: how text becomes sentences.
        workers: processes that clean; one cleans in this process.

    Raises:
        UsageError: there is no worker, or the package num2words is missing.
        TevrError: a worker process was ended from outside.
    """
    if workers < 1:
        raise UsageError(f"Nobody cleans with {workers} workers", "Ask for one or more.")
    chunks = _chunks(texts)
    if workers == 1:
        for chunk in chunks:
            yield from _clean_chunk(chunk, options)
        return
    pool = ProcessPoolExecutor(max_workers=workers, initializer=serve)
    try:
        each = partial(_clean_chunk, options=options)
        for _, sentences in in_order(pool, each, chunks, _AHEAD * workers + 1):
            yield from sentences
    except BrokenProcessPool as error:
        raise TevrError(
            "A process that cleaned text was ended from outside, most often for want of memory",
            "Close other programs or use fewer workers.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


class Deduplicated:
    """Passes sentences on and drops exact repetitions of longer ones.

    Copies of a notice or a licence would teach a model that everybody talks like it; that
    "guten tag" comes often is true. Sentences are told apart by hashes of 64 bits, 8 bytes each:
    of a hundred million, one in some thousand runs would lose one.

    Attributes:
        dropped: sentences dropped so far.
    """

    def __init__(self, sentences: Iterable[str], *, shortest: int = SHORTEST) -> None:
        """Take normalised sentences, and the number of words from which repetitions are dropped."""
        self.dropped = 0
        self._sentences = iter(sentences)
        self._shortest = shortest
        self._seen: list[NDArray[np.int64]] = []  # sorted, each at least twice as long as the next

    def __iter__(self) -> Iterator[str]:
        while batch := list(islice(self._sentences, BATCH)):
            hashes = np.fromiter(map(hash, batch), np.int64, len(batch))
            long = [sentence.count(" ") + 1 >= self._shortest for sentence in batch]
            fresh = self._fresh(hashes, np.array(long))
            self.dropped += len(batch) - int(fresh.sum())
            yield from (sentence for sentence, keep in zip(batch, fresh, strict=True) if keep)

    def _fresh(self, hashes: NDArray[np.int64], long: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which sentences pass, and remember their hashes; all arrays are (sentences,)."""
        keep = ~long
        unique, first = np.unique(np.where(long, hashes, 0), return_index=True)
        new = long[first]
        for seen in self._seen:
            places = np.minimum(np.searchsorted(seen, unique), len(seen) - 1)
            new &= seen[places] != unique
        keep[first[new]] = True
        if new.any():
            self._remember(unique[new])
        return keep

    def _remember(self, hashes: NDArray[np.int64]) -> None:
        """Add sorted hashes; merging arrays of like size keeps both their number and work small."""
        self._seen.append(hashes)
        while len(self._seen) > 1 and len(self._seen[-2]) < 2 * len(self._seen[-1]):
            last = self._seen.pop()
            self._seen[-1] = np.sort(np.concatenate([self._seen[-1], last]), kind="stable")


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield blocks of text together, some hundred thousand characters at a time."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        chunk.append(text)
        size += len(text)
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _clean_chunk(texts: list[str], options: CleanOptions) -> list[str]:
    return [
        sentence
        for text in texts
        for sentence in clean(text, alphabet=options.alphabet, modern=options.modern)
    ]
