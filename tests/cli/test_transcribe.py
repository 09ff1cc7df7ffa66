"""`tevr transcribe` from flags to text, with the bundled model and real recordings."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import struct
import subprocess
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.formats import FORMATS
from tevr.store import bundled
from tevr.transcript import MAX_TESTED_HOTWORD_WEIGHT

Tevr = Callable[..., Any]
BEAM = ["--decoder", "beam"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Greedy where a test does not say otherwise: opening the language model takes longest."""
    monkeypatch.setenv("TEVR_TRANSCRIBE_DECODER", "greedy")
    monkeypatch.setenv("TEVR_TRANSCRIBE_THREADS", "2")


@pytest.fixture
def recording(data: Path) -> Path:
    """A real recording of 3.2 s."""
    return data / "clip.wav"


def write_wav(path: Path, samples: NDArray[Any], rate: int = 16_000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def write_float_wav(path: Path, samples: NDArray[np.float32]) -> Path:
    body = samples.astype("<f4").tobytes()
    head = struct.pack("<IHHIIHH", 16, 3, 1, 16_000, 64_000, 4, 32)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVEfmt " + head
        + b"data" + struct.pack("<I", len(body)) + body
    )  # fmt: skip
    return path


def write_coded(path: Path, samples: NDArray[np.float32], codec: str) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (samples * 32767).astype(np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.rate = 16_000
        frame.time_base = Fraction(1, 16_000)
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return path


def write_silent_film(path: Path) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=10, width=64, height=64)
        stream.pix_fmt = "yuv420p"
        frames = [av.VideoFrame(64, 64, "yuv420p") for _ in range(5)]
        for packet in [p for frame in [*frames, None] for p in stream.encode(frame)]:
            file.mux(packet)
    return path


# Formats


def test_text_goes_to_stdout_and_nothing_else(tevr: Tevr, recording: Path) -> None:
    result = tevr("transcribe", recording, *BEAM)
    assert (result.code, result.err) == (0, "")
    assert "sollte man nicht" in result.out
    assert result.out.count("\n") == 1


def test_every_format_is_written_below_the_output_folder(
    tevr: Tevr, recording: Path, tmp_path: Path
) -> None:
    flags = ["-f", "txt,SRT", "-f", "vtt, tsv", "--format", "json,jsonl", "-f", "txt"]
    result = tevr("transcribe", recording, *flags, "-o", tmp_path / "new" / "out")
    assert (result.code, result.out, result.err) == (0, "", "")
    written = {path.name for path in (tmp_path / "new" / "out").glob("[!.]*")}
    assert written == {f"clip.{name}" for name in FORMATS}
    document = json.loads((tmp_path / "new" / "out" / "clip.json").read_text(encoding="utf-8"))
    assert document["text"] == (tmp_path / "new" / "out" / "clip.txt").read_text("utf-8").strip()


def test_json_documents_follow_one_another(tevr: Tevr, recording: Path, tmp_path: Path) -> None:
    other = shutil.copy(recording, tmp_path / "other.wav")
    result = tevr("transcribe", recording, other, "-f", "json")
    documents, rest = [], result.out
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        documents.append(document)
        rest = rest[end:].lstrip()
    assert [document["source"] for document in documents] == [str(recording), str(other)]
    assert documents[0]["segments"] == documents[1]["segments"] != []


def test_jsonl_marks_begin_and_end_of_every_input(
    tevr: Tevr, recording: Path, tmp_path: Path
) -> None:
    other = shutil.copy(recording, tmp_path / "other.wav")
    result = tevr("transcribe", recording, other, "-f", "jsonl")
    events = [json.loads(line)["event"] for line in result.out.splitlines()]
    assert events == ["start", "final", "end"] * 2


def test_text_of_several_inputs_stands_below_their_names_in_order(
    tevr: Tevr, recording: Path, tmp_path: Path
) -> None:
    names = ["b ü.wav", "-a.wav", "c\nd.wav"]
    paths = [shutil.copy(recording, tmp_path / name) for name in names]
    result = tevr("transcribe", "--", *paths)
    heads = [line for line in result.out.splitlines() if line.startswith("==>")]
    assert heads == [f"==> {tmp_path}/{name} <==" for name in ("b ü.wav", "-a.wav", "c\\nd.wav")]
    assert result.err == ""


