"""Places in a training → their batches, made beside the learning in processes of their own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Sampler

from tevr.training.examples import Batch, Examples, Place

#: Batches that each process makes ahead.
AHEAD = 4


class _Places(Sampler[Place]):
    def __init__(self, places: Iterator[Place]) -> None:
        self._places = places

    def __iter__(self) -> Iterator[Place]:
        return self._places


def feed(examples: Examples, places: Iterator[Place], workers: int) -> Iterator[Batch]:
    """Make the batches of places in their order.

    Args:
        examples: makes them.
        places: where; may be endless.
        workers: processes beside this one; 0 makes them here.
    """
    loader = DataLoader(
        examples,
        sampler=_Places(places),
        batch_size=None,
        collate_fn=_as_it_is,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        # A fork would take the learning's threads and locks along.
        multiprocessing_context="spawn" if workers else None,
        worker_init_fn=_begin,
    )
    yield from loader


def _as_it_is(batch: Any) -> Any:  # noqa: ANN401 - torch expects a list of examples
    return batch


def _begin(_number: int) -> None:
    # Ctrl-C reaches all processes of a terminal; the training decides when its helpers stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
