"""An ARPA or KenLM file → log-probabilities of words, sentences and texts.

All scores are logarithms to base 10, as KenLM stores them; times ln 10 = 2.3026 they are the
natural logarithms that acoustic scores use. Text must be normalised as `tevr.lm.corpus` does it.
"""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tevr.errors import ModelError

_log = logging.getLogger("tevr.lm")

_MAGIC = b"mmap lm http://kheafield.com/code"
_HEADER = _MAGIC + b" format version 5\n\0"
_ORDER_AT = 88
"""Byte of a binary that holds the order; the reference values before it take up 88 bytes."""
_TYPE_AT = 96
_TRIE = 2
"""Byte of a binary that holds its type; types below this are hash tables, the others tries."""
_HAS_WORDS_AT = 100
"""Byte of a binary that tells whether the words stand at its end, each closed by a zero."""
_MOST_ORDER = 6
"""Longest n-gram that the package kenlm is built for."""
_COUNTS_AT = 108
"""Byte of a binary where the numbers of n-grams stand, 8 bytes for each length."""
_HEAD = _COUNTS_AT + 8 * (_MOST_ORDER + 2)
"""Bytes to read for the header and, in a trie, the size of the vocabulary after it."""
_WORD_BYTES = 16
"""A word takes at least so many bytes of a binary; KenLM believes larger numbers and crashes."""
_ADVICE = "Take another file, or build or download it again."


@dataclass(frozen=True)
class WordScore:
    """Why a word scored as it did."""

    word: str
    """The word, or `</s>` for the end of the sentence."""
    log10: float
    """log10 of its probability after the words before it."""
    ngram: int
    """Length of the longest n-gram, ending in this word, that the model has seen."""
    known: bool
    """Whether the word is in the vocabulary; if not, log10 is that of `<unk>`."""


@dataclass(frozen=True)
class Perplexity:
    """How well a model foresees a text; sentence ends count as words, as KenLM counts."""

    with_unknown: float
    """Perplexity over all words; an unknown word costs what the model gives to `<unk>`."""
    known_only: float
    """Perplexity over the known words; small vocabularies look better than they are."""
    unknown: int
    """Words of the text outside the vocabulary."""
    words: int
    """Words of the text, without sentence ends."""

    @property
    def unknown_rate(self) -> float:
        """Share of the words outside the vocabulary, 0 to 1."""
        return self.unknown / self.words if self.words else 0.0


class LanguageModel:
    """A word n-gram model in a file, read by KenLM; a binary is mapped, not copied, into memory.

    Attributes:
        path: the file.
        order: length of its longest n-gram.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open an ARPA text or a KenLM binary.

        Raises:
            ModelError: the file is missing, truncated or no language model.
        """
        self.path = Path(path)
        _check_file(self.path)
        self._kenlm = import_module("kenlm")
        self._model = _open(self.path)
        self.order = int(self._model.order)

    def __contains__(self, word: object) -> bool:
        """Tell whether a word is in the vocabulary."""
        return isinstance(word, str) and word in self._model

    def score(self, sentence: str, *, start: bool = True, end: bool = True) -> float:
        """Return log10 of the probability of a normalised sentence.

        Args:
            sentence: words with spaces between them.
            start: count from the beginning of a sentence (`<s>`).
            end: count the end of the sentence (`</s>`) too.
        """
        return float(self._model.score(sentence, bos=start, eos=end))

    def words(self, sentence: str, *, start: bool = True, end: bool = True) -> Iterator[WordScore]:
        """Yield the score of each word of a normalised sentence, and of its end."""
        names = [*sentence.split(), "</s>"]
        scores = self._model.full_scores(sentence, bos=start, eos=end)
        for word, (log10, ngram, unknown) in zip(names, scores, strict=False):
            yield WordScore(word, log10, ngram, not unknown)

    def begin(self) -> Any:  # noqa: ANN401 (kenlm has no types)
        """The state before the first word of a sentence."""
        state = self._kenlm.State()
        self._model.BeginSentenceWrite(state)
        return state

    def advance(self, state: Any, word: str) -> tuple[float, Any]:  # noqa: ANN401
        """log10 of a word's probability in a state, and the state after it."""
        after = self._kenlm.State()
        return self._model.BaseScore(state, word, after), after

    def perplexity(self, sentences: Iterable[str]) -> Perplexity:
        """Measure the model on normalised sentences.

        Raises:
            ModelError: there is no sentence to measure on.
        """
        total = total_known = 0.0
        words = unknown = ends = 0
        for sentence in sentences:
            for log10, _, is_unknown in self._model.full_scores(sentence):
                total += log10
                total_known += 0.0 if is_unknown else log10
                unknown += is_unknown
                words += 1
            ends += 1
        if not words:
            raise ModelError("There is no text to measure the language model on", "Give sentences.")
        return Perplexity(
            with_unknown=10 ** (-total / words),
            known_only=10 ** (-total_known / (words - unknown)),
            unknown=unknown,
            words=words - ends,
        )


def _check_file(path: Path) -> None:
    """Refuse files that KenLM cannot read or would read beyond their end."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            last = file.read(1)
    except OSError as error:
        cause = f"The language model {path} cannot be read: {error.strerror}"
        raise ModelError(cause, "Check the path.") from error
    if head.startswith(_MAGIC):
        if not head.startswith(_HEADER):
            cause = f"The language model {path} is unfinished or of another KenLM version"
            raise ModelError(cause, "Build it again from its ARPA text.")
        if not _plausible(head, size, last):
            raise ModelError(f"The language model {path} is truncated or damaged", _ADVICE)
    elif b"\\data\\" not in head:
        raise ModelError(f"{path} is neither a KenLM binary nor an ARPA text", _ADVICE)


def _plausible(head: bytes, size: int, last: bytes) -> bool:
    """Tell whether a binary's header fits its size; KenLM itself checks the parts' sizes."""
    order = head[_ORDER_AT] if size >= _HEAD else 0
    if not 1 < order <= _MOST_ORDER:
        return False
    words, *longer = struct.unpack_from(f"<{order}Q", head, _COUNTS_AT)
    after = (_COUNTS_AT + 8 * order + 7) // 8 * 8
    (vocabulary,) = struct.unpack_from("<Q", head, after)
    return (
        words * _WORD_BYTES <= size
        and all(number <= 8 * size for number in longer)
        and (head[_TYPE_AT] < _TRIE or vocabulary <= words)
        and (not head[_HAS_WORDS_AT] or last == b"\0")
    )


def _open(path: Path) -> Any:  # noqa: ANN401 (kenlm has no types)
    """Open a checked file with KenLM, silently."""
    kenlm = import_module("kenlm")
    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    try:
        return kenlm.Model(str(path), config)
    except (OSError, RuntimeError, ValueError) as error:
        _log.debug("KenLM refused %s: %s", path, error)
        raise ModelError(f"The language model {path} is truncated or damaged", _ADVICE) from error
