"""Tuning: errors never grow, the numbers stay in their ranges, and it is the same every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr import load
from tevr.errors import UsageError
from tevr.labelled import Clip
from tevr.lm.beam import BeamSettings, LanguageModelFiles
from tevr.tokens import TokenTable
from tevr.tuning import STEPS, Heard, listen, tune

SAID = "mückenstiche sollte man nicht aufkratzen"


@pytest.fixture
def language_model(data: Path) -> LanguageModelFiles:
    return LanguageModelFiles(data / "decoder" / "lm.arpa", data / "decoder" / "unigrams.txt")


@pytest.fixture
def heard(tokens: TokenTable, logits: NDArray[np.float32]) -> list[Heard]:
    spans = tokens.fold(logits)
    return [Heard(tuple(SAID.split()), (spans,)), Heard(("man", "nicht"), (spans[80:93],))]


def test_settings_that_hear_wrong_words_are_mended(
    tokens: TokenTable, data: Path, language_model: LanguageModelFiles
) -> None:
    tried: list[tuple[int, str]] = []
    unsure = [Heard(tuple(SAID.split()), (tokens.fold(np.load(data / "clip_log_probs.npy")),))]
    deaf = BeamSettings(alpha=0.0, token_floor=-7.0)
    found = tune(
        tokens.decoder_labels, unsure, language_model, deaf, lambda *each: tried.append(each)
    )
    before, after = found.word_error_rate
    assert after < before
    assert found.tries == len(tried) > 3
    low, high = found.gain_interval()
    assert low <= before - after <= high
    untouched = {name: getattr(deaf, name) for name in STEPS}
    assert replace(found.settings, **untouched) == deaf
    assert found.settings.alpha >= 0
    assert found.settings.compound_offset is None


def test_settings_without_errors_stay(
    tokens: TokenTable, heard: list[Heard], language_model: LanguageModelFiles
) -> None:
    usual = BeamSettings()
    found = tune(tokens.decoder_labels, heard[:1], language_model, usual)
    assert found.errors == (0,)
    assert found.settings == usual


def test_no_clips_are_an_error(tokens: TokenTable, language_model: LanguageModelFiles) -> None:
    with pytest.raises(UsageError, match="no recordings"):
        tune(tokens.decoder_labels, [], language_model, BeamSettings())


def test_clips_are_heard_as_the_decoder_gets_them(data: Path) -> None:
    recognizer = load()
    (clip,) = listen(recognizer, [Clip(data / "clip.wav", SAID)])
    assert clip.words == tuple(SAID.split())
    assert all(span.ndim == 2 for span in clip.spans)
    frames = sum(len(span) for span in clip.spans)
    assert 2.0 < frames * 0.02 < 3.2
