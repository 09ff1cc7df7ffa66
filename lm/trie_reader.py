"""KenLM's trie file → back-off model, every size and pointer checked before it is used.

KenLM itself believes what stands in a file and may crash on a damaged one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.lm.backoff import MARKERS, BackoffModel, Floats, Ids, Level
from tevr.lm.bits import Bytes, unpack
from tevr.lm.murmur import hash_words
from tevr.lm.trie_layout import UNIGRAM, Record, TrieLayout, read_layout
from tevr.lm.trie_order import Nodes, compact, from_trie

Numbers = NDArray[np.uint64]
_T = TypeVar("_T")

_NEGATIVE = np.uint32(0x80000000)


def read_trie(path: str | os.PathLike[str], words: Sequence[str] | None = None) -> BackoffModel:
    """Read a model from a KenLM trie, quantised or not, pointers cut or whole.

    Args:
        path: the file.
        words: the vocabulary, for a file without the words' strings; the model's words have its
            order. Without, words are in the order of their characters.

    Raises:
        ModelError: the file cannot be read, is no trie, is damaged, or has other words.
    """
    return _checked(Path(path), lambda data: _model(data, words))


def check_trie(path: str | os.PathLike[str]) -> None:
    """Check that a KenLM trie is whole and that none of its pointers leads astray.

    Faster than reading the model: orders and ranges are checked, weights and strings are not.

    Raises:
        ModelError: the file cannot be read, is no trie or is damaged.
    """
    _checked(Path(path), _check)


def _checked(path: Path, read: Callable[[Bytes], _T]) -> _T:
    """Read a file; errors name it."""
    try:
        return read(np.fromfile(path, np.uint8))
    except OSError as error:
        cause = f"The language model {path} cannot be read: {error.strerror or error}"
        raise ModelError(cause, "Check the path.") from error
    except ValueError as error:
        advice = "Take another file, or build or download it again."
        raise ModelError(f"The language model {path} {error}", advice) from error


def _check(data: Bytes) -> None:
    """Go through a file's vocabulary and nodes."""
    layout = read_layout(data.data)
    _hashes(data, layout)
    for _ in _nodes(data, layout):
        pass


def _model(data: Bytes, words: Sequence[str] | None) -> BackoffModel:
    """Read all of a file."""
    layout = read_layout(data.data)
    hashes = _hashes(data, layout)
    strings = _strings(data, layout) if words is None else words
    names, model_ids = _vocabulary(hashes, strings)
    levels = [_unigrams(data, layout, model_ids)]
    for index, restored in enumerate(from_trie(_nodes(data, layout), model_ids)):
        log10, back_off = _weights(data, layout, index)
        levels.append(
            Level(
                restored.history,
                restored.word,
                _finite(log10[restored.index]),
                _finite(back_off[restored.index]),
            )
        )
    return BackoffModel(names, levels)


def _hashes(data: Bytes, layout: TrieLayout) -> Numbers:
    """Read the hashes of the words (words − 1,), ascending; `<unk>` has none."""
    count, *_ = numbers = _numbers(data, layout.vocabulary, layout.sizes[0] + 1)
    hashes = numbers[1:-1]
    if count != layout.sizes[0] - 1 or (hashes[1:] <= hashes[:-1]).any():
        raise ValueError("is damaged in its vocabulary")
    return hashes


def _strings(data: Bytes, layout: TrieLayout) -> list[str]:
    """Read the words that stand in the file, sorted."""
    if not layout.has_words:
        raise ValueError("holds no words; give the list of its words, unigrams.txt")
    try:
        words = data[layout.strings :].tobytes().decode().split("\0")
    except UnicodeDecodeError as error:
        raise ValueError("is damaged in its words") from error
    if len(words) != layout.sizes[0] + 1 or words.pop():
        raise ValueError("is truncated or damaged in its words")
    return sorted(words)


def _vocabulary(hashes: Numbers, words: Sequence[str]) -> tuple[list[str], Ids]:
    """Match words with hashes.

    Returns:
        the markers and the words; and the index there of each of the trie's words (words,).
    """
    names = list(dict.fromkeys([*MARKERS, *words]))
    wanted = hash_words(names[1:])
    at = np.searchsorted(hashes, wanted)
    known = np.append(hashes, np.uint64(0))[at] == wanted
    if not known.all() or len(wanted) != len(hashes):
        unknown = int((~known).sum())
        missing = len(hashes) - len(wanted) + unknown
        raise ValueError(f"has other words: {unknown} of the list not, and {missing} beside")
    model_ids = compact(np.zeros(len(names), np.int64))
    model_ids[at + 1] = np.arange(1, len(names))
    return names, model_ids


