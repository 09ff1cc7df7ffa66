"""A flag comes before a variable, a variable before the file, the file before the default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tevr.cli.main import make_app
from tevr.cli.settings import Settings, read_settings
from tevr.errors import UsageError
from tevr.readable.writer import ReadableOptions
from tevr.transcript import Options

Tevr = Callable[..., Any]
Write = Callable[[str], Path]


@dataclass
class Recorded:
    """What `tevr transcribe` asked of its batch."""

    formats: tuple[str, ...] = ()
    output_dir: Path | None = None
    quiet: bool = False
    model: str = ""
    options: Options = field(default_factory=Options)
    threads: int | None = None


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Notes the wishes instead of fulfilling them."""
    notes = Recorded()

    class Recorder:
        def __init__(
            self, _inputs: Any, formats: Any, output_dir: Any, *, resume: bool, quiet: bool
        ) -> None:
            assert not resume
            notes.formats, notes.output_dir, notes.quiet = formats, output_dir, quiet

        def run(self, model: str, options: Options, threads: int | None) -> int:
            notes.model, notes.options, notes.threads = model, options, threads
            return 0

    monkeypatch.setattr("tevr.cli.batch.Batch", Recorder)
    return notes


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Write:
    """Writes a settings file and points TEVR_SETTINGS at it."""
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("TEVR_SETTINGS", str(path))

    def written(text: str) -> Path:
        path.write_text(text, encoding="utf-8")
        return path

    return written


def read() -> Settings:
    return read_settings(make_app())


# Precedence


def test_without_settings_the_defaults_hold(tevr: Tevr, recorded: Recorded) -> None:
    assert tevr("transcribe", "a.wav").code == 0
    assert recorded.formats == ("txt",)
    assert recorded.options == Options(readable=ReadableOptions())
    assert recorded.model == "de-small"
    assert recorded.threads is None


def test_the_file_comes_before_the_default(tevr: Tevr, write: Write, recorded: Recorded) -> None:
    write('[transcribe]\nbeam = 7\nformat = ["srt", "vtt"]\nquiet = true\nalpha = 1')
    assert tevr("transcribe", "a.wav").code == 0
    assert recorded.options.beam == 7
    assert recorded.options.alpha == 1.0
    assert recorded.formats == ("srt", "vtt")
    assert recorded.quiet


