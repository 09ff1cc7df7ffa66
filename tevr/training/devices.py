"""What Accelerate was told of devices → what a training may do on them."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType

from tevr.errors import UsageError
from tevr.training.settings import TrainSettings


def is_sharded(accelerator: Accelerator, settings: TrainSettings) -> bool:
    """Whether no process has all weights.

    Raises:
        UsageError: the settings ask for what cannot be had then.
    """
    kind = accelerator.distributed_type
    if kind not in (DistributedType.FSDP, DistributedType.DEEPSPEED):
        return False
    if settings.optimiser.ema:
        cause = f"A mean of weights cannot be kept under {kind.value}"
        raise UsageError(cause, "Set optimiser.ema to 0.")
    if kind == DistributedType.DEEPSPEED and settings.batches.accumulate > 1:
        raise UsageError("DeepSpeed accumulates by itself", "Set batches.accumulate to 1.")
    return True


def is_narrow(settings: TrainSettings, accelerator: Accelerator) -> bool:
    """Whether matrix products are taken in bfloat16 by us; Accelerate may be told to do so, too."""
    wanted = settings.optimiser.narrow
    if wanted is not None or accelerator.mixed_precision != "no":
        return bool(wanted)
    if accelerator.device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    # A processor without such products takes longer over them than over float32.
    return bool(torch.cpu._is_avx512_bf16_supported())
