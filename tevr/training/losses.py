"""Log-probabilities and labels → the sum of CTC losses of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def ctc_sum(
    log_probs: Tensor, frames: Tensor, labels: Sequence[Sequence[int]], blank: int
) -> Tensor:
    """Add up what the labels of all utterances cost (Graves et al. 2006), in nats.

    Args:
        log_probs: float32 (batch, frames, labels).
        frames: (batch,) real ones of each.
        labels: ids of each utterance.
        blank: id of the blank.
    """
    total: Tensor = functional.ctc_loss(
        log_probs.transpose(0, 1),
        torch.tensor([label for each in labels for label in each], device=log_probs.device),
        frames.to(torch.long),
        torch.tensor([len(each) for each in labels], device=log_probs.device),
        blank=blank,
        reduction="sum",
    )
    return total
