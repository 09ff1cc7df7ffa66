"""Decoders: the beam search equal to pyctcdecode's on real arrays, sound words on any."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.lm.beam import BeamDecoder, BeamSettings, LanguageModelFiles, read_unigrams
from tevr.lm.decoder import Decoder, GreedyDecoder, Hypothesis
from tevr.lm.lexicon import Compounding, encode, write_lexicon
from tevr.lm.ngram import LanguageModel
from tevr.lm.prefixes import LN10
from tevr.tokens import TokenTable

LABELS = ("", " ", "a", "b", "c", "ab", "ca")
DECODER_DATA = Path(__file__).parents[1] / "data" / "decoder"
EXPECTED = json.loads((DECODER_DATA / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture
def language_model(data: Path) -> LanguageModelFiles:
    """A trigram model of some sixty sentences, and its words."""
    return LanguageModelFiles(data / "decoder" / "lm.arpa", data / "decoder" / "unigrams.txt")


@pytest.fixture
def folded(tokens: TokenTable, logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """The published model's log-probabilities (158, 255) for the clip, as decoders take them."""
    return tokens.fold(logits)


def random_log_probs(seed: int, frames: int, spread: float) -> NDArray[np.float32]:
    raw = np.random.default_rng(seed).normal(0, spread, (frames, len(LABELS)))
    return (raw - np.logaddexp.reduce(raw, axis=1, keepdims=True)).astype(np.float32)


def spell(*labels: str) -> NDArray[np.float32]:
    """Log-probabilities (labels, LABELS) almost sure of one label a frame."""
    log_probs = np.full((len(labels), len(LABELS)), -20.0, np.float32)
    log_probs[np.arange(len(labels)), [LABELS.index(label) for label in labels]] = -1e-4
    return log_probs


def name_case(case: dict[str, Any]) -> str:
    changed = {
        key: value
        for key, value in case["settings"].items()
        if value != getattr(BeamSettings(), key)
    }
    model = "lm" if case["language_model"] else "no lm"
    return f"{case['array']}, {model}, {changed}, hot-words {case['hotwords']}"


@pytest.mark.parametrize("case", EXPECTED, ids=name_case)
def test_beam_finds_the_words_and_scores_of_pyctcdecode(
    case: dict[str, Any], data: Path, tokens: TokenTable, language_model: LanguageModelFiles
) -> None:
    raw = np.load(data / case["array"]).astype(np.float64)
    log_probs = raw - np.logaddexp.reduce(raw, axis=1, keepdims=True)
    decoder = BeamDecoder(
        tokens.decoder_labels,
        BeamSettings(**case["settings"]),
        language_model if case["language_model"] else None,
        case["hotwords"],
    )
    found = decoder.decode(tokens.fold(log_probs.astype(np.float32)))
    expected = [text for text, _, _ in case["words"]]
    if found.text.split() != expected:  # where the beam is narrow, ours may find more likely words
        assert case["settings"]["beam"] <= 10
        assert found.score > case["score"]
        return
    # The reference leaves a word's frames to the last path found, we to the likeliest one.
    for (_, start, end), (_, first, stop) in zip(found.words, case["words"], strict=True):
        assert abs(start - first) <= 6
        assert abs(end - stop) <= 6
    assert found.acoustic_score == pytest.approx(case["acoustic_score"], abs=0.01)
    extra = empty_last_word(case, found, language_model) if case["language_model"] else 0.0
    assert found.score == pytest.approx(case["score"] - extra, abs=0.01)


def empty_last_word(
    case: dict[str, Any], found: Hypothesis, language_model: LanguageModelFiles
) -> float:
    """What pyctcdecode scores where the sound ends with a space: a word without letters."""
    if case["array"] != "logits.npy":
        return 0.0
    model = LanguageModel(language_model.ngrams)
    state = model.begin()
    for word, _, _ in found.words:
        _, state = model.advance(state, word)
    end, _ = model.advance(state, "</s>")
    empty, state = model.advance(state, "")
    empty += case["settings"]["unknown_offset"] + model.advance(state, "</s>")[0]
    return case["settings"]["alpha"] * LN10 * (empty - end) + case["settings"]["beta"]


