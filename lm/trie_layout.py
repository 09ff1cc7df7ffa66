"""Numbers of n-grams and bits → where each part of a KenLM trie file lies; and its header.

A trie, format version 5, consists of

    header      reference values, order, type, number of n-grams of each length
    vocabulary  number of words without `<unk>`, their hashes in ascending order, 8 spare bytes
    tables      of a quantised trie: the bits, then what each quantised number stands for
    unigrams    log10, back-off, first bigram; two more at the end, the first one with the last end
    middles     for each length between: an array of cut pointers, if any, and packed records
    longest     packed records
    strings     the words, each closed by a zero byte; may be left out

as KenLM's sources lay it out (`lm/binary_format.cc`, `lm/search_trie.cc`, `lm/bhiksha.cc`).
All numbers are little-endian; the bit-packed parts begin on any byte.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tevr.lm.bits import Field, packed_bytes, required_bits

LEAST_ORDER, MOST_ORDER = 2, 6
"""Lengths of the longest n-grams that the package kenlm reads."""
MOST_BITS = 25
"""Most bits of a quantised number."""
CUT_AS_PAYS = 255
"""Value of `pointer_bits` that cuts as many bits from pointers as make the file smallest."""
UNIGRAM = np.dtype([("log10", "<f4"), ("back_off", "<f4"), ("next", "<u8")])
"""A single word: its weights, and the first bigram that ends in it."""

_MAGIC = b"mmap lm http://kheafield.com/code format version 5\n\0"
_REFERENCE = struct.Struct("<56s3f3IQ")
_REFERENCE_VALUES = _REFERENCE.pack(_MAGIC, 0.0, 1.0, -0.5, 1, 0xFFFFFFFF, 0, 1)
_FIXED = struct.Struct("<B3xfI?3xI")
_HASH_LOAD = 1.5
"""What KenLM writes as the room of hash tables, of which a trie has none."""
_TRIE, _QUANTISED, _CUT = 2, 1, 2
"""Type of a plain trie, and what each refinement adds to it."""
_SEARCH_VERSION = 1
_TABLES_VERSION = 2
_SPARE = 8
"""Bytes after packed records, since KenLM reads 8 bytes at a time."""


@dataclass(frozen=True)
class Record:
    """The packed n-grams of one length, and the array of cut pointers before them."""

    head: int
    """First byte; where pointers are cut, two bytes here tell how."""
    array: int
    """Byte of the array that holds, for each value of the bits cut off, its first record."""
    array_size: int
    """Numbers of 8 bytes in that array; 0 where pointers are not cut."""
    start: int
    """Byte of the first record."""
    stop: int
    """Byte after the last one and the spare ones."""
    size: int
    """Bits of a record."""
    word: Field
    log10: Field
    back_off: Field
    pointer: Field
    """Index of the first n-gram that is longer by a word before, without the bits cut off."""


@dataclass(frozen=True)
class TrieLayout:
    """What decides where the parts of a trie lie."""

    sizes: tuple[int, ...]
    """Number of n-grams by length."""
    bits: int | None
    """Bits of a quantised log10; ``None`` for 31-bit floats."""
    back_off_bits: int | None
    """Bits of a quantised back-off; ``None`` for 32-bit floats."""
    pointer_bits: int | None
    """Most bits to cut from pointers; ``None`` leaves them whole."""
    has_words: bool
    """Whether the words' strings stand at the end."""

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self.sizes)

    @property
    def vocabulary(self) -> int:
        """Byte of the number of words, after the header."""
        return _aligned(len(_REFERENCE_VALUES) + _FIXED.size + 8 * self.order)

    @property
    def tables(self) -> int:
        """Byte of the quantiser's bits, after the vocabulary."""
        return self.vocabulary + 8 + 8 * self.sizes[0]

    @property
    def table_sizes(self) -> list[int]:
        """Numbers in each table of 4-byte floats: log10 and back-off by length, last log10."""
        if self.bits is None or self.back_off_bits is None:
            return []
        return [1 << self.bits, 1 << self.back_off_bits] * (self.order - 2) + [1 << self.bits]

    @property
    def unigrams(self) -> int:
        """Byte of the first unigram."""
        sizes = self.table_sizes
        return self.tables + (8 + 4 * sum(sizes) if sizes else 0)

    @cached_property
    def records(self) -> list[Record]:
        """Where the n-grams lie, from bigrams on."""
        return list(self._records())

    @property
    def strings(self) -> int:
        """Byte after the last n-gram, where the strings begin."""
        return self.records[-1].stop

    def _records(self) -> Iterator[Record]:
        at = self.unigrams + (self.sizes[0] + 2) * UNIGRAM.itemsize
        word = Field(0, required_bits(self.sizes[0]))
        for count, longer in zip(self.sizes[1:], (*self.sizes[2:], None), strict=True):
            log10, back_off = self._weights(word.bits, longer is None)
            weights_end = word.bits + log10.bits + back_off.bits
            whole = 0 if longer is None else required_bits(longer)
            cut = 0 if longer is None else self._cut(count + 1, longer)
            array_size, array, start = 0, at, at
            if longer is not None and self.pointer_bits is not None:
                array_size = (longer >> (whole - cut)) + 1
                array = _aligned(at) + 8
                start = at + 8 * (1 + array_size) + 7
            size = weights_end + whole - cut
            stop = start + packed_bytes(count + 1, size) + _SPARE
            pointer = Field(weights_end, whole - cut)
            yield Record(at, array, array_size, start, stop, size, word, log10, back_off, pointer)
            at = stop

    def _weights(self, at: int, longest: bool) -> tuple[Field, Field]:
        """Fields of log10 and back-off; quantised, the back-off comes first."""
        if self.bits is None or self.back_off_bits is None:
            return Field(at, 31), Field(at + 31, 0 if longest else 32)
        back_off = 0 if longest else self.back_off_bits
        return Field(at + back_off, self.bits), Field(at, back_off)

    def _cut(self, count: int, longer: int) -> int:
        """Bits to cut from pointers to so many longer n-grams: the array costs, records shrink."""
        whole = required_bits(longer)
        most = min(whole, self.pointer_bits or 0)
        return min(range(most + 1), key=lambda cut: (longer >> (whole - cut)) * 64 - count * cut)


