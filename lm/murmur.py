"""Words → the 64-bit numbers by which KenLM's vocabularies know them.

MurmurHash64A by Austin Appleby (public domain), with seed 0, of a word's UTF-8 bytes. On arrays:
words of the same number of bytes are hashed together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_M = np.uint64(0xC6A4A7935BD1E995)
_R = np.uint64(47)
_WORD = 8
"""Bytes that are mixed in at a time."""


def hash_words(words: Sequence[str]) -> Hashes:
    """Return the hash of each word (words,)."""
    encoded = [word.encode(errors="surrogatepass") for word in words]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    hashes = np.empty(len(encoded), np.uint64)
    for length in np.unique(lengths).tolist():
        same = np.flatnonzero(lengths == length)
        text = np.frombuffer(b"".join(encoded[index] for index in same), np.uint8)
        hashes[same] = _hash(text.reshape(len(same), length))
    return hashes


def _hash(text: NDArray[np.uint8]) -> Hashes:
    """Hash words of one length, (words, bytes)."""
    count, length = text.shape
    whole = length // _WORD
    padded = np.zeros((count, (whole + 1) * _WORD), np.uint8)
    padded[:, :length] = text
    columns = padded.view("<u8").astype(np.uint64).T  # (eights of bytes, words)
    # Products of arrays wrap silently; a single number's would warn, hence int and mask here.
    seed = np.uint64(length * int(_M) & 0xFFFFFFFFFFFFFFFF)
    hashes = np.full(count, seed, np.uint64)
    for column in columns[:whole]:
        mixed = column * _M
        mixed ^= mixed >> _R
        hashes = (hashes ^ (mixed * _M)) * _M
    if length % _WORD:
        hashes = (hashes ^ columns[whole]) * _M
    hashes = (hashes ^ (hashes >> _R)) * _M
    hashes ^= hashes >> _R
    return hashes
