"""Results and options: what they derive, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tevr.errors import UsageError
from tevr.transcript import Options, Segment, Transcript, Word

ONE = Segment((Word("guten", 0.5, 0.9, 0.8), Word("tag", 1.0, 1.3, 0.9)))
TWO = Segment((Word("ja", 3.0, 3.2, 0.7),))


def test_a_segment_spans_its_words() -> None:
    assert (ONE.start, ONE.end, ONE.text) == (0.5, 1.3, "guten tag")


def test_a_segment_without_words_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one word"):
        Segment(())


def test_a_transcript_has_a_line_for_each_segment() -> None:
    transcript = Transcript((ONE, TWO), duration=4.0)
    assert transcript.text == "guten tag\nja"
    assert [word.text for word in transcript.words] == ["guten", "tag", "ja"]
    assert Transcript((), duration=4.0).text == ""


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"decoder": "viterbi"}, "no decoder called 'viterbi'"),
        ({"beam": 0}, "keeps no hypothesis"),
        ({"start": -1.0}, "before the sound"),
        ({"start": 5.0, "end": 5.0}, "not after the start"),
        ({"channel": -1}, "no channel -1"),
        ({"alpha": float("nan")}, "infinite or no number"),
        ({"hotword_weight": float("inf")}, "infinite or no number"),
        ({"decoder": "greedy", "hotwords": ("tag",)}, "cannot use hot-words"),
    ],
)
def test_options_that_make_no_sense_are_refused(wish: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Options(**wish)
