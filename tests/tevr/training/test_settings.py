"""Settings: what a file may say, and how what it may not say is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tevr.errors import UsageError
from tevr.training.augment import Augmentation
from tevr.training.settings import differences, read_settings, to_yaml

LEAST = "data: {sources: [{path: clips}]}\nrun: {steps: 10}\n"


def write(path: Path, text: str) -> Path:
    file = path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_little_is_enough_and_the_rest_has_defaults(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, LEAST))
    assert settings.data.sources[0].path == Path("clips")
    assert settings.run.steps == 10
    assert settings.batches.pad_to == 6.0  # as the recogniser hears short clips
    assert settings.augment is None


def test_nested_values_get_the_types_of_their_fields(tmp_path: Path) -> None:
    text = LEAST + (
        "model: {sizes: {width: 32, taps: [0, 1]}, encoder: [a, b], head: c}\n"
        "augment: {noise: 1, noise_snr: [3, 8]}\n"
        "optimiser: {rate: 1e-3, rates: {head: 2e-3}, frozen: [encoder], ema: 0}\n"
        "loss: {intermediate: {0: 0.3}, auxiliary: {block: 1}}\n"
    )
    settings = read_settings(write(tmp_path, text))
    assert settings.model.encoder == (Path("a"), Path("b"))
    assert settings.augment == Augmentation(noise=1.0, noise_snr=(3.0, 8.0))
    assert settings.optimiser.rate == 1e-3  # YAML 1.1 takes it for text
    assert settings.optimiser.rates == {"head": 2e-3}
    assert settings.loss.intermediate == {"0": 0.3}
    assert settings.loss.auxiliary is not None
    assert settings.loss.auxiliary.tokens == "characters"


def test_what_is_written_is_read_again_as_it_was(tmp_path: Path) -> None:
    text = LEAST + "augment: {}\noptimiser: {narrow: false}\nmodel: {sizes: {taps: [0]}}\n"
    settings = read_settings(write(tmp_path, text))
    assert read_settings(write(tmp_path, to_yaml(settings))) == settings


@pytest.mark.parametrize(
    ("text", "cause", "advice"),
    [
        (LEAST + "optimizer: {}", "unknown key optimizer", "Perhaps optimiser is meant"),
        (LEAST + "batches: {secnds: 3}", "unknown key batches.secnds", "Perhaps seconds is meant"),
        (LEAST + "seed: many", "seed is 'many'", "Give a whole number"),
        (LEAST + "seed: 1.5", "seed is 1.5", "Give a whole number"),
        (LEAST + "seed: true", "seed is True", "Give a whole number"),
        (LEAST + "batches: {seconds: -1}", "batches: seconds is -1", "Give more than 0"),
        (LEAST + "batches: 60", "batches is 60", "Give keys and values"),
        (LEAST + "augment: {noise: 2}", "augment: The probability noise is 2", "between 0 and 1"),
        (LEAST + "augment: {noise_snr: [1]}", "augment.noise_snr is [1]", "Give a list of 2"),
        (LEAST + "optimiser: {schedule: steps}", "optimiser.schedule", "cosine, linear, constant"),
        (LEAST + "model: {sizes: {widht: 3}}", "unknown key widht", "Perhaps width is meant"),
        (LEAST + "model: {kind: wav2vec2, head: a}", "are of whisper-ctc", "Leave them out"),
        ("run: {steps: 10}", "has no data", "add it"),
        ("data: {sources: []}\nrun: {steps: 1}", "sources is empty", "Name a folder"),
        (LEAST.replace("steps: 10", "seeds: 1"), "unknown key run.seeds", ""),
        (LEAST.replace("steps: 10", "steps: 1, hours: 1"), "one of steps and hours", "Give steps"),
        (LEAST.replace("steps: 10", "steps: 0"), "not above 0", "Give more"),
        (LEAST.replace("path: clips", "path: 5"), "data.sources[0].path is 5", "Give a path"),
        ("- 1", "hold no keys", "Write lines"),
        ("a: [", "are no YAML", "Correct the file"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, cause: str, advice: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_settings(file)
    assert str(file) in caught.value.cause
    assert cause in caught.value.cause
    assert advice in caught.value.advice


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml cannot be read"):
        read_settings(tmp_path / "none.yaml")


def test_single_values_can_be_replaced(tmp_path: Path) -> None:
    changes = ("run.steps=3", "augment.noise=0.5", "model.sizes={width: 64}")
    settings = read_settings(write(tmp_path, LEAST), changes)
    assert settings.run.steps == 3
    assert settings.augment is not None
    assert settings.augment.noise == 0.5
    assert settings.model.sizes == {"width": 64}


@pytest.mark.parametrize("change", ["steps", "run.steps.x=1", "run.steps=[", "run.stps=1"])
def test_a_replacement_that_is_none_is_refused(tmp_path: Path, change: str) -> None:
    with pytest.raises(UsageError):
        read_settings(write(tmp_path, LEAST), (change,))


def test_differences_name_what_changes_the_result_and_nothing_else(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, LEAST))
    longer = replace(settings, run=replace(settings.run, steps=99, dev_every=1))
    other = replace(settings, seed=1, batches=replace(settings.batches, seconds=1.0))
    assert differences(settings, longer) == []
    assert differences(settings, other) == ["batches.seconds", "seed"]


def test_the_recipes_are_settings() -> None:
    for path in (Path(__file__).parents[3] / "models" / "recipes").glob("*.yaml"):
        assert read_settings(path).run
        assert set(yaml.safe_load(path.read_text(encoding="utf-8"))) >= {"data", "model", "run"}
