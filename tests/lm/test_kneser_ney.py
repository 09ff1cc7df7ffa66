"""Estimates are those of KenLM's lmplz, and distributions whatever the text and what is dropped."""

from __future__ import annotations

import gzip
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import ModelError, UsageError
from tevr.lm.backoff import MARKERS, START, UNKNOWN, BackoffModel
from tevr.lm.kneser_ney import Estimate, EstimateOptions, estimate
from tevr.lm.token_ids import Vocabulary

DATA = Path(__file__).parents[1] / "data" / "kneser_ney"
SENTENCES = (DATA / "sentences.txt").read_text(encoding="utf-8").splitlines()
KNOWN = (DATA / "known.txt").read_text(encoding="utf-8").split()
ONLY_KNOWN = Vocabulary(KNOWN, merge_others=False)
FALLBACK = (0.5, 1.0, 1.5)
OF_ALL = [(0.777898, 1.13007, 1.87712), (0.922537, 1.20925, 1.44078)]

# Model → sentences, options, and the discounts that lmplz states.
REFERENCES = {
    "short_3": (
        200,
        EstimateOptions(3),
        [(0.856444, 1.09489, 1.67389), (0.937611, 1.67853, 0.655972), FALLBACK],
    ),
    "long_5": (
        520,
        EstimateOptions(5),
        [
            (0.816927, 1.3095, 1.38916),
            (0.938533, 1.16026, 1.52779),
            (0.988498, 1.37096, 1.87029),
            FALLBACK,
            FALLBACK,
        ],
    ),
    "cut_5": (
        None,
        EstimateOptions(5, cut_offs=(0, 1)),
        [
            *OF_ALL,
            (0.979791, 1.5171, 1.80721),
            (0.994834, 1.63824, 2.00517),
            (0.992884, 0.692299, 2.77936),
        ],
    ),
    "known_3": (
        None,
        EstimateOptions(3, ONLY_KNOWN),
        [*OF_ALL, (0.96964, 1.37961, 2.1381)],
    ),
    "known_cut_3": (
        None,
        EstimateOptions(3, ONLY_KNOWN, cut_offs=(1,)),
        [*OF_ALL, (0.96964, 1.37961, 2.1381)],
    ),
}
WORST_CASE = """
import re, sys
import numpy as np
from pathlib import Path
from tevr.lm.kneser_ney import EstimateOptions, estimate
def sentences():
    random = np.random.default_rng(0)
    for _ in range(75_000):
        yield " ".join(f"wort{int(x)}" for x in random.pareto(1, 16) * 50)
options = EstimateOptions(5, cut_offs=(1,), memory=200_000_000)
found = estimate(sentences(), options, Path(sys.argv[1]))
# Not what getrusage says: to that, the process that started this one counts too.
(peak,) = re.findall(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(sum(found.counted), int(peak) * 1024)
"""

texts = st.lists(
    st.lists(st.sampled_from("abcdefx"), max_size=8).map(" ".join), min_size=1, max_size=12
).filter(any)
Scores = dict[str, tuple[float, float]]


def spelt(model: BackoffModel) -> list[Scores]:
    """n-gram → log10 and back-off, for each level."""
    found: list[Scores] = []
    texts = list(model.words)
    for index, level in enumerate(model.levels):
        if index:
            pairs = zip(level.history.tolist(), level.word.tolist(), strict=True)
            texts = [f"{texts[history]} {model.words[word]}" for history, word in pairs]
        scores = zip(level.log10.tolist(), level.back_off.tolist(), strict=True)
        found.append(dict(zip(texts, scores, strict=True)))
    return found


