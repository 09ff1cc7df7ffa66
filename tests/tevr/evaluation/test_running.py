"""Runs: equal results whatever the processes and interruptions, and no mixing of two runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tevr.errors import ModelError, UsageError
from tevr.evaluation.datasets import Dataset, open_dataset
from tevr.evaluation.listening import System, listen
from tevr.evaluation.running import Progress, run
from tevr.scoring.normalisers import get_normaliser
from tevr.transcript import Options

SYSTEM = System("de-small", Options(beam=20))
PLAIN = get_normaliser("plain")


@pytest.fixture(scope="module")
def dataset(make_release: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    home = make_release(tmp_path_factory.mktemp("cv"), flawed=True)
    return open_dataset(home, "test", home / "unpacked")


@pytest.fixture(scope="module")
def whole(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    news: list[Progress] = []
    records = run(SYSTEM, dataset, folder, PLAIN, 1, news.append)
    assert [each.done for each in news] == [*range(1, 9)]
    assert [record.problem for record in records if record.problem] == [
        "broken",
        "missing",
        "empty",
        "duplicate",
    ]
    assert "broken.mp3" in records[1].name
    assert news[-1].words == 52
    assert news[-1].errors < 10
    assert "8 of 8, word errors" in news[-1].told
    return folder


def untimed(folder: Path) -> list[str]:
    """Lines of the records without what they took."""
    lines = (folder / "utterances.jsonl").read_text(encoding="utf-8").splitlines()
    return [line.split('"took"')[0] + line.split('"traits"')[1] for line in lines]


def test_a_run_goes_on_where_it_was_broken_off(
    dataset: Dataset, whole: Path, tmp_path: Path
) -> None:
    for name in ("run.json", "utterances.jsonl"):
        content = (whole / name).read_bytes()
        half = content if name == "run.json" else content[: len(content) // 2]
        (tmp_path / name).write_bytes(half)
    news: list[Progress] = []
    run(SYSTEM, dataset, tmp_path, PLAIN, 1, news.append)
    assert 1 < len(news) < 8
    assert untimed(tmp_path) == untimed(whole)


def test_two_processes_give_what_one_gives(dataset: Dataset, whole: Path, tmp_path: Path) -> None:
    run(SYSTEM, dataset, tmp_path, PLAIN, 2, lambda _: None)
    assert untimed(tmp_path) == untimed(whole)


def test_a_folder_of_another_run_is_refused(dataset: Dataset, whole: Path) -> None:
    other = System("de-small", Options(beam=21))
    with pytest.raises(UsageError, match="another model, data set or options"):
        run(other, dataset, whole, PLAIN, 1, lambda _: None)
    fewer = Dataset(dataset.name, dataset.split, dataset.utterances[:2])
    with pytest.raises(UsageError, match="another model"):
        run(SYSTEM, fewer, whole, PLAIN, 1, lambda _: None)


def test_a_missing_model_is_told_by_processes_too(dataset: Dataset) -> None:
    with pytest.raises(ModelError, match="no model"):
        list(listen(System("none", Options()), dataset.utterances, 2))