def test_greedy_reads_the_known_text(tokens: TokenTable, folded: NDArray[np.float32]) -> None:
    found = GreedyDecoder(tokens.decoder_labels).decode(folded)
    assert found.text == "mückenstiche sollte man nicht aufgratzen"
    assert found.score == pytest.approx(folded.max(axis=1).sum(), abs=1e-3)


def test_greedy_frames_hold_the_labels_of_their_word(
    tokens: TokenTable, folded: NDArray[np.float32]
) -> None:
    found = GreedyDecoder(tokens.decoder_labels).decode(folded)
    best = [tokens.decoder_labels[index] for index in folded.argmax(axis=1)]
    for text, first, stop in found.words:
        merged = [
            label
            for frame, label in enumerate(best[first:stop], first)
            if frame == first or label != best[frame - 1]
        ]
        assert "".join(merged) == text
        assert best[first]
        assert best[stop - 1]


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (("a", "a", "", "a", "b"), (("aab", 0, 5),)),
        (("", " ", "ca", " ", " ", "b", ""), (("ca", 2, 3), ("b", 5, 6))),
        ((" ", "", " "), ()),
        (("a", "", " ", "", "a"), (("a", 0, 1), ("a", 4, 5))),
    ],
)
def test_greedy_merges_repeats_drops_blanks_and_splits_at_spaces(
    frames: tuple[str, ...], words: tuple[tuple[str, int, int], ...]
) -> None:
    assert GreedyDecoder(LABELS).decode(spell(*frames)).words == words


def test_hotword_repairs_the_last_word(tokens: TokenTable, folded: NDArray[np.float32]) -> None:
    plain = BeamDecoder(tokens.decoder_labels, BeamSettings())
    hinted = BeamDecoder(tokens.decoder_labels, BeamSettings(), hotwords=["aufkratzen"])
    assert plain.decode(folded).words[-1][0] == "aufgratzen"
    assert hinted.decode(folded).words[-1][0] == "aufkratzen"


def test_hotword_that_was_not_said_changes_nothing(
    tokens: TokenTable, folded: NDArray[np.float32]
) -> None:
    plain = BeamDecoder(tokens.decoder_labels, BeamSettings())
    hinted = BeamDecoder(tokens.decoder_labels, BeamSettings(), hotwords=["donaudampfschiff"])
    assert hinted.decode(folded) == plain.decode(folded)


def test_language_model_corrects_the_clip(
    tokens: TokenTable, folded: NDArray[np.float32], language_model: LanguageModelFiles
) -> None:
    decoder = BeamDecoder(tokens.decoder_labels, BeamSettings(), language_model)
    assert decoder.decode(folded).text == "mückenstiche sollte man nicht aufkratzen"


def test_best_gives_different_texts_in_order_of_their_scores(
    tokens: TokenTable, folded: NDArray[np.float32], language_model: LanguageModelFiles
) -> None:
    decoder = BeamDecoder(tokens.decoder_labels, BeamSettings(beam_floor=-30.0), language_model)
    best = decoder.best(folded, 5)
    assert len({hypothesis.text for hypothesis in best}) == 5
    assert [h.score for h in best] == sorted((h.score for h in best), reverse=True)
    assert best[0] == decoder.decode(folded)


@pytest.mark.parametrize("decoder", [GreedyDecoder(LABELS), BeamDecoder(LABELS, BeamSettings())])
@pytest.mark.parametrize("label", ["", " "])
@pytest.mark.parametrize("frames", [0, 1, 50])
def test_silence_has_no_words(decoder: Decoder, label: str, frames: int) -> None:
    silence = spell(*[label] * frames)
    assert decoder.decode(silence).words == ()


def test_threads_may_share_a_decoder(
    tokens: TokenTable, folded: NDArray[np.float32], language_model: LanguageModelFiles
) -> None:
    decoder = BeamDecoder(tokens.decoder_labels, BeamSettings(), language_model)
    pieces = [folded[: 60 + 4 * number] for number in range(24)]
    alone = [decoder.decode(piece) for piece in pieces]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(decoder.decode, pieces)) == alone


