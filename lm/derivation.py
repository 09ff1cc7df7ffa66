"""Texts → TEVR labels, and a report on how evenly they part text that they were not made of."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from tevr.errors import ModelError, UsageError
from tevr.lm.bpe import BytePairs, learn
from tevr.lm.characters import CharacterModel, CharacterNgram
from tevr.lm.cleaning import CleanOptions
from tevr.lm.counts import Progress, no_progress
from tevr.lm.documents import Skipped
from tevr.lm.entropy import Derived, DeriveOptions, derive
from tevr.lm.held_out import HeldOut
from tevr.lm.scratch import scratch_folder
from tevr.lm.token_measure import Measure, Split, Text, measure
from tevr.lm.training_text import GatherOptions, TrainingText, gather
from tevr.lm.word_costs import cost_words

SENTENCES = 1_000_000
"""Sentences looked at by default."""
LEARNT_EVERY = 5
"""Of so many sentences, one is for the character model to learn from: text that it has learnt
would look cheaper than text is."""
MEASURED_EVERY = 100
"""Of so many sentences, one is set aside to measure on."""
PIECES = 256
"""Pieces of the byte-pair table to compare with, as many as there are labels."""
_LEAST = 1_000
"""Fewest sentences to derive labels from."""


@dataclass(frozen=True)
class SourceOptions:
    """What labels are derived from.

    Attributes:
        texts: files and folders.
        sentences: sentences looked at, at most, evenly spread over the texts.
        model: tells what characters cost; None for n-grams learnt from a fifth of the sentences.
        how: how labels are chosen.
        others: ways to part words that the report shall compare with, by name.
    """

    texts: Sequence[Path]
    sentences: int = SENTENCES
    model: CharacterModel | None = None
    how: DeriveOptions = field(default_factory=DeriveOptions)
    others: Mapping[str, Split] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.sentences < _LEAST:
            cause = f"{self.sentences} sentences are too few to derive labels from"
            raise UsageError(cause, f"Allow {_LEAST} or more.")


@dataclass(frozen=True)
class DeriveReport:
    """The labels and what became of the text.

    Attributes:
        derived: the labels.
        model: what told the costs.
        pairs: the byte-pair table learnt from the same words.
        text: the sentences set aside, with their costs.
        measures: how other tables part the sentences set aside, by name.
        sentences: sentences looked at.
        files: documents found.
        skipped: those that could not be read, or not to their end.
        seconds: what all took.
    """

    derived: Derived
    model: CharacterModel
    pairs: BytePairs
    text: Text
    measures: Mapping[str, Measure]
    sentences: int
    files: int
    skipped: tuple[Skipped, ...]
    seconds: float


def derive_from_texts(options: SourceOptions, progress: Progress = no_progress) -> DeriveReport:
    """Derive labels from texts.

    Raises:
        UsageError: a path is missing, or holds nothing that is read.
        ModelError: there is too little text.
        OutputError: the disk is full.
    """
    started = monotonic()
    with scratch_folder(Path(tempfile.gettempdir())) as work:
        clean = CleanOptions(alphabet=options.how.alphabet)
        target = work / "sentences.txt"
        found = gather(options.texts, target, HeldOut(()), GatherOptions(clean), progress)
        source = _Source(found, min(options.sentences, found.sentences))
        model = options.model or CharacterNgram.learn(
            source.learnt(), alphabet=options.how.alphabet, work=work, progress=progress
        )
        total = source.total * (LEARNT_EVERY - 1) // LEARNT_EVERY
        costs = cost_words(source.costed(), model, total, progress)
        text = Text.read(source.aside(), model)
    derived = derive(costs, options.how, progress)
    pairs = learn(costs.word_counts(), PIECES)
    splits = {"characters": list, f"BPE {PIECES}": pairs.split, **options.others}
    return DeriveReport(
        derived=derived,
        model=model,
        pairs=pairs,
        text=text,
        measures={name: measure(text, split) for name, split in splits.items()},
        sentences=source.total,
        files=found.files,
        skipped=found.skipped,
        seconds=monotonic() - started,
    )


@dataclass(frozen=True)
class _Source:
    """Sentences dealt out for three ends."""

    text: TrainingText
    total: int

    def __post_init__(self) -> None:
        if self.total < _LEAST:
            cause = f"The texts hold {self.total} sentences, too few to derive labels from"
            raise ModelError(cause, f"Give {_LEAST} or more.")

    def learnt(self) -> Iterator[str]:
        """Yield those for the character model."""
        return (text for at, text in self._chosen() if at % LEARNT_EVERY == 0)

    def costed(self) -> Iterator[str]:
        """Yield those that labels are chosen by."""
        return (
            text for at, text in self._chosen() if at % LEARNT_EVERY and at % MEASURED_EVERY != 1
        )

    def aside(self) -> Iterator[str]:
        """Yield those to measure on."""
        return (text for at, text in self._chosen() if at % MEASURED_EVERY == 1)

    def _chosen(self) -> Iterator[tuple[int, str]]:
        """Yield so many sentences as are looked at, evenly spread, with their numbers."""
        number = 0
        for at, text in enumerate(self.text.read(), 1):
            if at * self.total // self.text.sentences > number:
                yield number, text
                number += 1
