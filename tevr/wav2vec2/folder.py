"""A folder with a Wav2Vec2ForCTC network, as published → its files, labels and language model.

The labels stand in `vocab.json` (transformers' tokenizer) or `alphabet.json` (pyctcdecode's), and
the one may lack what the other has: the published TEVR model's `vocab.json` is all but empty.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from tevr.errors import ModelError
from tevr.lm.beam import BeamSettings
from tevr.lm.decoder import SPACE
from tevr.store import ModelFiles, Timing
from tevr.tokens import TokenTable
from tevr.wav2vec2.config import Config, read_object

VOCABULARY, ALPHABET, ADDED = "vocab.json", "alphabet.json", "added_tokens.json"
LANGUAGE_MODEL, UNIGRAMS, ATTRIBUTES = "language_model", "unigrams.txt", "attrs.json"
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""Files of weights, the first one found is read."""
LONGEST = 15.0
"""Seconds of sound at once: the clips that such networks were taught with are hardly longer, and
memory grows with it, for the 1B model from 1.4 GB at 10 s to 1.7 at 20."""
_NGRAMS = (".bin", ".binary", ".arpa", ".klm", ".trie", ".mmap")
_MOST_MARKERS = 4
"""Ids that a whole vocabulary may leave out: markers that its tokenizer adds."""
_UNKNOWN = "⁇"
"""What pyctcdecode writes for the unknown."""
_ADVICE = "Give the folder complete as it was published."

_log = logging.getLogger("tevr.wav2vec2")


def describe(folder: Path) -> ModelFiles:
    """What `tevr.store` needs to know of a folder without a manifest.

    Raises:
        ModelError: it holds no such network, or one without weights or labels.
    """
    config = Config.read(folder)
    weights = next((name for name in WEIGHTS if (folder / name).is_file()), None)
    if weights is None:
        raise ModelError(f"{folder} holds no weights, such as {WEIGHTS[0]}", _ADVICE)
    label_file, _ = find_labels(folder, config)
    ngrams = _ngrams(folder)
    return ModelFiles(
        name=folder.resolve().name,
        folder=folder,
        acoustic=weights,
        tokens=label_file,
        language_model=ngrams and f"{LANGUAGE_MODEL}/{ngrams}",
        unigrams=ngrams and f"{LANGUAGE_MODEL}/{UNIGRAMS}",
        lexicon=None,
        longest=LONGEST,
        decoding=_decoding(folder),
        timing=Timing(),
        records={},
    )


def read_labels(folder: Path) -> TokenTable:
    """The labels of a network, whichever file has them whole.

    Raises:
        ModelError: none has, or they cannot be told apart.
    """
    _, labels = find_labels(folder, Config.read(folder))
    return labels


def find_labels(folder: Path, config: Config) -> tuple[str, TokenTable]:
    """The name of the file that has the labels whole, and what it says.

    Raises:
        ModelError: none has, or they cannot be told apart.
    """
    found = []
    if (folder / ALPHABET).is_file():
        labels = read_object(folder / ALPHABET).get("labels")
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise ModelError(f"{folder / ALPHABET} holds no list of labels", _ADVICE)
        if len(labels) == config.vocab_size:
            return ALPHABET, _table(labels, config)
        found.append(f"{len(labels)} in {ALPHABET}")
    if (folder / VOCABULARY).is_file():
        names = _vocabulary(folder)
        if config.vocab_size - _MOST_MARKERS <= len(names) <= config.vocab_size:
            named = {index: name for name, index in names.items()}
            spelled = [named.get(index, "") for index in range(config.vocab_size)]
            spelled[config.pad_token_id] = ""
            between = _delimiter(folder)
            return VOCABULARY, _table([SPACE if n == between else n for n in spelled], config)
        found.append(f"{len(names)} in {VOCABULARY}")
    there = " and ".join(found) or "none"
    cause = f"{folder} has {there} of the network's {config.vocab_size} labels"
    raise ModelError(cause, f"Give the folder with its {ALPHABET} or {VOCABULARY} complete.")


def _table(labels: list[str], config: Config) -> TokenTable:
    """Labels in id order → a table; markers are empty, but for the blank they are no labels.

    Of two spaces the first is the published model's end marker: a later revision of its program
    writes one there, so that the marker closes the last word.
    """
    spelled = ["" if _is_marker(label) else label for label in labels]
    if spelled.count(SPACE) > 1:
        spelled[spelled.index(SPACE)] = ""
    blank = config.pad_token_id if not spelled[config.pad_token_id] else spelled.index("")
    silent = [index for index, label in enumerate(spelled) if not label and index != blank]
    end = silent[0] if len(silent) == 1 else None
    return TokenTable(tuple(spelled), blank, end, tuple(silent) if end is None else ())


def _is_marker(label: str) -> bool:
    return label == _UNKNOWN or (len(label) > 1 and label[0] + label[-1] in ("<>", "[]"))


def _vocabulary(folder: Path) -> dict[str, int]:
    """Label → id of the tokenizer's vocabulary, with what was added to it."""
    names: dict[str, Any] = read_object(folder / VOCABULARY)
    if (folder / ADDED).is_file():
        names |= read_object(folder / ADDED)
    ids = list(names.values())
    if not all(isinstance(index, int) and index >= 0 for index in ids) or len(set(ids)) < len(ids):
        raise ModelError(f"{folder / VOCABULARY} holds no ids of labels", _ADVICE)
    return names


def _delimiter(folder: Path) -> str:
    """What the vocabulary writes between words."""
    path = folder / "tokenizer_config.json"
    named = read_object(path).get("word_delimiter_token", "|") if path.is_file() else "|"
    return named["content"] if isinstance(named, dict) else str(named)


def _ngrams(folder: Path) -> str | None:
    """File name of the language model, if there is one with its words."""
    below = folder / LANGUAGE_MODEL
    files = sorted(below.glob("*")) if below.is_dir() else []
    names = [path.name for path in files if path.suffix in _NGRAMS]
    if not names:
        return None
    if len(names) > 1 or not (below / UNIGRAMS).is_file():
        what = f"{len(names)} files of n-grams" if len(names) > 1 else f"no {UNIGRAMS}"
        _log.warning("%s holds %s and is left out.", below, what)
        return None
    return names[0]


def _decoding(folder: Path) -> BeamSettings:
    """The numbers beside the language model; where none stand, pyctcdecode's own."""
    path = folder / LANGUAGE_MODEL / ATTRIBUTES
    if not path.is_file():
        return BeamSettings()
    data, usual = read_object(path), BeamSettings()
    try:
        return BeamSettings(
            alpha=float(data.get("alpha", usual.alpha)),
            beta=float(data.get("beta", usual.beta)),
            unknown_offset=float(data.get("unk_score_offset", usual.unknown_offset)),
        )
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path} cannot be used ({error})", _ADVICE) from error
