"""`tevr dictate` from live sound to text: begun, muted, stopped, killed, and nothing final lost."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import default_signals
from tests.tevr.keyboard.test_typist import Window
from tests.tevr.sound_system import FakeStream, SoundSystem, waited_for
from tevr.control import Control, ask
from tevr.formats import read_json
from tevr.keyboard.typist import Typist
from tevr.lm.corpus import normalise
from tevr.microphone import Microphone
from tevr.portaudio import Device, OnBlock
from tevr.spoken_phrases import HOTWORD_WEIGHT, HOTWORDS
from tevr.stream import Event, Final, Partial
from tevr.transcript import Options, Word

Tevr = Callable[..., Any]
GREEDY = ["--decoder", "greedy", "--threads", "2"]


def hotwords(*words: str) -> list[str]:
    """Flags that make these the words of `Loud`."""
    return [flag for word in words for flag in ("--hotword", word)]


class Loud:
    """A recogniser for which every loud tenth of a second is a word, and a quiet one a pause."""

    name = "loud"

    def __init__(self, options: Options) -> None:
        self.words = [*options.hotwords, "eins", "zwei", "drei", "vier", "fünf"]

    def listen(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Event]:
        heard, count, opened = 0.0, 0, False
        tenths = (block[at : at + 1600] for block in blocks for at in range(0, len(block), 1600))
        for block in tenths:
            seconds = len(block) / 16_000
            if block.any():
                word = Word(self.words[count % len(self.words)], heard, heard + seconds, 0.9)
                count, opened = count + 1, True
                yield Partial((word,), heard + seconds)
                yield Final((word,), closes=False, heard=heard + seconds)
            elif opened:
                opened = False
                yield Final((), closes=True, heard=heard + seconds)
            heard += seconds
        if opened:
            yield Final((), closes=True, heard=heard)


@pytest.fixture(autouse=True)
def verbatim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words as they are recognised where a test does not say otherwise."""
    monkeypatch.setenv("TEVR_DICTATE_READABLE", "no")


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """The fake recogniser in place of the model; gives the options of all that were made."""
    made: list[Options] = []

    def load(_model: str, options: Options, threads: int | None = None) -> Loud:
        assert threads is None
        made.append(options)
        return Loud(options)

    monkeypatch.setattr("tevr.recognizer.load", load)
    return made


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a dictation of these tests is reached, and no other."""
    monkeypatch.setenv("TEVR_SOCKET", str(tmp_path / "control"))
    return tmp_path / "control"


def blocks_of(pattern: str) -> bytes:
    """A tenth of a second of raw PCM for each letter: x is loud, . is quiet."""
    return b"".join(b"\x00\x20" * 1600 if letter == "x" else bytes(3200) for letter in pattern)


def write_raw(path: Path, pattern: str) -> Path:
    path.write_bytes(blocks_of(pattern))
    return path


# From a file and a pipe


def test_a_recording_becomes_the_text_that_transcribing_gives(
    tevr: Tevr, sentences: list[Any]
) -> None:
    path = sentences[0].path
    live = tevr("dictate", "-i", path, *GREEDY)
    assert (live.code, live.err) == (0, "")
    whole = tevr("transcribe", path, *GREEDY).out
    assert len(set(normalise(live.out).split()) ^ set(normalise(whole).split())) <= 4
    assert live.out.endswith("\n")


def test_text_is_as_one_writes_it(tevr: Tevr, sentences: list[Any]) -> None:
    live = tevr("dictate", "-i", sentences[0].path, "--readable", *GREEDY).out
    assert live.startswith("Nun ")
    assert "Römer" in live
    assert live.endswith(".\n")
    swiss = tevr("dictate", "-i", sentences[2].path, "--readable", "--swiss", *GREEDY).out
    assert "ß" not in swiss


def test_a_pipe_becomes_events_and_a_file(process: Tevr, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "text.txt"
    with (data / "clip.wav").open("rb") as sound:
        flags = ["-i", "-", "--jsonl", "--partials", "-o", out, *GREEDY]
        result = process("dictate", *flags, stdin=sound)
    assert (result.code, result.err) == (0, "")
    events = [json.loads(line) for line in result.out.splitlines()]
    kinds = {event["event"] for event in events}
    assert kinds == {"start", "partial", "final", "closed", "end"}
    assert events[-1]["duration"] == pytest.approx(3.17, abs=0.05)
    (tmp_path / "events.jsonl").write_text(result.out, encoding="utf-8")
    words = [word.text for word in read_json(tmp_path / "events.jsonl").words]
    assert " ".join(words) + "\n" == out.read_text(encoding="utf-8")
    assert "nicht" in words


def test_raw_sound_of_another_rate_is_heard(
    process: Tevr, clip: NDArray[np.float32], tmp_path: Path
) -> None:
    path = tmp_path / "raw"
    path.write_bytes((np.repeat(clip, 3) * 32767).astype("<i2").tobytes())
    with path.open("rb") as sound:
        result = process("dictate", "-i", "-", "--rate", "48000", *GREEDY, stdin=sound)
    assert "nicht" in result.out


def test_silence_gives_nothing(process: Tevr, tmp_path: Path) -> None:
    with write_raw(tmp_path / "raw", "." * 50).open("rb") as sound:
        result = process("dictate", "-i", "-", *GREEDY, stdin=sound)
    assert (result.code, result.out, result.err) == (0, "", "")


def test_text_appears_while_the_sound_still_flows(
    command: list[str], clip: NDArray[np.float32]
) -> None:
    sound = np.concatenate([clip, np.zeros(16_000, np.float32)])
    with subprocess.Popen(
        [*command, "dictate", "-i", "-", *GREEDY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write((sound * 32767).astype("<i2").tobytes())
        running.stdin.flush()
        assert running.stdout.read(10)  # would wait for ever if text came at the end only
        running.stdin.close()
        rest = running.stdout.read()
    assert running.returncode == 0
    assert rest.endswith(b"\n")


# Signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_what_was_said(
    command: list[str], clip: NDArray[np.float32], tmp_path: Path, number: int, code: int
) -> None:
    out = tmp_path / "text.txt"
    flags = ["-i", "-", "-o", str(out), *GREEDY]
    with default_signals(), subprocess.Popen(
        [*command, "dictate", *flags],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdin.write((clip * 32767).astype("<i2").tobytes())
        running.stdin.flush()
        first = running.stdout.read(1)
        running.send_signal(number)
        text = (first + running.stdout.read()).decode()
        said = running.stderr.read().decode()
        assert running.wait(60) == code
    assert out.read_text(encoding="utf-8") == text
    assert text.endswith("\n")
    assert said == "tevr: Stopped.\n"


def test_a_killed_dictation_has_lost_nothing_final(
    command: list[str], clip: NDArray[np.float32], tmp_path: Path
) -> None:
    out = tmp_path / "text.txt"
    sound = np.concatenate([clip, np.zeros(16_000, np.float32)] * 2)
    flags = ["-i", "-", "-o", str(out), *GREEDY]
    with subprocess.Popen(
        [*command, "dictate", *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write((sound * 32767).astype("<i2").tobytes())
        running.stdin.flush()
        text = b""
        while text.count(b"\n") < 1:  # the second utterance has begun to be final
            text += os.read(running.stdout.fileno(), 100)
        running.kill()
        text += running.stdout.read()
    # The file is written before standard output: it has all that was shown, or more.
    assert out.read_bytes().startswith(text)


# Muted and not


def test_only_what_is_said_between_begin_and_end_is_heard(
    command: list[str], clip: NDArray[np.float32], place: Path
) -> None:
    sound = (np.concatenate([clip, np.zeros(8_000, np.float32)]) * 32767).astype("<i2").tobytes()
    with subprocess.Popen(
        [*command, "dictate", "-i", "-", "--wait", *GREEDY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None

        def said(words: int | None = None) -> bool:
            answer = ask("status", place)
            return heard <= float(str(answer["seconds"])) and answer["words"] in (words, *also)

        def speak() -> float:
            assert running.stdin is not None
            running.stdin.write(sound)
            running.stdin.flush()
            return len(sound) / 32_000

        heard, also = 0.0, ()
        assert waited_for(place.exists, 60)
        heard += speak() - 0.1
        assert waited_for(lambda: said(0))
        assert ask("begin", place)["state"] == "listening"
        heard += speak()
        also = tuple(range(3, 8))
        assert waited_for(said, 60)
        words = ask("end", place)["words"]
        assert waited_for(lambda: ask("status", place)["state"] == "muted")
        also = (words,)
        time.sleep(0.5)  # for what is heard on after the end
        heard += speak()
        assert waited_for(said)
        running.stdin.close()
        text = running.stdout.read().decode()
    assert running.returncode == 0
    assert text.count("nicht") == 1


def test_nobody_to_ask_is_told(tevr: Tevr, place: Path) -> None:
    for flag in ("--begin", "--end", "--toggle", "--status"):
        result = tevr("dictate", flag)
        assert result.code == 2
        assert "No dictation is running" in result.sentence
    assert not place.exists()


def test_the_answer_is_printed(tevr: Tevr, place: Path) -> None:
    answer = {"state": "listening", "source": "Headset", "words": 3}
    with Control(lambda _: answer, place):
        assert tevr("dictate", "--toggle").out == "listening, Headset, 3 words\n"
        assert "contradict" in tevr("dictate", "--begin", "--end").sentence
        assert tevr("dictate", "--status", "--socket", place).code == 0


# The microphone


class Speaking(SoundSystem):
    """A sound system in which all is said as soon as somebody listens."""

    said = ""

    def open(self, device: Device, rate: int, on_block: OnBlock) -> FakeStream:
        stream = super().open(device, rate, on_block)
        for letter in self.said:
            stream.say(np.full(1600, 0.25 if letter == "x" else 0.0, np.float32))
        return stream


@pytest.fixture
def sounds(monkeypatch: pytest.MonkeyPatch) -> Speaking:
    """A sound system with one microphone."""
    system = Speaking([Device(4, "Headset", 1, 16_000, default=True), Device(5, "Desk", 2, 8_000)])
    monkeypatch.setattr("tevr.microphone.PortAudio", lambda: system)
    monkeypatch.setattr("tevr.portaudio.PortAudio", lambda: system)
    return system


@pytest.mark.usefixtures("loud", "place")
def test_what_is_said_into_a_microphone_is_written_until_stopp(
    tevr: Tevr, sounds: Speaking
) -> None:
    sounds.said = "xxx..x......x.....xx"
    result = tevr("dictate", *hotwords("das", "ist", "gut", "punkt", "stopp", "danach"))
    assert (result.code, result.err) == (0, "")
    assert result.out == "das ist gut.\n"
    assert sounds.streams[0].closed


@pytest.mark.usefixtures("loud", "place")
def test_without_commands_they_are_words(tevr: Tevr, sounds: Speaking, tmp_path: Path) -> None:
    path = write_raw(tmp_path / "raw", "x..x..x..")
    with path.open("rb") as sound, pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", SimpleNamespace(buffer=sound, isatty=lambda: False))
        flags = hotwords("gut", "punkt", "stopp")
        result = tevr("dictate", "-i", "-", "--no-commands", *flags)
    assert result.out == "gut\npunkt\nstopp\n"
    assert not sounds.streams


@pytest.mark.usefixtures("loud", "place")
def test_a_dictionary_replaces_and_brings_hot_words(
    tevr: Tevr, sounds: Speaking, tmp_path: Path, loud: list[Options]
) -> None:
    path = tmp_path / "words.toml"
    path.write_text('hotwords = ["b"]\n[replacements]\n"a c" = "Grüße"\n', encoding="utf-8")
    names = tmp_path / "names.txt"
    names.write_text("c\nstopp\n", encoding="utf-8")
    sounds.said = "xx.....x...xx..x..x....."
    flags = ["--replacements", path, "--hotwords", names, *hotwords("a")]
    result = tevr("dictate", *flags)
    assert loud[0].hotwords[:4] == ("a", "c", "stopp", "b")
    assert result.out == "Grüße\n"


def test_names_of_marks_are_preferred_where_they_are_looked_for(
    tevr: Tevr, tmp_path: Path, loud: list[Options], place: Path, data: Path
) -> None:
    assert not place.exists()
    own = ["--hotword", "Yvonne", "--hotword-weight", "8"]
    for flags in ([], own, ["--no-commands"], ["--decoder", "greedy"]):
        assert tevr("dictate", "-i", data / "clip.wav", "-o", tmp_path / "out", *flags).code == 0
    first, second, third, fourth = loud
    assert (first.hotwords, first.hotword_weight) == (HOTWORDS, HOTWORD_WEIGHT)
    assert (second.hotwords, second.hotword_weight) == (("Yvonne", *HOTWORDS), 8.0)
    assert third.hotwords == fourth.hotwords == ()


@pytest.mark.usefixtures("loud", "place")
def test_text_is_typed_into_windows(
    tevr: Tevr, sounds: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = Window()
    monkeypatch.setattr("tevr.keyboard.system.open_typist", lambda _: Typist(window, window))
    sounds.said = "xx...x...xx...x....."
    said = hotwords("guten", "tag", "punkt", "oh", "nein", "stopp")
    assert tevr("dictate", "--type", *said).code == 0
    assert window.text == "guten tag. oh nein"


@pytest.mark.usefixtures("loud", "place")
def test_two_dictations_do_not_share_a_microphone(
    tevr: Tevr, sounds: Speaking, place: Path
) -> None:
    with Control(lambda _: {}, place):
        result = tevr("dictate")
        assert (result.code, "Another dictation is running" in result.sentence) == (2, True)
    assert sounds.streams[0].closed


def test_microphones_are_listed(tevr: Tevr, sounds: Speaking) -> None:
    assert sounds.known
    assert tevr("dictate", "--devices").out == (
        "*  4  Headset  (1 channel, 16000 Hz)\n   5  Desk  (2 channels, 8000 Hz)\n"
    )


def test_no_microphone_is_told(tevr: Tevr, sounds: Speaking) -> None:
    sounds.known = []
    result = tevr("dictate", "--devices")
    assert (result.code, result.out) == (1, "")
    assert "There is no microphone." in result.sentence


def test_levels_are_printed_once_a_second(
    tevr: Tevr, sounds: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds.said = "." * 10 + "x" * 10
    blocks = Microphone.blocks
    monkeypatch.setattr(Microphone, "blocks", lambda self: islice(blocks(self), 20))
    result = tevr("dictate", "--level", "--device", "headset")
    silence, loud = result.out.splitlines()
    assert silence.endswith("silence")
    assert loud.endswith("-12 dB")
    assert "This is Headset" in result.sentence


def test_a_missing_microphone_is_told(tevr: Tevr, sounds: Speaking) -> None:
    sounds.known.clear()
    result = tevr("dictate", "--level")
    assert result.code == 1
    assert "There is no microphone" in result.sentence


# Wrong wishes


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--partials"], "Add --jsonl"),
        (["-i", "x.wav", "--device", "1"], "Sound comes from one place"),
        (["-i", "x.wav", "--rate", "8000"], "A file knows its own rate"),
        (["-i", "-", "--rate", "100"], "No sound has 100 Hz"),
        (["--replacements", "/nowhere.txt"], "No such file"),
        (["--hotwords", "/nowhere.txt"], "No such file"),
        (["--paste", "f5"], "'f5' is not one of"),
        (["--type"], "no desktop"),
        (["--decoder", "greedy", "--hotword", "Haus"], "Greedy decoding cannot use hot-words"),
    ],
)
@pytest.mark.usefixtures("loud", "sounds", "place")
def test_wrong_wishes_get_one_sentence(
    tevr: Tevr, flags: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    result = tevr("dictate", *flags)
    assert (result.code, result.out) == (2, "")
    assert words in result.sentence


def test_the_keyboard_is_no_sound(tevr: Tevr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    result = tevr("dictate", "-i", "-")
    assert result.code == 2
    assert "the keyboard" in result.sentence


def test_settings_count_for_it(tevr: Tevr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEVR_DICTATE_PARTIALS", "yes")
    assert "Add --jsonl" in tevr("dictate").sentence
