"""Waveforms → log-probabilities of TEVR labels: the network of the bundled model, in torch.

Log-mel features and encoder are OpenAI Whisper base's (Radford et al. 2022, arXiv 2212.04356;
weights MIT), unchanged but for one thing: clips are not padded to 30 s. On top stands our CTC
head: a learned mixture of three encoder depths, two Conformer-like blocks (Gulati et al. 2020,
arXiv 2005.08100; attention, convolution module, one feed-forward) and a linear layer over the
labels. One frame is 20 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Whisper's input: 16 kHz, 25 ms windows every 10 ms; the encoder's second convolution halves that.
SAMPLE_RATE = 16_000
WINDOW = 400  # samples
HOP = 160  # samples
LOG_FLOOR = 1e-10
DYNAMIC_RANGE = 8.0  # powers of ten below the clip's loudest mel bin


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network; the defaults are the bundled model's."""

    mel_bins: int = 80
    width: int = 512
    heads: int = 8
    inner: int = 2048  # width of the encoder's feed-forward layers
    encoder_blocks: int = 6
    positions: int = 1500  # frames; the longest clip is 30 s
    # Encoder depths the head listens to: outputs of these blocks (counted from 0); the final
    # layer norm's output always comes last.
    taps: tuple[int, ...] = (3, 4)
    head_blocks: int = 2
    head_inner: int = 1024
    kernel: int = 15  # frames seen by the head's depthwise convolution
    labels: int = 256
    head_width: int | None = None  # the encoder's if None
    head_heads: int | None = None  # as many as in the encoder if None

    @property
    def longest(self) -> int:
        """Samples that the encoder has positions for."""
        return self.positions * 2 * HOP


