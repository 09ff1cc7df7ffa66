"""Items and a pool → their results in order; and what a process does to be a worker of it."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[tuple[Item, Result]]:
    """Map in a pool, results in the order of the items, at most `ahead` of them under way.

    Results that are ready do not wait for that many: items may come slowly, as from a live pipe.
    """
    pending: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            pending.append((item, pool.submit(function, item)))
            while pending and (len(pending) >= ahead or pending[0][1].done()):
                first, future = pending.popleft()
                yield first, future.result()
        while pending:
            first, future = pending.popleft()
            yield first, future.result()
    finally:  # the caller has had enough, or an item failed
        for _, future in pending:
            future.cancel()


def serve() -> None:
    """Prepare a worker process: the parent alone stops the work, and no worker outlives it."""
    for name in ("SIGINT", "SIGHUP"):  # a terminal sends them to the workers too
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # What the parent was told to do on being ended is no business of a worker.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    from multiprocessing import parent_process  # not needed to map in threads

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