def test_scores_are_told_apart(
    tokens: TokenTable, folded: NDArray[np.float32], language_model: LanguageModelFiles
) -> None:
    usual = BeamSettings(beam_floor=-20.0)
    best = BeamDecoder(tokens.decoder_labels, usual, language_model).best(folded, 10)
    assert len(best) == 10
    model = LanguageModel(language_model.ngrams)
    for found in best:
        joint = found.acoustic_score + usual.alpha * found.language_score
        assert found.score == pytest.approx(joint + usual.beta * len(found.words), abs=1e-6)
        if all(word in model for word in found.text.split()):
            assert found.language_score == pytest.approx(LN10 * model.score(found.text), abs=1e-3)


SPELLING = ("", " ", *"abdefghiklmnrstuvz", "st", "ch", "ü", "ei", "tü")


@pytest.fixture
def composing(tmp_path: Path, language_model: LanguageModelFiles) -> LanguageModelFiles:
    """The trigram model with some words, and parts that compounds are made of."""
    model = LanguageModel(language_model.ngrams)
    words = [word for word in read_unigrams(language_model.unigrams) if word in model]
    scores = [model.score(word, start=False, end=False) for word in words]
    heads = {"zug": 0.5}
    made = Compounding(-1.0, -1.0, {"haus": -2.0, "staats": -2.0, "nacht": -2.0}, heads)
    path = tmp_path / "lexicon.bin"
    write_lexicon(encode(words, scores, made), path)
    return replace(language_model, lexicon=path)


def spelt(*labels: str, sure: float = -0.05) -> NDArray[np.float32]:
    """Log-probabilities (frames, SPELLING): the labels, each followed by a blank, fairly sure."""
    rest = np.log(-np.expm1(sure) / (len(SPELLING) - 1))
    log_probs = np.full((2 * len(labels), len(SPELLING)), rest, np.float32)
    log_probs[::2][np.arange(len(labels)), [SPELLING.index(label) for label in labels]] = sure
    log_probs[1::2, 0] = sure
    return log_probs


OPEN = BeamSettings(
    alpha=0.5, beta=0.0, token_floor=-9.0, beam_floor=-20.0, lookahead=0.9, compound_offset=0.0
)


def test_a_compound_outside_the_vocabulary_comes_out_whole(
    composing: LanguageModelFiles,
) -> None:
    heard = spelt(*"haus", "z", "u", "g")
    assert BeamDecoder(SPELLING, OPEN, composing).decode(heard).text == "hauszug"


def test_a_label_may_end_one_part_and_begin_the_next(composing: LanguageModelFiles) -> None:
    made = Compounding(-1.0, -1.0, {"haus": -2.0}, {"tür": 0.5})
    words, scores = ["tür", "haus", "zug"], [-3.0, -3.0, -3.0]
    assert composing.lexicon is not None
    write_lexicon(encode(words, scores, made), composing.lexicon)
    heard = spelt("h", "a", "u", "st", "ü", "r")
    assert BeamDecoder(SPELLING, OPEN, composing).decode(heard).text == "haustür"


def test_a_closed_vocabulary_tears_or_spoils_the_compound(
    composing: LanguageModelFiles,
) -> None:
    closed = replace(OPEN, compound_offset=None)
    composed = BeamDecoder(SPELLING, OPEN, composing).decode(spelt(*"hauszug"))
    spoilt = BeamDecoder(SPELLING, closed, composing).decode(spelt(*"hauszug"))
    assert spoilt.score < composed.score


def test_two_words_are_not_glued(composing: LanguageModelFiles) -> None:
    heard = spelt(*"haus", " ", *"zug")
    assert BeamDecoder(SPELLING, OPEN, composing).decode(heard).text == "haus zug"


def test_a_compound_is_scored_by_its_parts(composing: LanguageModelFiles) -> None:
    found = BeamDecoder(SPELLING, OPEN, composing).decode(spelt(*"hauszug"))
    head = LanguageModel(composing.ngrams).score("zug")
    # Lexicons keep scores in steps of 0.05: modifier -2, joint -1, head +0.5.
    assert found.language_score == pytest.approx(LN10 * (head - 2.0 - 1.0 + 0.5), abs=0.01)


@pytest.mark.parametrize("spelling", ["hauszag", "zagzug"])
def test_a_hotword_is_found_inside_a_compound(composing: LanguageModelFiles, spelling: str) -> None:
    unsure = spelt(*spelling, sure=-0.1)
    hinted = BeamDecoder(SPELLING, replace(OPEN, hotword_weight=5.0), composing, ["zag"])
    assert hinted.decode(unsure).text == spelling
    plain = BeamDecoder(SPELLING, OPEN, composing).decode(unsure)
    assert hinted.decode(unsure).score > plain.score


