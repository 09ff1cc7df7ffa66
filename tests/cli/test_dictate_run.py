"""Sessions begin and end where they should; files that change count from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tevr.sound_system import Clock, waited_for
from tevr.cli.dictate_run import TAIL, Dictation, Gate, Reloading, WordFiles, shifted
from tevr.dictation import DictatedText, Edit, Inserted
from tevr.errors import OutputError, UsageError
from tevr.spoken_marks import SpokenMarks
from tevr.stream import Event, Final, Partial
from tevr.transcript import Word

TENTH = np.ones(1600, np.float32)


def final(text: str, start: float = 0.0, *, closes: bool = True) -> Final:
    return Final((Word(text, start, start + 0.1, 0.9),), closes, start + 0.1)


class Sound:
    """A source of blocks; may do something before each."""

    name = "sound"
    waiting = 0.0

    def __init__(self, blocks: Iterable[NDArray[np.float32]]) -> None:
        self._blocks = iter(blocks)
        self.given = 0
        self.before: dict[int, Callable[[], object]] = {}

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        for block in self._blocks:
            self.before.get(self.given, lambda: None)()
            self.given += 1
            yield block

    def close(self) -> None:
        """Nothing is open."""


class Numbers:
    """Each block is a word, an utterance of its own; notes how long each session was."""

    def __init__(self, name: str = "word") -> None:
        self.name = name
        self.sessions: list[int] = []

    def listen(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Event]:
        self.sessions.append(0)
        for block in blocks:
            number = self.sessions[-1]
            self.sessions[-1] += 1
            yield Partial((Word("?", 0.0, 0.1, 0.5),), number / 10)
            if len(block):
                yield final(f"{self.name}{number}", number / 10)


class Kept:
    """An output that keeps what it is given."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.tentative: list[str] = []
        self.seconds = -1.0

    def partial(self, words: Iterable[Word]) -> None:
        self.tentative.append(" ".join(word.text for word in words))

    def edit(self, edit: Edit) -> None:
        if isinstance(edit, Inserted):
            self.words += edit.words

    def finish(self, seconds: float) -> None:
        self.seconds = seconds


class Parts:
    """A dictation and all that it is made of."""

    def __init__(self, blocks: Iterable[NDArray[np.float32]], *, listening: bool = True) -> None:
        self.sound, self.numbers, self.kept = Sound(blocks), Numbers(), Kept()
        self.gate = Gate(listening=listening)
        self.text = DictatedText(marks=SpokenMarks())
        reloading = Reloading(WordFiles(), self.text, lambda _: self.numbers)
        self.dictation = Dictation(
            self.numbers, self.sound, self.text, [self.kept], self.gate, reloading, stop_mutes=False
        )


def test_all_that_is_heard_is_written_and_the_end_is_told() -> None:
    parts = Parts([TENTH] * 5)
    parts.dictation.run()
    assert [word.text for word in parts.kept.words] == [f"word{number}" for number in range(5)]
    assert parts.kept.seconds == pytest.approx(0.5)
    assert parts.dictation.answer("status") == {
        "state": "listening", "source": "sound", "seconds": 0.5, "words": 5
    }  # fmt: skip


def test_a_word_is_never_shown_as_tentative_once_it_is_final() -> None:
    parts = Parts([TENTH] * 2)
    parts.dictation.run()
    assert parts.kept.tentative == ["?", "", "?", ""]


def test_a_session_goes_on_for_a_tail_and_the_next_keeps_the_time() -> None:
    parts = Parts([TENTH] * 40)
    parts.sound.before = {
        10: lambda: parts.dictation.answer("end"),
        20: lambda: parts.dictation.answer("toggle"),
    }
    parts.dictation.run()
    tail = round(TAIL * 10)
    assert parts.numbers.sessions == [10 + tail, 19]
    starts = [word.start for word in parts.kept.words]
    assert starts[:10] == pytest.approx([number / 10 for number in range(10)])
    assert starts[10 + tail :] == pytest.approx([2.1 + number / 10 for number in range(19)])


def test_sound_that_still_waits_is_heard_after_the_end() -> None:
    parts = Parts([TENTH] * 40)
    parts.sound.waiting = 0.5
    parts.sound.before = {10: lambda: parts.gate.ask("end")}
    parts.dictation.run()
    (blocks,) = parts.numbers.sessions
    assert blocks / 10 == pytest.approx(1.0 + TAIL + 0.5, abs=0.11)


