"""CT slices: how much of a figure is the protocol's, on COVID-CT where it is there."""

from __future__ import annotations

from dataclasses import replace

import torch

from tevr.models.backbones import Backbone, open_backbone
from tevr.models.checks import Bench, Claim, Finding, Picture
from tevr.models.covid_ct import TrainConfig, all_features, by_protocols, gap
from tevr.models.ct_measures import MEASURES, twins
from tevr.models.ct_report import NOTICE, draw_embedding, embed
from tevr.models.ct_slices import made_up_slices, read_slices
from tevr.models.efficientnet_lite import find_weights
from tevr.models.feature_reuse import KeptKernels, SmallNet

FILE = "covid_ct_original_gray224.npz"
QUICK, WHOLE = TrainConfig(size=96, views=2), TrainConfig(views=4)


def measure_protocols(bench: Bench) -> Finding:
    """Measure one classifier by slice, by source and by the official split."""
    path = bench.find(FILE)
    made_up = path is None or find_weights() is None
    config = QUICK if bench.quick else WHOLE
    if path is None or made_up:
        config = replace(config, views=2)
        slices = made_up_slices(12, 6)
        torch.manual_seed(0)
        backbone: Backbone = KeptKernels(SmallNet(1, 2), 32)
    else:
        slices = read_slices(path)
        backbone = open_backbone(config.network, config.size)
    features = all_features(backbone, slices, config, bench.folder / "features")
    bench.say(f"features of {len(slices)} slices in {len(features)} views")
    found = by_protocols(features, slices, config)
    share = twins(features[0], slices.sources)
    lines = [
        f"| {name} | " + " | ".join(each[key].show() for key in MEASURES) + " |"
        for name, each in found.items()
    ]
    head = "| protocol, % (95 %) | " + " | ".join(MEASURES) + " |"
    places = draw_embedding(embed(features[0]), slices.labels, slices.sources)
    places.savefig(bench.folder / "t-sne.png", dpi=110)
    accuracy = {name: each["accuracy"] for name, each in found.items()}
    told = ", ".join(f"{name} {value.show()} %" for name, value in accuracy.items())
    return Finding(
        ours=f"accuracy by {told}",
        holds=accuracy["slice"].value > accuracy["source"].high,
        data=f"{slices.name}, {len(slices)} slices of {len(set(slices.sources.tolist()))} sources; "
        "intervals from drawing sources",
        remark=f"{NOTICE} {gap(found, share)}"
        + (" Slices are made up: COVID-CT or the weights were not there." if made_up else ""),
        figures={
            f"{key} by {name}": each[key].value for name, each in found.items() for key in MEASURES
        }
        | {"nearest of the same source": share},
        pictures=(Picture("t-sne.png", "t-SNE of the features of CT slices"),),
        table="\n".join([head, "| --- " * (len(MEASURES) + 1) + "|", *lines]),
    )


CLAIMS = (
    Claim(
        name="protocols",
        says="Networks carried over from ImageNet tell CT slices with COVID-19 from others; how "
        "well, depends on whether slices of one source may lie on both sides of a split.",
        published="COVID-CT: accuracy 92.9 %, precision 91.3 %, sensitivity 93.7 %, specificity "
        "92.2 %, F1 92.5 % (averages); CovidDenseNet, official split: accuracy 81.8 %",
        measure=measure_protocols,
    ),
)
