"""Proxy gradients: the threshold of a toy function, images that excite more, training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tevr.models.checks import Bench, Claim, Estimate, Finding, Picture
from tevr.models.classifier import fit_classifier
from tevr.models.data import COLOUR, Images, read_images
from tevr.models.pictures import draw_curves, draw_tiles
from tevr.models.proxy_grad import (
    MaximiseConfig,
    PlainNet,
    TrainConfig,
    build,
    climb_toy,
    maximise,
    proxied_loss,
)
from tevr.models.proxy_slope import Reading
from tevr.models.robustness import decide
from tevr.models.run_files import read_state

SLOPES = (0.0, 0.1, 0.2, 0.3, 0.32, 0.33, 0.34, 0.35, 0.4, 0.5, 0.7, 1.0)
DEEP = 3
"""From this convolution on, units are deep."""
CHOSEN = 0.1
"""s′ of the claim: chosen on a network of seed 0, tried on those of other seeds."""
Arm = tuple[float, Reading]
ARMS: tuple[Arm, ...] = (
    (0.0, "backward"),
    (CHOSEN, "backward"),
    (CHOSEN, "network"),
)
ENOUGH = 80.0
"""Percents of units that must say more to a proxy's image, in every network."""
SHOWN = 8
"""Units whose images are shown side by side."""


@dataclass(frozen=True)
class Scale:
    """How much is maximised."""

    units: int
    """Of a layer, at most."""
    starts: int
    steps: int


def threshold(bench: Bench) -> Finding:
    """Climb the toy function with slopes around a third."""
    reached = {slope: climb_toy(slope) for slope in SLOPES}
    caught = max(slope for slope, value in reached.items() if value < 1.25)  # noqa: PLR2004 (1 or 1.5)
    free = min(slope for slope, value in reached.items() if value > 1.25)  # noqa: PLR2004
    places = list(reached)
    curve = {"reached": (places, [Estimate.of([value]) for value in reached.values()])}
    draw_curves(bench.folder / "threshold.png", curve, "slope s′", "value reached; maximum 1.5")
    return Finding(
        ours=f"caught up to s′ = {caught:g}, free from s′ = {free:g}",
        holds=caught < 1 / 3 < free,
        data="toy function ReLU(−x) + 3 ReLU(x − ½), from x = −0.1",
        remark="The function is ours: the paper's own were not found. In it the threshold is "
        "derived: left of 0 the proxy's gradient is −1 + 3 s′.",
        figures={f"s′ {slope:g}": value for slope, value in reached.items()},
        pictures=(Picture("threshold.png", "What is reached by slope"),),
    )


def higher(bench: Bench) -> Finding:
    """Maximise units of trained networks with several slopes, equal steps."""
    images = _images(bench)
    seeds = (1,) if bench.quick else (1, 2, 3)
    scale = Scale(8, 2, 30) if bench.quick else Scale(16, 4, 60)
    shares: dict[Arm, list[float]] = {arm: [] for arm in ARMS[1:]}
    rows: dict[str, list[str]] = {}
    for seed in seeds:
        network, deep = _network(bench, images, seed), []
        for depth, layer in enumerate(network.convolutions(), 1):
            bench.say(f"network {seed}, convolution {depth}")
            found = _excite(bench, f"{seed}-{depth}", network, layer, images, scale)
            rows.setdefault(f"convolution {depth}", []).append(_cells(found))
            if depth >= DEEP:
                deep.append(found)
        for arm, share in shares.items():
            wins = torch.cat([found[arm] > found[ARMS[0]] for found in deep])
            share.append(100 * float(wins.double().mean()))
    told, other = (Estimate.of(share) for share in shares.values())
    _show_units(bench, _network(bench, images, seeds[0]), images, scale.steps)
    return Finding(
        ours=f"higher for {told.show(1, '%')} of units in convolution {DEEP} and deeper "
        f"(as a network: {other.show(1, '%')})",
        holds=min(shares[ARMS[1]]) >= ENOUGH,
        data=f"{len(seeds)} network(s) of six convolutions on {len(images):,} images, "
        f"{images.source}; {scale.units} units a layer at most, mean of {scale.starts} starts, "
        f"{scale.steps} steps each",
        remark=f"Slope s′ = {CHOSEN:g}, only in the backward pass, beside s′ = 0; the slope was "
        "chosen on another network. Same start, same number of steps of equal length. "
        "Units are taken before the ReLU, in the middle of their map.",
        figures={
            f"higher %, s′ {arm[0]:g} {arm[1]}": Estimate.of(share).mean
            for arm, share in shares.items()
        },
        pictures=(Picture("units.png", "Images that excite units of convolution 5"),),
        table=_table(rows),
    )


def _cells(found: dict[Arm, Tensor]) -> str:
    """Mean value, and share of units above the plain one, of each arm."""
    plain = found[ARMS[0]]
    cells = [f"{float(plain.mean()):.2f}"]
    for arm in ARMS[1:]:
        wins = float((found[arm] > plain).double().mean())
        cells.append(f"{float(found[arm].mean()):.2f} ({100 * wins:.0f} %)")
    return " | ".join(cells)


