"""Language models in files: scores, perplexity, and files that are none."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest

from tevr.errors import ModelError
from tevr.lm.arpa import write_arpa
from tevr.lm.backoff import MARKERS
from tevr.lm.kneser_ney import estimate
from tevr.lm.ngram import LanguageModel

BUNDLED = Path(__file__).parents[2] / "models" / "pretrained" / "de-small"
LINES = ["der hund schläft", "die katze schläft", "der hund bellt", "die katze und der hund"]


@pytest.fixture(scope="module")
def arpa(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lm") / "tiny.arpa"
    write_arpa(estimate(LINES).model, path)
    return path


@pytest.fixture(scope="module")
def bundled() -> LanguageModel:
    return LanguageModel(BUNDLED / "lm.bin")


def test_an_arpa_text_opens_silently_with_its_order(
    arpa: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = LanguageModel(str(arpa))
    assert (model.order, model.path) == (3, arpa)
    assert capfd.readouterr() == ("", "")


def test_the_score_of_a_sentence_is_the_sum_of_its_words(bundled: LanguageModel) -> None:
    for sentence in ("das ist ein guter tag", "der qxyz schläft", ""):
        words = list(bundled.words(sentence))
        assert [score.word for score in words] == [*sentence.split(), "</s>"]
        assert sum(score.log10 for score in words) == pytest.approx(
            bundled.score(sentence), abs=1e-4
        )
        assert all(1 <= score.ngram <= bundled.order for score in words)


def test_without_its_end_a_sentence_scores_without_the_last_word(bundled: LanguageModel) -> None:
    words = list(bundled.words("das ist gut", end=False))
    assert [score.word for score in words] == ["das", "ist", "gut"]
    assert sum(score.log10 for score in words) == pytest.approx(
        bundled.score("das ist gut", end=False), abs=1e-4
    )


def test_words_tell_what_is_known(bundled: LanguageModel) -> None:
    assert "haus" in bundled
    assert "qxyz" not in bundled
    assert 7 not in bundled
    assert [score.known for score in bundled.words("haus qxyz")] == [True, False, True]


def test_german_word_order_is_likelier_than_its_reverse(bundled: LanguageModel) -> None:
    sentence = "ich habe das buch noch nicht gelesen"
    assert bundled.score(sentence) > bundled.score(" ".join(reversed(sentence.split()))) + 3


def test_perplexity_is_ten_to_the_mean_loss_a_word(bundled: LanguageModel) -> None:
    sentences = ["das ist ein tag", "der qxyz kommt"]
    found = bundled.perplexity(sentences)
    total = sum(bundled.score(sentence) for sentence in sentences)
    assert found.with_unknown == pytest.approx(10 ** (-total / 9), rel=1e-4)
    assert (found.words, found.unknown) == (7, 1)
    assert found.unknown_rate == pytest.approx(1 / 7)
    assert found.known_only < found.with_unknown


def test_perplexity_of_no_text_is_an_error(bundled: LanguageModel) -> None:
    with pytest.raises(ModelError, match="no text"):
        bundled.perplexity([])


def test_the_bundled_files_hold_the_same_vocabulary_and_stay_small(bundled: LanguageModel) -> None:
    unigrams = BUNDLED / "unigrams.txt"
    words = unigrams.read_text(encoding="utf-8").splitlines()
    assert len(words) == len(set(words))
    assert all(word in bundled for word in words)
    (held,) = struct.unpack_from("<Q", (BUNDLED / "lm.bin").read_bytes(), 108)
    assert held == len(words) + len(MARKERS)
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) <= 75_000_000


def test_the_bundled_model_foresees_plain_german(bundled: LanguageModel) -> None:
    found = bundled.perplexity(
        ["das wetter ist heute sehr schön", "ich gehe morgen mit meiner mutter in die stadt"]
    )
    assert found.unknown == 0
    assert found.with_unknown < 400


def test_a_missing_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.bin cannot be read"):
        LanguageModel(tmp_path / "none.bin")


HEAD = (BUNDLED / "lm.bin").read_bytes()[:400]
BAD = {
    "empty": b"",
    "text": b"Guten Tag, das ist kein Modell.\n" * 20,
    "noise": bytes(number * number % 251 for number in range(5000)),
    "the magic alone": HEAD[:52],
    "the header alone": HEAD[:160],
    "a header and nothing after it": HEAD,
    "another version": HEAD.replace(b"version 5", b"version 4"),
    "an unfinished build": b"mmap lm http://kheafield.com/code incomplete\n" + bytes(4000),
    "an impossible order": HEAD[:88] + b"\x09" + HEAD[89:],
    "too many words": HEAD[:108] + struct.pack("<Q", 2**40) + HEAD[116:],
    "an ARPA text that stops": b"\\data\\\nngram 1=5\n",
    "an ARPA text of nonsense": b"\\data\\\nngram 1=2\nngram 2=1\n\n\\1-grams:\nfoo\n\\end\\\n",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_files_that_are_no_model_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "lm.bin"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"lm\.bin"):
        LanguageModel(path)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_binary_is_refused(share: float, tmp_path: Path) -> None:
    whole = (BUNDLED / "lm.bin").read_bytes()
    path = tmp_path / "lm.bin"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ModelError, match="truncated or damaged"):
        LanguageModel(path)


def test_scores_are_logarithms_to_base_ten(arpa: Path) -> None:
    model = LanguageModel(arpa)
    followers = [*(word for line in LINES for word in line.split()), "</s>", "qxyz"]
    chances = [10 ** next(model.words(word, end=False)).log10 for word in set(followers[:-2])]
    rest = 10 ** next(model.words("")).log10 + 10 ** next(model.words("qxyz")).log10
    assert math.fsum([*chances, rest]) == pytest.approx(1, abs=1e-4)
