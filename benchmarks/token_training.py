"""Kept hidden states → CTC heads of equal size on several label sets, and the errors each makes.

    python -m benchmarks.token_training features -o runs --words tatoeba.txt \
        --set tevr=models/pretrained/de-tevr/tokens.json \
        --set derived=models/pretrained/de-tokens/tokens.json

`benchmarks.token_data` keeps the features. Beside the named tables, characters and 256 pieces of
byte-pair encoding, learnt on the words of a normalised text, take part. Every run of one seed sees
the same batches, steps, dropout and first weights but for the last layer, which alone differs in
size. What is finished in the output folder is not done again; `benchmarks.token_report` reads it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.common import count_errors
from benchmarks.token_data import DEV, TEST, TRAIN, WIDTH, Features, Item
from benchmarks.token_labels import BPE, CHARACTERS, LabelSet, keep_pieces, open_labels
from tevr.lm.beam import BeamDecoder, BeamSettings
from tevr.lm.decoder import Decoder, GreedyDecoder
from tevr.store import DEFAULT_MODEL, find
from tevr.training.network import HeadBlock, NetworkConfig
from tevr.tuning import Heard, tune

SIZES = NetworkConfig(width=256, heads=4, head_inner=512)
DROPOUT = 0.1
WARM_UP = 0.05  # share of the steps
LEAST_RATE = 0.02  # share of the learning rate at the end
CLIP_NORM = 1.0
CHUNK = 400  # clips sorted by length together


@dataclass(frozen=True)
class Plan:
    """What all runs have in common.

    Attributes:
        features: folder of hidden states.
        output: folder of results.
        sets: name and file of the label tables beside characters and BPE.
        steps: batches of a run.
        seconds: of speech in a batch.
        blocks: of the head.
        rate: highest learning rate.
        points: on the learning curve.
    """

    features: Path
    output: Path
    sets: tuple[tuple[str, Path], ...]
    steps: int
    seconds: float
    blocks: int
    rate: float
    points: int

    def names(self) -> list[str]:
        """All label sets."""
        return [CHARACTERS, BPE, *(name for name, _ in self.sets)]

    def labels(self, name: str) -> LabelSet:
        """The label set of that name."""
        return open_labels(name, dict(self.sets).get(name, self.output / f"{BPE}.json"))


class TokenHead(nn.Module):
    """Hidden states (batch, frames, WIDTH) → log-probabilities (batch, frames, labels).

    The bundled model's head at half its width; `seed` fixes the first weights.
    """

    def __init__(self, blocks: int, labels: int, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.mix = nn.Linear(WIDTH, SIZES.width)
        self.blocks = nn.ModuleList(HeadBlock(SIZES) for _ in range(blocks))
        self.norm = nn.LayerNorm(SIZES.width)
        self.dropout = nn.Dropout(DROPOUT)
        self.labels = nn.Linear(SIZES.width, labels)  # last, so that the rest begins alike

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Give log-probabilities in float32; `mask` (batch, frames) is true at real frames."""
        x = self.dropout(self.mix(states))
        for block in self.blocks:
            x = block(x, mask)
        return self.labels(self.dropout(self.norm(x))).float().log_softmax(dim=-1)  # type: ignore[no-any-return]


def batches(items: Sequence[Item], seconds: float, seed: int) -> Iterator[list[Item]]:
    """Batches of clips of similar length, without end; the same for the same seed."""
    random = np.random.default_rng(seed)
    while True:
        found: list[list[Item]] = []
        order = random.permutation(len(items))
        for start in range(0, len(order), CHUNK):
            batch: list[Item] = []
            for item in sorted((items[i] for i in order[start : start + CHUNK]), key=_frames):
                if batch and (len(batch) + 1) * item.seconds > seconds:
                    found.append(batch)
                    batch = []
                batch.append(item)
            found.append(batch)
        yield from (found[index] for index in random.permutation(len(found)))


def _frames(item: Item) -> int:
    return item.frames


def padded(features: Features, items: Sequence[Item]) -> tuple[Tensor, Tensor]:
    """Hidden states (batch, frames, WIDTH) in bfloat16 and the mask of real frames."""
    frames = torch.tensor([item.frames for item in items])
    states = torch.zeros(len(items), int(frames.max()), WIDTH, dtype=torch.bfloat16)
    for row, item in zip(states, items, strict=True):
        row[: item.frames] = torch.from_numpy(np.array(features[item]))
    return states, torch.arange(states.shape[1])[None] < frames[:, None]


