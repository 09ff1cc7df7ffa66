"""Normalised text → bits per character, by the published byte predictor on Hugging Face's ByT5.

The authors of TEVR estimated their uncertainties with fxtentacle/tevr-token-entropy-predictor-de, a
ByT5. It is 1.2 GB and not bundled; with its folder on disk and the packages transformers and torch
installed it takes the place of any other character model. As its card uses it, the encoder gets
the lone id 1, and the decoder the id 0 and then the text's bytes, whose ids are the bytes
themselves (a plain ByT5 adds 3 to them). A character costs what its bytes cost together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError, needed
from tevr.lm.corpus import ALPHABET

START = 0
"""Id that the decoder begins with."""
_LONE = 1
"""All that the encoder reads."""

Scores = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""Ids (steps,) → scores of the next id after each, (steps, ids), not normalised."""


class BytePredictor:
    """A `CharacterModel` upon a network that foretells bytes; one text at a time."""

    def __init__(self, scores: Scores, alphabet: str = " " + ALPHABET + "ß") -> None:
        """Take a network and the characters that it is asked for."""
        self._scores = scores
        self._alphabet = frozenset(alphabet)

    @property
    def alphabet(self) -> frozenset[str]:
        """The characters that can be foretold, the space among them."""
        return self._alphabet

    def costs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return the bits of every character; see `tevr.lm.characters.CharacterModel.costs`."""
        if wrong := sorted(set("".join(texts)) - self._alphabet):
            cause = f"The character model does not know {wrong[0]!r}"
            raise UsageError(cause, "Normalise the text first.")
        return [self._text_costs(text) for text in texts]

    def _text_costs(self, text: str) -> NDArray[np.float64]:
        if not text:
            return np.zeros(0)
        ids = np.frombuffer(text.encode(), np.uint8).astype(np.int64)  # (bytes,)
        scores = self._scores(np.concatenate(([START], ids[:-1]))).astype(np.float64)
        nats = np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(ids)), ids]
        lengths = [len(character.encode()) for character in text]
        return np.add.reduceat(nats, np.cumsum([0, *lengths[:-1]])) / log(2)


def open_byt5(folder: Path) -> BytePredictor:
    """Open the published predictor from its folder; nothing is downloaded.

    Raises:
        UsageError: the packages transformers and torch are not installed.
        ModelError: the folder holds no such model.
    """
    with needed("The published predictor", "gpu"):
        torch, transformers = import_module("torch"), import_module("transformers")
    try:
        network: Any = transformers.T5ForConditionalGeneration.from_pretrained(
            str(folder), local_files_only=True
        )
    except (OSError, ValueError) as error:
        cause = f"The folder {folder} holds no ByT5 predictor"
        raise ModelError(cause, "Name the folder that the published model was saved to.") from error
    network.eval()

    def scores(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        lone = torch.tensor([[_LONE]])
        with torch.inference_mode():
            given = torch.from_numpy(ids)[None]
            found = network(input_ids=lone, attention_mask=lone, decoder_input_ids=given)
        result: NDArray[np.float32] = found.logits[0].float().numpy()
        return result

    return BytePredictor(scores)
