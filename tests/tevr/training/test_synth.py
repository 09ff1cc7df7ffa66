"""A folder of spoken sentences is the same however often its making was broken off."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tevr.audio import read_audio
from tevr.errors import ModelError, OutputError, UsageError
from tevr.labelled import read_labelled
from tevr.lm.lock import held
from tevr.training import synth
from tevr.training.speaking import Clip, Job, Missed, speak
from tevr.training.synth import SynthOptions, SynthReport, synthesise

ROOT = Path(__file__).parents[3]
TEXT = """Guten Morgen, Frau Müller!
Der Zug fährt um 7 Uhr.
Wo ist der Hund?
Das Haus steht am Ufer. Niemand wohnt darin.
Wo ist der Hund?
Wir sehen uns am Montag.
Es regnet seit gestern.
Бабушка живёт здесь.
"""
SENTENCES = 7  # one is there twice, one is in another script
Install = Callable[[str], None]


@pytest.fixture
def options(tmp_path: Path) -> SynthOptions:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    return SynthOptions(texts=[tmp_path / "text.txt"], folder=tmp_path / "out", speakers=4)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speak in this process: starting others takes most of the time."""

    def speaking(jobs: Iterable[Job], workers: int) -> Iterator[Clip | Missed]:
        assert workers
        yield from map(speak, jobs)

    monkeypatch.setattr(synth, "spoken", speaking)