def test_a_muted_dictation_hears_nothing_until_it_begins() -> None:
    parts = Parts([TENTH] * 10, listening=False)
    parts.sound.before = {6: lambda: parts.gate.ask("begin")}
    parts.dictation.run()
    assert [word.text for word in parts.kept.words] == ["word0", "word1", "word2"]


def test_where_no_sound_comes_the_end_comes_all_the_same() -> None:
    parts = Parts([TENTH, *[np.zeros(0, np.float32)] * 10])
    parts.sound.before = {2: lambda: parts.gate.ask("end")}
    parts.dictation.run()
    assert parts.numbers.sessions == [1]


def test_one_output_that_fails_does_not_keep_others_from_ending() -> None:
    parts = Parts([TENTH])
    broken = Kept()

    def fail(_seconds: float) -> None:
        raise OutputError("The disk is full", "Free some space.")

    broken.finish = fail  # type: ignore[method-assign]
    parts.dictation._outputs = [broken, parts.kept]
    with pytest.raises(OutputError, match="The disk is full"):
        parts.dictation.run()
    assert parts.kept.seconds == pytest.approx(0.1)


def test_events_are_moved_in_time() -> None:
    event = shifted(final("wort", 1.0), 2.0)
    assert (event.words[0].start, event.words[0].end, event.heard) == pytest.approx((3.0, 3.1, 3.1))


# Files that change


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("a = b\nYvonne\n", encoding="utf-8")
    return path


def replaced(text: DictatedText, said: str) -> str:
    return "".join(e.text for e in text.push(final(said)) if isinstance(e, Inserted)).strip()


def test_replacements_count_as_soon_as_the_file_changes(words: Path) -> None:
    clock, text = Clock(), DictatedText()
    made: list[tuple[str, ...]] = []

    def make(hotwords: tuple[str, ...]) -> Numbers:
        made.append(hotwords)
        return Numbers()

    reloading = Reloading(WordFiles.open(words, None), text, make, clock)
    assert replaced(text, "a") == "b"
    words.write_text("a = changed\nYvonne\n", encoding="utf-8")
    reloading.look()
    assert replaced(text, "a") == "b"  # files are not looked at all the time
    clock.now += 1
    reloading.look()
    assert replaced(text, "a") == "changed"
    assert made == []


def test_other_hot_words_bring_another_recogniser_once(words: Path, tmp_path: Path) -> None:
    clock, text = Clock(), DictatedText()
    names = tmp_path / "names.txt"
    names.write_text("Köln\n", encoding="utf-8")
    files = WordFiles.open(words, names)
    assert files.chosen() == ("Köln", "Yvonne")
    reloading = Reloading(files, text, lambda hotwords: Numbers(" ".join(hotwords)), clock)
    names.write_text("Bonn\nYvonne\n", encoding="utf-8")
    clock.now += 1
    reloading.look()
    assert waited_for(reloading.ready)
    taken = reloading.take()
    assert taken is not None
    assert taken.name == "Bonn Yvonne"
    assert reloading.take() is None


def test_hot_words_that_cannot_be_are_told_and_those_before_hold(
    words: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, text = Clock(), DictatedText()

    def fail(_hotwords: tuple[str, ...]) -> Numbers:
        raise UsageError("The hot-word '🙂' has nothing the model can write", "Use letters.")

    reloading = Reloading(WordFiles.open(words, None), text, fail, clock)
    words.write_text("🙂\n", encoding="utf-8")
    clock.now += 1
    reloading.look()
    assert waited_for(lambda: bool(caplog.messages))
    assert caplog.messages[0].endswith("The hot-words from before still hold.")
    assert not reloading.ready()


def test_another_recogniser_takes_over_at_a_pause() -> None:
    parts = Parts([TENTH] * 6)
    reloading = parts.dictation._reloading
    parts.sound.before = {3: lambda: setattr(reloading, "_made", Numbers("new"))}
    parts.dictation.run()
    said = [word.text for word in parts.kept.words]
    assert said == ["word0", "word1", "word2", "word3", "new0", "new1"]
