"""The published model's real log-probabilities through the pipeline: text, times and confidence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.acoustic import FRAME_SECONDS
from tevr.lm.beam import BeamDecoder, LanguageModelFiles
from tevr.lm.decoder import Decoder, GreedyDecoder
from tevr.recognizer import Recognizer
from tevr.registry import PUBLISHED_DECODING
from tevr.speech import SpanSettings
from tevr.store import Timing
from tevr.tokens import TokenTable
from tevr.transcript import Options, Transcript

Floats = NDArray[np.float32]
SAID = "mückenstiche sollte man nicht aufkratzen"
#: Keeps the clip in one piece, as the real model heard it.
WHOLE = SpanSettings(padding=3.2)


class Recorded:
    """An acoustic model that gives what the real one gave for the one clip it was asked about."""

    def __init__(self, log_probs: Floats, samples: int) -> None:
        self._log_probs = log_probs
        self._samples = samples

    def log_probs(self, waveforms: Sequence[Floats]) -> list[Floats]:
        (waveform,) = waveforms
        assert len(waveform) == self._samples
        return [self._log_probs]


@pytest.fixture(scope="module")
def beam(tokens: TokenTable, data: Path) -> BeamDecoder:
    """The authors' numbers with a small language model, whose words are read as theirs are."""
    folder = data / "decoder"
    files = LanguageModelFiles(folder / "lm.arpa", folder / "unigrams.txt")
    return BeamDecoder(tokens.decoder_labels, PUBLISHED_DECODING, files)


def transcribe(
    decoder: Decoder, tokens: TokenTable, logits: Floats, clip: Floats, path: Path
) -> Transcript:
    recognizer = Recognizer(
        Recorded(logits, len(clip)),
        tokens,
        decoder,
        Options(),
        name="de-1b",
        timing=Timing(),
        cutting=WHOLE,
        threads=1,
    )
    return recognizer.transcribe(path)


def test_the_words_are_those_that_were_said(
    beam: BeamDecoder, tokens: TokenTable, logits: Floats, clip: Floats, data: Path
) -> None:
    transcript = transcribe(beam, tokens, logits, clip, data / "clip.wav")
    assert transcript.text == SAID
    assert transcript.model == "de-1b"


def test_without_a_language_model_one_letter_is_wrong_as_published(
    tokens: TokenTable, logits: Floats, clip: Floats, data: Path
) -> None:
    greedy = GreedyDecoder(tokens.decoder_labels)
    transcript = transcribe(greedy, tokens, logits, clip, data / "clip.wav")
    assert transcript.text == SAID.replace("kratzen", "gratzen")


def test_words_stand_where_their_labels_fire(
    beam: BeamDecoder, tokens: TokenTable, logits: Floats, clip: Floats, data: Path
) -> None:
    words = list(transcribe(beam, tokens, logits, clip, data / "clip.wav").words)
    best = tokens.fold(logits).argmax(axis=1)
    spoken = [tokens.decoder_labels[index] for index in best]
    letters = [frame for frame, label in enumerate(spoken) if label.strip()]
    assert words[0].start == pytest.approx(letters[0] * FRAME_SECONDS, abs=0.04)
    assert words[-1].end == pytest.approx((letters[-1] + 1) * FRAME_SECONDS, abs=0.04)
    for left, right in pairwise(words):
        between = range(round(left.end / FRAME_SECONDS), round(right.start / FRAME_SECONDS))
        assert " " in [spoken[frame] for frame in between]


def test_plain_words_are_sure_and_the_misheard_one_less(
    beam: BeamDecoder, tokens: TokenTable, logits: Floats, clip: Floats, data: Path
) -> None:
    words = list(transcribe(beam, tokens, logits, clip, data / "clip.wav").words)
    sure = {word.text: word.confidence for word in words}
    assert all(0 <= confidence <= 1 for confidence in sure.values())
    plain = min(sure[word] for word in ("sollte", "man", "nicht"))
    assert plain > 0.9
    assert sure["aufkratzen"] < plain
