"""Recorded sentences played into a virtual microphone → what `tevr dictate` makes of them.

    python -m benchmarks.dictation_device

Everything real but the air: PulseAudio with a sink whose monitor is the microphone, PortAudio,
the recogniser, and an editor under Xvfb that text is typed into. For headless Linux machines; on
Debian and Ubuntu the following is needed beside tevr itself, and what is missing is said:

    apt install pulseaudio pulseaudio-utils libportaudio2 libasound2-plugins \\
        xvfb xdotool xclip mousepad dbus
    pip install "tevr[dictate]"

PulseAudio and Xvfb run privately, in a temporary folder: nothing of the user's is touched. Takes
about two minutes. The exit code is 1 if anything is not as it should be.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.common import Clip, read_manifest
from tevr.audio import SAMPLE_RATE
from tevr.keyboard.system import open_typist
from tevr.lm.corpus import normalise
from tevr.scoring.alignment import word_errors

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / "tests" / "data" / "kerstin"
#: Program → package that brings it.
PROGRAMS = {
    "pulseaudio": "pulseaudio",
    "pactl": "pulseaudio-utils",
    "paplay": "pulseaudio-utils",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "xclip": "xclip",
    "mousepad": "mousepad",
    "dbus-run-session": "dbus",
}
#: Typed as it stands, letter by letter.
TYPED = "Grüße aus Köln, z. B. für Yvonne"
COPIED = "was vorher in der Zwischenablage stand: ß"
#: Seconds between two sentences, and in which a program has to be ready.
PAUSE, PATIENCE = 1.5, 60.0
#: Points of word error rate that the live text may be worse by; a word is two points here.
ALLOWED = 6.0
COMMAND = [sys.executable, "-c", "from tevr.cli.main import main; main()"]


@dataclass(frozen=True)
class Check:
    """One thing that was tried."""

    what: str
    found: str
    right: bool


def main() -> None:
    """Try everything, print what was found, and leave with 1 if something is wrong."""
    _demand_programs()
    clips = read_manifest(RECORDINGS)
    right = True
    # Programs of the desktop may still write their settings while the folder is removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for check in _checks(Path(folder), clips):
            mark = "ok" if check.right else "WRONG"
            print(f"{mark:6}{check.what}\n{'':8}{check.found}", flush=True)
            right = right and check.right
    sys.exit(not right)


def _checks(home: Path, clips: Sequence[Clip]) -> Iterator[Check]:
    _prepare(home)
    with pulseaudio(home):
        yield from hear(home, clips)
        yield from push_to_talk(home, clips[0])
        yield from unplug(home, clips[0])
        with xvfb():
            yield from type_exactly(home)
            yield from type_dictated(home, clips[:2])


def _demand_programs() -> None:
    """Leave with a sentence that names all that is missing."""
    packages = {package for name, package in PROGRAMS.items() if shutil.which(name) is None}
    try:
        importlib.import_module("sounddevice")
    except ModuleNotFoundError:
        sys.exit('The package sounddevice is missing: pip install "tevr[dictate]"')
    except OSError:
        packages.add("libportaudio2")
    if packages:
        sys.exit(f"Programs are missing: apt install {' '.join(sorted(packages))}")


def _prepare(home: Path) -> None:
    """Let all programs started from here keep their things in one folder."""
    (home / "run").mkdir(mode=0o700)
    (home / ".asoundrc").write_text("pcm.!default pulse\nctl.!default pulse\n", encoding="utf-8")
    for name in ("WAYLAND_DISPLAY", "DISPLAY", "TEVR_SOCKET", "DBUS_SESSION_BUS_ADDRESS"):
        os.environ.pop(name, None)
    os.environ |= {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PULSE_SERVER": f"unix:{home}/run/pulse.socket",
        "PYTHONPATH": str(ROOT),
        "GTK_A11Y": "none",
        "NO_AT_BRIDGE": "1",
    }


@contextmanager
def pulseaudio(home: Path) -> Iterator[None]:
    """A sound server of its own, with a virtual cable: what is played is what is recorded."""
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    command += ["-L", f"module-native-protocol-unix socket={home}/run/pulse.socket"]
    with running(command, home / "pulse.log"):
        wait_for("PulseAudio", lambda: _succeeds("pactl", "info"))
        plug_in()
        yield


def plug_in() -> str:
    """Make the virtual cable; returns the number by which it is taken away."""
    number = _output("pactl", "load-module", "module-null-sink", "sink_name=cable")
    _output("pactl", "set-default-sink", "cable")
    _output("pactl", "set-default-source", "cable.monitor")
    return number.strip()


@contextmanager
def xvfb() -> Iterator[None]:
    """A display of its own."""
    display = f":{90 + os.getpid() % 900}"
    with running(["Xvfb", display, "-screen", "0", "800x600x24"], Path(os.devnull)):
        os.environ["DISPLAY"] = display
        wait_for("Xvfb", lambda: _succeeds("xdotool", "getmouselocation"))
        yield


def hear(home: Path, clips: Sequence[Clip]) -> Iterator[Check]:
    """Sentences from the microphone against the same sentences from files."""
    out = home / "heard.txt"
    devices = subprocess.run(
        [*COMMAND, "dictate", "--devices"], capture_output=True, text=True, check=True
    )
    names = ", ".join(" ".join(line.split()) for line in devices.stdout.splitlines())
    yield Check("microphones are listed", names, "pulse" in names)
    with dictation(home, "-o", str(out)) as process:
        for clip in clips:
            play(home, clip)
    text = out.read_text(encoding="utf-8")
    live, files = process.stdout_text, [_transcribed(clip) for clip in clips]
    yield Check("standard output and the file agree", f"{len(text)} characters", live == text)
    code = process.returncode
    yield Check("it ends by Ctrl-C like other commands", f"exit code {code}", code == 130)
    said = " ".join(clip.text for clip in clips).split()
    rates = [
        100 * word_errors(said, normalise(heard).split()) / len(said)
        for heard in (live, " ".join(files))
    ]
    found = f"{rates[0]:.1f} % words wrong live, {rates[1]:.1f} % from the files"
    yield Check("sentences played are sentences heard", found, rates[0] <= rates[1] + ALLOWED)


def push_to_talk(home: Path, clip: Clip) -> Iterator[Check]:
    """Begin, speak, end by the control socket; what is said while muted is not heard."""
    with dictation(home, "--wait") as process:
        play(home, clip)
        begun = _output(*COMMAND, "dictate", "--begin")
        play(home, clip, pause=0.2)
        begin = time.monotonic()
        _output(*COMMAND, "dictate", "--end")
        expected = min(3, len(clip.text.split()))
        wait_for("the end", lambda: len(process.printed().split()) >= expected)
        asked = time.monotonic() - begin
        status = _output(*COMMAND, "dictate", "--status")
        play(home, clip)
    words = len(process.stdout_text.split())
    yield Check("--begin and --end open and close it", f"{begun.strip()}; {status.strip()}", True)
    right = abs(words - len(clip.text.split())) <= 3
    yield Check("only what is said between is heard", f"{words} words, {asked:.1f} s", right)


def unplug(home: Path, clip: Clip) -> Iterator[Check]:
    """The sound server goes away and comes back while somebody dictates."""
    module = _output("pactl", "list", "short", "modules").split("module-null-sink")[0].split()[-1]
    with dictation(home) as process:
        play(home, clip)
        before = len(process.printed().split())
        _output("pactl", "unload-module", module)
        _output("pactl", "suspend-source", "0", "1", check=False)
        time.sleep(5)
        plug_in()
        time.sleep(5)
        play(home, clip)
    after = len(process.stdout_text.split())
    lines = (line for line in process.stderr_text.splitlines() if line.startswith("tevr: "))
    told = " ".join(line.removeprefix("tevr: ") for line in lines)
    yield Check(
        "a microphone that goes and comes back is heard again",
        f"{before} words before, {after - before} after; {told}",
        before > 0 and after - before >= before - 3,
    )


def type_exactly(home: Path) -> Iterator[Check]:
    """Text typed into an editor, and the clipboard afterwards."""
    _copy(COPIED)
    with editor(home / "exact.txt") as path:
        open_typist().type(TYPED)
    found = path.read_text(encoding="utf-8")
    yield Check("a text editor receives text exactly", found, found == TYPED)
    copied = _output("xclip", "-selection", "clipboard", "-o")
    yield Check("the clipboard is as before", copied, copied == COPIED)


def type_dictated(home: Path, clips: Sequence[Clip]) -> Iterator[Check]:
    """Sentences from the microphone to the editor."""
    dictionary = home / "words.toml"
    dictionary.write_text(f'[replacements]\n"die römer" = "{TYPED}"\n', encoding="utf-8")
    with (
        editor(home / "dictated.txt") as path,
        dictation(home, "--type", "--replacements", str(dictionary)) as process,
    ):
        for clip in clips:
            play(home, clip)
    found, wanted = path.read_text(encoding="utf-8"), process.stdout_text
    same = found == wanted.replace("\n", " ").strip(" ")
    yield Check("an editor receives what is said", found, same and TYPED in found)
    copied = _output("xclip", "-selection", "clipboard", "-o")
    yield Check("the clipboard is as before still", copied, copied == COPIED)


class Dictating:
    """A running `tevr dictate`, and after its end what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, errors: Path) -> None:
        self.process, self._out, self._errors = process, out, errors
        self.stdout_text = self.stderr_text = ""
        self.returncode = 0

    def printed(self) -> str:
        """What it has printed so far."""
        return self._out.read_text(encoding="utf-8")

    def finish(self) -> None:
        """End it by Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.returncode = self.process.wait(PATIENCE)
        self.stdout_text = self.printed()
        self.stderr_text = self._errors.read_text(encoding="utf-8")


@contextmanager
def dictation(home: Path, *flags: str) -> Iterator[Dictating]:
    """Let `tevr dictate` run until the block ends; it has begun to listen before it begins."""
    out, errors = home / "out.txt", home / "errors.txt"
    with out.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen([*COMMAND, "dictate", *flags], stdout=stdout, stderr=stderr)
        dictating = Dictating(process, out, errors)
        try:
            wait_for("tevr dictate", lambda: _succeeds(*COMMAND, "dictate", "--status"))
            yield dictating
            dictating.finish()
        finally:
            process.kill()
            process.wait()


@contextmanager
def editor(path: Path) -> Iterator[Path]:
    """A real editor with the focus; its text stands at the path after the block."""
    path.write_text("", encoding="utf-8")
    command = ["dbus-run-session", "--", "mousepad", str(path)]
    with running(command, Path(os.devnull)):
        search = ("xdotool", "search", "--onlyvisible", "--name", path.name)
        wait_for("mousepad", lambda: _succeeds(*search))
        _output("xdotool", "windowfocus", "--sync", _output(*search).split()[-1])
        time.sleep(1)
        yield path
        time.sleep(0.5)
        _output("xdotool", "key", "ctrl+s")
        time.sleep(1)


def play(home: Path, clip: Clip, pause: float = PAUSE) -> None:
    """Play a recording into the cable, and be silent for a while."""
    path = home / "play.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((clip.samples * 32767).clip(-32768, 32767).astype(np.int16).tobytes())
    _output("paplay", str(path))
    time.sleep(pause)


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[None]:
    """A program for the length of the block, with its children."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)


def wait_for(what: str, ready: Callable[[], bool]) -> None:
    """Wait until it is so; leave with a sentence if it never is."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            sys.exit(f"{what} is not ready after {PATIENCE:.0f} s.")
        time.sleep(0.2)


def _transcribed(clip: Clip) -> str:
    return _output(*COMMAND, "transcribe", str(clip.path))


def _copy(text: str) -> None:
    command = ["xclip", "-selection", "clipboard", "-i"]
    subprocess.run(command, input=text.encode(), check=True, stdout=subprocess.DEVNULL)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _output(*command: str, check: bool = True) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    main()
