"""A Wav2Vec2ForCTC folder and clips → a table of engines and precisions: speed, memory, error.

    python -m benchmarks.engines FOLDER --work DIR --clip CLIP... [--engine NAME...] [--threads 2]

Every engine runs in a process of its own. Speed is the real-time factor on a span of 10 s joined of
the clips, the best of several rounds; memory is the peak of the whole process, mapped files counted
as far as they were touched. Errors are those of log-probabilities above −10 beside transformers'
own float32 on the clips, and the share of frames with the same best label. FOLDER may be one that
`benchmarks.published_layout` wrote. Graphs are written below DIR and removed again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE, read_audio

Samples = NDArray[np.float32]
LogProbs = Callable[[Samples], NDArray[np.float32]]
REFERENCE = "transformers float32"
SPAN = 10 * SAMPLE_RATE
#: Log-probabilities below this are noise that no decoder looks at.
FLOOR = -10.0
#: Precisions of the front, attention's two products, and a feed-forward block's two.
GRAPHS = {
    "graph float32": ("float32",) * 5,
    "graph int8 (blocks)": ("float32", *("blocks",) * 4),
    "graph fast (columns, blocks)": ("float32", "columns", "blocks", "columns", "blocks"),
    "graph rows": ("float32", *("rows",) * 4),
    "graph columns": ("float32", *("columns",) * 4),
}
ENGINES = (REFERENCE, "torch float32", "torch bfloat16", *GRAPHS)


def main() -> None:
    """Read the flags, measure one engine after the other, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--clip", type=Path, nargs="+", required=True, metavar="CLIP")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        measure(arguments)
        return
    from benchmarks.common import table  # here, so that engines are measured without it

    engines = [REFERENCE, *(e for e in arguments.engine or ENGINES if e != REFERENCE)]
    wanted = None
    rows = []
    for engine in engines:
        told, given = in_process(engine, arguments)
        wanted = given if wanted is None else wanted
        rows.append([engine, *told, *errors(given, wanted)])
        print(*rows[-1], file=sys.stderr, flush=True)
    head = ("engine", "RTF", "processor s / s", "peak GB", "load s")
    table((*head, "largest error", "mean error", "same label %"), rows)


def in_process(engine: str, arguments: argparse.Namespace) -> tuple[list[str], list[Samples]]:
    """Measure one engine in a process of its own: cells of its row, and what it gave."""
    work = arguments.work / re.sub(r"\W+", "_", engine)
    work.mkdir(parents=True, exist_ok=True)
    try:
        if engine in GRAPHS:
            write_graph(arguments.folder, work, GRAPHS[engine])
        command = [sys.executable, "-m", "benchmarks.engines", str(arguments.folder)]
        command += ["--alone", engine, "--work", str(work), "--threads", str(arguments.threads)]
        command += ["--rounds", str(arguments.rounds)]
        command += ["--clip", *map(str, arguments.clip)]
        environment = os.environ | {"OMP_NUM_THREADS": str(arguments.threads)}
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, env=environment
        )
        told = json.loads(done.stdout.splitlines()[-1])
        with np.load(work / "given.npz") as given:
            arrays = [given[name] for name in sorted(given.files)]
    finally:
        shutil.rmtree(work)
    return [told["rtf"], told["cpu"], told["peak"], told["load"]], arrays


def write_graph(folder: Path, work: Path, kinds: Sequence[Any]) -> None:
    """Convert the network alone; its language model does not matter here."""
    from tevr.store import find
    from tevr.wav2vec2.config import Config
    from tevr.wav2vec2.network import Precisions, write_network
    from tevr.wav2vec2.weights import Checkpoint

    with Checkpoint(folder / find(str(folder)).acoustic) as checkpoint:
        write_network(
            checkpoint, Config.read(folder), work / "model.onnx", Precisions(*kinds), lambda _: None
        )


def measure(arguments: argparse.Namespace) -> None:
    """Load and run one engine here; prints JSON."""
    clips = [read_audio(path) for path in arguments.clip]
    joined = np.concatenate(clips)
    span = np.tile(joined, -(-SPAN // len(joined)))[:SPAN]
    begin = time.perf_counter()
    run = open_engine(arguments.alone, arguments.folder, arguments.work, arguments.threads)
    run(span[: SAMPLE_RATE // 2])
    load = time.perf_counter() - begin
    walls, processor = [], []
    for _ in range(arguments.rounds):
        begin, used = time.perf_counter(), time.process_time()
        run(span)
        walls.append(time.perf_counter() - begin)
        processor.append(time.process_time() - used)
    seconds = len(span) / SAMPLE_RATE
    told = {
        "rtf": f"{min(walls) / seconds:.3f}",
        "cpu": f"{min(processor) / seconds:.3f}",
        "peak": f"{peak() / 1e9:.2f}",
        "load": f"{load:.1f}",
    }
    given = {f"{index:03}": run(clip) for index, clip in enumerate(clips)}
    np.savez(arguments.work / "given.npz", **given)  # type: ignore[arg-type]
    print(json.dumps(told))


def open_engine(engine: str, folder: Path, work: Path, threads: int) -> LogProbs:
    """An engine, ready to run one sound, (samples,) → (frames, labels)."""
    if engine == REFERENCE:
        return _transformers(folder, threads)
    if engine.startswith("torch"):
        from tevr.store import find
        from tevr.wav2vec2.torch_model import open_network

        weights = find(str(folder)).acoustic
        network = open_network(folder, weights, threads, dtype=engine.split()[1])
        return lambda sound: network.log_probs([sound])[0]
    from tevr.onnx_model import Wav2Vec2Onnx

    graph = Wav2Vec2Onnx(work / "model.onnx", threads)
    return lambda sound: graph.log_probs([sound])[0]


def _transformers(folder: Path, threads: int) -> LogProbs:
    """transformers' network as a user gets it, attention as plain operators."""
    import torch
    from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

    torch.set_num_threads(threads)
    network = Wav2Vec2ForCTC.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    ).eval()
    extract = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)

    def run(sound: Samples) -> NDArray[np.float32]:
        values = extract(sound, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_values
        with torch.inference_mode():
            found = torch.log_softmax(network(values).logits[0], dim=-1)
        return np.asarray(found.numpy())

    return run


def peak() -> int:
    """Bytes of memory that this process had at most."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("This script measures memory on Linux only")


def errors(given: Sequence[Samples], wanted: Sequence[Samples]) -> list[str]:
    """Cells: largest and mean difference of log-probabilities, per cent of frames alike."""
    one, two = (np.concatenate(list(each)) for each in (given, wanted))  # (frames, labels)
    heard = two > FLOOR
    difference = np.abs(one - two)[heard]
    alike = 100 * (one.argmax(axis=1) == two.argmax(axis=1)).mean()
    return [f"{difference.max():.2g}", f"{difference.mean():.2g}", f"{alike:.2f}"]


if __name__ == "__main__":
    main()
