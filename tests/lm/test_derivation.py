"""Labels from files: sentences dealt out so that none serves two ends, a report that adds up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.lm.corpus import ALPHABET
from tevr.lm.derivation import SourceOptions, derive_from_texts
from tevr.lm.entropy import DeriveOptions
from tevr.lm.token_measure import measure

SENTENCES = Path(__file__).parents[1] / "data" / "kneser_ney" / "sentences.txt"
SMALL = DeriveOptions(counts=(4, 8, 16), candidates=100)


class Listening:
    """A character model to whom every character costs one bit, and that remembers its texts."""

    alphabet = frozenset(ALPHABET + " ")

    def __init__(self) -> None:
        self.heard: list[str] = []

    def costs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """One bit each."""
        self.heard += texts
        return [np.ones(len(text)) for text in texts]


def test_no_sentence_is_both_measured_and_chosen_by() -> None:
    model = Listening()
    report = derive_from_texts(SourceOptions([SENTENCES], 1000, model, SMALL))
    aside = list(report.text.sentences)
    chosen_by = model.heard[: len(model.heard) - len(aside)]
    assert model.heard[len(chosen_by) :] == aside
    assert (report.sentences, len(aside)) == (1000, 10)
    assert len(chosen_by) == 1000 - 1000 // 5 - 10  # a fifth is for a model to learn from
    assert not set(aside) & set(chosen_by)
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    assert max(lines.index(text) for text in aside) > 1000  # spread over all of the text


def test_the_report_compares_with_other_tables() -> None:
    others = {"words": lambda word: [word]}
    report = derive_from_texts(SourceOptions([SENTENCES], how=SMALL, others=others))
    assert set(report.measures) == {"characters", "BPE 256", "words"}
    assert report.measures["words"].per_word < 2
    assert report.measures["BPE 256"] == measure(report.text, report.pairs.split)
    assert (report.files, report.skipped) == (1, ())
    assert report.model.alphabet == set(ALPHABET) | {" "}
    letters = report.measures["characters"]
    assert letters.moments.bits == pytest.approx(report.measures["words"].moments.bits)


def test_steps_are_told_in_their_order() -> None:
    steps: list[str] = []
    derive_from_texts(
        SourceOptions([SENTENCES], how=SMALL), lambda step, _share: steps.append(step)
    )
    order = list(dict.fromkeys(steps))
    assert order[0] == "reading"
    assert order[-2:] == ["measuring", "choosing"]


def test_too_little_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "few.txt"
    path.write_text("Ein Satz.\nNoch ein Satz.\n", encoding="utf-8")
    with pytest.raises(ModelError, match="2 sentences, too few"):
        derive_from_texts(SourceOptions([path]))
    with pytest.raises(UsageError, match="999 sentences are too few"):
        SourceOptions([path], 999)
