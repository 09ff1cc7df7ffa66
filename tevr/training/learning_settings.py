"""What learns and how: the sections `model`, `spectrum`, `optimiser`, `loss` of the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tevr.training.network import NetworkConfig
from tevr.training.typed_yaml import build, check

CHARACTERS = "characters"
Range = tuple[float, float]
#: Frequencies moved farther are no voice's any more.
LEAST_WARP, MOST_WARP = 0.5, 2.0


@dataclass(frozen=True)
class ModelSettings:
    """The network and the weights that it starts from.

    Attributes:
        kind: `whisper-ctc`: `tevr.training.network`; `wav2vec2`: the one of transformers.
        encoder: Whisper's encoder as a CTranslate2 file, in parts in their order (whisper-ctc).
        head: a CTC head as the first training script wrote it (whisper-ctc).
        start: weights of a run, such as best.safetensors; for wav2vec2 a folder of transformers.
            Blocks of the head that it lacks are added, and change nothing at first (whisper-ctc).
        partial: weights that `start` or `head` lacks or has in another shape begin at random.
        sizes: those of the network that differ from the usual ones, as `NetworkConfig` or, for
            wav2vec2, transformers' Wav2Vec2Config names them. The labels' number is known.
        states: folder that keeps what a frozen encoder makes of sound, so that only the head is
            computed when the same sound comes again (`batches.versions`); 550 MB an hour of sound
            for Whisper base (whisper-ctc).
        dropout: rate within the head; within the whole network for wav2vec2.
        checkpointing: compute activations anew in the backward pass; saves memory (wav2vec2).
        time_masks: share of frames masked in training (wav2vec2).
        time_mask_length: frames of one mask (wav2vec2).
    """

    kind: Literal["whisper-ctc", "wav2vec2"] = "whisper-ctc"
    encoder: tuple[Path, ...] = ()
    head: Path | None = None
    start: Path | None = None
    partial: bool = False
    sizes: dict[str, Any] = field(default_factory=dict)
    states: Path | None = None
    dropout: float = 0.0
    checkpointing: bool = False
    time_masks: float = 0.0
    time_mask_length: int = 10

    def __post_init__(self) -> None:
        whisper_only = self.kind != "whisper-ctc" and (self.encoder or self.head or self.states)
        other_only = self.kind != "wav2vec2" and (self.checkpointing or self.time_masks)
        check(
            (bool(whisper_only), "encoder, head and states are of whisper-ctc", "Leave them out."),
            (bool(other_only), "checkpointing and time_masks are of wav2vec2", "Leave them out."),
            (not 0 <= self.dropout < 1, f"dropout is {self.dropout:g}", "Give 0 to below 1."),
            (not 0 <= self.time_masks < 1, "time_masks is no share", "Give 0 to below 1."),
            (self.time_mask_length < 1, "time_mask_length is below 1", "Give 1 or more frames."),
        )
        if self.kind == "whisper-ctc":
            build(NetworkConfig, self.sizes, "sizes")


@dataclass(frozen=True)
class SpectrumSettings:
    """Masks and warps on the log-mel spectrogram (whisper-ctc).

    SpecAugment (Park et al. 2019, arXiv 1904.08779) without its time warp, and vocal-tract length
    perturbation (Jaitly and Hinton 2013).

    Attributes:
        frequency_masks: their number.
        frequency_width: mel bins of one at most.
        time_masks: their number in ten seconds.
        time_width: seconds of one at most.
        mel_warp: lowest and highest factor of all frequencies.
    """

    frequency_masks: int = 0
    frequency_width: int = 15
    time_masks: float = 0.0
    time_width: float = 0.4
    mel_warp: Range = (1.0, 1.0)

    def __post_init__(self) -> None:
        low, high = self.mel_warp
        least = min(self.frequency_masks, self.time_masks, self.frequency_width, self.time_width)
        check(
            (least < 0, "a number of masks or a width is below 0", "Give 0 or more."),
            (
                not LEAST_WARP <= low <= high <= MOST_WARP,
                "mel_warp is no range",
                "Give 0.5 <= low <= high <= 2.",
            ),
        )


@dataclass(frozen=True)
class OptimiserSettings:
    """AdamW (Loshchilov and Hutter, arXiv 1711.05101) and its step sizes.

    Attributes:
        rate: highest step size.
        rates: part of the network → its highest step size; a part is a prefix of parameters'
            names, such as encoder.blocks.5, or a pattern with *; the longest that fits counts.
        frozen: parts that stay as they are.
        layer_decay: factor of the step size from one encoder block to the one below.
        weight_decay: of matrices; vectors have none.
        betas: decay of the two moments.
        warm_up: steps until the highest rate.
        schedule: how rates fall afterwards.
        least: share of the highest rate at the end.
        clip: largest norm of all gradients together; 0 does not limit it.
        ema: decay of a running mean of the weights, which is what is measured and kept; 0: none.
        narrow: matrix products in bfloat16; by default where the processor has it.
    """

    rate: float = 1e-3
    rates: dict[str, float] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    betas: Range = (0.9, 0.98)
    warm_up: int = 200
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    least: float = 0.02
    clip: float = 1.0
    ema: float = 0.999
    narrow: bool | None = None

    def __post_init__(self) -> None:
        rates = (self.rate, *self.rates.values(), self.weight_decay, self.clip, self.warm_up)
        shares = (self.least, self.ema, *self.betas)
        check(
            (min(rates) < 0, "a rate, decay, warm_up or clip is below 0", "Give 0 or more."),
            (not all(0 <= share < 1 for share in shares), "a share is none", "Give 0 to below 1."),
            (not 0 < self.layer_decay <= 1, "layer_decay is no factor", "Give above 0 to 1."),
        )


@dataclass(frozen=True)
class AuxiliarySettings:
    """A second CTC loss over other labels on a block of the head (whisper-ctc).

    Attributes:
        tokens: a label table, or characters.
        block: number of the head's block, from 0.
        weight: of the loss beside the first one's 1.
    """

    tokens: str = CHARACTERS
    block: int = 0
    weight: float = 0.3

    def __post_init__(self) -> None:
        check((self.weight < 0 or self.block < 0, "weight or block is below 0", "Give 0 or more."))


@dataclass(frozen=True)
class LossSettings:
    """What is made small: CTC over the labels, and more CTC on the way.

    Attributes:
        intermediate: block of the head, from 0 → weight of a CTC loss on its output over the same
            labels (Lee and Watanabe 2021, arXiv 2102.03216).
        auxiliary: a CTC loss over other labels.
    """

    intermediate: dict[str, float] = field(default_factory=dict)
    auxiliary: AuxiliarySettings | None = None

    def __post_init__(self) -> None:
        blocks = all(block.isdigit() for block in self.intermediate)
        check(
            (not blocks, "intermediate names no block", "Write 0: 0.3 for the first."),
            (min(self.intermediate.values(), default=0) < 0, "a weight is below 0", "Give more."),
        )