def _unigrams(data: Bytes, layout: TrieLayout, model_ids: Ids) -> Level:
    """Read the single words."""
    rows = _rows(data, layout)
    order = np.argsort(model_ids)
    log10, back_off = rows["log10"][order], rows["back_off"][order]
    ids = compact(np.arange(len(order)))
    return Level(np.zeros_like(ids), ids, _finite(log10), _finite(back_off))


def _nodes(data: Bytes, layout: TrieLayout) -> Iterator[Nodes]:
    """Read words and pointers of each length from bigrams on; both are in range and in order."""
    words, *sizes = layout.sizes
    pointers = np.append(_rows(data, layout)["next"], _last_pointer(data, layout))
    for record, size, longer in zip(layout.records, sizes, [*sizes[1:], None], strict=True):
        starts = _starts(pointers, size)
        records = data[record.start : record.stop]
        word, low = unpack(records, size + 1, [record.word, record.pointer], record.size)
        _check_words(word[:-1], starts, words)
        yield Nodes(compact(word[:-1].astype(np.int64)), starts)
        if longer is not None:
            pointers = _pointers(data, record, low)


def _rows(data: Bytes, layout: TrieLayout) -> NDArray[np.void]:
    """Return the single words' rows as they stand in the file."""
    return np.frombuffer(data, UNIGRAM, layout.sizes[0], layout.unigrams)


def _last_pointer(data: Bytes, layout: TrieLayout) -> Numbers:
    """Return the pointer in the row after the last word's (1,)."""
    end = layout.unigrams + layout.sizes[0] * UNIGRAM.itemsize
    return np.frombuffer(data, UNIGRAM, 1, end)["next"]


def _pointers(data: Bytes, record: Record, low: Numbers) -> Numbers:
    """Put the bits back that were cut off pointers (records,)."""
    if not record.array_size:
        return low
    array = _numbers(data, record.array, record.array_size)
    if array[0] or array[-1] >= len(low) or (array[1:] < array[:-1]).any():
        raise ValueError("is damaged in its pointers")
    firsts = array.astype(np.int64)
    repeats = np.append(firsts[1:], len(low)) - firsts
    high = np.repeat(np.arange(len(array), dtype=np.uint64), repeats)
    return high << np.uint64(record.pointer.bits) | low


def _starts(pointers: Numbers, size: int) -> Ids:
    """Check pointers to so many n-grams."""
    if pointers[0] or pointers[-1] != size or (pointers[1:] < pointers[:-1]).any():
        raise ValueError("is damaged in its pointers")
    return pointers.astype(np.int64)


def _check_words(word: Numbers, starts: Ids, words: int) -> None:
    """Check that words are known and ascend within the n-grams of one suffix."""
    ascends = word[1:] > word[:-1]
    ascends[starts[(starts > 0) & (starts < len(word))] - 1] = True
    if (word >= words).any() or not ascends.all():
        raise ValueError("is damaged in its n-grams")


def _weights(data: Bytes, layout: TrieLayout, index: int) -> tuple[Floats, Floats]:
    """Read log10 and back-off of the n-grams of one length, in the trie's order."""
    record, size = layout.records[index], layout.sizes[index + 1]
    records = data[record.start : record.stop]
    log10, back_off = unpack(records, size, [record.log10, record.back_off], record.size)
    longest = index + 2 == layout.order
    if not layout.table_sizes:
        numbers = back_off.astype(np.uint32).view(np.float32)
        return (log10.astype(np.uint32) | _NEGATIVE).view(np.float32), numbers
    tables = np.frombuffer(data, "<f4", sum(layout.table_sizes), layout.tables + 8)
    starts = np.cumsum([0, *layout.table_sizes])[2 * index :]
    values = tables[starts[0] :][log10]
    zeros = np.zeros(size, np.float32)
    return values, zeros if longest else tables[starts[1] :][back_off]


def _numbers(data: Bytes, at: int, count: int) -> Numbers:
    """Return numbers of 8 bytes from a byte on."""
    return np.frombuffer(data, "<u8", count, at)


def _finite(values: Floats) -> Floats:
    """Refuse weights that are no number, and strip zeros of the sign by which KenLM marks them."""
    if not np.isfinite(values).all():
        raise ValueError("is damaged in its weights")
    return (values + np.float32(0)).astype(np.float32)
