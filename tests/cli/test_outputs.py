"""Files appear whole or not at all, no input is lost, and finished work is known again."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.cli.outputs import (
    LEDGER_NAME,
    DiskFullError,
    Input,
    Ledger,
    gather,
    plan_outputs,
    whole_file,
)
from tevr.errors import AudioError, OutputError, UsageError


def is_audio(path: Path) -> bool:
    return path.suffix in (".wav", ".mp3")


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"sound")


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# whole_file


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "talk.txt"
    with whole_file(target) as stream:
        stream.write("Grüß\nGott\n")
        stream.flush()
        assert not target.exists()
    assert target.read_bytes() == "Grüß\nGott\n".encode()
    assert listing(target.parent) == ["talk.txt"]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), AudioError("Torn", "Mend it."), ValueError()]
)
def test_an_interrupted_file_leaves_the_old_one_and_no_trace(
    tmp_path: Path, error: BaseException
) -> None:
    target = tmp_path / "talk.txt"
    target.write_text("old")

    def interrupted() -> None:
        with whole_file(target) as stream:
            stream.write("new")
            raise error

    with pytest.raises(type(error)) as caught:
        interrupted()
    assert caught.value is error
    assert target.read_text() == "old"
    assert listing(tmp_path) == ["talk.txt"]


class FullDisk(io.FileIO):
    """A file on a disk without space."""

    def write(self, _data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_recognisable_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_full_disk(path: Path, mode: str) -> io.BufferedWriter:
        return io.BufferedWriter(FullDisk(path, mode))

    monkeypatch.setattr(Path, "open", on_full_disk)
    with pytest.raises(DiskFullError, match="the disk is full"), whole_file(tmp_path / "x") as out:
        out.write("text")
    assert listing(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EIO])
def test_other_failures_name_the_file_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError) as caught, whole_file(tmp_path / "talk.txt") as stream:
        stream.write("text")
    assert not isinstance(caught.value, DiskFullError)
    assert "talk.txt" in caught.value.cause
    assert os.strerror(code) in caught.value.cause
    assert listing(tmp_path) == []


def test_a_folder_or_a_device_in_the_way_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").mkdir()
    with pytest.raises(OutputError, match="it is a folder"), whole_file(tmp_path / "talk.txt"):
        pass
    with pytest.raises(OutputError, match="not a plain file"), whole_file(Path(os.devnull)):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(OutputError), whole_file(tmp_path / "file" / "talk.txt"):
        pass
    assert listing(tmp_path) == ["file", "talk.txt"]


def test_the_file_has_the_rights_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / "talk.txt") as stream:
            stream.write("text")
    finally:
        os.umask(before)
    assert (tmp_path / "talk.txt").stat().st_mode & 0o777 == 0o640


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "real/talk.txt")
    (tmp_path / "talk.txt").symlink_to(tmp_path / "real" / "talk.txt")
    with whole_file(tmp_path / "talk.txt") as stream:
        stream.write("text")
    assert (tmp_path / "talk.txt").is_symlink()
    assert (tmp_path / "real" / "talk.txt").read_text() == "text"


# plan_outputs


def plan(inputs: list[str], below: str = "in", form: str = "txt", out: str = "out") -> list[str]:
    items = [Input(Path(below, name), Path(below)) for name in inputs]
    planned = plan_outputs(items, Path(out), [form])
    assert list(planned) == items
    return [str(paths[form].relative_to(out)) for paths in planned.values()]


def test_outputs_are_called_as_their_inputs_and_keep_their_folders() -> None:
    item = Input(Path("in/a/b/talk.wav"), Path("in"))
    assert plan_outputs([item], Path("out"), ["txt", "srt"]) == {
        item: {"txt": Path("out/a/b/talk.txt"), "srt": Path("out/a/b/talk.srt")}
    }


def test_only_names_that_would_collide_keep_their_endings() -> None:
    assert plan(["x.wav", "x.mp3", "y.mp3"]) == ["x.wav.txt", "x.mp3.txt", "y.txt"]
    assert plan(["x.wav", "x.mp3", "x.wav.flac"]) == ["x.wav.txt", "x.mp3.txt", "x.wav.flac.txt"]
    assert plan(["a/x.wav", "b/x.wav"]) == ["a/x.txt", "b/x.txt"]
    assert plan(["x.wav", "X.mp3"]) == ["x.wav.txt", "X.mp3.txt"]


def test_whole_names_that_collide_are_refused_with_both() -> None:
    items = [Input(Path("a/x.wav"), Path("a")), Input(Path("b/x.wav"), Path("b"))]
    with pytest.raises(UsageError, match=r"a/x\.wav and b/x\.wav would both be written"):
        plan_outputs(items, Path("out"), ["txt"])


def test_no_output_replaces_an_input() -> None:
    assert plan(["notes.txt"], out="in") == ["notes.txt.txt"]
    with pytest.raises(UsageError, match="would replace another input"):
        plan(["x.wav", "x.txt", "x.wav.txt"], out="in")


def test_an_output_that_is_a_link_to_an_input_is_not_used(tmp_path: Path) -> None:
    make(tmp_path, "talk.wav")
    (tmp_path / "talk.txt").symlink_to(tmp_path / "talk.wav")
    item = Input(tmp_path / "talk.wav", tmp_path)
    assert plan_outputs([item], tmp_path, ["txt"])[item]["txt"].name == "talk.wav.txt"


@given(
    st.lists(st.sampled_from("xyX"), min_size=1, max_size=3),
    st.lists(st.sampled_from([".wav", ".mp3", ".txt", ".wav.txt", ""]), min_size=1, max_size=5),
)
@settings(deadline=None)
def test_a_plan_never_shares_a_file_nor_touches_an_input(
    stems: list[str], suffixes: list[str]
) -> None:
    names = {stem + suffix for stem in stems for suffix in suffixes}
    items = [Input(Path("in", name), Path("in")) for name in sorted(names)]
    try:
        planned = plan_outputs(items, Path("in"), ["txt", "json"])
    except UsageError:
        assert len(names) > 1
        return
    paths = [str(path).lower() for mine in planned.values() for path in mine.values()]
    assert len(paths) == len(set(paths)) == 2 * len(items)
    assert not set(paths) & {str(item.path).lower() for item in items}


# Ledger


@pytest.fixture
def done(tmp_path: Path) -> tuple[Path, Input, list[Path]]:
    """A folder with one finished input, done with settings ``a1``."""
    make(tmp_path, "in/talk.wav", "out/talk.txt", "out/talk.srt")
    item = Input(tmp_path / "in" / "talk.wav", tmp_path / "in")
    outputs = [tmp_path / "out" / "talk.txt", tmp_path / "out" / "talk.srt"]
    Ledger(tmp_path / "out").record(item, "a1", outputs)
    return tmp_path / "out", item, outputs


def test_finished_work_is_known_again(done: tuple[Path, Input, list[Path]]) -> None:
    folder, item, outputs = done
    assert Ledger(folder).is_done(item, "a1", outputs)
    assert Ledger(folder).is_done(item, "a1", outputs[:1])


def test_other_settings_or_formats_are_not_done(done: tuple[Path, Input, list[Path]]) -> None:
    folder, item, outputs = done
    assert not Ledger(folder).is_done(item, "b2", outputs)
    make(folder, "talk.vtt")
    assert not Ledger(folder).is_done(item, "a1", [*outputs, folder / "talk.vtt"])


def test_a_changed_or_missing_input_is_not_done(done: tuple[Path, Input, list[Path]]) -> None:
    folder, item, outputs = done
    stat = item.path.stat()
    os.utime(item.path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
    assert not Ledger(folder).is_done(item, "a1", outputs)
    item.path.write_bytes(b"longer sound")
    os.utime(item.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not Ledger(folder).is_done(item, "a1", outputs)
    item.path.unlink()
    assert not Ledger(folder).is_done(item, "a1", outputs)


def test_a_missing_output_is_not_done(done: tuple[Path, Input, list[Path]]) -> None:
    folder, item, outputs = done
    outputs[1].unlink()
    assert not Ledger(folder).is_done(item, "a1", outputs)


def test_an_input_that_changes_during_its_run_is_not_done(tmp_path: Path) -> None:
    make(tmp_path, "talk.wav", "talk.txt")
    item, outputs = Input(tmp_path / "talk.wav", tmp_path), [tmp_path / "talk.txt"]
    ledger = Ledger(tmp_path)
    assert not ledger.is_done(item, "a1", outputs)
    item.path.write_bytes(b"longer sound")
    ledger.record(item, "a1", outputs)
    assert not Ledger(tmp_path).is_done(item, "a1", outputs)


def test_later_lines_win(done: tuple[Path, Input, list[Path]]) -> None:
    folder, item, outputs = done
    Ledger(folder).record(item, "b2", outputs)
    assert Ledger(folder).is_done(item, "b2", outputs)
    assert not Ledger(folder).is_done(item, "a1", outputs)


def test_any_torn_last_line_costs_only_itself(done: tuple[Path, Input, list[Path]]) -> None:
    folder, item, outputs = done
    file = folder / LEDGER_NAME
    whole = file.read_bytes()
    make(folder, "../in/next.wav", "next.txt")
    following = Input(item.below / "next.wav", item.below)
    Ledger(folder).record(following, "a1", [folder / "next.txt"])
    both = file.read_bytes()
    for length in range(len(whole), len(both) - 1):
        file.write_bytes(both[:length])
        ledger = Ledger(folder)
        assert ledger.is_done(item, "a1", outputs)
        assert not ledger.is_done(following, "a1", [folder / "next.txt"])
        ledger.record(following, "a1", [folder / "next.txt"])
        again = Ledger(folder)
        assert again.is_done(item, "a1", outputs)
        assert again.is_done(following, "a1", [folder / "next.txt"])


@pytest.mark.parametrize(
    "line",
    [b"\xff\x00", b"[]", b"3", b'{"source": "x"}', b"[" * 100_000,
     b'{"source":[],"size":1,"mtime_ns":1,"settings":"","outputs":[]}',
     b'{"source":"","size":1,"mtime_ns":1,"settings":"","outputs":[[]]}'],
)  # fmt: skip
def test_foreign_lines_are_ignored(done: tuple[Path, Input, list[Path]], line: bytes) -> None:
    folder, item, outputs = done
    file = folder / LEDGER_NAME
    file.write_bytes(line + b"\n" + file.read_bytes() + line + b"\n")
    assert Ledger(folder).is_done(item, "a1", outputs)


def test_a_folder_moved_with_its_sound_is_still_done(tmp_path: Path) -> None:
    make(tmp_path, "old/a/talk.wav", "old/a/talk.txt")
    before = Input(tmp_path / "old" / "a" / "talk.wav", tmp_path / "old")
    Ledger(tmp_path / "old").record(before, "a1", [tmp_path / "old" / "a" / "talk.txt"])
    (tmp_path / "old").rename(tmp_path / "new")
    after = Input(tmp_path / "new" / "a" / "talk.wav", tmp_path / "new")
    assert Ledger(tmp_path / "new").is_done(after, "a1", [tmp_path / "new" / "a" / "talk.txt"])


def test_a_name_that_is_not_utf8_is_known_again(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/gru\xdf.wav"))
    item = Input(odd, tmp_path)
    odd.write_bytes(b"sound")
    Ledger(tmp_path).record(item, "a1", [odd])
    assert Ledger(tmp_path).is_done(item, "a1", [odd])


def test_a_ledger_that_cannot_be_used_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / LEDGER_NAME).mkdir()
    with pytest.raises(OutputError, match="tevr-done"):
        Ledger(tmp_path)


# gather


def names(arguments: list[str]) -> list[str]:
    gathered = gather(arguments, is_audio)
    assert gathered.problems == ()
    return [str(item.path) for item in gathered.inputs]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with sound in it."""
    make(tmp_path, "b.wav", "a.mp3", "notes.txt", "sub/c.wav", "sub/deep/d.mp3")
    make(tmp_path, ".hidden.wav", ".git/e.wav", "sub/.f.wav")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_gives_its_sound_sorted_and_nothing_hidden(here: Path) -> None:
    assert names(["."]) == ["a.mp3", "b.wav", "sub/c.wav", "sub/deep/d.mp3"]
    (first, *_) = gather([str(here)], is_audio).inputs
    assert first == Input(here / "a.mp3", here)


