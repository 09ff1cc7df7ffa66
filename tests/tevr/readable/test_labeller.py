"""Words are labelled alike however they come, wait for few others, and stay what they were."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.readable.hints import part_mark
from tevr.readable.labeller import HELD, LabelFiles, Labeller, LabelOptions
from tevr.readable.labels import fold
from tevr.readable.written import WrittenWord, write_as
from tevr.transcript import Word

SAID = (
    "meine sehr verehrten damen und herren ich weiss dass die strasse gesperrt ist und frage mich"
    " wann sie wieder geöffnet wird die spd hat das haus gekauft das an der grossen strasse steht"
    " wer weiss schon was morgen geschieht unsere masse sind gross die masse der menschen wartet"
)
TEXT = SAID.split()
WORDS = st.lists(
    st.sampled_from([*TEXT, "xyzzy", "hauptstrassenfest", "gmbh"]), min_size=1, max_size=60
)


def stream(words: list[str], gaps: list[float] | None = None) -> list[WrittenWord]:
    """Words of 0.3 s with gaps after them."""
    made, start = [], 0.0
    for place, word in enumerate(words):
        made.append(write_as(word, [Word(word, start, start + 0.3, 0.9)]))
        start += 0.3 + (gaps[place] if gaps else 0.05)
    return made


def whole(files: LabelFiles, words: list[WrittenWord], **options: bool) -> list[WrittenWord]:
    labeller = Labeller(files, LabelOptions(**options))
    return [*labeller.push(words), *labeller.finish()]


@settings(max_examples=25, deadline=None)
@given(
    words=WORDS,
    cuts=st.lists(st.integers(0, 60)),
    gaps=st.lists(st.floats(0, 3), min_size=60, max_size=60),
    timed=st.booleans(),
)
def test_streams_are_labelled_alike_however_they_are_cut(
    files: LabelFiles, words: list[str], cuts: list[int], gaps: list[float], timed: bool
) -> None:
    given_in = stream(words, gaps)
    labeller = Labeller(files, LabelOptions(timed=timed))
    places = [0, *sorted(min(cut, len(words)) for cut in cuts), len(words)]
    done: list[WrittenWord] = []
    for first, last in pairwise(places):
        done += labeller.push(given_in[first:last])
        assert len(done) >= last - HELD
    done += labeller.finish()
    assert done == whole(files, given_in, timed=timed)


def test_long_texts_are_labelled_alike_word_by_word(files: LabelFiles) -> None:
    given_in = stream(TEXT * 15)  # more than the network reads at a time
    labeller = Labeller(files)
    done = [labelled for word in given_in for labelled in labeller.push([word])]
    assert done + labeller.finish() == whole(files, given_in)


@settings(max_examples=15, deadline=None)
@given(words=WORDS, stops=st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_no_word_waits_when_a_pause_closes(
    files: LabelFiles, words: list[str], stops: list[int]
) -> None:
    given_in = stream(words)
    places = sorted({0, len(words), *(min(stop, len(words)) for stop in stops)})
    at_once, singly = Labeller(files), Labeller(files)
    for first, last in pairwise(places):
        done = at_once.push(given_in[first:last], closes=True)
        assert len(done) == last - first
        one_by_one: list[WrittenWord] = []
        for place in range(first, last):
            one_by_one += singly.push([given_in[place]], closes=False)
        one_by_one += singly.push([], closes=True)
        assert one_by_one == done


@settings(max_examples=25, deadline=None)
@given(words=WORDS)
def test_nothing_said_is_changed(files: LabelFiles, words: list[str]) -> None:
    given_in = stream(words)
    done = whole(files, given_in)
    assert [word.spoken for word in done] == [word.spoken for word in given_in]
    assert [fold(part_mark(word.text)[0]) for word in done] == words
    for before, after in zip(given_in, done, strict=True):
        assert replace(after, text=before.text) == before


def test_each_part_can_be_left_out(files: LabelFiles) -> None:
    given_in = stream(TEXT)
    texts = [word.text for word in whole(files, given_in, capitals=False)]
    assert texts == [text.lower() for text in texts]
    assert any(part_mark(text)[1] for text in texts)
    texts = [word.text for word in whole(files, given_in, punctuation=False)]
    assert not any(part_mark(text)[1] for text in texts)
    assert any(text != text.lower() for text in texts)
    texts = [word.text for word in whole(files, given_in, sharp_s=False)]
    assert "ß" not in "".join(texts)
    nothing = whole(files, given_in, capitals=False, punctuation=False, sharp_s=False)
    assert nothing == given_in


def test_words_written_before_stay_and_get_marks(files: LabelFiles) -> None:
    said = ["um", "vierzehn", "uhr", "dreissig", "kam", "doktor", "weiss", "mit", "dem", "iphone"]
    spoken = [word for written in stream(said) for word in [written]]
    time = replace(spoken[1], text="14:30 Uhr", spoken=tuple(said[1:4]))
    title = replace(spoken[5], text="Dr.")
    phone = replace(spoken[9], text="iPhone")
    done = whole(files, [spoken[0], time, spoken[4], title, *spoken[6:9], phone])
    texts = [word.text for word in done]
    assert texts[0] == "Um"
    assert texts[1].startswith("14:30 Uhr")
    assert texts[3] == "Dr."
    assert texts[-1].startswith("iPhone")


def test_fixed_words_keep_their_spelling(files: LabelFiles) -> None:
    labeller = Labeller(files, fixed=frozenset(["strasse"]))
    done = [*labeller.push(stream(["strasse", "und", "strasse"])), *labeller.finish()]
    assert [part_mark(word.text)[0] for word in done] == ["strasse", "und", "strasse"]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("ich glaube dass die strasse gesperrt ist", "Ich glaube, dass die Straße gesperrt ist."),
        ("wie geht es dir", "Wie geht es dir?"),
        ("ich weiss nicht ob er kommt", "Ich weiß nicht, ob er kommt."),
        ("das haus das wir kauften ist gross", "Das Haus, das wir kauften, ist groß."),
        ("in der schweiz wohnen mehr menschen als in der grossen stadt berlin",
         "In der Schweiz wohnen mehr Menschen als in der großen Stadt Berlin."),
    ],
)  # fmt: skip
def test_plain_german_is_written(files: LabelFiles, said: str, written: str) -> None:
    done = whole(files, stream(said.split()), timed=False)
    assert " ".join(word.text for word in done) == written
