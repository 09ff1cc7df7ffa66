"""A run becomes a folder that `tevr.load` opens; what stands in the way leaves nothing behind."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import tevr
from tevr.errors import AudioError, ModelError, OutputError, TevrError, UsageError
from tevr.onnx_model import OnnxModel
from tevr.store import bundled, find
from tevr.tokens import TokenTable
from tevr.training import model_folder
from tevr.training.model_folder import Exported, ExportOptions, export_model
from tevr.training.network import AcousticNetwork, NetworkConfig
from tevr.training.settings import read_settings
from tevr.training.training import train

CONFIG = """\
model: {{sizes: {{width: 16, heads: 2, inner: 16, encoder_blocks: 2, taps: [0], positions: {0},
  head_blocks: 1, head_inner: 16}}}}
data: {{sources: [{{path: {1}, dev: {{first: 2}}}}]}}
run: {{steps: 2, dev_every: 1, workers: 0, threads: 1}}
seed: 4
"""


def silent(_step: str, _share: float) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """The folder of a training that learnt next to nothing."""
    folder = tmp_path_factory.mktemp("runs")
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(1500, data / "kerstin"), encoding="utf-8")
    train(
        read_settings(config),
        folder / "first",
        read=lambda _: None,
        show=lambda _: None,
        stop=lambda: False,
    )
    return folder / "first"


@pytest.fixture(scope="module")
def exported(run: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The run as a model folder; it is there when the function returns."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    return export_model(
        ExportOptions(
            run,
            folder,
            tests=[data / "kerstin"],
            licences={"kerstin": "CC0"},
            exact=folder.parent / "float.onnx",
        ),
        silent,
    )


def test_the_folder_is_a_whole_model(exported: Exported, data: Path) -> None:
    files = exported.files
    assert files.name == "tiny"
    files.verify()
    assert find(str(files.folder)) == files
    assert TokenTable.load(files.folder / files.tokens).labels[:3] == ("", " ", "a")
    small = find("de-small")
    for name in ("lm.bin", "unigrams.txt", "lexicon.bin"):
        assert files.records[name] == small.records[name]
    assert (files.decoding, files.timing) == (small.decoding, small.timing)
    assert files.longest == small.longest
    names = {path.name for path in files.folder.iterdir()}
    assert names >= {"model.json", "README.md", *files.names}
    assert {path.name for path in files.folder.parent.iterdir()} == {"tiny", "float.onnx"}
    for decoder in ("greedy", "beam"):
        recognizer = tevr.load(str(files.folder), tevr.Options(decoder=decoder))
        assert recognizer.transcribe(data / "clip.wav").duration > 3


def test_what_is_reported_is_what_the_files_do(
    exported: Exported, clip: NDArray[np.float32]
) -> None:
    parity = exported.parity
    assert parity.clips == 2
    assert parity.exported.largest < 1e-4
    assert parity.exported.agreement == 1.0
    assert 0 < parity.rounded.mean < parity.rounded.largest < 0.5
    assert parity.before is not None
    assert parity.after is not None
    assert parity.before.clips == parity.after.clips == 2
    folder = exported.files.folder
    paths = (folder.parent / "float.onnx", folder / exported.files.acoustic)
    exact, rounded = (OnnxModel(path, threads=1).log_probs([clip])[0] for path in paths)
    assert 0 < np.abs(exact - rounded).max() < 0.5
    assert exported.tests.keys() == {("kerstin", "greedy"), ("kerstin", "with language model")}
    assert all(
        (each.clips, each.words.counts.length) == (4, 52) for each in exported.tests.values()
    )


def test_the_card_tells_what_the_run_recorded(exported: Exported, run: Path) -> None:
    card = (exported.files.folder / "README.md").read_text(encoding="utf-8")
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    (source,) = summary["sources"]
    assert card.startswith("# tiny\n")
    assert f"| kerstin | 2 | {source['hours']:.2f} | 1 | 2 | 0 | CC0 |" in card
    assert "| seed | 4 |" in card
    assert "| steps taken | 2 |" in card
    assert f"| `model.onnx` | {exported.files.records['model.onnx'].bytes:,} |" in card
    assert exported.parity.after is not None
    assert f"{100 * exported.parity.after.words.value:.1f} (" in card
    assert card.count("| **") == 1  # the best measurement
    assert "taps:" in card
    assert str(run.parent) not in card  # nobody else has this path
    if (run / "curve.svg").is_file():
        assert (exported.files.folder / "curve.svg").is_file()
        assert "(curve.svg)" in card


def copy_of(run: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    return copy


@pytest.mark.parametrize(
    ("name", "content", "error", "cause"),
    [
        ("best.safetensors", None, ModelError, "There are no weights .*best.safetensors"),
        ("best.safetensors", b"\0" * 99, ModelError, "best.safetensors cannot be read"),
        ("settings.yaml", None, ModelError, "has no settings.yaml, which names the labels"),
        ("settings.yaml", b"{", UsageError, "are no YAML"),
        ("settings.yaml", b"tokens: none.json\ndata: {sources: [{path: a}]}", ModelError, "none.j"),
        ("settings.yaml", b"data: {sources: [{path: a}]}", UsageError, "a has no manifest.tsv"),
        ("settings.yaml", b"model: {kind: wav2vec2}", ModelError, "of the kind wav2vec2. Only"),
        ("summary.json", b"{", ModelError, "The summary .* cannot be read"),
        ("metrics.jsonl", b"\xff", ModelError, "The metrics in .* cannot be read"),
    ],
)
def test_a_broken_run_is_told_and_nothing_written(
    run: Path, tmp_path: Path, name: str, content: bytes | None, error: type, cause: str
) -> None:
    broken = copy_of(run, tmp_path)
    (broken / name).unlink()
    if content is not None:
        (broken / name).write_bytes(content)
    with pytest.raises(error, match=cause):
        export_model(ExportOptions(broken, tmp_path / "model"), silent)
    assert {path.name for path in tmp_path.iterdir()} == {"run"}


def test_labels_must_be_those_of_the_weights(run: Path, tmp_path: Path, data: Path) -> None:
    broken = copy_of(run, tmp_path)
    table = bundled("de-tevr") / "tokens.json"
    settings = f"tokens: {table}\ndata: {{sources: [{{path: {data / 'kerstin'}}}]}}\n"
    (broken / "settings.yaml").write_text(settings, encoding="utf-8")
    with pytest.raises(ModelError, match="has 256 labels, the network 38"):
        export_model(ExportOptions(broken, tmp_path / "model"), silent)


def test_clips_are_needed_and_must_be_heard_at_once(
    run: Path, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copy_of(run, tmp_path)
    settings = f"data: {{sources: [{{path: {data / 'kerstin'}}}]}}\n"
    (copy / "settings.yaml").write_text(settings, encoding="utf-8")
    options = ExportOptions(copy, tmp_path / "model")
    empty = tmp_path / "empty"
    empty.mkdir()
    missing = tmp_path / "missing"
    missing.mkdir()
    (missing / "manifest.tsv").write_text("path\ttext\na.wav\tja\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"kept no clips .* with --clips"):
        export_model(options, silent)
    with pytest.raises(UsageError, match="holds no recordings"):
        export_model(replace(options, clips=empty), silent)
    with pytest.raises(AudioError, match=r"a\.wav"):
        export_model(replace(options, clips=missing), silent)
    with pytest.raises(AudioError, match=r"a\.wav is missing"):
        export_model(replace(options, clips=data / "kerstin", tests=[missing]), silent)
    with pytest.raises(UsageError, match="empty has no manifest"):
        export_model(replace(options, clips=data / "kerstin", tests=[empty]), silent)
    twice = [data / "kerstin"] * 2
    with pytest.raises(UsageError, match="Two folders to test on are called kerstin"):
        export_model(replace(options, clips=data / "kerstin", tests=twice), silent)
    monkeypatch.setattr(model_folder, "_longest", lambda _network: 2.0)
    with pytest.raises(UsageError, match=r"lasts \d+\.\d s, of which the network hears 2 s"):
        export_model(replace(options, clips=data / "kerstin"), silent)


def test_a_network_of_few_positions_hears_less_at_once() -> None:
    def longest(positions: int) -> float:
        sizes = {"width": 16, "heads": 2, "inner": 16, "encoder_blocks": 1, "taps": ()}
        config = NetworkConfig(**sizes, positions=positions, head_blocks=0)
        return model_folder._longest(AcousticNetwork(config))

    assert longest(1500) == find("de-small").longest
    assert longest(400) == pytest.approx(7.8)
    with pytest.raises(ModelError, match="hears 5 s at once, the recogniser at least 6 s"):
        longest(250)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_nothing_is_overwritten(run: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "model"
    kept = target / "mine" if kind == "folder" else target
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        export_model(ExportOptions(run, target), silent)
    assert kept.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("step", ["export_float", "write_manifest", "write_card"])
def test_a_full_disk_leaves_nothing(
    run: Path,
    exported: Exported,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    graph = exported.files.folder.parent / "float.onnx"  # made again, it would take seconds
    monkeypatch.setattr(model_folder, "export_float", lambda _, path: shutil.copy(graph, path))
    monkeypatch.setattr(model_folder, step, fail)
    (tmp_path / "model").mkdir()
    with pytest.raises(OutputError, match=r"model cannot be written \(No space left") as caught:
        export_model(ExportOptions(run, tmp_path / "model"), silent)
    assert isinstance(caught.value, TevrError)
    assert [path.name for path in tmp_path.rglob("*")] == ["model"]