def test_the_order_of_the_arguments_is_kept_and_doubles_count_once(here: Path) -> None:
    assert names(["sub", "b.wav", ".", "./b.wav", str(here / "a.mp3")]) == [
        "sub/c.wav", "sub/deep/d.mp3", "b.wav", "a.mp3",
    ]  # fmt: skip


@pytest.mark.usefixtures("here")
def test_named_files_count_whatever_they_are() -> None:
    assert names(["notes.txt", ".hidden.wav", "missing.wav"]) == [
        "notes.txt", ".hidden.wav", "missing.wav",
    ]  # fmt: skip
    assert gather(["sub/c.wav"], is_audio).inputs == (Input(Path("sub/c.wav"), Path("sub")),)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.mp3", ["a.mp3"]),
        ("*", ["a.mp3", "b.wav", "sub/c.wav", "sub/deep/d.mp3"]),
        ("**/*.mp3", ["a.mp3", "sub/deep/d.mp3"]),
        ("**", ["a.mp3", "b.wav", "sub/c.wav", "sub/deep/d.mp3"]),
        ("sub/*/?.mp3", ["sub/deep/d.mp3"]),
        ("s[tu]b/*.wav", ["sub/c.wav"]),
        (".*.wav", [".hidden.wav"]),
        (".git/*", [".git/e.wav"]),
    ],
)
def test_patterns_the_shell_left_are_expanded(pattern: str, found: list[str]) -> None:
    assert sorted(names([pattern])) == found


