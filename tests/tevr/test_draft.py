"""Drafts: borders lie between words."""

from __future__ import annotations

import pytest

from tevr.draft import Draft
from tevr.transcript import Word

DRAFT = Draft((Word("ja", 1.0, 1.3, 0.9), Word("nein", 1.5, 1.8, 0.9)), ((1.2, 1.6), (1.7, 2.5)))


def test_a_border_lies_in_the_middle_of_the_gap() -> None:
    assert DRAFT.border(1) == pytest.approx(1.4)
    assert DRAFT.room(1) == pytest.approx(0.4)
    assert DRAFT.border(2) == pytest.approx(2.1)


def test_what_is_after_some_words_keeps_its_gaps() -> None:
    assert DRAFT.after(0) == DRAFT
    assert DRAFT.after(1).texts == ("nein",)
    assert DRAFT.after(1).border(1) == DRAFT.border(2)
    assert DRAFT.after(2) == Draft()