def loss_of(head: TokenHead, features: Features, items: Sequence[Item], labels: LabelSet) -> Tensor:
    """CTC loss of a batch in nats a frame."""
    states, mask = padded(features, items)
    with torch.autocast("cpu", torch.bfloat16):
        log_probs = head(states, mask)
    targets = [labels.encode(item.text) for item in items]
    frames = mask.sum(dim=1)
    loss: Tensor = nn.functional.ctc_loss(
        log_probs.transpose(0, 1),
        torch.tensor([label for target in targets for label in target]),
        frames,
        torch.tensor([len(target) for target in targets]),
        blank=labels.blank,
        reduction="sum",
        zero_infinity=True,  # a clip may have more labels than CTC finds frames for
    )
    return loss / frames.sum()


def rate_at(step: int, steps: int) -> float:
    """Share of the highest learning rate: a short rise, then one cosine."""
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    cosine = 0.5 + 0.5 * np.cos(np.pi * (step - rise) / (steps - rise))
    return float(LEAST_RATE + (1 - LEAST_RATE) * cosine)


def train(plan: Plan, labels: LabelSet, seed: int) -> tuple[TokenHead, dict[str, Any]]:
    """Train one head; its learning curve goes to a .jsonl file as it grows."""
    features = Features(plan.features)
    head = TokenHead(plan.blocks, len(labels.labels), seed)
    adam = torch.optim.AdamW(head.parameters(), plan.rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: rate_at(step, plan.steps))
    stream = batches(features.of(TRAIN), plan.seconds, seed)
    torch.manual_seed(seed)  # the last layers took different numbers of draws
    marks = {round(plan.steps * (point + 1) / plan.points) for point in range(plan.points)}
    curve: list[dict[str, float]] = []
    loss, begin = 0.0, time.thread_time()
    for step in range(1, plan.steps + 1):
        each = loss_of(head, features, next(stream), labels)
        adam.zero_grad()
        each.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(head.parameters(), CLIP_NORM)
        adam.step()
        schedule.step()
        loss = 0.95 * loss + 0.05 * each.item()
        if step in marks:
            point = {"step": step, "loss": loss, "cer": dev_error(head, features, labels)}
            curve.append(point)
            with (plan.output / f"{labels.name}-{seed}.jsonl").open("a") as log:
                log.write(json.dumps(point | {"seconds": time.thread_time() - begin}) + "\n")
    size = sum(weight.numel() for weight in head.parameters())
    return head, {"curve": curve, "size": size, "seconds": time.thread_time() - begin}


@torch.inference_mode()
def listen(
    head: TokenHead, features: Features, items: Sequence[Item]
) -> list[NDArray[np.float32]]:  # each (frames, labels)
    """What the head hears in the items, one after the other."""
    head.eval()
    heard = []
    for item in items:
        with torch.autocast("cpu", torch.bfloat16):
            heard.append(head(*padded(features, [item]))[0].numpy())
    head.train()
    return heard


def dev_error(head: TokenHead, features: Features, labels: LabelSet) -> float:
    """Greedy character error rate on the clips set apart for development, 0 to 1."""
    items = features.of(DEV)
    greedy = GreedyDecoder(labels.labels)
    texts = [greedy.decode(each).text for each in listen(head, features, items)]
    wrong, letters = count_errors([item.text for item in items], texts).letters.sum(axis=0)
    return float(wrong / letters)


def judge(
    decoder: Decoder, items: Sequence[Item], heard: Sequence[NDArray[np.float32]]
) -> dict[str, Any]:
    """Texts, errors clip by clip, and the decoder's time in processor seconds."""
    begin = time.thread_time()
    texts = [decoder.decode(each).text for each in heard]
    seconds = time.thread_time() - begin
    errors = count_errors([item.text for item in items], texts)
    counts = {"words": errors.words.tolist(), "letters": errors.letters.tolist()}
    return {"texts": texts, "seconds": seconds} | counts


