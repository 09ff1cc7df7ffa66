"""A published model's name → where its files come from, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass

from tevr.errors import UsageError
from tevr.lm.beam import BeamSettings

#: The numbers that the authors decode with: attributes of the language model on the hub and
#: constants of their own program, https://github.com/DeutscheKI/tevr-asr-tool (August 2022). What
#: that program has not, foreseeing scores and compounds, is off. pyctcdecode, which they publish
#: the model for, drops hypotheses 10 below the best.
PUBLISHED_DECODING = BeamSettings(
    beam=500,
    alpha=0.7,
    beta=0.75,
    token_floor=-5.0,
    beam_floor=-10.0,
    unknown_offset=-10.0,
)


@dataclass(frozen=True, slots=True)
class Published:
    """A model that can be pulled.

    Sizes and checksums of its files are asked of the hub when it is pulled, checked, and kept in
    the manifest: a list written here would be wrong after the first repair there.

    Attributes:
        name: for `tevr models pull` and `--model`.
        summary: what it is, in a few words.
        repository: its name on the Hugging Face hub.
        revision: branch, tag or commit there; the manifest keeps the commit that it stood for.
        licence: SPDX identifier.
        files: patterns of the files needed, the largest last.
        download: bytes to be fetched, about.
        disk: bytes that it takes in the end, about.
        decoding: what the beam search shall do.
        labels: number of labels that the network must have.
    """

    name: str
    summary: str
    repository: str
    revision: str
    licence: str
    files: tuple[str, ...]
    download: int
    disk: int
    decoding: BeamSettings
    labels: int


DE_1B = Published(
    name="de-1b",
    summary="the published TEVR model: XLS-R 1B with a word 5-gram (arXiv 2206.12693)",
    repository="fxtentacle/wav2vec2-xls-r-1b-tevr",
    revision="main",
    licence="Apache-2.0",
    files=(
        "config.json",
        "preprocessor_config.json",
        "vocab.json",
        "alphabet.json",
        "language_model/*",
        "pytorch_model.bin",
    ),
    download=5_400_000_000,
    disk=4_600_000_000,
    decoding=PUBLISHED_DECODING,
    labels=256,
)

PUBLISHED = {model.name: model for model in (DE_1B,)}


def published(name: str) -> Published:
    """The model of that name.

    Raises:
        UsageError: none is published under it.
    """
    if name not in PUBLISHED:
        known = ", ".join(PUBLISHED)
        raise UsageError(f"No model {name!r} can be pulled", f"Choose one of {known}.")
    return PUBLISHED[name]