class LogMel(nn.Module):
    """Waveform (samples,) → log-mel spectrogram (mel_bins, mel frames), as Whisper computes it.

    The Fourier transform is a product with two fixed matrices: it exports to any runtime, and at
    this size it costs no more than an FFT. An odd number of frames gets one more at the clip's
    minimum, since the encoder takes them in pairs.
    """

    basis: Tensor
    filters: Tensor

    def __init__(self, filters: Tensor) -> None:
        super().__init__()
        time = torch.arange(WINDOW, dtype=torch.float64)
        window = 0.5 - 0.5 * torch.cos(2 * torch.pi * time / WINDOW)  # periodic Hann
        bins = torch.arange(WINDOW // 2 + 1, dtype=torch.float64)
        angle = 2 * torch.pi * time[:, None] * bins[None, :] / WINDOW
        basis = torch.cat([angle.cos(), angle.sin()], dim=1) * window[:, None]
        self.register_buffer("basis", basis.float(), persistent=False)  # (window, 2 × bins)
        self.register_buffer("filters", filters.float())  # (mel_bins, bins)

    def forward(self, waveform: Tensor) -> Tensor:
        """One clip of more than 200 samples."""
        padded = functional.pad(waveform[None], (WINDOW // 2, WINDOW // 2), mode="reflect")[0]
        frames = waveform.shape[0] // HOP
        hops = padded[: (frames + 2) * HOP].reshape(frames + 2, HOP)
        windows = torch.cat([hops[:-2], hops[1:-1], hops[2:, : WINDOW - 2 * HOP]], dim=1)
        spectrum = windows @ self.basis  # (frames, 2 × bins)
        bins = WINDOW // 2 + 1
        power = spectrum[:, :bins].square() + spectrum[:, bins:].square()
        mel = (self.filters @ power.T).clamp(min=LOG_FLOOR).log10()  # (mel_bins, frames)
        mel = (torch.maximum(mel, mel.max() - DYNAMIC_RANGE) + 4) / 4
        floor = mel.min().expand(mel.shape[0], 1)
        return torch.cat([mel, floor], dim=1)[:, : (frames + 1) // 2 * 2]


def _mix(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None) -> Tensor:
    """Attention of tensors (batch, heads, frames, size of a head).

    On a processor, torch's fused attention takes bfloat16 apart into float32; products that its
    matrix library does as they are take half the time.
    """
    if query.dtype != torch.bfloat16 or query.device.type != "cpu":
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    mixed: Tensor = scores.softmax(dim=-1) @ value
    return mixed


class Attention(nn.Module):
    """Multi-head self-attention over frames, optionally blind to padded ones."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x (batch, frames, width); mask (batch, frames), true where a frame is real."""
        batch, frames, width = x.shape
        q, k, v = (
            part.reshape(batch, frames, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        )  # each (batch, heads, frames, width / heads)
        allowed = None if mask is None else mask[:, None, None, :]
        mixed = _mix(q, k, v, allowed)
        return self.out(mixed.transpose(1, 2).reshape(batch, frames, width))  # type: ignore[no-any-return]


class EncoderBlock(nn.Module):
    """One block of Whisper's encoder: pre-norm attention and feed-forward."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, inner)
        self.feed_out = nn.Linear(inner, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x (batch, frames, width) → the same shape."""
        x = x + self.attention(self.attention_norm(x), mask)
        return x + self.feed_out(functional.gelu(self.feed_in(self.feed_norm(x))))  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """Log-mel (batch, mel_bins, 2 × frames) → hidden states of the tapped depths."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.taps = config.taps
        self.conv_in = nn.Conv1d(config.mel_bins, config.width, 3, padding=1)
        self.conv_half = nn.Conv1d(config.width, config.width, 3, stride=2, padding=1)
        self.positions = nn.Parameter(torch.zeros(config.positions, config.width))
        self.blocks = nn.ModuleList(
            EncoderBlock(config.width, config.heads, config.inner)
            for _ in range(config.encoder_blocks)
        )
        self.norm = nn.LayerNorm(config.width)

    def forward(self, mel: Tensor, mask: Tensor | None) -> list[Tensor]:
        """One (batch, frames, width) tensor per tap, the final layer norm's last."""
        x = functional.gelu(self.conv_in(mel))
        if mask is not None:  # a lone clip has zeros beyond its end here; so has a padded one
            x = x * mask.repeat_interleave(2, dim=1)[:, None, :]
        x = functional.gelu(self.conv_half(x)).transpose(1, 2)
        x = x + self.positions[: x.shape[1]]
        tapped = []
        for depth, block in enumerate(self.blocks):
            x = block(x, mask)
            if depth in self.taps:
                tapped.append(x)
        return [*tapped, self.norm(x)]


class ConvolutionModule(nn.Module):
    """Pointwise → gated linear unit → depthwise over time → SiLU → pointwise."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.pointwise_in = nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.pointwise_out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x (batch, frames, width) → the same shape."""
        x = functional.glu(self.pointwise_in(x), dim=-1)
        if mask is not None:
            x = x * mask[:, :, None]
        x = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return self.pointwise_out(functional.silu(x))  # type: ignore[no-any-return]


class HeadBlock(nn.Module):
    """Attention, convolution module and feed-forward, each pre-norm with a residual."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.head_width or config.width
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, config.head_heads or config.heads)
        self.convolution_norm = nn.LayerNorm(width)
        self.convolution = ConvolutionModule(width, config.kernel)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, config.head_inner)
        self.feed_out = nn.Linear(config.head_inner, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x (batch, frames, width) → the same shape."""
        x = x + self.attention(self.attention_norm(x), mask)
        x = x + self.convolution(self.convolution_norm(x), mask)
        return x + self.feed_out(functional.silu(self.feed_in(self.feed_norm(x))))  # type: ignore[no-any-return]


class Head(nn.Module):
    """Tapped hidden states → log-probabilities (batch, frames, labels)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        taps, width = len(config.taps) + 1, config.head_width or config.width
        self.tap_norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(taps))
        self.mix = nn.Linear(taps * config.width, width)
        self.blocks = nn.ModuleList(HeadBlock(config) for _ in range(config.head_blocks))
        self.norm = nn.LayerNorm(width)
        self.labels = nn.Linear(width, config.labels)

    def forward(self, tapped: Sequence[Tensor], mask: Tensor | None) -> Tensor:
        """One (batch, frames, width) tensor per tap."""
        *_, last = self.states(tapped, mask)
        return functional.log_softmax(self.labels(self.norm(last)), dim=-1)

    def states(self, tapped: Sequence[Tensor], mask: Tensor | None) -> Iterator[Tensor]:
        """The mixture of the taps, then what each block makes of it: (batch, frames, width)."""
        normed = [norm(x) for norm, x in zip(self.tap_norms, tapped, strict=True)]
        x = self.mix(torch.cat(normed, dim=-1))
        yield x
        for block in self.blocks:
            x = block(x, mask)
            yield x


class AcousticNetwork(nn.Module):
    """Waveforms at 16 kHz → log-probabilities at 50 frames a second."""

    def __init__(self, config: NetworkConfig | None = None, filters: Tensor | None = None) -> None:
        super().__init__()
        self.config = config or NetworkConfig()
        if filters is None:  # to be filled by load_state_dict
            filters = torch.zeros(self.config.mel_bins, WINDOW // 2 + 1)
        self.log_mel = LogMel(filters)
        self.encoder = Encoder(self.config)
        self.head = Head(self.config)

    def forward(self, waveform: Tensor) -> Tensor:
        """One clip: waveform (samples,) → log-probabilities (frames, labels)."""
        mel = self.log_mel(waveform)[None]
        return self.head(self.encoder(mel, None), None)[0]  # type: ignore[no-any-return]

    def batch(self, waveforms: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Clips of unequal length in one pass, each as if it were alone.

        Returns:
            log-probabilities (batch, frames, labels) and the number of real frames (batch,);
            frames beyond it are meaningless.
        """
        mels = [self.log_mel(waveform) for waveform in waveforms]
        frames = torch.tensor([mel.shape[1] // 2 for mel in mels], device=mels[0].device)
        longest = int(frames.max())
        padded = torch.stack(
            [functional.pad(mel, (0, 2 * longest - mel.shape[1])) for mel in mels]
        )  # (batch, mel_bins, 2 × frames)
        mask = torch.arange(longest, device=frames.device)[None] < frames[:, None]
        return self.head(self.encoder(padded, mask), mask), frames