def test_several_subtitle_files_do_not_mix_on_stdout(tevr: Tevr, recording: Path) -> None:
    result = tevr("transcribe", recording, "other.wav", "-f", "srt")
    assert result.code == 2
    assert "Several inputs as srt would mix" in result.sentence


# Options


def test_start_and_end_cut_the_sound(tevr: Tevr, recording: Path) -> None:
    result = tevr("transcribe", recording, "--start", "0:01", "--end", "2.5", "-f", "json")
    document = json.loads(result.out)
    assert document["duration"] == 1.5
    assert all(1.0 <= word["start"] <= word["end"] <= 2.5
               for segment in document["segments"] for word in segment["words"])  # fmt: skip
    assert document["segments"]


def test_a_hot_word_changes_the_text(tevr: Tevr, recording: Path) -> None:
    def text(*flags: str) -> str:
        result = tevr("transcribe", recording, *BEAM, "--hotword-weight", "20", *flags)
        assert (result.code, result.err) == (0, "")
        return str(result.out)

    plain = text()
    found = {word: text("--hotword", word) for word in ("Aufkratzen", "Mücken", "Stiche")}
    assert any(
        heard != plain and word in re.findall(r"\w+", heard) for word, heard in found.items()
    )


def test_german_is_written_as_one_writes_it(tevr: Tevr, data: Path) -> None:
    sentence = data / "kerstin" / "de_rhasspy-1321.opus"

    def text(*flags: str) -> str:
        result = tevr("transcribe", sentence, *BEAM, *flags)
        assert (result.code, result.err) == (0, "")
        return str(result.out)

    written = "Danach studierte er ein Jahr lang an der Akademie der Bildenden Künste in München.\n"
    verbatim = written.lower().replace(".", "")
    assert text() == text("--readable") == written
    assert text("--verbatim") == verbatim
    assert text("--no-punctuation").rstrip().endswith("Künste in München")
    assert text("--no-capitals", "--no-punctuation") == verbatim


def test_swiss_spelling_and_spellings_of_ones_own(tevr: Tevr, data: Path, tmp_path: Path) -> None:
    sentence = data / "kerstin" / "de_rhasspy-0045.opus"
    own = tmp_path / "own.txt"
    own.write_text("LEISTUNG\n", encoding="utf-8")
    assert "Außerdem" in tevr("transcribe", sentence, *BEAM).out
    result = tevr("transcribe", sentence, *BEAM, "--swiss", "--spellings", own)
    assert "Ausserdem" in result.out
    assert "LEISTUNG" in result.out


def test_a_list_of_hot_words_works_like_the_flag(
    tevr: Tevr, recording: Path, tmp_path: Path
) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# names\n\n  Aufkratzen \r\nMücken\n", encoding="utf-8-sig")
    listed = tevr("transcribe", recording, *BEAM, "--hotwords", path)
    flags = [*BEAM, "--hotword", "Aufkratzen", "--hotword", "Mücken"]
    assert listed == tevr("transcribe", recording, *flags)
    assert listed.code == 0


def test_an_untested_hot_word_weight_is_used_and_warned_about(tevr: Tevr, recording: Path) -> None:
    flags = [*BEAM, "--hotword", "Mücken", "--hotword-weight"]
    limit = MAX_TESTED_HOTWORD_WEIGHT
    assert tevr("transcribe", recording, *flags, str(limit)).err == ""
    result = tevr("transcribe", recording, *flags, str(limit + 1))
    assert result.code == 0
    assert result.out
    assert "A hot-word weight of 21" in result.sentence


def test_the_weight_does_not_matter_without_hot_words(tevr: Tevr, recording: Path) -> None:
    assert tevr("transcribe", recording, "--hotword-weight", "99").err == ""


def test_a_model_may_be_a_folder(tevr: Tevr, recording: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bundled("de-small"), tmp_path / "mine")
    assert tevr("transcribe", recording, "--model", folder) == tevr("transcribe", recording)


# Standard input


def test_standard_input_is_an_input_in_its_place(
    process: Tevr, recording: Path, tmp_path: Path
) -> None:
    other = shutil.copy(recording, tmp_path / "other.wav")
    with recording.open("rb") as sound:
        result = process("transcribe", recording, "-", other, "-f", "jsonl", stdin=sound)
    assert (result.code, result.err) == (0, "")
    events = [json.loads(line) for line in result.out.splitlines()]
    sources = [event["source"] for event in events if event["event"] == "start"]
    assert sources == [str(recording), "standard input", str(other)]
    texts = [event["text"] for event in events if event["event"] == "final"]
    assert len(texts) == 3
    assert len(set(texts)) == 1


