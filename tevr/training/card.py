"""A run's own records and what was measured at its export → the model's card, README.md."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tevr.lm.whole_file import whole_file
from tevr.store import ModelFiles
from tevr.training.finished_run import FinishedRun
from tevr.training.network import AcousticNetwork
from tevr.training.parity import Difference, Errors, Parity
from tevr.training.run_folder import CURVE

#: Measurements that the card shows at most, evenly from all.
SHOWN = 12
#: What the card says of a source whose licence nobody stated.
UNSTATED = "not stated"


@dataclass(frozen=True)
class Facts:
    """All that a card tells.

    Attributes:
        run: its records.
        files: of the model.
        network: that was exported.
        parity: what export and rounding changed.
        tests: errors of the whole model by folder of recordings and decoder.
        licences: sentence about the licence of each source of clips, by its folder's name.
    """

    run: FinishedRun
    files: ModelFiles
    network: AcousticNetwork
    parity: Parity
    tests: Mapping[tuple[str, str], Errors]
    licences: Mapping[str, str]


def write_card(facts: Facts, path: Path) -> None:
    """Write the card.

    Raises:
        OSError: it cannot be written.
    """
    parts = [_files, _network, _data, _training, _curve, _parity, _tests, _search, _settings]
    blocks = [block for part in parts for block in part(facts)]
    with whole_file(path) as stream:
        stream.write(("\n\n".join([f"# {facts.files.name}", *blocks]) + "\n").encode())


def _files(facts: Facts) -> Iterator[str]:
    yield (
        "A German recogniser: waveform in, 50 frames a second of log-probabilities over"
        f" {facts.network.config.labels} labels out, with a language model for the beam search."
        " It writes lower case, `ss` for `ß`, and numbers as words."
    )
    records = facts.files.records.items()
    yield _table(("file", "bytes"), [(f"`{name}`", f"{each.bytes:,}") for name, each in records])


def _network(facts: Facts) -> Iterator[str]:
    config = facts.network.config
    millions = sum(weight.numel() for weight in facts.network.parameters()) / 1e6
    yield "## Network"
    yield (
        f"{millions:.1f} M parameters: log-mel features of {config.mel_bins} bins, an encoder as"
        f" Whisper's of {config.encoder_blocks} blocks and width {config.width}, and on it a CTC"
        f" head that mixes {len(config.taps) + 1} depths of it and adds {config.head_blocks} blocks"
        f" of attention, convolution and feed-forward, {config.head_width or config.width} wide."
        " The code is `tevr/training/network.py`;"
        f" features are part of the ONNX graph. Labels: `{_short(facts.run.tokens)}`."
    )


def _data(facts: Facts) -> Iterator[str]:
    yield "## Data"
    sources = facts.run.summary.get("sources")
    if not sources:
        names = ", ".join(source.path.name for source in facts.run.data.sources)
        yield f"{names}. The run left no summary that tells hours."
        return
    rows = []
    for source in sources:
        name = Path(source["path"]).name
        licence = facts.licences.get(name, UNSTATED)
        times = f"{source['repeat']:g}"
        counts = (source["clips"], f"{source['hours']:.2f}", times, source["dev_clips"])
        rows.append((name, *counts, source["skipped"], licence))
    head = ("recordings", "clips", "hours", "times an epoch", "kept to measure on", "skipped")
    yield _table((*head, "licence"), rows)


def _training(facts: Facts) -> Iterator[str]:
    yield "## Training"
    run = facts.run
    summary, model = run.summary, run.settings.get("model") or {}
    starts = [model.get("start"), model.get("head"), *(model.get("encoder") or [])]
    names = ", ".join(f"`{_short(str(path))}`" for path in starts if path)
    begun = f"It began with {names}." if names else "It began with random weights."
    yield f"{begun} These are the weights of `{run.weights.name}`."
    told = {
        "steps": "steps taken",
        "hours_heard": "hours heard, repeats counted",
        "hours_worked": "hours of work",
        "steps_left_out": "steps left out, their loss being infinite",
        "seed": "seed",
    }
    rows = [(title, summary[key]) for key, title in told.items() if key in summary]
    versions = ", ".join(f"{name} {each}" for name, each in summary.get("versions", {}).items())
    if rows:
        yield _table(("", ""), [*rows, ("made with", versions)])
    else:
        yield f"Seed {run.settings.get('seed', 0)}."


def _curve(facts: Facts) -> Iterator[str]:
    measured = facts.run.measured
    if not measured:
        yield "Errors were not measured on the way."
        return
    best = min(measured, key=lambda line: line["dev_wer"])
    step = max(1, -(-len(measured) // SHOWN))
    shown = [line for line in measured[::-1][::step][::-1] if line["step"] != best["step"]]
    shown = sorted([*shown, best], key=lambda line: int(line["step"]))
    rows = [
        (
            f"**{line['step']}**" if line["step"] == best["step"] else line["step"],
            f"{line['dev_loss']:.3f}" if "dev_loss" in line else "",
            *(f"{100 * line[rate]:.1f}" for rate in ("dev_wer", "dev_cer")),
        )
        for line in shown
    ]
    yield "Greedy errors on the clips kept to measure on; the best step is bold:"
    yield _table(("step", "nats a label", "WER %", "CER %"), rows)
    if (facts.run.folder / CURVE).is_file():
        yield f"![Losses and errors over the steps]({CURVE})"


def _parity(facts: Facts) -> Iterator[str]:
    parity = facts.parity
    yield "## Rounding"
    yield (
        "Matrix products are int8, convolutions and the Fourier matrices float32. The same"
        f" {parity.clips} clips, none of them learnt from, in torch, as a float32 graph and as"
        " the rounded one; differences are those of natural-log probabilities:"
    )
    rows = [
        ("torch to float32 graph", *_difference(parity.exported)),
        ("float32 graph to int8", *_difference(parity.rounded)),
    ]
    yield _table(("step", "largest", "mean", "same best label"), rows)
    if parity.before and parity.after:
        pairs = (("float32", parity.before), ("int8", parity.after))
        greedy = [(form, errors.clips, *_rates(errors)) for form, errors in pairs]
        yield _table(("greedy", "clips", "WER %", "CER %"), greedy)


def _tests(facts: Facts) -> Iterator[str]:
    if not facts.tests:
        return
    yield "## How well it reads"
    yield (
        "Whole pipeline, from file to text, with intervals that hold 95 % of bootstrap resamples"
        " over clips; references and results pass the same normaliser."
    )
    rows = [
        (name, errors.clips, errors.words.counts.length, title, *_rates(errors))
        for (name, title), errors in sorted(facts.tests.items())
    ]
    yield _table(("recordings", "clips", "words", "decoder", "WER %", "CER %"), rows)


def _search(facts: Facts) -> Iterator[str]:
    decoding = facts.files.decoding
    yield "## Search"
    yield (
        f"Beam {decoding.beam}, `alpha` {decoding.alpha:g}, `beta` {decoding.beta:g} and the rest"
        " of `decoding` in `model.json` come with the language model, `timing` from the bundled"
        " model; neither was tuned to these weights."
    )


def _settings(facts: Facts) -> Iterator[str]:
    yield "## Settings"
    text = yaml.safe_dump(_named(facts.run.settings), sort_keys=False, allow_unicode=True)
    yield f"```yaml\n{text}```"


def _difference(difference: Difference) -> Iterable[str]:
    numbers = (f"{value:.2g}" for value in (difference.largest, difference.mean))
    return *numbers, f"{100 * difference.agreement:.2f} %"


def _rates(errors: Errors) -> Iterable[str]:
    for each in (errors.words, errors.letters):
        low, high = each.interval
        yield f"{100 * each.value:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _named(value: object) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Settings with the names of files in place of where they lay on one machine."""
    if isinstance(value, Mapping):
        return {name: _named(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_named(each) for each in value]
    return _short(value) if isinstance(value, str) else value


def _short(text: str) -> str:
    return Path(text).name if os.path.isabs(text) else text  # noqa: PTH117 - need be no path


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
