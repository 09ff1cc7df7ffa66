"""Back-off model ↔ KenLM's trie file, which the package kenlm maps into memory.

The files are those of KenLM's `build_binary -a 255 -q BITS -b BITS trie`, byte for byte, but no
compiler is needed. `lm/trie_layout.py` shows how a file is laid out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm import quantiser, trie_layout
from tevr.lm.backoff import BackoffModel, Floats, Ids, Level
from tevr.lm.bits import BLOCK, pack
from tevr.lm.murmur import hash_words
from tevr.lm.trie_layout import (
    CUT_AS_PAYS,
    LEAST_ORDER,
    MOST_ORDER,
    UNIGRAM,
    Record,
    TrieLayout,
)
from tevr.lm.trie_order import Placed, inverse, to_trie
from tevr.lm.trie_reader import check_trie, read_trie
from tevr.lm.whole_file import whole_file

__all__ = ["check_trie", "read_trie", "trie_bytes", "write_trie"]

LEAST_BITS, MOST_BITS = 2, 16
"""Bits of a quantised number that make sense: KenLM can read more, but tables grow with them."""
_MAGNITUDE = np.uint32(0x7FFFFFFF)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")

Codes = NDArray[np.uint64]
Table = tuple[Floats, Floats] | None


def write_trie(
    model: BackoffModel,
    path: str | os.PathLike[str],
    *,
    bits: int | None = 8,
    back_off_bits: int | None = 8,
    words: bool = True,
) -> None:
    """Write a model as a KenLM binary; it appears whole or not at all.

    Args:
        model: n-grams of up to 2 to 6 words.
        path: the file.
        bits: bits of a log10, 2 to 16, each standing for the mean of equally many;
            ``None`` keeps log10 and back-offs as they are.
        back_off_bits: bits of a back-off, 2 to 16; ``None`` means as many as `bits`.
        words: write the words' strings too; without, the file is smaller, and other programs
            need a list of the words.

    Raises:
        UsageError: bits out of range.
        ModelError: the model is not closed (see `BackoffModel`), its words are not distinct, its
            weights are not finite, or KenLM cannot hold its order.
        OutputError: the file cannot be written.
    """
    layout = _layout(model.sizes, bits, back_off_bits, words)
    hashes = _hashes(model)
    weights = (part for level in model.levels for part in (level.log10, level.back_off))
    if not all(np.isfinite(part).all() for part in weights):
        raise _unfit("has weights that are not finite numbers")
    path = Path(path)
    try:
        with whole_file(path) as file:
            _write(file, model, layout, hashes)
    except OSError as error:
        cause = f"The language model {path} cannot be written: {error.strerror or error}"
        raise OutputError(cause, "Choose another folder or make room there.") from error
    except ValueError as error:
        raise _unfit(f"is not closed: {error}") from error


def trie_bytes(
    sizes: Sequence[int], word_bytes: int, bits: int | None = 8, back_off_bits: int | None = 8
) -> int:
    """Return how many bytes `write_trie` would write, exactly.

    Args:
        sizes: number of n-grams by length.
        word_bytes: bytes of the words with a zero after each; 0 leaves them out.
        bits: as in `write_trie`.
        back_off_bits: as in `write_trie`.

    Raises:
        UsageError: bits out of range.
        ModelError: KenLM cannot hold the order.
    """
    return _layout(sizes, bits, back_off_bits, word_bytes > 0).strings + word_bytes


def _layout(
    sizes: Sequence[int], bits: int | None, back_off_bits: int | None, words: bool
) -> TrieLayout:
    """Lay out a file for a model of these sizes."""
    if bits is None:
        back_off_bits = None
    elif back_off_bits is None:
        back_off_bits = bits
    for given in (bits, back_off_bits):
        if given is not None and not LEAST_BITS <= given <= MOST_BITS:
            cause = f"A trie cannot hold numbers of {given} bits"
            raise UsageError(cause, f"Give {LEAST_BITS} to {MOST_BITS} bits, or None for floats.")
    if not LEAST_ORDER <= len(sizes) <= MOST_ORDER:
        raise _unfit(f"has order {len(sizes)}, and KenLM reads {LEAST_ORDER} to {MOST_ORDER}")
    return TrieLayout(tuple(sizes), bits, back_off_bits, CUT_AS_PAYS, words)


def _hashes(model: BackoffModel) -> Codes:
    """Hash the words without `<unk>`; refuse what KenLM could not tell apart."""
    hashes = hash_words(model.words[1:])
    if len(np.unique(hashes)) < len(hashes):
        raise _unfit("has the same word twice")
    if _NO_TEXT.search("".join(model.words)):
        raise _unfit("has a word that is no text")
    return hashes


def _write(file: BinaryIO, model: BackoffModel, layout: TrieLayout, hashes: Codes) -> None:
    """Write all parts in the order of the file."""
    by_hash = np.argsort(hashes) + 1  # model ids of the trie's words but `<unk>`
    file.write(trie_layout.header(layout))
    file.write(np.uint64(len(hashes)).astype("<u8").tobytes())
    file.write(np.append(np.sort(hashes), np.uint64(0)).astype("<u8").tobytes())
    tables = _tables(model, layout)
    _write_tables(file, layout, tables)
    model_ids = np.append(0, by_hash)
    placed = None
    for index, longer in enumerate(to_trie(model, inverse(model_ids))):
        if placed is None:
            _write_unigrams(file, layout, model, model_ids, longer.nodes.starts)
        else:
            record, table = layout.records[index - 1], tables[index - 1]
            weights = _marked(model, index)
            _write_pointers(file, layout, record, longer.nodes.starts)
            _write_records(file, record, placed, weights, table, longer.nodes.starts)
        placed = longer
    if placed is not None:
        _write_records(file, layout.records[-1], placed, model.levels[-1], tables[-1], None)
    if layout.has_words:
        file.write(b"".join(model.words[index].encode() + b"\0" for index in model_ids))


def _tables(model: BackoffModel, layout: TrieLayout) -> list[Table]:
    """What the quantised numbers stand for, for each length from bigrams on."""
    if layout.bits is None or layout.back_off_bits is None:
        return [None] * (model.order - 1)
    tables: list[Table] = []
    for level in model.levels[1:]:
        log10 = quantiser.log10_table(_not_above_zero(level.log10), layout.bits)
        longest = level is model.levels[-1]
        weights = level.back_off[:0] if longest else level.back_off
        tables.append((log10, quantiser.back_off_table(weights, layout.back_off_bits)))
    return tables


def _write_tables(file: BinaryIO, layout: TrieLayout, tables: Sequence[Table]) -> None:
    """Write the tables; the longest n-grams have none for back-offs."""
    if tables[0] is not None:
        file.write(trie_layout.table_header(layout))
    for table in tables:
        if table is not None:
            longest = table is tables[-1]
            for part in table[:1] if longest else table:
                file.write(part.astype("<f4").tobytes())


def _write_unigrams(
    file: BinaryIO, layout: TrieLayout, model: BackoffModel, model_ids: Ids, starts: Ids
) -> None:
    """Write the single words and where their bigrams begin."""
    level = _marked(model, 0)
    rows = np.zeros(layout.sizes[0] + 2, UNIGRAM)
    rows["log10"][:-2] = _not_above_zero(level.log10)[model_ids]
    rows["back_off"][:-2] = level.back_off[model_ids]
    rows["next"][:-1] = starts
    file.write(rows.tobytes())


def _write_pointers(file: BinaryIO, layout: TrieLayout, record: Record, starts: Ids) -> None:
    """Write, for each value of the bits cut off pointers, the first record that has it."""
    _fill(file, record.head)
    file.write(trie_layout.pointer_header(layout))
    _fill(file, record.array)
    high = starts >> record.pointer.bits
    array = np.searchsorted(high, np.arange(record.array_size))
    file.write(array.astype("<u8").tobytes())
    _fill(file, record.start)


def _write_records(
    file: BinaryIO, record: Record, placed: Placed, level: Level, table: Table, starts: Ids | None
) -> None:
    """Write the packed n-grams of one length and the record after them."""
    fields = [record.word, record.log10, record.back_off, record.pointer]
    low = np.uint64((1 << record.pointer.bits) - 1)
    for start in range(0, len(level) + 1, BLOCK):
        stop = min(start + BLOCK, len(level) + 1)
        index = placed.index[start:stop]
        columns = np.zeros((4, stop - start), np.uint64)
        columns[0, : len(index)] = placed.nodes.word[start:stop]
        columns[1, : len(index)], weights = _encode(level, index, table)
        if starts is not None:
            columns[2, : len(index)] = weights
            columns[3] = starts[start:stop].astype(np.uint64) & low
        file.write(pack(list(columns), fields, record.size))
    _fill(file, record.stop)


def _encode(level: Level, index: Ids, table: Table) -> tuple[Codes, Codes]:
    """Turn the weights of some n-grams into numbers of the file."""
    log10, back_off = _not_above_zero(level.log10[index]), level.back_off[index]
    if table is not None:
        codes = quantiser.encode_log10(log10, table[0])
        return codes, quantiser.encode_back_off(back_off, table[1])
    magnitude = log10.view(np.uint32) & _MAGNITUDE
    return magnitude.astype(np.uint64), back_off.view(np.uint32).astype(np.uint64)


def _marked(model: BackoffModel, index: int) -> Level:
    """Return a level whose back-offs tell by the sign of zero what is a history.

    KenLM forgets an n-gram with the back-off −0.0: nothing longer begins with it.
    """
    level = model.levels[index]
    is_history = np.zeros(len(level), bool)
    is_history[model.levels[index + 1].history] = True
    zero = np.where(is_history, np.float32(0.0), np.float32(-0.0))
    back_off = np.where(level.back_off == 0, zero, level.back_off).astype(np.float32)
    return Level(level.history, level.word, level.log10, back_off)


def _not_above_zero(log10: Floats) -> Floats:
    """Cut off what rounding left above the log10 of 1; KenLM keeps no sign."""
    return np.minimum(log10, np.float32(0.0)).astype(np.float32)


def _fill(file: BinaryIO, to: int) -> None:
    """Write zeros up to a byte."""
    file.write(bytes(to - file.tell()))


def _unfit(what: str) -> ModelError:
    """Return the error for a model that no trie can hold."""
    return ModelError(f"The model {what}", "Build it again from its text.")
