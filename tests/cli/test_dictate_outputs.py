"""What is final is on the disk and the screen at once, and nothing of it is ever lost."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.live import Live

from tevr.cli.dictate_outputs import EventOutput, FileOutput, Lines, PlainOutput, TypedOutput
from tevr.cli.dictate_view import View, meter
from tevr.dictation import Closed, Edit, Erased, Inserted
from tevr.errors import OutputError
from tevr.formats import read_json
from tevr.transcript import Word


def word(text: str, start: float = 0.0) -> Word:
    return Word(text, start, start + 0.5, 0.9)


def inserted(text: str, start: float = 0.0) -> Inserted:
    return Inserted(text, tuple(word(part, start) for part in text.split() or [text]))


SPOKEN: list[Edit] = [
    inserted("Grüße"),
    inserted(" aus Köln", 1.0),
    Closed(),
    inserted(".", 2.0),
    Closed(),
    inserted(" falsch", 3.0),
    Closed(),
    Erased(" falsch"),
    inserted(" ende", 4.0),
    Closed(),
]


def fill(output: FileOutput, edits: list[Edit]) -> None:
    for edit in edits:
        output.edit(edit)


# Lines


def test_a_line_holds_an_utterance_and_the_marks_said_after_it() -> None:
    lines, text = Lines(), ""
    for edit in SPOKEN:
        erased, added = lines.text(edit)
        text = text[: len(text) - erased] + added
    assert text == "Grüße aus Köln.\nende"


@given(st.lists(st.sampled_from([inserted(" wort"), inserted("."), Closed()]), max_size=20))
def test_lines_differ_from_running_text_in_breaks_only(edits: list[Edit]) -> None:
    lines = Lines()
    text = "".join(lines.text(edit)[1] for edit in edits)
    running = "".join(edit.text for edit in edits if isinstance(edit, Inserted))
    assert text.replace("\n", " ") == running


# Standard output


def test_words_go_to_standard_output_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    output = PlainOutput()
    output.edit(SPOKEN[0])
    assert capsys.readouterr().out == "Grüße"
    for edit in SPOKEN[1:5]:
        output.edit(edit)
    output.partial([word("tentative")])
    output.finish(5.0)
    assert capsys.readouterr().out == " aus Köln.\n"


def test_nothing_said_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    PlainOutput().finish(5.0)
    assert capsys.readouterr().out == ""


def test_it_is_said_that_standard_output_cannot_be_taken_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    output = PlainOutput()
    for edit in (inserted("falsch"), Closed(), Erased("falsch")):
        output.edit(edit)
    assert caplog.messages == ["What was written to standard output cannot be taken back."]


def test_events_have_the_shape_of_those_of_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output = EventOutput("mic", "model", partials=True)
    output.partial([word("grü")])
    output.partial([word("grü")])  # says the same
    output.partial([])
    for edit in SPOKEN:
        output.edit(edit)
    output.finish(5.0)
    text = capsys.readouterr().out
    events = [json.loads(line) for line in text.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[:5] == ["start", "partial", "partial", "final", "final"]
    assert kinds.count("erased") == 1
    assert kinds[-1] == "end"
    assert events[4]["text"] == "aus Köln"
    assert [w["text"] for w in events[4]["words"]] == ["aus", "Köln"]
    path = tmp_path / "events.jsonl"
    path.write_text(text, encoding="utf-8")
    transcript = read_json(path)
    assert (transcript.source, transcript.duration) == ("mic", 5.0)
    assert [segment.text for segment in transcript.segments][:2] == ["Grüße", "aus Köln"]


def test_partials_are_left_out_unless_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    output = EventOutput("mic", "model", partials=False)
    capsys.readouterr()
    output.partial([word("grü")])
    assert capsys.readouterr().out == ""


# Files


def test_text_is_added_to_a_file_and_taken_back_from_it(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("before", encoding="utf-8")  # without an end of line
    output = FileOutput(path, "mic", "model")
    for edit in SPOKEN[:7]:
        output.edit(edit)
    assert path.read_text(encoding="utf-8") == "before\nGrüße aus Köln.\nfalsch"
    fill(output, SPOKEN[7:])
    output.finish(5.0)
    assert path.read_text(encoding="utf-8") == "before\nGrüße aus Köln.\nende\n"


def test_a_file_of_events_is_a_transcript(tmp_path: Path) -> None:
    path = tmp_path / "text.JSONL"
    output = FileOutput(path, "mic", "model")
    output.partial([word("tentative")])
    fill(output, SPOKEN)
    output.finish(5.0)
    assert read_json(path).segments[0].text == "Grüße"


def test_what_another_program_wrote_is_not_taken_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "text.txt"
    output = FileOutput(path, "mic", "model")
    fill(output, [inserted("falsch"), Closed()])
    with path.open("a", encoding="utf-8") as other:
        other.write(" (remark)")
    output.edit(Erased("falsch"))
    assert path.read_text(encoding="utf-8") == "falsch (remark)"
    assert "cannot be taken back" in caplog.text


class FullDisk:
    """`os.write` on a disk that is full for a while, and takes some bytes before it is."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.write = os.write

    def __call__(self, file: int, data: bytes) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        done = self.write(file, data[: self.room])
        self.room -= done
        return done


