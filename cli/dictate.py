"""`tevr dictate`: flags → a source, outputs and one dictation, or a word to the one that runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from tevr.cli.console import complain
from tevr.cli.groups import (
    Alpha,
    Beam,
    Beta,
    DecoderChoice,
    Hotword,
    Hotwords,
    HotwordWeight,
    Lm,
    Model,
    Quiet,
    Threads,
    chosen_hotwords,
)
from tevr.cli.values import count
from tevr.cli.write import (
    NoCapitals,
    NoNumbers,
    NoPunctuation,
    Readable,
    SpellingsFile,
    Swiss,
    chosen_writing,
)
from tevr.errors import AudioError, UsageError
from tevr.transcript import Options

if TYPE_CHECKING:
    from tevr.control import Request


def dictate(
    sound: Annotated[
        str | None,
        Option(
            "--input",
            "-i",
            metavar="FILE",
            help="Sound in place of a microphone; - is a pipe of raw PCM or wav.",
        ),
    ] = None,
    device: Annotated[
        str | None,
        Option(
            "--device", "-d", metavar="NAME", help="Microphone: its number, or a part of its name."
        ),
    ] = None,
    rate: Annotated[
        int | None,
        Option(parser=count, metavar="HZ", help="Rate of the microphone, or of raw PCM (16000)."),
    ] = None,
    devices: Annotated[bool, Option("--devices", help="List the microphones.")] = False,
    level: Annotated[bool, Option("--level", help="Show how loud the microphone is.")] = False,
    output: Annotated[
        Path | None,
        Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Add the text to this file as well; events if it ends with .jsonl.",
        ),
    ] = None,
    jsonl: Annotated[bool, Option("--jsonl", help="Write events for programs.")] = False,
    partials: Annotated[
        bool, Option("--partials", help="Among them words that may change.")
    ] = False,
    typing: Annotated[
        bool, Option("--type", help="Type into the window that has the focus.")
    ] = False,
    paste: Annotated[
        Literal["ctrl+v", "ctrl+shift+v", "shift+insert"],
        Option(help="Keys that paste there; terminals want ctrl+shift+v."),
    ] = "ctrl+v",
    commands: Annotated[
        bool, Option("--commands/--no-commands", help="Take spoken marks and commands for such.")
    ] = True,
    readable: Readable = True,
    no_numbers: NoNumbers = False,
    no_punctuation: NoPunctuation = False,
    no_capitals: NoCapitals = False,
    swiss: Swiss = False,
    spellings: SpellingsFile = None,
    replacements: Annotated[
        Path | None,
        Option(metavar="FILE", help="Text in place of words; reloaded when it changes."),
    ] = None,
    wait: Annotated[bool, Option("--wait", help="Begin muted, until --begin or --toggle.")] = False,
    begin: Annotated[bool, Option("--begin", help="Let the dictation that runs listen.")] = False,
    end: Annotated[bool, Option("--end", help="Mute the dictation that runs.")] = False,
    toggle: Annotated[bool, Option("--toggle", help="Do the one or the other.")] = False,
    status: Annotated[
        bool, Option("--status", help="Ask the dictation that runs what it does.")
    ] = False,
    socket: Annotated[
        Path | None, Option(metavar="PATH", help="Where it is reached, for several at once.")
    ] = None,
    model: Model = None,
    lm: Lm = None,
    decoder: DecoderChoice = None,
    beam: Beam = None,
    alpha: Alpha = None,
    beta: Beta = None,
    hotword: Hotword = [],  # noqa: B006 - read only
    hotwords: Hotwords = None,
    hotword_weight: HotwordWeight = 10.0,
    threads: Threads = None,
    quiet: Quiet = False,
) -> int:
    """Write down what is said into a microphone, while it is said.

    A hot-key of the desktop can call tevr dictate --toggle. Every option can also stand in the
    settings file, or in a variable: --device as TEVR_DICTATE_DEVICE.
    """
    asked: dict[Request, bool] = {"begin": begin, "end": end, "toggle": toggle, "status": status}
    if any(asked.values()):
        return _ask([request for request, wanted in asked.items() if wanted], socket)
    if devices:
        return _list_devices()
    if level:
        return _show_level(device, rate)
    from tevr.cli.dictate_setup import Wishes, run

    writing = chosen_writing(no_numbers, no_punctuation, no_capitals, swiss, spellings)
    wishes = Wishes(
        sound, device, rate, output, jsonl, partials, paste if typing else None,
        writing if readable else None, commands, replacements, tuple(hotword), hotwords,
        wait, socket, quiet,
    )  # fmt: skip
    options = Options(
        decoder=decoder,
        beam=beam,
        alpha=alpha,
        beta=beta,
        language_model=lm,
        hotwords=chosen_hotwords(hotword, hotwords, hotword_weight),
        hotword_weight=hotword_weight,
    )
    return run(wishes, model, options, threads)


def _ask(requests: list[Request], socket: Path | None) -> int:
    """Ask the dictation that runs, and print its answer."""
    from tevr.control import ask, meeting_place

    if len(requests) > 1:
        raise UsageError(
            f"--{requests[0]} and --{requests[1]} contradict each other", "Give one of them."
        )
    answer = ask(requests[0], socket or meeting_place())
    print(f"{answer['state']}, {answer['source']}, {answer['words']} words")
    return 0


def _list_devices() -> int:
    """Print the microphones, the system's own marked."""
    from tevr.portaudio import PortAudio

    found = PortAudio().devices()
    if not found:
        raise AudioError("There is no microphone", "Plug one in, or see the system's settings.")
    for device in found:
        mark = "*" if device.default else " "
        channels = "1 channel" if device.channels == 1 else f"{device.channels} channels"
        print(f"{mark}{device.number:3}  {device.name}  ({channels}, {device.rate} Hz)")
    return 0


def _show_level(device: str | None, rate: int | None) -> int:
    """Show how loud a microphone is, until Ctrl-C."""
    from tevr.cli.dictate_view import show_levels
    from tevr.microphone import Microphone

    with Microphone(device, rate) as microphone:
        complain(f"This is {microphone.name}; Ctrl-C ends.")
        show_levels(microphone.blocks())
    return 0