def test_a_variable_comes_before_the_file(
    tevr: Tevr, write: Write, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[transcribe]\nbeam = 7\nformat = ["srt", "vtt"]\nthreads = 2\nquiet = true')
    monkeypatch.setenv("TEVR_TRANSCRIBE_BEAM", "8")
    monkeypatch.setenv("TEVR_TRANSCRIBE_FORMAT", "json")
    monkeypatch.setenv("TEVR_TRANSCRIBE_QUIET", "no")
    assert tevr("transcribe", "a.wav").code == 0
    assert recorded.options.beam == 8
    assert recorded.formats == ("json",)
    assert recorded.threads == 2
    assert not recorded.quiet


def test_a_flag_comes_before_variable_and_file(
    tevr: Tevr, write: Write, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("[transcribe]\nbeam = 7\nstart = 3")
    monkeypatch.setenv("TEVR_TRANSCRIBE_BEAM", "8")
    assert tevr("transcribe", "a.wav", "--beam", "9", "--start", "0:01").code == 0
    assert recorded.options.beam == 9
    assert recorded.options.start == 1.0


def test_an_empty_variable_sets_nothing(
    tevr: Tevr, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEVR_TRANSCRIBE_BEAM", "")
    monkeypatch.setenv("TEVR_SETTINGS", "")
    assert tevr("transcribe", "a.wav").code == 0
    assert recorded.options.beam is None


def test_the_file_lies_where_the_system_keeps_settings(
    tevr: Tevr, recorded: Recorded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("typer.get_app_dir", lambda name: str(tmp_path / name))
    (tmp_path / "tevr").mkdir()
    (tmp_path / "tevr" / "settings.toml").write_text("[transcribe]\nbeam = 3")
    assert tevr("transcribe", "a.wav").code == 0
    assert recorded.options.beam == 3


# Every flag


def test_every_flag_has_a_key_and_a_variable(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "format": "srt", "output-dir": "out", "resume": "true", "model": "m", "decoder": "beam",
        "beam": "2", "alpha": "0.5", "beta": "0.5", "hotword": "Bad Homburg,Usingen",
        "hotwords": "list.txt", "hotword-weight": "5", "start": "1", "end": "2", "channel": "0",
        "threads": "2", "quiet": "true",
    }  # fmt: skip
    bare = ("resume", "quiet")
    rows = [f"{key} = {text if key in bare else repr(text)}" for key, text in values.items()]
    write("[transcribe]\n" + "\n".join(rows))
    from_file = read().defaults
    write("")
    for key, text in values.items():
        monkeypatch.setenv(f"TEVR_TRANSCRIBE_{key.upper().replace('-', '_')}", text)
    assert read().defaults == from_file
    assert len(from_file["transcribe"]) == len(values)
    assert from_file["transcribe"]["hotword"] == ["Bad Homburg", "Usingen"]


def test_commands_of_a_group_have_tables_of_their_own(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write('[lm.build]\norder = 4\nheld-out = ["a.txt"]\n[lm.mix]\nbits = 4')
    monkeypatch.setenv("TEVR_LM_BUILD_MAX_SIZE", "5MB")
    settings = read()
    tables = settings.defaults["lm"]
    assert tables["build"] == {"order": 4, "held_out": ["a.txt"], "max_size": "5MB"}
    assert tables["mix"] == {"bits": 4}
    assert tables["explain"] == {}
    assert settings.origins["lm build", "order"] == f"order in the settings file {path}"


def test_a_wrong_value_of_a_group_names_where_it_stands(tevr: Tevr, write: Write) -> None:
    path = write("[lm.build]\norder = 'x'")
    sentence = tevr("lm", "build", "a.txt", "-o", "b").sentence
    assert f"'x' is no whole number. Correct order in the settings file {path}." in sentence


# What is wrong


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[transcribe\n", "cannot be read"),
        ("[transcribe]\nbeem = 3", "sets 'beem', which transcribe does not know"),
        ("[transcribe]\nbeem = 3", "beam, beta"),
        ("[transkribe]\nbeam = 3", "names the table 'transkribe'"),
        ("beam = 3", "outside of a table"),
        ("transcribe = 3", "outside of a table"),
        ("[doctor]\nbeam = 3", "names the table 'doctor'"),
        ("[doctor]\nbeam = 3", "[lm.build], [lm.explain]"),
        ("[lm]\norder = 3", "sets, outside of a table, 'lm.order'"),
        ("[lm.bild]\norder = 3", "names the table 'lm.bild'"),
        ("[lm.build]\nordr = 3", "sets 'ordr', which lm build does not know"),
        ("lm = 3", "outside of a table, 'lm'"),
        ("[transcribe]\nresume = 'yes'", "resume must be true or false"),
        ("[transcribe]\nbeam = true", "beam must be a number, not True"),
        ("[transcribe]\nbeam = [3]", "beam must be a number"),
        ("[transcribe]\nhotword = ['a', 3]", "hotword must be a text or a list of texts"),
        ("[transcribe]\nhotwords = 3", "hotwords must be a text, not 3"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(
    tevr: Tevr, write: Write, recorded: Recorded, text: str, words: str
) -> None:
    path = write(text)
    result = tevr("transcribe", "a.wav")
    assert result.code == 2
    assert words in result.sentence
    assert str(path) in result.sentence
    assert recorded == Recorded()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("beam = 1.5", "1.5 is no whole number"),
        ("beam = 'many'", "'many' is no whole number"),
        ("threads = 0", "0 is less than 1"),
        ("alpha = nan", "nan is no number"),
        ("decoder = 'best'", "'best' is not one of"),
        ("start = 'soon'", "'soon' is no time"),
    ],
)
def test_a_wrong_value_names_where_it_stands(
    tevr: Tevr, write: Write, recorded: Recorded, text: str, words: str
) -> None:
    path = write(f"[transcribe]\n{text}")
    result = tevr("transcribe", "a.wav")
    assert result.code == 2
    assert words in result.sentence
    assert f"Correct {text.split(maxsplit=1)[0]} in the settings file {path}." in result.sentence
    assert recorded == Recorded()


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TEVR_TRANSCRIBE_BEAM", "x", "'x' is no whole number. Correct the variable"),
        ("TEVR_TRANSCRIBE_RESUME", "maybe", "resume must be true or false, not 'maybe'"),
        ("TEVR_TRANSCRIBE_END", "late", "'late' is no time"),
        ("TEVR_TRANSCRIBE_BEEM", "3", "sets nothing that transcribe knows"),
        ("TEVR_TRANSCRIBE_FORMATS", "srt", "sets nothing that transcribe knows"),
        ("TEVR_LM_BUILD_ORDR", "3", "sets nothing that lm build knows"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(
    tevr: Tevr,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setenv(variable, value)
    result = tevr("transcribe", "a.wav")
    assert result.code == 2
    assert words in result.sentence
    assert variable in result.sentence
    assert recorded == Recorded()


def test_a_wrong_flag_is_not_blamed_on_the_file(tevr: Tevr, write: Write) -> None:
    write("[transcribe]\nbeam = 3")
    assert tevr("transcribe", "a.wav", "--beam", "x").sentence.endswith("tevr transcribe --help.")


def test_a_named_file_must_be_there(tevr: Tevr, write: Write) -> None:
    write("").unlink()
    result = tevr("transcribe", "a.wav")
    assert result.code == 2
    assert "There is no settings file" in result.sentence


def test_a_file_that_is_not_utf8_is_refused(write: Write) -> None:
    write("").write_bytes("[transcribe]\nmodel = 'größer'".encode("latin-1"))
    with pytest.raises(UsageError, match="cannot be read"):
        read()


def test_a_byte_order_mark_does_no_harm(write: Write) -> None:
    write("").write_bytes("[transcribe]\nmodel = 'größer'".encode("utf-8-sig"))
    assert read().defaults["transcribe"] == {"model": "größer"}


@pytest.mark.parametrize("arguments", [["--help"], ["transcribe", "--help"], ["--version"]])
def test_help_is_there_whatever_the_settings(
    tevr: Tevr, write: Write, arguments: list[str]
) -> None:
    write("nonsense")
    result = tevr(*arguments)
    assert (result.code, result.err) == (0, "")