@given(room=st.integers(0, 40), later=st.integers(0, 9))
def test_a_full_disk_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, room: int, later: int
) -> None:
    path = tmp_path_factory.mktemp("disk") / "text.txt"
    output = FileOutput(path, "mic", "model")
    disk = FullDisk(room)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tevr.cli.dictate_outputs.os.write", disk)
        for number, edit in enumerate(SPOKEN):
            disk.room = 1000 if number == later else disk.room
            output.edit(edit)
        disk.room = 1000
        output.finish(5.0)
    assert path.read_text(encoding="utf-8") == "Grüße aus Köln.\nende\n"


def test_a_full_disk_is_told_once_and_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    path = Path("/dev/full")
    output = FileOutput(path, "mic", "model")
    fill(output, SPOKEN)
    (message,) = caplog.messages[:1]
    assert message.startswith("/dev/full cannot be written for now (the disk is full)")
    assert caplog.text.count("for now") == 1
    with pytest.raises(OutputError, match="The end of the text is missing in /dev/full"):
        output.finish(5.0)


def test_room_on_the_disk_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    output = FileOutput(tmp_path / "text.txt", "mic", "model")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tevr.cli.dictate_outputs.os.write", FullDisk(2))
        output.edit(SPOKEN[0])
    output.edit(SPOKEN[1])
    assert caplog.messages[-1].endswith("is written again; nothing is missing.")


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Is a directory"):
        FileOutput(tmp_path, "mic", "model")


# Windows


def test_typing_follows_the_edits() -> None:
    class Typing:
        def __init__(self) -> None:
            self.tasks: list[str | int] = []

        def type(self, text: str) -> None:
            self.tasks.append(text)

        def erase(self, count: int) -> None:
            self.tasks.append(count)

        def close(self) -> None:
            self.tasks.append("end")

    typing = Typing()
    output = TypedOutput(typing)  # type: ignore[arg-type]
    output.partial([word("tentative")])
    for edit in SPOKEN:
        output.edit(edit)
    output.finish(5.0)
    assert typing.tasks == ["Grüße", " aus Köln", ".", " falsch", 7, " ende", "end"]


# The terminal


@pytest.fixture
def screen() -> tuple[View, io.StringIO]:
    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, width=40, height=10, color_system="standard"
    )
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
    return View(live, keep_lines=True), stream


def test_tentative_text_is_dimmed_and_final_text_is_not(
    screen: tuple[View, io.StringIO],
) -> None:
    view, stream = screen
    with view._live:
        view.partial([word("Grü")])
        view.edit(SPOKEN[0])
        view.partial([word("aus"), word("Kö")])
        assert "Grüße\x1b[2m Grü" not in stream.getvalue()
        assert "Grüße\x1b[2m aus Kö\x1b[0m" in stream.getvalue()


def test_whole_lines_go_to_standard_output(
    screen: tuple[View, io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    view, _ = screen
    with view._live:
        for edit in SPOKEN:
            view.edit(edit)
        assert capsys.readouterr().out == "Grüße aus Köln.\n"
        view.finish(5.0)
    assert capsys.readouterr().out == "ende\n"


def test_what_scrolled_up_is_said_to_be_taken_back(
    screen: tuple[View, io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    view, _ = screen
    with view._live:
        for edit in [inserted("eins"), Closed(), inserted(" zwei"), Closed(), Erased(" zwei")]:
            view.edit(edit)
        view.edit(Erased("eins"))
        view.finish(5.0)
    assert capsys.readouterr().out == "eins\n(what stands above is taken back)\n"


def test_a_text_longer_than_the_screen_shows_its_end(screen: tuple[View, io.StringIO]) -> None:
    view, stream = screen
    with view._live:
        view.edit(inserted("anfang " * 100 + "ende"))
        view.partial([])
        assert "ende" in stream.getvalue()
        assert stream.getvalue().count("anfang") <= 320 / 7


@pytest.mark.parametrize(
    ("decibels", "bar", "words"),
    [(-100.0, 0, "silence"), (-60.0, 0, "-60 dB"), (-30.0, 20, "-30 dB"), (0.0, 40, "too loud")],
)
def test_a_meter_grows_with_the_level(decibels: float, bar: int, words: str) -> None:
    assert meter(decibels).count("█") == bar
    assert words in meter(decibels)