def header(layout: TrieLayout) -> bytes:
    """Return the first `layout.vocabulary` bytes of a file."""
    quantised = _QUANTISED if layout.bits is not None else 0
    cut = _CUT if layout.pointer_bits is not None else 0
    fixed = _FIXED.pack(
        layout.order, _HASH_LOAD, _TRIE + quantised + cut, layout.has_words, _SEARCH_VERSION
    )
    counts = struct.pack(f"<{layout.order}Q", *layout.sizes)
    return (_REFERENCE_VALUES + fixed + counts).ljust(layout.vocabulary, b"\0")


def table_header(layout: TrieLayout) -> bytes:
    """Return the 8 bytes before the tables of a quantised trie."""
    return struct.pack("<3B5x", _TABLES_VERSION, layout.bits or 0, layout.back_off_bits or 0)


def pointer_header(layout: TrieLayout) -> bytes:
    """Return the 2 bytes before an array of cut pointers."""
    return struct.pack("<2B", 0, layout.pointer_bits or 0)


def read_layout(data: memoryview) -> TrieLayout:
    """Read the layout of a trie from the whole file; it fits the file's size.

    Raises:
        ValueError: the file is no trie of this format, or shorter than its header says. The
            message says which, in a few words.
    """
    fixed_at = len(_REFERENCE_VALUES)
    counts_at = fixed_at + _FIXED.size
    if len(data) < counts_at or data[:fixed_at] != _REFERENCE_VALUES:
        raise ValueError("is no KenLM binary of format version 5")
    order, _, kind, has_words, version = _FIXED.unpack_from(data, fixed_at)
    if kind not in range(_TRIE, _TRIE + _QUANTISED + _CUT + 1):
        raise ValueError("is a KenLM binary with hash tables, not a trie")
    if not LEAST_ORDER <= order <= MOST_ORDER or version != _SEARCH_VERSION:
        raise ValueError("is damaged in its header")
    if len(data) < counts_at + 8 * order:
        raise ValueError("is truncated")
    sizes = struct.unpack_from(f"<{order}Q", data, counts_at)
    if any(size > 8 * len(data) for size in sizes):
        raise ValueError("is truncated or damaged in its header")
    layout = TrieLayout(sizes, None, None, None, bool(has_words))
    if (kind - _TRIE) & _QUANTISED:
        bits, back_off_bits = _read_bits(data, layout.tables)
        layout = TrieLayout(sizes, bits, back_off_bits, None, bool(has_words))
    if (kind - _TRIE) & _CUT:
        layout = _read_pointer_bits(data, layout)
    if len(data) < layout.strings or (len(data) > layout.strings and not has_words):
        raise ValueError("is truncated or damaged: its size does not fit its header")
    return layout


def _read_bits(data: memoryview, at: int) -> tuple[int, int]:
    """Read how many bits the quantised numbers have."""
    version, bits, back_off_bits = struct.unpack_from(
        "<3B", data[at : at + 3].tobytes() + b"\0" * 3
    )
    if version != _TABLES_VERSION or not (
        1 <= bits <= MOST_BITS and 1 < back_off_bits <= MOST_BITS
    ):
        raise ValueError("is truncated or damaged in its tables")
    return bits, back_off_bits


def _read_pointer_bits(data: memoryview, layout: TrieLayout) -> TrieLayout:
    """Read how many bits pointers may lose; bigram models have no such pointers."""
    bits = CUT_AS_PAYS
    at = layout.unigrams + (layout.sizes[0] + 2) * UNIGRAM.itemsize
    if layout.order > LEAST_ORDER:
        if len(data) < at + 2 or data[at]:
            raise ValueError("is truncated or damaged in its pointers")
        bits = data[at + 1]
    return TrieLayout(layout.sizes, layout.bits, layout.back_off_bits, bits, layout.has_words)


def _aligned(at: int) -> int:
    """Round up to a multiple of 8."""
    return -(-at // 8) * 8