def test_the_keyboard_is_no_sound(tevr: Tevr, monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stdin in (Keyboard(), None):
        monkeypatch.setattr("sys.stdin", stdin)
        result = tevr("transcribe", "-")
        assert result.code == 2
        assert "the keyboard" in result.sentence


def test_text_appears_while_the_sound_still_flows(
    command: list[str], clip: NDArray[np.float32]
) -> None:
    pause = np.zeros(16_000, np.float32)
    sound = np.concatenate([clip, pause] * 8)
    pcm = (sound * 32767).astype("<i2").tobytes()
    endless = struct.pack("<I", 0xFFFFFFFF)
    head = (
        b"RIFF" + endless + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    )
    with subprocess.Popen(
        [*command, "transcribe", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(head + b"data" + endless + pcm)
        running.stdin.flush()
        first = running.stdout.readline()  # would wait for ever if text came at the end only
        running.stdin.close()
        rest = running.stdout.read()
    assert running.returncode == 0
    texts = [first, *rest.splitlines()]
    assert len(texts) == 8
    assert all(b"nicht" in text for text in texts)


def test_a_reader_that_leaves_is_no_error(command: list[str], recording: Path) -> None:
    with subprocess.Popen(
        [*command, "transcribe", *[str(recording)] * 2, "/nowhere.wav", str(recording.parent)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith(b"==> ")
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()
    assert running.returncode in (0, 1)


def test_a_full_disk_behind_stdout_stops_in_one_sentence(process: Tevr, recording: Path) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        result = process("transcribe", recording, stdout=full)
    assert result.code == 1
    assert "Standard output cannot be written (No space left on device)" in result.sentence


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_text_is_utf8_whatever_the_locale(
    process: Tevr, recording: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    assert "ö" in process("transcribe", recording).out


def test_names_that_are_not_text_are_no_obstacle(
    process: Tevr, recording: Path, tmp_path: Path
) -> None:
    name = os.fsdecode(b"\xff \xc3\xbc.wav")
    shutil.copy(recording, tmp_path / name)
    result = process("transcribe", tmp_path, tmp_path / "gone\udcfe.wav")
    assert result.code == 1
    assert f"==> {tmp_path}/\\udcff ü.wav <==" in result.out
    assert "gone\\udcfe.wav" in result.sentence
    assert process("transcribe", tmp_path, "-o", tmp_path / "out", "-f", "json").code == 0
    assert (tmp_path / "out" / name).with_suffix(".json").is_file()


# Odd sound


@pytest.fixture
def odd(tmp_path: Path, clip: NDArray[np.float32]) -> dict[str, Path]:
    """Sound that is unusual but sound."""
    broken = clip.copy()
    broken[100:200], broken[300] = np.nan, np.inf
    return {
        "fast": write_wav(tmp_path / "fast.wav", np.repeat(clip, 12), rate=192_000),
        "wide": write_wav(tmp_path / "wide.wav", np.repeat(clip, 8), channels=8),
        "broken": write_float_wav(tmp_path / "broken.wav", broken),
        "silent": write_wav(tmp_path / "silent.wav", np.zeros(32_000)),
        "short": write_wav(tmp_path / "short.wav", clip[9000:9800]),
        "short mp3": write_coded(tmp_path / "short.mp3", clip, "mp3"),
    }


def test_odd_sound_is_heard(tevr: Tevr, odd: dict[str, Path]) -> None:
    for kind in ("fast", "wide"):
        result = tevr("transcribe", odd[kind])
        assert (result.code, result.err) == (0, "")
        assert "nicht" in result.out
    result = tevr("transcribe", odd["broken"])
    assert result.code == 0
    assert "nicht" in result.out
    assert "no finite numbers" in result.sentence


def test_silence_is_an_empty_document(tevr: Tevr, odd: dict[str, Path]) -> None:
    for kind in ("silent", "short"):
        result = tevr("transcribe", odd[kind], "-f", "json")
        assert (result.code, result.err) == (0, "")
        assert json.loads(result.out)["segments"] == []


def test_a_recording_cut_short_gives_its_part_and_a_warning(
    tevr: Tevr, odd: dict[str, Path]
) -> None:
    path = odd["short mp3"]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = tevr("transcribe", path)
    assert result.code == 0
    assert "cut off" in result.sentence


# What cannot be read


@pytest.fixture
def unreadable(tmp_path: Path, clip: NDArray[np.float32]) -> dict[str, Path]:
    """What looks like sound and is none."""
    folder = tmp_path / "sub"
    folder.mkdir()
    m4a = write_coded(folder / "cut.m4a", clip, "aac")
    m4a.write_bytes(m4a.read_bytes()[: m4a.stat().st_size // 2])
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("Dies ist kein Ton.\n" * 20, encoding="utf-8")
    return {
        "There is no file": folder / "missing.wav",
        "is empty": folder / "empty.wav",
        "not a sound or video file": folder / "text.wav",
        "without its index": m4a,
        "no sound track": write_silent_film(folder / "film.mp4"),
        "0 s long": write_wav(folder / "zero.wav", np.zeros(0)),
    }


def test_each_unreadable_input_gets_a_sentence_and_the_others_their_text(
    tevr: Tevr, unreadable: dict[str, Path], recording: Path
) -> None:
    result = tevr("transcribe", *unreadable.values(), recording)
    assert result.code == 1
    assert "nicht" in result.out
    sentences = result.err.splitlines()
    assert len(sentences) == len(unreadable)
    for (words, path), sentence in zip(unreadable.items(), sentences, strict=True):
        assert words in sentence
        assert sentence.startswith("tevr: ")
        assert sentence.count(str(path)) == 1
        assert sentence.endswith(".")


def test_a_folder_without_sound_is_told(tevr: Tevr, tmp_path: Path) -> None:
    result = tevr("transcribe", tmp_path)
    assert result.code == 1
    assert f"There is no audio file in the folder {tmp_path}" in result.sentence


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--format", "xml"], 2, "There is no format 'xml'. Choose from txt, srt, vtt, tsv, json"),
        (["--format", "txt,srt"], 2, "Several formats would mix"),
        (["--resume"], 2, "--resume needs files"),
        (["--threads", "0"], 2, "'0' is less than 1"),
        (["--beam", "0"], 2, "'0' is less than 1"),
        (["--alpha", "nan"], 2, "'nan' is no number"),
        (["--decoder", "best"], 2, "'best' is not one of 'beam', 'greedy'"),
        (["--decoder", "greedy", "--hotword", "Haus"], 2, "Greedy decoding cannot use hot-words"),
        (["--start", "2", "--end", "2"], 2, "The end 2 s is not after the start 2 s"),
        (["--start", "1:30"], 1, "before the start at 90 s"),
        (["--channel", "-1"], 2, "There is no channel -1"),
        (["--channel", "5"], 1, "has 1 channel, so there is no channel 5"),
        ([*BEAM, "--hotword", "🙂"], 2, "The hot-word '🙂' has nothing the model can write"),
        ([*BEAM, "--hotword", ""], 2, "The hot-word '' has nothing the model can write"),
        (["--hotwords", "/nowhere.txt"], 2, "No such file or directory"),
        (["--model", "nonsense"], 1, "There is no model 'nonsense'. Choose one of de-small"),
        (["--output-dir", "/proc/nowhere"], 1, "/proc/nowhere cannot be made"),
        (["--output-dir", __file__], 1, "a file is in its way"),
        (["--output-dir", f"{__file__}/below"], 1, "a file is in its way"),
    ],
)
def test_wrong_wishes_get_one_sentence(
    tevr: Tevr, recording: Path, flags: list[str], code: int, words: str
) -> None:
    result = tevr("transcribe", recording, *flags)
    assert (result.code, result.out) == (code, "")
    assert words in result.sentence
    assert result.sentence.endswith(".")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no words"),
        (b"# nothing\n\n", "holds no words"),
        ("Mücke".encode("latin-1"), "not UTF-8"),
        ("Haus\n🙂\n".encode(), "The hot-word '🙂' has nothing"),
    ],
)
def test_a_wrong_list_of_hot_words_gets_one_sentence(
    tevr: Tevr, recording: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    result = tevr("transcribe", recording, *BEAM, "--hotwords", path)
    assert (result.code, result.out) == (2, "")
    assert words in result.sentence


def test_a_damaged_model_is_told(tevr: Tevr, recording: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bundled("de-small"), tmp_path / "mine")
    with (folder / "model.onnx").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    result = tevr("transcribe", recording, "--model", folder)
    assert (result.code, result.out) == (1, "")
    assert "model.onnx of the model de-small is damaged" in result.sentence
