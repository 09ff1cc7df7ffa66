"""A back-off model and how its words are composed → a language-model folder of a wanted size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tevr.errors import UsageError
from tevr.lm.arpa import write_arpa
from tevr.lm.backoff import MARKERS, BackoffModel, Ids, Level
from tevr.lm.folder import ARPA, LEXICON, NGRAMS, UNIGRAMS, LanguageModelFolder, write_folder
from tevr.lm.lexicon import Compounding, encode, write_lexicon
from tevr.lm.manifest import Origin
from tevr.lm.pruning import prune_to
from tevr.lm.trie import LEAST_BITS, MOST_BITS, trie_bytes, write_trie
from tevr.lm.trie_layout import LEAST_ORDER

MAX_SIZE = 60_000_000
"""Bytes of a language model by default."""


@dataclass(frozen=True)
class FitOptions:
    """Where and how large a language model is written.

    Attributes:
        target: the folder.
        max_size: bytes of the files that recognition needs.
        bits: bits of a stored log-probability and back-off.
        arpa: also write the n-grams as ARPA text; it does not count as size.
        force: replace a language model that stands there.
    """

    target: Path
    max_size: int = MAX_SIZE
    bits: int = 8
    arpa: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        if self.max_size < 1:
            raise UsageError(f"No model fits into {self.max_size} bytes", "Allow more, as 40MB.")
        if not LEAST_BITS <= self.bits <= MOST_BITS:
            cause = f"{self.bits} bits make no quantised number"
            raise UsageError(cause, f"Give {LEAST_BITS} to {MOST_BITS}.")


def unigram_scores(model: BackoffModel) -> dict[str, float]:
    """Return log10 of the probabilities of a model's words, likeliest first; no markers."""
    log10 = model.levels[0].log10.tolist()
    words = list(zip(model.words, log10, strict=True))[len(MARKERS) :]
    return dict(sorted(words, key=lambda item: (-item[1], item[0])))


def write_fitting(
    model: BackoffModel,
    words: Mapping[str, float],
    made: Compounding,
    origin: Origin,
    options: FitOptions,
    history_counts: Sequence[Ids] | None = None,
) -> LanguageModelFolder:
    """Prune a model as far as needed and write it.

    Args:
        model: the n-grams.
        words: what `unigram_scores` says of it.
        made: how words are composed.
        origin: what the manifest tells; the sizes become those of what is written.
        options: where and how.
        history_counts: as in `tevr.lm.pruning.prune`.

    Raises:
        UsageError: the target cannot be replaced, or the words alone are too large.
        OutputError: the folder cannot be written.
    """
    lexicon = encode(list(words), list(words.values()), made)
    unigrams = "".join(f"{word}\n" for word in words).encode()
    word_bytes = sum(len(word.encode()) + 1 for word in model.words)
    beside = len(lexicon) + len(unigrams)

    def size(sizes: Sequence[int]) -> int:
        padded = [*sizes, *[0] * (LEAST_ORDER - len(sizes))]
        return beside + trie_bytes(padded, word_bytes, options.bits, options.bits)

    if (least := size(model.sizes[:1])) > options.max_size:
        cause = f"The {len(words)} words alone take {least / 1e6:.2g} MB, more than the"
        cause += f" {options.max_size / 1e6:.2g} MB allowed"
        raise UsageError(cause, "Allow more, or take fewer words.")
    pruned, _ = prune_to(model, lambda sizes: size(sizes) <= options.max_size, history_counts)
    pruned = _padded(pruned)

    def fill(folder: Path) -> None:
        write_trie(pruned, folder / NGRAMS, bits=options.bits, back_off_bits=options.bits)
        (folder / UNIGRAMS).write_bytes(unigrams)
        write_lexicon(lexicon, folder / LEXICON)
        if options.arpa:
            write_arpa(pruned, folder / ARPA)

    whole = replace(origin, sizes=tuple(pruned.sizes))
    return write_folder(options.target, whole, fill, force=options.force)


def _padded(model: BackoffModel) -> BackoffModel:
    """Return a model with pairs, if only an empty list of them: KenLM wants some order."""
    levels = list(model.levels)
    while len(levels) < LEAST_ORDER:
        none = np.zeros(0, np.int32)
        levels.append(Level(none, none, none.astype(np.float32), none.astype(np.float32)))
    return BackoffModel(model.words, levels)