def evaluate(
    plan: Plan, head: TokenHead, labels: LabelSet, settings: BeamSettings | None = None
) -> dict[str, Any]:
    """Test every source with the language model; greedily, too, if no settings are given."""
    model, features = find(DEFAULT_MODEL), Features(plan.features)
    decoders: dict[str, Decoder] = {} if settings else {"greedy": GreedyDecoder(labels.labels)}
    decoders["tuned" if settings else "model"] = BeamDecoder(
        labels.labels, settings or model.decoding, model.language_model_files
    )
    found: dict[str, Any] = {}
    for source in dict.fromkeys(item.source for item in features.of(TEST)):
        items = features.of(TEST, source)
        heard = listen(head, features, items)
        tokens = sum(len(labels.encode(item.text)) for item in items)
        found[source] = {"tokens": tokens, "sound": sum(item.seconds for item in items)}
        found[source] |= {way: judge(each, items, heard) for way, each in decoders.items()}
    return found


def run(plan: Plan, name: str, seed: int) -> None:
    """Train and test one head, unless that has been done."""
    result = plan.output / f"{name}-{seed}.json"
    if result.exists():
        return
    (plan.output / f"{name}-{seed}.jsonl").unlink(missing_ok=True)
    labels = plan.labels(name)
    head, training = train(plan, labels, seed)
    torch.save(head.state_dict(), plan.output / f"{name}-{seed}.pt")
    sets = evaluate(plan, head, labels)
    about = {"labels": name, "seed": seed, "steps": plan.steps, "batch": plan.seconds}
    _write(result, about | training | {"sets": sets})


def run_tuned(plan: Plan, name: str, seeds: int) -> None:
    """Tune the search on the dev clips and the first seed's head, then test all seeds with it."""
    labels, features, model = plan.labels(name), Features(plan.features), find(DEFAULT_MODEL)
    file = plan.output / f"{name}.settings.json"
    if not file.exists():
        items = features.of(DEV)
        arrays = listen(_trained(plan, labels, 0), features, items)
        heard = [
            Heard(tuple(item.text.split()), (array,))
            for item, array in zip(items, arrays, strict=True)
        ]
        assert model.language_model_files is not None  # noqa: S101 (the bundled model has one)
        found = tune(labels.labels, heard, model.language_model_files, model.decoding)
        _write(file, asdict(found.settings))
    settings = BeamSettings(**json.loads(file.read_text()))
    for seed in range(seeds):
        result = plan.output / f"{name}-{seed}.tuned.json"
        if not result.exists():
            _write(result, evaluate(plan, _trained(plan, labels, seed), labels, settings))


def _trained(plan: Plan, labels: LabelSet, seed: int) -> TokenHead:
    head = TokenHead(plan.blocks, len(labels.labels), seed)
    head.load_state_dict(torch.load(plan.output / f"{labels.name}-{seed}.pt", weights_only=True))
    return head


def _write(path: Path, data: object) -> None:
    """Whole or not at all, so that an interrupted run is not taken for a finished one."""
    scratch = path.with_suffix(".part")
    scratch.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    scratch.replace(path)


def _one_thread() -> None:
    torch.set_num_threads(1)


def each_in_a_process(jobs: int, work: Callable[..., None], tasks: list[tuple[Any, ...]]) -> None:
    """Do the tasks, `jobs` at a time, each on one thread."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _one_thread, maxtasksperchild=1) as pool:
        pool.starmap(work, tasks, chunksize=1)


def main() -> None:
    """Read the flags, train and test what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("features", type=Path, metavar="DIR")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--words", type=Path, required=True, metavar="FILE", help="text for BPE")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--batch", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--blocks", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--points", type=int, default=8, help="on the learning curve")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, one thread each")
    parser.add_argument("--tune", action="store_true", help="tune the search for every label set")
    given = parser.parse_args()
    sets = tuple((name, Path(file)) for name, file in (each.split("=", 1) for each in given.set))
    plan = Plan(
        given.features, given.output, sets, given.steps, given.batch, given.blocks, given.rate,
        given.points,
    )  # fmt: skip
    given.output.mkdir(parents=True, exist_ok=True)
    keep_pieces(given.words, given.output / f"{BPE}.json")
    runs = [(plan, name, seed) for seed, name in product(range(given.seeds), plan.names())]
    each_in_a_process(given.jobs, run, runs)
    if given.tune:
        tasks = [(plan, name, given.seeds) for name in plan.names()]
        each_in_a_process(given.jobs, run_tuned, tasks)


if __name__ == "__main__":
    main()
