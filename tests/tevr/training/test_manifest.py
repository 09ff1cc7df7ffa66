"""Manifests: every clip is learnt from, measured on, or skipped with a reason."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.audio import read_audio
from tevr.errors import OutputError, UsageError
from tevr.tokens import TokenTable
from tevr.training.data_settings import DataSettings, DevSettings, SourceSettings
from tevr.training.manifest import Collection, choose, collect, frames_needed
from tevr.training.preparation import open_tokens
from tevr.training.sounds import SoundCache, read_sound

Samples = NDArray[np.float32]
TOKENS = open_tokens("characters")


@pytest.fixture
def kerstin(tmp_path: Path, data: Path) -> Path:
    """A folder of four clips that may be changed."""
    shutil.copytree(data / "kerstin", tmp_path / "kerstin")
    return tmp_path / "kerstin"


def add(folder: Path, *rows: tuple[str, str]) -> None:
    with (folder / "manifest.tsv").open("a", encoding="utf-8") as file:
        file.writelines(f"{path}\t{text}\t-\t1\n" for path, text in rows)


def gather(*sources: SourceSettings, cache: Path, tokens: TokenTable = TOKENS) -> Collection:
    settings = DataSettings(sources, longest=15.0)
    shares: list[float] = []
    found = collect(settings, tokens, SoundCache(cache), lambda n: n // 320, shares.append)
    assert shares[-1] == 1.0
    return found


def test_clips_come_with_normalised_text_labels_and_sound(kerstin: Path, tmp_path: Path) -> None:
    found = gather(SourceSettings(kerstin), cache=tmp_path / "cache")
    assert [clip.name for clip in found.train] == [
        line.split("\t")[0] for line in (kerstin / "manifest.tsv").read_text().splitlines()[1:]
    ]
    assert found.skipped == ()
    for clip in found.train:
        assert TOKENS.join(clip.labels) == clip.text
        sound = read_audio(kerstin / clip.name)
        np.testing.assert_allclose(read_sound(clip.sound), sound, atol=2 / 32767)
        assert clip.samples == len(sound)  # Opus at 48 kHz, heard at 16 kHz


def test_what_cannot_be_used_is_skipped_with_its_reason(
    kerstin: Path, tmp_path: Path, write: Callable[..., None], clip: Samples
) -> None:
    write(kerstin / "short.wav", "pcm_s16le", clip[:16_000])
    write(kerstin / "click.wav", "pcm_s16le", clip[:800])
    write(kerstin / "long.wav", "pcm_s16le", np.tile(clip, 5))
    (kerstin / "torn.opus").write_bytes((kerstin / "de_rhasspy-0008.opus").read_bytes()[:50])
    add(
        kerstin,
        ("none.opus", "hallo"),
        ("torn.opus", "hallo"),
        ("short.wav", "ein satz der viel zu lang ist für eine sekunde und noch weiter geht"),
        ("click.wav", "a"),
        ("long.wav", "hallo"),
        ("de_rhasspy-1.opus", ""),
        ("de_rhasspy-2.opus", "привет"),
        ("de_rhasspy-3.opus", "…"),
    )
    found = gather(SourceSettings(kerstin), cache=tmp_path / "cache")
    assert len(found.train) == 4
    reasons = {each.name: each.reason for each in found.skipped}
    assert {name: reason.split(" (")[0] for name, reason in reasons.items()} == {
        "none.opus": "its sound is missing",
        "torn.opus": "its sound cannot be read",
        "short.wav": "its 1.00 s are too short for 67 labels",
        "click.wav": "its 0.05 s are too short",
        "long.wav": "its 15.84 s are too long",
        "de_rhasspy-1.opus": "its text is empty",
        "de_rhasspy-2.opus": "its text has letters outside the alphabet",
        "de_rhasspy-3.opus": "its text has no words",
    }


def test_jsonl_and_common_voice_releases_are_read_alike(kerstin: Path, tmp_path: Path) -> None:
    expected = gather(SourceSettings(kerstin), cache=tmp_path / "cache")
    rows = [line.split("\t") for line in (kerstin / "manifest.tsv").read_text().splitlines()[1:]]
    release = tmp_path / "cv-corpus"
    shutil.copytree(kerstin, release / "clips")
    lines = ["client_id\tpath\tsentence\tup_votes"]
    lines += [f"abc\t{path}\t{text}\t2" for path, text, *_ in rows]
    (release / "train.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    records = [json.dumps({"path": path, "text": text}) + "\n" for path, text, *_ in rows]
    (kerstin / "manifest.tsv").unlink()
    (kerstin / "manifest.jsonl").write_text("".join(records), encoding="utf-8")
    for source in (SourceSettings(kerstin), SourceSettings(release, split="train")):
        found = gather(source, cache=tmp_path / "cache")
        assert [clip.labels for clip in found.train] == [clip.labels for clip in expected.train]


def test_dev_and_excluded_clips_are_not_learnt_from(kerstin: Path, tmp_path: Path) -> None:
    excluded = tmp_path / "excluded.txt"
    excluded.write_text("de_rhasspy-0045.opus\tmore\n", encoding="utf-8")
    named = SourceSettings(
        kerstin, exclude=excluded, dev=DevSettings(clips=("de_rhasspy-1321.opus",))
    )
    found = gather(named, cache=tmp_path / "cache")
    assert [clip.name for clip in found.dev] == ["de_rhasspy-1321.opus"]
    assert len(found.train) == 2
    assert "de_rhasspy-0045.opus" not in [clip.name for clip in found.train]


@given(order=st.permutations(range(9)), first=st.integers(0, 9))
def test_which_clips_are_for_measuring_does_not_depend_on_their_order(
    order: list[int], first: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    lines = [f"{number}.wav\thallo" for number in order]
    (folder / "manifest.tsv").write_text("\n".join(["path\ttext", *lines]) + "\n")
    rows, dev = choose(SourceSettings(folder, dev=DevSettings(first=first)))
    assert [row.name for row in rows] == [f"{number}.wav" for number in order]
    by_hash = sorted((row.name for row in rows), key=lambda name: sha256(name.encode()).digest())
    assert dev == set(by_hash[:first])


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("path\tsentence\na.wav\tx\n", "has no path or no text"),
        ("path\ttext\na.wav\n", "has no path or no text in its record 1"),
        ("path\ttext\na.wav\tx\na.wav\ty\n", "lists a.wav twice"),
        ("path\ttext\na.wav\tx\n", "No clip is left to learn from; the first one was skipped"),
        ("path\ttext\n", "No clip is left to learn from"),
        (None, "has no manifest.tsv or manifest.jsonl"),
    ],
)
def test_a_manifest_that_is_none_is_named(tmp_path: Path, text: str | None, cause: str) -> None:
    if text is not None:
        (tmp_path / "manifest.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=cause):
        collect(
            DataSettings((SourceSettings(tmp_path),)), TOKENS, SoundCache(tmp_path / "cache"),
            lambda n: n, [].append,
        )  # fmt: skip


def test_sound_is_decoded_once_and_anew_when_its_file_changes(
    tmp_path: Path, write: Callable[..., None], clip: Samples
) -> None:
    cache, file = SoundCache(tmp_path / "cache"), tmp_path / "a.wav"
    write(file, "pcm_s16le", clip[:16_000])
    kept, samples = cache.keep(file)
    before = kept.stat().st_mtime_ns
    assert cache.keep(file) == (kept, samples)
    assert kept.stat().st_mtime_ns == before
    write(file, "pcm_s16le", clip[:8_000])
    os.utime(file, ns=(1, 1))
    assert cache.keep(file)[1] == 8_000


def test_sound_that_cannot_be_kept_is_told(
    tmp_path: Path, write: Callable[..., None], clip: Samples
) -> None:
    write(tmp_path / "a.wav", "pcm_s16le", clip)
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="Decoded sound cannot be kept"):
        SoundCache(tmp_path / "cache").keep(tmp_path / "a.wav")


@given(st.lists(st.integers(1, 3), max_size=12))
def test_frames_needed_are_those_of_the_shortest_path(labels: list[int]) -> None:
    path: list[int] = []
    for label in labels:  # a blank parts equal neighbours, nothing else is needed
        path += [0, label] if path and path[-1] == label else [label]
    assert frames_needed(labels) == len(path)
