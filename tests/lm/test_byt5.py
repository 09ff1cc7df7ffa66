"""The published byte predictor: characters of several bytes, and a helpful word where it lacks."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.lm.byt5 import START, BytePredictor, open_byt5


def counting(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Scores by what was read: every byte already there is e times as likely as others."""
    scores = np.zeros((len(ids), 384), np.float32)
    for step in range(len(ids)):
        scores[step, ids[: step + 1]] = 1.0
    return scores


def test_a_character_costs_what_its_bytes_cost_together() -> None:
    (costs,) = BytePredictor(counting).costs(["äa"])
    # After the marker, the first byte of ä and both, in turn: one, two, three ids are likelier.
    nats = [float(np.log(384 - n + n * np.e)) for n in (1, 2, 3)]
    np.testing.assert_allclose(costs, np.array([nats[0] + nats[1], nats[2]]) / np.log(2), rtol=1e-6)


def test_costs_of_a_beginning_begin_the_costs() -> None:
    whole, part, nothing = BytePredictor(counting).costs(["über die brücke", "über di", ""])
    np.testing.assert_allclose(whole[:7], part)
    assert whole.shape == (15,)
    assert nothing.shape == (0,)
    assert (whole > 0).all()


def test_characters_outside_the_alphabet_are_refused() -> None:
    with pytest.raises(UsageError, match="'3'"):
        BytePredictor(counting).costs(["ab3"])


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UsageError, match=r"transformers.*pip install"):
        open_byt5(Path("anywhere"))


class Network:
    """What transformers would give for the published folder."""

    def eval(self) -> None:
        self.ready = True

    def __call__(self, *, input_ids: object, attention_mask: object, decoder_input_ids: object):  # type: ignore[no-untyped-def] # noqa: ANN204
        import torch

        assert isinstance(decoder_input_ids, torch.Tensor)
        assert str(input_ids) == str(attention_mask) == "tensor([[1]])"
        assert decoder_input_ids[0, 0] == START
        return SimpleNamespace(
            logits=torch.from_numpy(counting(decoder_input_ids[0].numpy()))[None]
        )


def from_pretrained(folder: str, *, local_files_only: bool) -> Network:
    assert local_files_only
    if not Path(folder).is_dir():
        raise OSError(folder)
    return Network()


def test_the_network_is_asked_as_its_card_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = SimpleNamespace(from_pretrained=from_pretrained)
    fake = SimpleNamespace(T5ForConditionalGeneration=kind)
    monkeypatch.setitem(sys.modules, "transformers", fake)
    (found,) = open_byt5(tmp_path).costs(["süss"])
    (expected,) = BytePredictor(counting).costs(["süss"])
    np.testing.assert_allclose(found, expected)
    with pytest.raises(ModelError, match="holds no ByT5"):
        open_byt5(tmp_path / "absent")
