"""Histories: words score alike whether they are heard in one piece or go on from those before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.lm.beam import BeamDecoder, BeamSettings, LanguageModelFiles
from tevr.lm.decoder import GreedyDecoder, Place
from tevr.lm.lexicon import Compounding, encode, write_lexicon
from tevr.lm.ngram import LanguageModel
from tevr.lm.prefixes import LN10
from tevr.tokens import TokenTable

Floats = NDArray[np.float32]


@pytest.fixture
def language_model(data: Path) -> LanguageModelFiles:
    return LanguageModelFiles(data / "decoder" / "lm.arpa", data / "decoder" / "unigrams.txt")


@pytest.fixture
def folded(tokens: TokenTable, logits: Floats) -> Floats:
    return tokens.fold(logits)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_parts_of_a_sentence_score_what_the_whole_does(
    tokens: TokenTable, folded: Floats, language_model: LanguageModelFiles, count: int
) -> None:
    decoder = BeamDecoder(tokens.decoder_labels, BeamSettings(), language_model)
    whole = decoder.decode(folded)
    assert len(whole.words) == 5
    border = (whole.words[count - 1][2] + whole.words[count][1]) // 2
    front = decoder.decode(folded[:border], Place(ends=False))
    before = tuple(text for text, _, _ in front.words)
    back = decoder.decode(folded[border:], Place(before))
    assert f"{front.text} {back.text}" == whole.text
    parts = front.language_score + back.language_score
    assert parts == pytest.approx(whole.language_score, abs=1e-3)


def test_words_before_change_what_is_heard(
    tokens: TokenTable, folded: Floats, language_model: LanguageModelFiles
) -> None:
    decoder = BeamDecoder(tokens.decoder_labels, BeamSettings(), language_model)
    nothing, fitting, odd = (
        decoder.decode(folded, Place(before)).language_score
        for before in ((), ("sie", "sollte"), ("unbekanntes",))
    )
    assert len({nothing, fitting, odd}) == 3


def test_a_sentence_that_goes_on_is_not_charged_for_its_end(
    tokens: TokenTable, folded: Floats, language_model: LanguageModelFiles
) -> None:
    decoder = BeamDecoder(tokens.decoder_labels, BeamSettings(), language_model)
    ended, open_end = (decoder.decode(folded, Place(ends=ends)) for ends in (True, False))
    assert ended.text == open_end.text
    model = LanguageModel(language_model.ngrams)
    end = model.score(ended.text) - model.score(ended.text, end=False)
    charged = ended.language_score - open_end.language_score
    assert charged == pytest.approx(LN10 * end, abs=1e-3)


def test_a_compound_before_counts_as_its_head(
    tmp_path: Path, language_model: LanguageModelFiles
) -> None:
    model = LanguageModel(language_model.ngrams)
    words = ["sollte", "man", "nicht", "die", "haut"]
    made = Compounding(-1.0, -1.0, {"haus": -2.0}, {"haut": 0.5})
    path = tmp_path / "lexicon.bin"
    scores = [model.score(word, start=False, end=False) for word in words]
    write_lexicon(encode(words, scores, made), path)
    files = LanguageModelFiles(language_model.ngrams, language_model.unigrams, path)
    letters = ("", " ", *"abcdefghijklmnopqrstuvwxyz")
    decoder = BeamDecoder(letters, BeamSettings(compound_offset=0.0, token_floor=-9.0), files)
    heard = decoder.decode(spelt("haushaut", letters))
    assert heard.text == "haushaut"
    after_compound, after_head, after_unknown = (
        decoder.decode(spelt("sollte", letters), Place((word,))).language_score
        for word in ("haushaut", "haut", "xyz")
    )
    assert after_compound == after_head != after_unknown


def test_a_greedy_decoder_goes_by_its_labels_alone(tokens: TokenTable, folded: Floats) -> None:
    decoder = GreedyDecoder(tokens.decoder_labels)
    assert decoder.decode(folded, Place(("nie",), ends=False)) == decoder.decode(folded)


def spelt(text: str, labels: tuple[str, ...]) -> Floats:
    """Log-probabilities (frames, labels) fairly sure of each letter, with a blank after it."""
    ids = [each for letter in text for each in (labels.index(letter), 0)]
    log_probs = np.full((len(ids), len(labels)), np.log(0.05 / (len(labels) - 1)), np.float32)
    log_probs[np.arange(len(ids)), ids] = np.log(0.95)
    return log_probs
