"""Cues keep every word and every limit, and break where a reader expects it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.cues import (
    FUNCTION_WORDS,
    LONG_PAUSE,
    MAX_LINE,
    MAX_PENDING,
    MAX_SHOWN,
    MIN_SHOWN,
    Cue,
    cues,
)
from tevr.transcript import Word

NEWS = (
    "Der Bundestag hat heute mit den Stimmen der Koalition ein Gesetz zur Förderung der "
    "erneuerbaren Energien beschlossen, das vor allem den Ausbau der Windkraft in der Nordsee "
    "beschleunigen soll. Die Opposition kritisierte, dass die Kosten für die Verbraucher nicht "
    "ausreichend berücksichtigt worden seien."
)

# A word as (letters, seconds it lasts, seconds of silence before it), in hundredths: exact sums.
spoken = st.tuples(
    st.text(st.sampled_from("aäßz.,&"), min_size=1, max_size=50),
    st.integers(0, 900),
    st.one_of(st.integers(0, 20), st.integers(0, 400)),
)


def say(text: str, start: float = 0.0, pause: float = 0.05) -> list[Word]:
    """Speak a text at fifteen letters a second, with the same pause after each word."""
    result = []
    for part in text.split():
        result.append(Word(part, start, start + len(part) / 15, 0.9))
        start = result[-1].end + pause
    return result


def words_of(parts: list[tuple[str, int, int]]) -> list[Word]:
    ends = accumulate(length + silence for _, length, silence in parts)
    return [
        Word(text, (end - length) / 100, end / 100, 0.5)
        for (text, length, _), end in zip(parts, ends, strict=True)
    ]


def with_words(words: list[Word]) -> list[tuple[Cue, list[Word]]]:
    """Pair each cue with the words it shows, checking that none is lost or moved."""
    result, rest = [], list(words)
    for cue in cues(words):
        shown = " ".join(cue.lines).split(" ")
        mine, rest = rest[: len(shown)], rest[len(shown) :]
        assert [word.text for word in mine] == shown
        result.append((cue, mine))
    assert not rest
    return result


@given(st.lists(spoken, max_size=120))
@settings(deadline=None)
def test_limits_hold_and_every_word_is_shown_once_while_it_is_spoken(
    parts: list[tuple[str, int, int]],
) -> None:
    for cue, mine in with_words(words_of(parts)):
        assert 1 <= len(cue.lines) <= 2
        assert all(len(line) <= MAX_LINE or " " not in line for line in cue.lines)
        assert cue.start == mine[0].start
        assert cue.end >= mine[-1].end
        assert len(mine) == 1 or cue.end - cue.start <= MAX_SHOWN + 1e-9
        assert all(b.start - a.end < LONG_PAUSE for a, b in pairwise(mine))


@given(st.lists(spoken, max_size=120))
@settings(deadline=None)
def test_cues_are_in_order_and_do_not_overlap(parts: list[tuple[str, int, int]]) -> None:
    result = list(cues(words_of(parts)))
    assert all(cue.start <= cue.end for cue in result)
    assert all(a.end <= b.start for a, b in pairwise(result))


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), max_size=40))
@settings(deadline=None)
def test_even_words_out_of_order_give_cues_in_order(times: list[tuple[float, float]]) -> None:
    result = list(cues([Word("wort", min(pair), max(pair), 0.5) for pair in times]))
    assert sum(len(" ".join(cue.lines).split()) for cue in result) == len(times)
    assert all(cue.start <= cue.end for cue in result)
    assert all(a.end <= b.start for a, b in pairwise(result))


def most_held_back(words: list[Word]) -> int:
    """Return how many words at most were taken in but not shown yet."""
    taken = 0

    def counted() -> Iterator[Word]:
        nonlocal taken
        for word in words:
            taken += 1
            yield word

    shown, most = 0, 0
    for cue in cues(counted()):
        most = max(most, taken - shown)
        shown += len(" ".join(cue.lines).split(" "))
    return most


@given(st.lists(spoken, max_size=200))
@settings(deadline=None)
def test_few_words_are_held_back(parts: list[tuple[str, int, int]]) -> None:
    assert most_held_back(words_of(parts)) <= MAX_PENDING + 1


@pytest.mark.parametrize("length", [1, 5, 20])
def test_words_are_given_up_in_time_even_if_the_best_cut_is_not_clear_yet(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    babble = words_of([("a", length, 0)] * 1000)  # the most words a cue can hold, without a pause
    assert most_held_back(babble) <= MAX_PENDING + 1
    monkeypatch.setattr("tevr.cues.MAX_PENDING", 44)
    assert most_held_back(babble) <= 45
    shown = with_words(babble)
    assert all(len(line) <= MAX_LINE for cue, _ in shown for line in cue.lines)
    assert all(cue.end - cue.start <= MAX_SHOWN + 1e-9 for cue, _ in shown)


def test_a_cue_leaves_long_before_the_end_of_a_talk_without_pauses() -> None:
    talk = iter(say(" ".join([NEWS] * 20), pause=0.0))
    next(cues(talk))
    assert len(list(talk)) > 18 * len(NEWS.split())


def test_a_long_pause_ends_a_cue_and_short_ones_need_not() -> None:
    early = say("guten abend")
    late = say("willkommen zurück", start=early[-1].end + LONG_PAUSE + 0.01)
    assert [cue.lines for cue in cues(early + late)] == [("guten abend",), ("willkommen zurück",)]
    soon = say("willkommen zurück", start=early[-1].end + 0.2)
    assert [cue.lines for cue in cues(early + soon)] == [("guten abend willkommen zurück",)]


def test_the_break_goes_to_the_pause() -> None:
    first = say("die leute gingen jeden morgen in die große stadt")
    second = say("am abend kamen sie müde zurück nach hause", start=first[-1].end + 0.6)
    shown = [" ".join(cue.lines) for cue in cues(first + second)]
    assert shown == [" ".join(w.text for w in first), " ".join(w.text for w in second)]


def test_a_short_cue_stays_into_the_silence_but_not_into_the_next_cue() -> None:
    yes = Word("ja", 0.0, 0.2, 0.9)
    (alone,) = cues([yes])
    assert alone.end == MIN_SHOWN
    first, second = cues([yes, Word("nein", 1.5, 1.7, 0.9)])
    assert (first.end, second.start) == (MIN_SHOWN, 1.5)
    (cut,) = cues([yes], duration=0.5)
    assert cut.end == 0.5
    (spoken,) = cues([yes], duration=0.1)
    assert spoken.end == 0.2


def test_no_line_ends_with_an_article_or_preposition_when_read_news() -> None:
    lines = [line for cue in cues(say(NEWS)) for line in cue.lines]
    assert len(lines) > 6
    assert [line for line in lines if line.split()[-1].lower() in FUNCTION_WORDS] == []


def test_no_cue_and_no_line_is_left_with_one_short_word() -> None:
    lines = [line for cue in cues(say(NEWS)) for line in cue.lines]
    assert min(len(line.split()) for line in lines) >= 2
    text = "wir haben das am vergangenen dienstag schon einmal ausführlich besprochen und wissen es"
    assert [len(cue.lines[0].split()) > 1 for cue in cues(say(text))] == [True, True]


def test_two_lines_are_about_equally_long() -> None:
    (cue,) = cues(say("er wollte gestern abend eigentlich lieber zuhause bleiben"))
    upper, lower = map(len, cue.lines)
    assert abs(upper - lower) <= len("eigentlich")


def test_a_text_that_fits_one_line_stays_on_one() -> None:
    (cue,) = cues(say("wir sehen uns am kommenden montag wieder"))
    assert len(cue.lines) == 1


def test_a_word_longer_than_a_line_stands_whole_and_alone() -> None:
    law = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
    lines = [line for cue in cues(say(f"Das {law} wurde aufgehoben")) for line in cue.lines]
    assert law in lines


def test_blanks_in_a_word_become_one_and_blank_words_vanish() -> None:
    words = [Word("drei\n\ttausend", 0, 0.5, 0.9), Word(" ", 0.5, 0.6, 0.9), Word("mal", 0.6, 1, 1)]
    assert [cue.lines for cue in cues(words)] == [("drei tausend mal",)]


def test_no_words_give_no_cues() -> None:
    assert list(cues([])) == []


@pytest.mark.parametrize("pieces", [1, 7])
def test_cues_do_not_depend_on_what_follows_after_a_long_pause(pieces: int) -> None:
    talk, start = [], 0.0
    for _ in range(pieces):
        talk += say(NEWS, start)
        start = talk[-1].end + 2 * LONG_PAUSE
    alone = [cue.lines for cue in cues(say(NEWS))]
    assert [cue.lines for cue in cues(talk)] == alone * pieces
