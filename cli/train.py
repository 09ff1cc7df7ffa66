"""`tevr train`: a settings file → a training run, begun or gone on with."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from tevr.cli.console import progress
from tevr.cli.groups import Quiet
from tevr.cli.process import Stopped, on_signals
from tevr.errors import UsageError, needed

if TYPE_CHECKING:
    from tevr.training.progress import News


def train(
    config: Annotated[Path, Argument(metavar="CONFIG", help="Settings, a YAML file.")],
    output_dir: Annotated[
        Path | None, Option("--output-dir", "-o", metavar="RUN", help="The run's folder.")
    ] = None,
    change: Annotated[
        list[str],
        Option("--set", metavar="KEY=VALUE", help="Replace a setting, such as run.steps=100."),
    ] = [],  # noqa: B006 - read only
    plot: Annotated[
        bool, Option("--plot", help="Only draw the curve of the run whose folder is CONFIG.")
    ] = False,
    quiet: Quiet = False,
) -> int:
    """Train an acoustic model.

    A run that was broken off goes on where its folder stands. For several processors or graphics
    cards, launch it by Accelerate: accelerate launch -m tevr.cli.main train CONFIG -o RUN
    """
    # Read when torch is loaded: threads that spin while they wait take the processor from whatever
    # else runs, the processes that prepare sound among them; then a step takes four times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with needed("Training", "train"):
        from tevr.training.curve import draw_curve
        from tevr.training.run_folder import RunFolder
        from tevr.training.settings import read_settings
        from tevr.training.training import train as train_model
    if plot:
        print(draw_curve(RunFolder(config)))
        return 0
    if output_dir is None:
        raise UsageError("Training needs a folder for what it makes", "Name one with -o.")
    settings = read_settings(config, tuple(change))
    with progress(1.0, quiet=quiet) as bar, _asked_to_stop() as signals:

        def read(share: float) -> None:
            bar.file(f"Reading clips {share:.0%}", 0.0, None)

        def show(news: News) -> None:
            bar.file(_line(news), 0.0, None)

        finished = train_model(
            settings, output_dir, read=read, show=show, stop=lambda: bool(signals)
        )
    if not finished:
        stopped = Stopped(signals[0] if signals else signal.SIGTERM)
        stopped.add_note("Start it again to go on.")
        raise stopped
    return 0


def _line(news: News) -> str:
    text = f"{news.done:.0%}, step {news.step}, loss {news.loss:.3f}, {news.speed:.0f} × real time"
    if news.measured is not None:
        text += f", dev WER {news.measured.wer:.1%}"
    return text


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Signals that came meanwhile; the first lets a step end, the second ends all at once."""
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if signals:
            raise Stopped(number)
        signals.append(number)

    before = on_signals(note)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
