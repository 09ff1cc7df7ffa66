"""Scores of sentences: those of the search where it keeps everything, and the source of errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.evaluation.records import SentenceScore
from tevr.evaluation.sentence_scores import SentenceScorer, source
from tevr.lm.beam import BeamDecoder, BeamSettings
from tevr.store import bundled, find
from tevr.tokens import TokenTable

SAID = "mückenstiche sollte man nicht aufkratzen"


@pytest.fixture(scope="module")
def frames(data: Path) -> NDArray[np.float32]:
    """What the decoder is given for the clip, (frames, labels)."""
    tokens = TokenTable.load(bundled("de-tevr") / "tokens.json")
    logits = np.load(data / "logits.npy").astype(np.float64)
    return tokens.fold((logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype("f4"))


def test_the_score_is_that_of_the_search(frames: NDArray[np.float32], tokens: TokenTable) -> None:
    files = find("de-small")
    system = tokens.decoder_labels, files.decoding, files.language_model_files
    hypothesis = BeamDecoder(*system).decode(frames)
    assert hypothesis.text == SAID
    score = SentenceScorer(*system)([frames], SAID)
    assert score.acoustic == pytest.approx(hypothesis.acoustic_score, abs=0.1)
    assert score.language == pytest.approx(hypothesis.language_score, abs=1e-4)
    assert score.joint == pytest.approx(hypothesis.score, abs=0.1)


def test_other_words_score_less(frames: NDArray[np.float32], tokens: TokenTable) -> None:
    files = find("de-small")
    scorer = SentenceScorer(tokens.decoder_labels, files.decoding, files.language_model_files)
    said, other = scorer([frames], SAID), scorer([frames], SAID.replace("sollte", "xqyz"))
    assert (said.acoustic or 0) > (other.acoustic or -np.inf)
    assert (said.unknown, other.unknown) == ((), ("xqyz",))
    assert source(other, said) == "both"


def test_without_a_language_model_only_sound_counts(
    frames: NDArray[np.float32], tokens: TokenTable
) -> None:
    score = SentenceScorer(tokens.decoder_labels, BeamSettings(), None)([frames], SAID)
    assert (score.language, score.joint) == (0.0, score.acoustic)


def test_silence_says_nothing(tokens: TokenTable) -> None:
    scorer = SentenceScorer(tokens.decoder_labels, BeamSettings(), None)
    assert scorer([], "").acoustic == 0.0
    assert scorer([], "wort").acoustic is None
    frames = np.log(np.full((10, len(tokens.decoder_labels)), 1e-9, np.float32))
    frames[:, tokens.decoder_labels.index("")] = 0.0
    assert scorer([frames], "").acoustic == pytest.approx(0.0, abs=1e-4)
    assert (scorer([frames], "wort").acoustic or -np.inf) < -50


@pytest.mark.parametrize(
    ("said", "heard", "expected"),
    [
        (SentenceScore(-9, -5, -14), SentenceScore(-3, -5, -8), "acoustic"),
        (SentenceScore(-3, -9, -12), SentenceScore(-3, -5, -8), "language"),
        (SentenceScore(-9, -9, -18), SentenceScore(-3, -5, -8), "both"),
        (SentenceScore(-3, -5, -8), SentenceScore(-9, -5, -14), "search"),
        (SentenceScore(None, -5, None), SentenceScore(-9, -5, -14), "acoustic"),
        (SentenceScore(None, -5, None), SentenceScore(None, -5, None), "language"),
    ],
)
def test_the_source_is_the_model_that_thinks_less_of_the_reference(
    said: SentenceScore, heard: SentenceScore, expected: str
) -> None:
    assert source(said, heard) == expected
