"""Texts that a model has learnt from and references → references that it has seen before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tevr.lm.corpus import normalise
from tevr.lm.held_out import HeldOut, read_held_out
from tevr.lm.training_text import read_sentences


@dataclass(frozen=True, slots=True)
class Leaks:
    """References among the texts that were learnt.

    Attributes:
        sentences: of the texts, normalised.
        exact: names of utterances whose reference is learnt word for word.
        near: names of utterances whose reference is nearly so (see `tevr.lm.held_out`), with the
            first sentence that is like it.
    """

    sentences: int
    exact: tuple[str, ...]
    near: Mapping[str, str]


def find_leaks(references: Sequence[tuple[str, str]], texts: Iterable[Path]) -> Leaks:
    """Look for references in texts.

    Args:
        references: name and words, as written, of each utterance.
        texts: files and folders: plain text, Markdown, Word, PDF, also packed; of tables (.tsv)
            the column `sentence` or `text`.

    Raises:
        UsageError: a text is missing or of an unknown kind.
    """
    names: dict[str, list[str]] = {}
    for name, text in references:
        names.setdefault(normalise(text), []).append(name)
    held = HeldOut(names)
    number = 0
    exact: set[str] = set()
    near: dict[str, str] = {}
    for sentence in _learnt(list(texts)):
        number += 1
        for like in held.likes(sentence):
            if like == sentence:
                exact.add(like)
            else:
                near.setdefault(like, sentence)
    return Leaks(
        sentences=number,
        exact=tuple(name for words in names if words in exact for name in names[words]),
        near={
            name: near[words]
            for words in names
            if words in near and words not in exact
            for name in names[words]
        },
    )


def _learnt(texts: Sequence[Path]) -> Iterator[str]:
    """The normalised sentences of texts, and of the sentence columns of tables."""
    tables = [path for path in texts if path.suffix == ".tsv"]
    yield from read_held_out(tables)
    if others := [path for path in texts if path.suffix != ".tsv"]:
        yield from read_sentences(others)
