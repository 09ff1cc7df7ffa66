"""Hashes of words: those of the algorithm as published, for every length and in any company."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.murmur import hash_words

_M, _MASK = 0xC6A4A7935BD1E995, (1 << 64) - 1


def published(text: bytes) -> int:
    """MurmurHash64A with seed 0, word by word as its author wrote it."""
    number = len(text) * _M & _MASK
    whole = len(text) // 8 * 8
    for start in range(0, whole, 8):
        part = int.from_bytes(text[start : start + 8], "little") * _M & _MASK
        part = (part ^ part >> 47) * _M & _MASK
        number = (number ^ part) * _M & _MASK
    if text[whole:]:
        number = (number ^ int.from_bytes(text[whole:], "little")) * _M & _MASK
    number = (number ^ number >> 47) * _M & _MASK
    return number ^ number >> 47


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40)))
def test_hashes_are_those_published(words: list[str]) -> None:
    assert hash_words(words).tolist() == [published(word.encode()) for word in words]


def test_words_of_every_length_are_hashed() -> None:
    words = ["ü" * (length // 2) + "x" * (length % 2) for length in range(41)]
    assert hash_words(words).tolist() == [published(word.encode()) for word in words]


def test_kenlm_knows_words_by_these_hashes(data: Path) -> None:
    binary = (data / "trie" / "floats.bin").read_bytes()
    words = (data / "decoder" / "unigrams.txt").read_text(encoding="utf-8").split()
    hashes = np.frombuffer(binary, "<u8", len(words) + 2, 144)
    assert hashes.tolist() == sorted(hash_words(["<s>", "</s>", *words]).tolist())
