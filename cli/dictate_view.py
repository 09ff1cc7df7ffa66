"""What is dictated → a terminal: final text plain, tentative text dimmed behind it; levels."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tevr.audio import SAMPLE_RATE
from tevr.cli.dictate_outputs import Lines
from tevr.cli.process import standard_output
from tevr.dictation import Edit
from tevr.microphone import SILENT_DB, level
from tevr.mixdown import Samples
from tevr.transcript import Word

#: Levels between which a meter is drawn, and above which sound will be clipped; dB of full scale.
QUIETEST, LOUDEST, CLIPPING = -60.0, 0.0, -3.0
#: Characters of a meter.
WIDTH = 40


class View:
    """The line being dictated at the bottom of the terminal; whole lines go to standard output.

    Args:
        live: the bottom of the terminal.
        keep_lines: write whole lines to standard output, which is the terminal; otherwise
            somebody else writes them elsewhere.
    """

    def __init__(self, live: Live, *, keep_lines: bool) -> None:
        self._live = live
        self._keep_lines = keep_lines
        self._lines = Lines()
        self._line = ""  # final text of the line at the bottom
        self._tentative = ""
        self._broken = False  # the line above ended before its break was taken back

    def partial(self, words: Sequence[Word]) -> None:
        """Show words that may change."""
        self._tentative = " ".join(word.text for word in words)
        self._show()

    def edit(self, edit: Edit) -> None:
        """Take final text, to be shown with the next tentative; lines that are over scroll up."""
        erased, text = self._lines.text(edit)
        if erased > len(self._line) + 1:  # more than this line and the break before it
            self._print_line("(what stands above is taken back)")
        self._broken = self._broken or erased > len(self._line)
        self._line = self._line[: max(0, len(self._line) - erased)]
        if text:
            self._line += text.removeprefix("\n") if self._broken else text
            self._broken = False
        *whole, self._line = self._line.split("\n")
        for line in whole:
            self._print_line(line)

    def finish(self, seconds: float) -> None:  # noqa: ARG002 - the protocol's names
        """Leave the last line on the screen."""
        self._tentative = ""
        if self._line:
            self._print_line(self._line)
        self._line = ""
        self._show()

    def _print_line(self, line: str) -> None:
        if not self._keep_lines:
            return
        self._live.update(Text(), refresh=True)  # the cursor stands on an empty line now
        with standard_output() as out:
            out.write(line + "\n")

    def _show(self) -> None:
        shown = Text(self._line)
        if self._tentative:
            shown.append((" " if self._line else "") + self._tentative, style="dim")
        size = self._live.console.size
        room = size.width * max(1, size.height - 2)
        self._live.update(shown[-room:] if len(shown) > room else shown, refresh=True)


@contextmanager
def view(*, keep_lines: bool) -> Iterator[View]:
    """A view at the bottom of the terminal behind standard error."""
    console = Console(stderr=True)
    with Live(
        Text(),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        vertical_overflow="visible",
    ) as live:
        yield View(live, keep_lines=keep_lines)


def meter(decibels: float) -> str:
    """A level as a bar with its number."""
    share = (decibels - QUIETEST) / (LOUDEST - QUIETEST)
    filled = round(WIDTH * min(1.0, max(0.0, share)))
    word = "silence" if decibels <= SILENT_DB else f"{decibels:.0f} dB"
    loud = "  too loud" if decibels > CLIPPING else ""
    return f"{'█' * filled}{'·' * (WIDTH - filled)} {word}{loud}"


def show_levels(blocks: Iterator[Samples]) -> None:
    """Show how loud each block is: one line that moves on a terminal, else a line a second."""
    if not sys.stdout.isatty():
        _print_levels(blocks)
        return
    with Live(Text(), auto_refresh=False, transient=True, redirect_stdout=False) as live:
        for block in blocks:
            if len(block):
                live.update(Text(meter(level(block))), refresh=True)


def _print_levels(blocks: Iterator[Samples]) -> None:
    loudest, samples = SILENT_DB, 0
    for block in blocks:
        loudest = max(loudest, level(block))
        samples += len(block)
        if samples >= SAMPLE_RATE:
            with standard_output() as out:
                out.write(meter(loudest) + "\n")
            loudest, samples = SILENT_DB, 0