def files(folder: Path) -> dict[str, bytes]:
    """Everything below a folder but the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".tevr-lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def lines(folder: Path) -> list[list[str]]:
    text = (folder / "manifest.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()]


def unbroken(options: SynthOptions) -> dict[str, bytes]:
    other = replace(options, folder=options.folder.with_name("unbroken"))
    synthesise(other)
    return files(other.folder)


@pytest.mark.usefixtures("here")
def test_every_sentence_is_spoken_once_as_written(options: SynthOptions) -> None:
    shown: list[tuple[int, float]] = []
    report = synthesise(options, lambda clips, seconds: shown.append((clips, seconds)))
    head, *rows = lines(options.folder)
    assert head == ["path", "text", "speaker", "seconds"]
    assert report == SynthReport(
        clips=SENTENCES,
        made=SENTENCES,
        seconds=pytest.approx(sum(float(row[3]) for row in rows), abs=0.1),
        missed=0,
        sentences=SENTENCES,
        unread=(),
    )
    assert sorted(row[1] for row in rows)[0] == "Das Haus steht am Ufer."
    assert len({row[1] for row in rows}) == SENTENCES
    assert [clips for clips, _ in shown] == list(range(1, SENTENCES + 1))
    for path, _text, speaker, seconds in rows:
        assert speaker.startswith("pico-")
        sound = read_audio(options.folder / path)
        assert len(sound) / 16_000 == pytest.approx(float(seconds), abs=0.01)


@pytest.mark.usefixtures("here")
def test_the_folder_can_be_read_as_recordings(options: SynthOptions) -> None:
    synthesise(options)
    assert len(read_labelled(options.folder)) == SENTENCES


@pytest.mark.usefixtures("here")
def test_stopping_early_and_going_on_changes_nothing(options: SynthOptions) -> None:
    for count in (1, 4, 4, None):
        report = synthesise(replace(options, sentences=count))
        assert report.clips == (count or SENTENCES)
    assert report.made == SENTENCES - 4
    assert files(options.folder) == unbroken(options)
    assert synthesise(options).made == 0


@pytest.mark.usefixtures("here")
def test_hours_are_filled_and_little_more(options: SynthOptions) -> None:
    report = synthesise(replace(options, hours=5 / 3600))
    last = float(lines(options.folder)[-1][3])
    assert 5 <= report.seconds < 5 + last


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_line_broken_off_is_made_again(options: SynthOptions, cut: int) -> None:
    synthesise(replace(options, sentences=4))
    manifest = options.folder / "manifest.tsv"
    manifest.write_bytes(manifest.read_bytes()[:-cut])
    synthesise(options)
    assert files(options.folder) == unbroken(options)


@pytest.mark.usefixtures("here")
def test_a_full_disk_loses_nothing_that_was_whole(
    options: SynthOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))
    sync = os.fsync

    def failing(file: int) -> None:
        if next(calls) >= 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    with monkeypatch.context() as patch:
        patch.setattr("tevr.lm.whole_file.os.fsync", failing)
        with pytest.raises(OutputError, match=r"No space left on device.*Free some space"):
            synthesise(options)
    assert len(lines(options.folder)) == 1 + 3  # two syncs were for the settings and the head
    synthesise(options)
    assert files(options.folder) == unbroken(options)


def test_a_killed_run_is_gone_on_with(options: SynthOptions) -> None:
    many = "\n".join(f"Das ist der Satz {a}{b}o." for a in "bdfglmnprst" for b in "aeiou")
    options.texts[0].write_text(many, encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\n"
        "from tevr.training.synth import SynthOptions, synthesise\n"
        "if __name__ == '__main__':\n"
        "    text, folder = map(Path, sys.argv[1:])\n"
        "    synthesise(SynthOptions([text], folder, speakers=4))\n"
    )
    script = options.folder.with_name("script.py")
    script.write_text(code, encoding="utf-8")
    command = [sys.executable, str(script), str(options.texts[0]), str(options.folder)]
    manifest = options.folder / "manifest.tsv"
    with subprocess.Popen(command) as run:
        while not manifest.exists() or manifest.read_bytes().count(b"\n") < 3:
            assert run.poll() is None
            time.sleep(0.005)
        run.kill()
    assert len(lines(options.folder)) < 50
    report = synthesise(replace(options, jobs=2))
    assert report.clips == 55
    assert files(options.folder) == unbroken(options)


@pytest.mark.usefixtures("here")
def test_sentences_that_cannot_be_said_are_left_out_and_counted(
    options: SynthOptions, install: Install
) -> None:
    install("espeak-ng")
    said = "\n".join(f"Das ist {'kaputt' if n % 3 else 'gut'} {'so' * n}." for n in range(12))
    options.texts[0].write_text(said, encoding="utf-8")
    wanted = replace(options, voices=["espeak:f2", "espeak:m1"])
    report = synthesise(wanted)
    assert (report.clips, report.missed) == (4, 8)
    assert not any("kaputt" in row[1] for row in lines(options.folder))
    again = synthesise(wanted)
    assert (again.clips, again.made, again.missed) == (4, 0, 8)


@pytest.mark.usefixtures("here")
def test_a_text_of_which_nothing_can_be_said_is_told(
    options: SynthOptions, install: Install
) -> None:
    install("espeak-ng")
    options.texts[0].write_text("kaputt\nganz kaputt\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"No sentence could be spoken .*out of words"):
        synthesise(replace(options, voices=["espeak:f2"]))


def test_a_voice_that_says_nothing_at_all_is_given_up(
    options: SynthOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synth, "HOPELESS", 20)
    said: list[Job] = []

    def speaking(jobs: Iterable[Job], workers: int) -> Iterator[Clip | Missed]:
        assert workers
        for job in jobs:
            said.append(job)
            yield speak(job)

    monkeypatch.setattr(synth, "spoken", speaking)
    unknown = "\n".join(f"Søren {'so ' * n}." for n in range(50))
    options.texts[0].write_text(unknown, encoding="utf-8")
    with pytest.raises(ModelError, match=r"No sentence could be spoken .*Pico does not know"):
        synthesise(options)
    assert len(said) == 20


@pytest.mark.usefixtures("here")
def test_seeds_differ(options: SynthOptions) -> None:
    folders = [options.folder.with_name(f"seed{seed}") for seed in (0, 1)]
    for seed, folder in enumerate(folders):
        synthesise(replace(options, seed=seed, folder=folder))
    assert lines(folders[0]) != lines(folders[1])


@pytest.mark.usefixtures("here")
def test_a_folder_of_other_settings_is_refused_and_left_alone(options: SynthOptions) -> None:
    synthesise(replace(options, sentences=1))
    before = files(options.folder)
    for changed, named in (({"seed": 1}, "seed"), ({"speakers": 5}, "speakers")):
        with pytest.raises(UsageError, match=rf"other settings \({named}\)"):
            synthesise(replace(options, **changed))
    options.texts[0].write_text("Ein anderer Text.", encoding="utf-8")
    with pytest.raises(UsageError, match=r"other settings \(texts\)"):
        synthesise(options)
    assert files(options.folder) == before


@pytest.mark.usefixtures("here")
def test_recordings_of_others_are_left_alone(options: SynthOptions) -> None:
    options.folder.mkdir()
    (options.folder / "manifest.tsv").write_text("path\ttext\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not made here"):
        synthesise(options)
    assert list(files(options.folder)) == ["manifest.tsv"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("old", "new"), [("path", "Pfad"), ("clips/", "sounds/x")])
def test_a_changed_manifest_is_refused(options: SynthOptions, old: str, new: str) -> None:
    synthesise(options)
    manifest = options.folder / "manifest.tsv"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match="was changed"):
        synthesise(options)


def test_a_second_run_is_kept_out(options: SynthOptions) -> None:
    with held(options.folder), pytest.raises(UsageError, match="Another run is at work"):
        synthesise(options)


def test_texts_without_sentences_are_refused(options: SynthOptions) -> None:
    options.texts[0].write_text("Бабушка живёт здесь.\n\n" + "a" * 400, encoding="utf-8")
    with pytest.raises(UsageError, match="no sentence to speak"):
        synthesise(options)
    assert not options.folder.exists()


@pytest.mark.parametrize(
    "changed", [{"seed": -1}, {"speakers": 0}, {"jobs": 0}, {"sentences": 0}, {"voices": ()}]
)
def test_impossible_numbers_are_refused(options: SynthOptions, changed: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(options, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("hours", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_hours_are_refused(options: SynthOptions, hours: float) -> None:
    with pytest.raises(UsageError, match="cannot be spoken"):
        replace(options, hours=hours)