def test_patterns_keep_the_folders_below_them(here: Path) -> None:
    (only,) = gather([f"{here}/sub/**/*.mp3"], is_audio).inputs
    assert only == Input(here / "sub/deep/d.mp3", here / "sub")


def test_a_file_named_like_a_pattern_is_that_file(here: Path) -> None:
    make(here, "[ab].wav")
    assert names(["[ab].wav"]) == ["[ab].wav"]


def test_what_stands_for_nothing_is_a_problem_and_the_rest_goes_on(here: Path) -> None:
    (here / "empty").mkdir()
    gathered = gather(["*.ogg", "empty", "a.mp3", "", "**.mp3x"], is_audio)
    assert [str(item.path) for item in gathered.inputs] == ["a.mp3"]
    assert [type(problem) for problem in gathered.problems] == [AudioError] * 4
    assert "*.ogg" in gathered.problems[0].cause
    assert "empty" in gathered.problems[1].cause


def test_a_folder_that_cannot_be_read_is_a_problem(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def forbidding(path: str) -> object:
        if Path(path).name == "deep":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", forbidding)
    gathered = gather([str(here)], is_audio)
    assert [item.path.name for item in gathered.inputs] == ["a.mp3", "b.wav", "c.wav"]
    assert ["deep" in problem.cause for problem in gathered.problems] == [True]


def test_loops_of_links_end(here: Path) -> None:
    (here / "sub" / "loop").symlink_to(here)
    (here / "self.wav").symlink_to("self.wav")
    expected = ["a.mp3", "b.wav", "self.wav", "sub/c.wav", "sub/deep/d.mp3"]
    assert names(["."]) == expected
    assert names(["**/*.mp3"]) == ["a.mp3", "sub/deep/d.mp3"]


def test_a_link_to_a_folder_is_entered_when_named(here: Path) -> None:
    (here / "link").symlink_to(here / "sub")
    assert names(["link"]) == ["link/c.wav", "link/deep/d.mp3"]
    assert names(["sub", "link"]) == ["sub/c.wav", "sub/deep/d.mp3"]
