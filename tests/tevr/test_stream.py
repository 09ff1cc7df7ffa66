"""Live events: no word lost, doubled or taken back, however blocks fall and however slow passes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.audio import SAMPLE_RATE, read_audio
from tevr.draft import Draft, Window
from tevr.errors import AudioError, UsageError
from tevr.lm.decoder import GreedyDecoder
from tevr.recognizer import Recognizer
from tevr.speech import FRAME, Floats, SpanSettings
from tevr.store import Timing
from tevr.stream import Event, Final, Partial, Stream, StreamSettings
from tevr.tokens import TokenTable
from tevr.transcript import Options, Word

if TYPE_CHECKING:
    from tests.conftest import Recording

LETTERS = "abcdefghij"
TABLE = TokenTable(("", " ", *LETTERS))
LABEL = SAMPLE_RATE // 50  # samples of a frame of the acoustic model
STEP = 0.01  # by which the samples of one label differ from those of the next
#: Small enough that short streams meet every rule.
TIGHT = StreamSettings(step=0.15, drafts=2, margin=0.5, context=1.0, longest=3.0)


class Reader:
    """An acoustic model for sound whose samples say what label they are; 0 is silence."""

    def log_probs(self, waveforms: Sequence[Floats]) -> list[Floats]:
        return [self._read(waveform) for waveform in waveforms]

    def _read(self, waveform: Floats) -> Floats:
        whole = np.pad(waveform, (0, -len(waveform) % LABEL)).reshape(-1, LABEL)
        labels = np.maximum(np.rint(np.median(whole, axis=1) / STEP).astype(int) - 1, 0)
        log_probs = np.full((len(whole), len(TABLE.labels)), np.log(1e-4), np.float32)
        log_probs[np.arange(len(whole)), labels] = np.log(1 - 1e-4 * (len(TABLE.labels) - 1))
        return log_probs


class Loud:
    """A detector for which all that is not zero is speech."""

    def push(self, samples: Floats) -> Floats:
        sound = np.concatenate([self._rest, samples])
        whole = len(sound) // FRAME * FRAME
        self._rest = sound[whole:]
        return (np.abs(sound[:whole]).reshape(-1, FRAME).max(axis=1) > 0).astype(np.float32)

    def reset(self) -> None:
        self._rest = np.zeros(0, np.float32)


@dataclass(frozen=True)
class Spoken:
    """A word, the frames of 20 ms without a label after it, and seconds of silence after those."""

    text: str
    gap: int
    pause: float


def sound_of(words: Iterable[Spoken], lead: float = 0.5) -> Floats:
    """Sound that `Reader` reads as the words; each letter takes three frames."""
    parts = [np.zeros(round(lead * SAMPLE_RATE), np.float32)]
    for word in words:
        labels = [label for letter in word.text for label in (TABLE.labels.index(letter), 0, 0)]
        labels += [TABLE.labels.index(" "), *[0] * word.gap]
        parts.append(np.repeat((np.array(labels, np.float32) + 1) * np.float32(STEP), LABEL))
        parts.append(np.zeros(round(word.pause * 50) * LABEL, np.float32))
    return np.concatenate(parts)


def stream(
    chosen: StreamSettings | None = None,
    *,
    recognise: Callable[[Window], Draft] | None = None,
    clock: Callable[[], float] = lambda: 0.0,
    cutting: SpanSettings | None = None,
) -> Stream:
    """A stream over such sound."""
    cutting = cutting or SpanSettings()
    return Stream(recognise or reading(), cutting, chosen, detector=Loud(), clock=clock)


def reading() -> Callable[[Window], Draft]:
    """The passes of a recogniser that reads such sound."""
    return Recognizer(
        Reader(),
        TABLE,
        GreedyDecoder(TABLE.decoder_labels),
        Options(),
        name="reader",
        timing=Timing(lead=0.02, tail=0.04),
        cutting=SpanSettings(),
        threads=1,
    )._draft


def in_blocks(samples: Floats, sizes: Sequence[int]) -> Iterator[Floats]:
    begin = 0
    while begin < len(samples):
        for size in sizes:
            yield samples[begin : begin + size]
            begin += size


def final_words(events: Iterable[Event]) -> list[Word]:
    return [word for event in events if isinstance(event, Final) for word in event.words]


def texts(words: Iterable[Word | Spoken]) -> list[str]:
    return [word.text for word in words]


def assert_well_told(events: Sequence[Event]) -> None:
    """Order, times, and what follows what."""
    heard = [event.heard for event in events]
    assert heard == sorted(heard)
    said = 0.0
    for event in events:
        edges = [edge for word in event.words for edge in (word.start, word.end)]
        assert edges == sorted(edges)
        assert not edges or (said <= edges[0] and edges[-1] <= event.heard + 1e-9)
        if isinstance(event, Final) and edges:
            said = edges[-1]
    for event, after in pairwise(events):
        if isinstance(event, Final) and not event.closes:
            assert isinstance(after, Partial)
            assert after.heard == event.heard
        if isinstance(event, Partial) and isinstance(after, Partial):
            assert texts(event.words) != texts(after.words)
    if events:  # nothing tentative is left over
        assert not events[-1].words or isinstance(events[-1], Final)
        assert getattr(events[-1], "closes", True)


spoken_words = st.lists(
    st.builds(
        Spoken,
        text=st.text(LETTERS, min_size=1, max_size=9),
        gap=st.integers(2, 12),
        pause=st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.3, 0.5, 1.5]),
    ),
    max_size=25,
)
block_sizes = st.lists(st.integers(100, 3 * SAMPLE_RATE), min_size=1, max_size=4)
any_settings = st.sampled_from(
    [
        TIGHT,
        StreamSettings(),
        replace(TIGHT, drafts=1, margin=0.2, context=0.0),
        replace(TIGHT, drafts=9, longest=1.5, margin=0.4),
        replace(TIGHT, settle=0.0, pause=0.0),
    ]
)


@settings(deadline=None, max_examples=40)
@given(spoken_words, block_sizes, any_settings)
def test_all_words_become_final_once_whatever_the_blocks(
    words: list[Spoken], sizes: list[int], chosen: StreamSettings
) -> None:
    sound = sound_of(words)
    events = list(stream(chosen).events(in_blocks(sound, sizes)))
    assert texts(final_words(events)) == texts(words)
    assert_well_told(events)
    assert events == list(stream(chosen).events([sound]))


@settings(deadline=None, max_examples=30)
@given(spoken_words, st.floats(0.0, 3.0), any_settings)
def test_a_slow_recogniser_loses_nothing_and_does_not_lag(
    words: list[Spoken], cost: float, chosen: StreamSettings
) -> None:
    """The clock stands at the block last taken, plus what passes took since they fell behind."""
    sound, now, heard, late = sound_of(words), 0.0, 0.0, 0.0
    read = reading()

    def slowly(window: Window) -> Draft:
        nonlocal now
        now += cost
        return read(window)

    def blocks() -> Iterator[Floats]:
        nonlocal now, heard, late
        for block in in_blocks(sound, [1600]):
            heard += len(block) / SAMPLE_RATE
            now = max(now, heard)
            late = max(late, now - heard)
            yield block

    events = list(stream(chosen, recognise=slowly, clock=lambda: now).events(blocks()))
    assert texts(final_words(events)) == texts(words)
    assert_well_told(events)
    if cost <= chosen.longest / 4:  # else it is too slow for any sound that goes on
        assert late <= 2 * cost + 0.1


def passes_at_cost(cost: float, sound: Floats) -> int:
    """How many passes are made over a sound when each takes so many seconds."""
    now, calls, read = 0.0, 0, reading()

    def slowly(window: Window) -> Draft:
        nonlocal now, calls
        now, calls = now + cost, calls + 1
        return read(window)

    list(stream(recognise=slowly, clock=lambda: now).events([sound]))
    return calls


def test_a_busy_recogniser_is_asked_less_often() -> None:
    sound = sound_of([Spoken("abcdef", 4, 0.0)] * 60)
    seconds = len(sound) / SAMPLE_RATE
    never, little, much = (passes_at_cost(cost, sound) for cost in (0.0, 0.3, 1.0))
    assert never > little > much
    assert never >= 0.9 * seconds / StreamSettings().step
    for cost, calls in ((0.3, little), (1.0, much)):
        assert calls * cost <= StreamSettings().load * seconds + 2 * cost


def test_words_are_shown_and_become_final_while_one_speaks() -> None:
    words = [Spoken(LETTERS[number % 7 :][:4], 4, 0.0) for number in range(40)]
    events = list(stream().events([sound_of(words)]))
    (first, *_) = (event for event in events if event.words)
    assert isinstance(first, Partial)
    assert first.heard - 0.5 < 0.8  # the first word lasts 0.24 s
    early = [event for event in events if isinstance(event, Final) and not event.closes]
    assert len(final_words(early)) > 30
    for event in early:
        assert event.heard - event.words[-1].end >= StreamSettings().margin


def test_a_pause_closes_soon_and_the_last_pass_is_made_before() -> None:
    asked: list[Window] = []
    read = reading()

    def noting(window: Window) -> Draft:
        asked.append(window)
        return read(window)

    sound = sound_of([Spoken("abc", 4, 2.0)])
    events = list(stream(recognise=noting).events([sound]))
    speech_ends = 0.5 + (3 * 3 + 5) * 0.02
    (final,) = (event for event in events if isinstance(event, Final))
    assert final.closes
    chosen = StreamSettings()
    assert final.heard == pytest.approx(speech_ends + chosen.pause, abs=0.07)
    ends = [window.start + len(window.samples) / SAMPLE_RATE for window in asked]
    assert ends[-1] == pytest.approx(speech_ends + chosen.settle, abs=0.07)
    assert [window.place.ends for window in asked] == [False] * (len(asked) - 1) + [True]


def test_the_words_before_are_given_after_a_short_pause_and_forgotten_after_a_long_one() -> None:
    asked: list[Window] = []
    read = reading()

    def noting(window: Window) -> Draft:
        asked.append(window)
        return read(window)

    words = [Spoken("abc", 4, 0.6), Spoken("def", 4, 1.5), Spoken("ghi", 4, 1.0)]
    list(stream(recognise=noting).events([sound_of(words)]))
    before = list(dict.fromkeys(window.place.before for window in asked))
    assert before == [(), ("abc",)]
    assert asked[-1].place.before == ()


def test_speech_without_a_pause_is_bounded_in_sound_and_memory() -> None:
    asked: list[float] = []
    read = reading()

    def noting(window: Window) -> Draft:
        asked.append(len(window.samples) / SAMPLE_RATE)
        return read(window)

    words = [Spoken(LETTERS[number % 7 :][: number % 4 + 1], 3, 0.0) for number in range(50)]
    cycle = sound_of(words, lead=0.0)
    peaks = []
    for times in (4, 16):
        tracemalloc.start()
        try:
            blocks = (block for _ in range(times) for block in in_blocks(cycle, [1600]))
            count = 0
            for event in stream(replace(TIGHT, step=0.5), recognise=noting).events(blocks):
                count += len(event.words) if isinstance(event, Final) else 0
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert count == times * len(words)
    assert peaks[1] < 1.5 * peaks[0]  # what waits for the garbage collector; the sound has 4 times
    assert max(asked) <= TIGHT.longest + TIGHT.context + 0.7


@pytest.mark.parametrize("longest", [3.0, 6.0, 20.0])
def test_no_window_is_longer_than_the_model_can_take(longest: float) -> None:
    asked: list[float] = []
    read = reading()

    def noting(window: Window) -> Draft:
        asked.append(len(window.samples) / SAMPLE_RATE)
        return read(window)

    cutting = SpanSettings(longest=longest)
    words = [Spoken("abcdefghi", 2, 0.0)] * 60
    chosen = StreamSettings(drafts=1000)  # never agreed
    events = stream(chosen, recognise=noting, cutting=cutting).events([sound_of(words)])
    assert texts(final_words(events)) == texts(words)
    assert max(asked) <= longest


def test_sound_without_words_is_forgotten_and_says_nothing() -> None:
    hum = np.full(60 * SAMPLE_RATE, STEP, np.float32)  # speech to the detector, blank to the model
    assert list(stream(TIGHT).events([hum])) == []


def test_words_after_a_long_hum_are_whole() -> None:
    words = [Spoken("abcd", 4, 0.0), Spoken("efg", 4, 1.0)]
    hum = np.full(20 * SAMPLE_RATE, STEP, np.float32)
    events = list(stream(TIGHT).events([hum, sound_of(words, lead=0.0)]))
    assert texts(final_words(events)) == texts(words)


def test_tentative_words_that_come_to_nothing_are_taken_back() -> None:
    read = reading()

    def doubting(window: Window) -> Draft:
        return Draft() if window.place.ends else read(window)

    sound = sound_of([Spoken("ab", 30, 1.0)])
    shown, gone = stream(recognise=doubting).events([sound])
    assert shown.text == "ab"
    assert gone == Partial((), gone.heard)


def test_the_end_of_the_source_closes_the_utterance() -> None:
    words = [Spoken("abc", 4, 0.0), Spoken("def", 1, 0.0)]
    sound = sound_of(words)[: -LABEL // 2]
    *_, last = stream().events([sound])
    assert isinstance(last, Final)
    assert last.closes
    assert last.text == "abc def"
    assert last.heard == pytest.approx(len(sound) / SAMPLE_RATE)


@pytest.mark.parametrize("blocks", [[], [np.zeros(0, np.float32)], [np.zeros(90_000, np.float32)]])
def test_nothing_and_silence_say_nothing(blocks: list[Floats]) -> None:
    assert list(stream().events(blocks)) == []


@pytest.mark.parametrize("block", [np.zeros((2, 80), np.float32), np.zeros(80, np.int16)])
def test_a_block_that_is_no_mono_sound_is_refused(block: Floats) -> None:
    with pytest.raises(AudioError, match="no mono sound"):
        list(stream().events([block]))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"step": -1.0}, {"settle": 0.5, "pause": 0.4}, {"margin": 7.0}, {"load": 0.0}),
        *({"load": 1.5}, {"drafts": 0}),
    ],
)
def test_settings_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        StreamSettings(**wrong)  # type: ignore[arg-type]


def test_a_final_event_says_a_word_or_closes() -> None:
    assert Final((), closes=True, heard=1.0).text == ""
    with pytest.raises(UsageError):
        Final((), closes=False, heard=1.0)


def test_a_damaged_sample_spoils_nothing() -> None:
    words = [Spoken("abc", 4, 0.0), Spoken("def", 4, 1.0)]
    sound = sound_of(words)
    sound[0], sound[SAMPLE_RATE] = np.nan, np.inf
    assert texts(final_words(stream().events([sound]))) == texts(words)


@pytest.fixture(scope="module")
def read_aloud(sentences: list[Recording]) -> Floats:
    """Two real sentences with a pause between."""
    pause = np.zeros(SAMPLE_RATE, np.float32)
    first, second = (read_audio(sentence.path) for sentence in sentences[:2])
    return np.concatenate([first, pause, second])


def listened(recognizer: Recognizer, sound: Floats, size: int) -> list[Event]:
    blocks = in_blocks(sound, [size])
    return list(recognizer.listen(blocks, StreamSettings(step=0.5), clock=lambda: 0.0))


def test_real_sentences_read_live_as_they_do_from_a_file(
    recognizer: Recognizer, read_aloud: Floats
) -> None:
    events = listened(recognizer, read_aloud, 1600)
    assert_well_told(events)
    whole = recognizer.transcribe(read_aloud, rate=SAMPLE_RATE)
    live = " ".join(texts(final_words(events)))
    # Letter by letter: where the model wavers, less sound after a word chooses another one.
    assert SequenceMatcher(None, live, whole.text.replace("\n", " "), autojunk=False).ratio() > 0.9
    assert sum(1 for event in events if isinstance(event, Final) and event.closes) >= 2
    assert any(event.words for event in events if isinstance(event, Partial))
    assert all(0 <= word.confidence <= 1 for word in final_words(events))


def test_blocks_of_any_length_give_the_same_finals_of_real_sound(
    recognizer: Recognizer, clip: Floats
) -> None:
    one, other = (final_words(listened(recognizer, clip, size)) for size in (1600, 7777))
    assert texts(one) == texts(other)
    assert "sollte man nicht" in " ".join(texts(one))
    edges = [[edge for word in words for edge in (word.start, word.end)] for words in (one, other)]
    assert edges[0] == pytest.approx(edges[1])


@pytest.mark.parametrize("level", [-60, -40, -20])
def test_noise_invents_no_word(recognizer: Recognizer, level: float) -> None:
    white = np.random.default_rng(1).standard_normal(5 * SAMPLE_RATE)
    noise = (white / np.abs(white).max() * 10 ** (level / 20)).astype(np.float32)
    assert listened(recognizer, noise, 1600) == []
