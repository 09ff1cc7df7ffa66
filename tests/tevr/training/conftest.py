"""Stand-ins for programs that speak: with their options and their kind of output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

#: A sine for each call: its length follows from the text and the tempo, its pitch from the option.
ESPEAK = """
import math, os, signal, struct, sys
arguments = sys.argv[1:]
if "--voices=variant" in arguments:
    print("Pty Language   Age/Gender VoiceName   File")
    print(" 5  variant        --/F      x           !v/f2")
    print(" 5  variant        --/M      y           !v/m1")
    sys.exit()
value = dict(zip(arguments, arguments[1:]))
text = sys.stdin.buffer.read().decode().strip()
if "kaputt" in text:
    sys.exit("Error: out of words")
if "absturz" in text:
    os.kill(os.getppid(), signal.SIGKILL)
count = 0 if "stumm" in text else int(22050 * 0.08 * len(text) * 175 / int(value["-s"]))
hertz = (100 if value["-v"] == "de+m1" else 200) * 2 ** ((int(value["-p"]) - 50) / 75)
sound = [round(9000 * math.sin(2 * math.pi * hertz * n / 22050)) for n in range(count)]
form = struct.pack("<IHHIIHH", 16, 1, 1, 22050, 44100, 2, 16)
header = b"RIFF\\xff\\xff\\xff\\x7fWAVEfmt " + form
sys.stdout.buffer.write(header + b"data\\xff\\xff\\xff\\x7f" + struct.pack(f"<{count}h", *sound))
"""
PIPER = """
import math, struct, sys
value = dict(zip(sys.argv[1:], sys.argv[2:]))
assert "--output-raw" in sys.argv and value["--noise-scale"] == value["--noise-w"] == "0"
open(value["--model"]).close()
text = sys.stdin.buffer.read().decode().strip()
count = int(16000 * 0.08 * len(text) * float(value["--length-scale"]))
sound = [round(9000 * math.sin(2 * math.pi * 200 * n / 16000)) for n in range(count)]
sys.stdout.buffer.write(struct.pack(f"<{count}h", *sound))
"""

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a stand-in on the otherwise empty path of programs: ``espeak-ng`` or ``piper``."""
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str) -> None:
        program = folder / name
        code = {"espeak-ng": ESPEAK, "piper": PIPER}[name]
        program.write_text(f"#!{sys.executable} -I\n{code}", encoding="utf-8")
        program.chmod(0o755)

    return put


@pytest.fixture
def piper_voice(tmp_path: Path) -> Path:
    """The files of a voice, as far as the stand-in needs them."""
    model = tmp_path / "voice.onnx"
    model.write_bytes(b"")
    config = {"audio": {"sample_rate": 16_000}}
    model.with_name("voice.onnx.json").write_text(json.dumps(config), encoding="utf-8")
    return model