def test_foreseeing_a_word_changes_no_final_score(
    tokens: TokenTable, folded: NDArray[np.float32], language_model: LanguageModelFiles
) -> None:
    wide = BeamSettings(beam=1000, beam_floor=-30.0)
    plain = BeamDecoder(tokens.decoder_labels, wide, language_model).decode(folded)
    foreseeing = replace(wide, lookahead=1.0)
    found = BeamDecoder(tokens.decoder_labels, foreseeing, language_model).decode(folded)
    assert found.text == plain.text
    assert found.score == pytest.approx(plain.score, abs=0.01)


def test_sound_that_fits_no_word_is_still_written(composing: LanguageModelFiles) -> None:
    certain = spelt(*"zzz", sure=-1e-6)
    assert BeamDecoder(SPELLING, OPEN, composing).decode(certain).text == "zzz"


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 10_000),
    st.integers(1, 60),
    st.floats(0, 20),
    st.lists(st.text("abc ", min_size=1, max_size=8).filter(str.strip), max_size=3),
    st.floats(0, 20),
)
@example(seed=0, frames=1, spread=0.0, hotwords=[], weight=0.0)
def test_words_of_any_array_lie_inside_it_in_order(
    seed: int, frames: int, spread: float, hotwords: list[str], weight: float
) -> None:
    log_probs = random_log_probs(seed, frames, spread)
    usual = BeamSettings(beam=20, hotword_weight=weight)
    for decoder in (GreedyDecoder(LABELS), BeamDecoder(LABELS, usual, hotwords=hotwords)):
        found = decoder.decode(log_probs)
        assert np.isfinite([found.score, found.acoustic_score]).all()
        starts = [first for _, first, _ in found.words]
        assert starts == sorted(starts)
        for text, first, stop in found.words:
            assert text
            assert " " not in text
            assert 0 <= first < stop <= frames


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000))
def test_no_narrow_beam_beats_the_whole_search(seed: int) -> None:
    labels, log_probs = LABELS[:4], random_log_probs(seed, 6, 2.0)[:, :4]
    everything = BeamSettings(beam=5000, token_floor=-100.0, beam_floor=-1000.0)
    whole = BeamDecoder(labels, everything).decode(log_probs)
    narrow = BeamDecoder(labels, replace(everything, beam=3)).decode(log_probs)
    assert narrow.score <= whole.score + 1e-4


def test_missing_word_list_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_unigrams(tmp_path / "unigrams.txt")


def test_word_list_in_another_encoding_is_a_model_error(tmp_path: Path) -> None:
    path = tmp_path / "unigrams.txt"
    path.write_bytes("mücke\n".encode("latin-1"))
    with pytest.raises(ModelError, match="cannot be read"):
        read_unigrams(path)


def test_empty_word_list_is_a_model_error(tmp_path: Path) -> None:
    path = tmp_path / "unigrams.txt"
    path.write_text("\n\n", encoding="utf-8")
    with pytest.raises(ModelError, match="is empty"):
        read_unigrams(path)


def test_word_list_is_read_a_word_a_line(language_model: LanguageModelFiles) -> None:
    words = read_unigrams(language_model.unigrams)
    assert {"mückenstiche", "sollte", "aufkratzen"} <= set(words)
    assert len(words) == len(set(words))


@pytest.mark.parametrize("content", [b"", b"no language model", None])
def test_language_model_that_cannot_be_opened_is_a_model_error(
    tmp_path: Path, language_model: LanguageModelFiles, content: bytes | None
) -> None:
    broken = tmp_path / "lm.bin"
    if content is not None:
        broken.write_bytes(content)
    with pytest.raises(ModelError, match=r"The language model|is neither"):
        BeamDecoder(LABELS, BeamSettings(), replace(language_model, ngrams=broken))


def test_damaged_arpa_is_a_model_error(tmp_path: Path, language_model: LanguageModelFiles) -> None:
    broken = tmp_path / "lm.arpa"
    broken.write_bytes(language_model.ngrams.read_bytes()[:10_000])
    with pytest.raises(ModelError, match=r"The language model|is neither"):
        BeamDecoder(LABELS, BeamSettings(), replace(language_model, ngrams=broken))