def reference(name: str) -> list[Scores]:
    """The same from a model of lmplz."""
    found: list[Scores] = []
    with gzip.open(DATA / f"{name}.arpa.gz", "rt", encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if line.endswith("-grams:\n"):
                found.append({})
            elif len(fields) > 1:
                found[-1][fields[1]] = float(fields[0]), float((*fields, "0")[2])
    return found


def log10(scores: list[Scores], history: tuple[str, ...], word: str) -> float:
    """What a reader of the model finds for a word, backing off as far as needed."""
    found = scores[len(history)].get(" ".join([*history, word]))
    if found is not None:
        return found[0]
    _, back_off = scores[len(history) - 1].get(" ".join(history), (0.0, 0.0))
    return back_off + log10(scores, history[1:], word)


@pytest.mark.parametrize("name", REFERENCES)
def test_ngrams_scores_and_discounts_are_those_of_lmplz(name: str) -> None:
    sentences, options, discounts = REFERENCES[name]
    found = estimate(SENTENCES[:sentences], options)
    for wanted, taken in zip(discounts, found.discounts, strict=True):
        assert astuple(taken) == pytest.approx(wanted, abs=1e-4)
    for ours, theirs in zip(spelt(found.model), reference(name), strict=True):
        assert ours.keys() == theirs.keys()
        # lmplz gives the start 0, which nobody asks for.
        grams = [gram for gram in theirs if gram != "<s>"]
        expected = np.array([theirs[gram] for gram in grams])
        np.testing.assert_allclose([ours[gram] for gram in grams], expected, rtol=0, atol=1e-5)


def test_the_most_frequent_words_may_be_the_vocabulary() -> None:
    found = estimate(SENTENCES, EstimateOptions(3, Vocabulary(most=500, merge_others=False)))
    ours = spelt(found.model)
    assert [level.keys() for level in ours] == [level.keys() for level in reference("known_3")]


@settings(max_examples=60, deadline=None)
@given(
    lines=texts,
    order=st.integers(1, 5),
    cut_offs=st.sampled_from([(), (0, 1), (1,), (1, 1, 2)]),
    known=st.one_of(st.none(), st.sets(st.sampled_from("abcdefg"), min_size=1)),
    merge=st.booleans(),
    unknown=st.sampled_from([None, 1e-6, 0.3]),
    listed=st.sampled_from([None, {"a": 0.2, "g": 0.1}]),
)
def test_probabilities_after_any_history_sum_to_one(
    lines: list[str],
    order: int,
    cut_offs: tuple[int, ...],
    known: set[str] | None,
    merge: bool,
    unknown: float | None,
    listed: dict[str, float] | None,
) -> None:
    vocabulary = Vocabulary(None if known is None else sorted(known), merge_others=merge)
    options = EstimateOptions(order, vocabulary, cut_offs[: order - 1], listed, unknown)
    model = estimate(lines, options).model
    scores = spelt(model)
    words = [word for word in model.words if word != "<s>"]
    for level in [{"": None}, *scores[:-1]]:
        for history in level:
            gram = tuple(history.split())
            sums = sum(10 ** log10(scores, gram, word) for word in words)
            # Scores are rounded to 24 bits: some 1e-7 of a logarithm of -3, twice for back-offs.
            assert sums == pytest.approx(1, abs=1e-6 if unknown is None else 3e-6)


@settings(max_examples=40, deadline=None)
@given(
    lines=texts,
    order=st.integers(1, 5),
    rows=st.integers(1, 30),
    cut_offs=st.sampled_from([(), (1,)]),
)
def test_the_result_does_not_depend_on_how_much_is_handled_at_a_time(
    lines: list[str], order: int, rows: int, cut_offs: tuple[int, ...]
) -> None:
    cut_offs = cut_offs[: order - 1]
    whole = estimate(lines, EstimateOptions(order, cut_offs=cut_offs))
    parts = estimate(lines, EstimateOptions(order, cut_offs=cut_offs, rows=rows))
    assert parts.model.words == whole.model.words
    assert parts.discounts == whole.discounts
    for ours, theirs in zip(parts.model.levels, whole.model.levels, strict=True):
        for column in ("history", "word", "log10", "back_off"):
            np.testing.assert_allclose(
                getattr(ours, column), getattr(theirs, column), rtol=0, atol=1e-6
            )
    for some, all_ in zip(parts.counts, whole.counts, strict=True):
        np.testing.assert_array_equal(some, all_)


@pytest.mark.parametrize("cut_offs", [(1,), (0, 2), (1, 2)])
def test_cut_offs_drop_rare_ngrams_alone(cut_offs: tuple[int, ...]) -> None:
    lines = SENTENCES[:300]
    whole, cut = estimate(lines), estimate(lines, EstimateOptions(cut_offs=cut_offs))
    assert cut.counted == whole.counted
    assert cut.discounts == whole.discounts
    for index, level in enumerate(spelt(cut.model)):
        most = 0 if not index else cut_offs[min(index, len(cut_offs)) - 1]
        before = dict(zip(spelt(whole.model)[index], whole.counts[index].tolist(), strict=True))
        kept = {gram: times for gram, times in before.items() if not index or times > most}
        assert dict(zip(level, cut.counts[index].tolist(), strict=True)) == kept


def test_ngrams_and_their_suffixes_and_histories_are_closed() -> None:
    for options, _ in [REFERENCES["cut_5"][1:], REFERENCES["known_cut_3"][1:]]:
        model = estimate(SENTENCES, options).model
        for suffix, below in zip(model.suffixes()[1:], model.sizes, strict=False):
            assert suffix.min() >= 0
            assert suffix.max() < below


def test_unknown_words_are_in_no_longer_ngram() -> None:
    model = estimate(SENTENCES, EstimateOptions(vocabulary=Vocabulary(most=100))).model
    assert len(model.words) == len(MARKERS) + 100
    for index, level in enumerate(model.levels[1:]):
        assert UNKNOWN not in level.word
        assert START not in level.word
        assert index or UNKNOWN not in level.history


def test_listed_words_that_the_text_lacks_get_their_share() -> None:
    vocabulary = Vocabulary(["der", "hund", "maus", "esel", "vogel"])
    frequencies = {"maus": 0.02, "esel": 0.01, "hund": 0.03, "elefant": 0.9}
    text = ["der hund bellt", "der vogel"]
    listed = EstimateOptions(2, vocabulary, frequencies=frequencies, unknown=1e-6)
    chance = {
        word: 10**score for word, (score, _) in spelt(estimate(text, listed).model)[0].items()
    }
    assert chance["maus"] == pytest.approx(2 * chance["esel"])
    assert chance["esel"] < chance["hund"]
    assert chance["<unk>"] == pytest.approx(1e-6)
    alike = spelt(estimate(text, EstimateOptions(2, vocabulary)).model)[0]
    assert alike["maus"] == alike["esel"] == alike["<unk>"]


def test_one_word_is_enough_for_a_model(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tevr.lm"):
        found = estimate(["ja"], EstimateOptions(5))
    assert found.model.words == [*MARKERS, "ja"]
    assert found.model.sizes == [4, 2, 1]
    assert [record.message for record in caplog.records] == [
        "The text is small: usual discounts serve for n-grams of length 1, 2, 3, 4, 5.",
        "The model has no n-grams longer than 3 words.",
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"order": 0}, "Choose 1 to 6"),
        ({"cut_offs": (2, 1)}, "stay or rise"),
        ({"cut_offs": (-1,)}, "stay or rise"),
        ({"cut_offs": (0, 1, 1)}, "3 cut-offs"),
        ({"unknown": 0.0}, "no probability"),
        ({"unknown": 1.0}, "no probability"),
        ({"memory": 1000}, "too few"),
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        EstimateOptions(**wrong)  # type: ignore[arg-type]


def test_a_model_beyond_the_memory_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    def sentences() -> Iterator[str]:
        # All words and pairs differ, so that the model is as large as the text.
        numbers = np.random.default_rng(0).permutation(30)
        for first in range(80_000):
            yield " ".join(f"w{first * number % 65_537}" for number in numbers[:16])

    with pytest.raises(ModelError, match=r"GB allowed. Allow more memory, raise the cut-offs"):
        estimate(sentences(), EstimateOptions(4, memory=200_000_000), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_whole_process_keeps_to_the_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORST_CASE, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    ngrams, peak = map(int, done.stdout.split())
    assert ngrams * 24 > 80_000_000  # bytes on disk, more than could be held besides Python
    assert peak <= 200_000_000
    assert list(tmp_path.iterdir()) == []


def test_counts_and_sizes_tell_what_was_read() -> None:
    found: Estimate = estimate(["a b", "b", ""], EstimateOptions(2))
    assert (found.sentences, found.tokens) == (3, 3)
    assert found.counted == (5, 5)
    words = dict(zip(found.model.words, found.counts[0].tolist(), strict=True))
    assert words == {"<unk>": 0, "<s>": 3, "</s>": 3, "b": 2, "a": 1}