def _table(rows: Mapping[str, Sequence[str]]) -> str:
    heads = " | ".join(
        f"s′ = {slope:g}{' as a network' if reading == 'network' else ''}"
        for slope, reading in ARMS
    )
    lines = [f"| network | layer | {heads} |", "| --- | --- |" + " ---: |" * len(ARMS)]
    for layer, cells in rows.items():
        lines += [f"| {at} | {layer} | {cell} |" for at, cell in enumerate(cells, 1)]
    note = "Mean of what units say to their image, and share of units above s′ = 0."
    return "\n".join([note, "", *lines])


def _excite(
    bench: Bench, name: str, network: PlainNet, layer: str, images: Images, scale: Scale
) -> dict[Arm, Tensor]:
    """Return what units say, (units,), for each slope: the mean of several starts."""
    path = bench.folder / f"excited-{name}.pt"
    if not path.exists():
        count = min(scale.units, network.layers.get_parameter(f"{layer}.bias").numel())
        made = []
        for slope, reading in ARMS:
            config = MaximiseConfig(slope, reading, scale.steps, starts=scale.starts)
            found = maximise(network.layers, layer, range(count), _shape(images), config)
            made.append(found.values.mean(1))
        torch.save({"values": torch.stack(made)}, path)
    return dict(zip(ARMS, read_state(path)["values"], strict=True))


def _show_units(bench: Bench, network: PlainNet, images: Images, steps: int) -> None:
    """Draw images of some units of the fifth convolution, by plain and by proxy gradients."""
    layer, rows = network.convolutions()[4], {}
    for slope in (0.0, CHOSEN):
        config = MaximiseConfig(slope=slope, steps=steps, blur=0.5)
        made = maximise(network.layers, layer, range(SHOWN), _shape(images), config)
        rows[f"s′ = {slope:g}"] = made.images[:, 0]
    draw_tiles(bench.folder / "units.png", rows)


def _shape(images: Images) -> tuple[int, int, int]:
    channels, height, width = images.pixels.shape[1:]
    return channels, height, width


def _images(bench: Bench) -> Images:
    """CIFAR's images where they are, or digits."""
    path = None if bench.quick else bench.find("cifar10*.npz")
    return read_images(path, 32, COLOUR) if path else read_images("digits", 16)


def _network(bench: Bench, images: Images, seed: int) -> PlainNet:
    """Return a trained network, from the folder if it is there."""
    small = images.pixels.shape[1] == 1
    config = TrainConfig(
        size=int(images.pixels.shape[2]),
        colours=not small,
        epochs=5 if bench.quick else 10,
        batch=32,
        slope=0.0,
        mirror=not small,
        width=8 if small else 16,
        seed=seed,
    )
    folder = bench.shared / f"plain-{seed}"
    network = fit_classifier(build, images, config, folder=folder)
    if not isinstance(network, PlainNet):
        raise TypeError("The trainer gives back the network it was given.")
    return network


def training(bench: Bench) -> Finding:
    """Train the same network with and without proxy gradients."""
    seeds = range(2 if bench.quick else 5)
    images = read_images("digits")
    slopes = (0.0, 0.1, 0.3)
    errors: dict[float, list[float]] = {slope: [] for slope in slopes}
    for seed in seeds:
        held, learnt = images.hold_out(0.5, seed)
        for slope in slopes:
            bench.say(f"training with s′ = {slope:g}, seed {seed}")
            config = TrainConfig(
                size=8, colours=False, epochs=6, batch=32, mirror=False, width=8, seed=seed
            )
            network = fit_classifier(
                build,
                learnt,
                replace(config, slope=slope),
                folder=bench.folder / f"{slope:g}-{seed}",
                loss=proxied_loss(slope),
            )
            wrong = (decide(network, held.pixels) != held.labels).double().mean()
            errors[slope].append(100 * float(wrong))
    plain = Estimate.of(errors[0.0])
    gains = {slope: Estimate.paired(errors[slope], errors[0.0]) for slope in slopes[1:]}
    told = "; ".join(f"s′ = {s:g}: {gain.show(2, signed=True)}" for s, gain in gains.items())
    return Finding(
        ours=f"error {plain.show(2, '%')} with s′ = 0; difference in points, {told}",
        holds=None,
        data=f"{images.source}, half of them held out, {len(seeds)} seeds",
        remark="The paper claims a gain on some tasks only, so one task decides nothing.",
        figures={f"error %, s′ {slope:g}": Estimate.of(errors[slope]).mean for slope in slopes},
    )


CLAIMS = (
    Claim(
        "threshold",
        "A high slope in the backward pass leaves a local maximum that plain gradients stay in",
        "s′ > 1/3 by derivation",
        threshold,
    ),
    Claim(
        "higher",
        "Proxy gradients find images that excite deep units more than plain gradients do",
        "figures not found",
        higher,
    ),
    Claim(
        "training",
        "Training with proxy gradients helps on some tasks",
        "figures not found",
        training,
    ),
)
