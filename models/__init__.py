"""The zoo's register: name → paper, task and module; `pretrained/` holds weights with their cards.

One paper, one module, one shape: what it is and its source → a frozen dataclass of settings →
`nn.Module`s with shapes in remarks → loss or step → `demo()`, which tells in a few lines what the
method does on data that it makes itself, within seconds. What `tevr zoo` can train has besides

    TrainConfig                          a frozen dataclass; every field is plain and has a default
    train(data, output, config, show)    file or folder → a run's folder; returns figures by name
    predict(run, inputs)                 files → one mapping of names to plain values for each

(`Trainable` below). The claims of its paper stand in `claims/NAME.py` as `CLAIMS`, see `checks`.
Errors are ValueError, one clear sentence; `tevr zoo` turns them into its own. Nothing heavy is
imported here: `tevr.lm` uses one module of the zoo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

if TYPE_CHECKING:
    from tevr.models.checks import Claim
    from tevr.models.fit import News


class Trainable(Protocol):
    """What a module has that `tevr zoo train` and `tevr zoo predict` can use."""

    TrainConfig: type[Any]

    def train(
        self,
        data: Path,
        output: Path,
        config: Any,  # noqa: ANN401 (each module has a class of its own)
        show: Callable[[News], None],
    ) -> Mapping[str, float]:
        """Train on `data`, leave a run in the folder `output`; return figures by name."""

    def predict(self, run: Path, inputs: Sequence[Path]) -> Iterator[Mapping[str, object]]:
        """Yield what the run's model says of each input."""


@dataclass(frozen=True)
class Paper:
    """One paper of the zoo and the module that carries it."""

    name: str
    """Of the module below `tevr.models`."""
    title: str
    authors: str
    source: str
    """Where and when it appeared, with its number at arXiv."""
    task: str
    """What turns into what, in one line."""
    data: Literal["images", "texts", "generated"]
    """What `tevr zoo train` reads."""

    def module(self) -> Any:  # noqa: ANN401 (modules have no common type)
        """Import it."""
        return import_module(f"{__name__}.{self.name}")

    def trainable(self) -> Trainable:
        """Return the module as something to train.

        Raises:
            ValueError: it has nothing to train.
        """
        module = self.module()
        if not hasattr(module, "TrainConfig"):
            raise ValueError(f"{self.name} is a component of networks and is not trained alone.")
        return cast(Trainable, module)

    def claims(self) -> tuple[Claim, ...]:
        """Return what can be checked of the paper; none if it has no such module."""
        name = f"{__name__}.claims.{self.name}"
        if find_spec(name) is None:
            return ()
        claims: tuple[Claim, ...] = import_module(name).CLAIMS
        return claims


PAPERS: tuple[Paper, ...] = (
    Paper(
        name="proxy_grad",
        title="Leaky ReLUs That Differ in Forward and Backward Pass Facilitate Activation "
        "Maximization in Deep Neural Networks",
        authors="Linse, Barth and Martinetz",
        source="IJCNN 2024, arXiv 2410.16958",
        task="network and unit → an image that excites it; images → a network, by proxy gradients",
        data="images",
    ),
    Paper(
        name="min_net",
        title="Bio-inspired Min-Nets Improve the Performance and Robustness of Deep Networks",
        authors="Grüning and Barth",
        source="2022, arXiv 2201.02149",
        task="images → classes, by networks that take the smaller of two learned filters",
        data="images",
    ),
    Paper(
        name="fp_net",
        title="FP-nets as novel deep networks inspired by vision",
        authors="Grüning, Martinetz and Barth",
        source="Journal of Vision 22(1):8, 2022, arXiv 2008.07930",
        task="images → classes, by networks that multiply two learned filters",
        data="images",
    ),
    Paper(
        name="recurrent_dropout",
        title="Recurrent Dropout without Memory Loss",
        authors="Semeniuta, Severyn and Barth",
        source="COLING 2016, arXiv 1603.05118",
        task="sequences → states, by layers that drop what is written, never what is kept",
        data="generated",
    ),
    Paper(
        name="autoconvolution",
        title="Recursive Autoconvolution for Unsupervised Learning of Convolutional Neural "
        "Networks",
        authors="Knyazev, Barth and Martinetz",
        source="IJCNN 2017, arXiv 1606.00611",
        task="images → very many features, by filters learned from self-convolved patches",
        data="images",
    ),
    Paper(
        name="feature_reuse",
        title="Deep Convolutional Neural Networks as Generic Feature Extractors",
        authors="Hertel, Barth, Käster and Martinetz",
        source="IJCNN 2015, arXiv 1710.02286",
        task="images → classes, by convolutions learned on other images and a new classifier",
        data="images",
    ),
    Paper(
        name="covid_ct",
        title="Explainable COVID-19 Detection Using Chest CT Scans and Deep Learning",
        authors="Alshazly, Linse, Barth and Martinetz",
        source="Sensors 21(2):455, 2021, arXiv 2011.05317",
        task="CT slices → with COVID-19 or without (research code, no medical device)",
        data="images",
    ),
    Paper(
        name="committee",
        title="Committees of Deep Feedforward Networks Trained with Few Data",
        authors="Miclut, Käster, Martinetz and Barth",
        source="GCPR 2014, arXiv 1406.5947",
        task="few labelled images → classes, by votes of networks without back-propagation",
        data="images",
    ),
)
"""All papers, in the order in which tables show them."""


def find(name: str) -> Paper:
    """Return a paper by the name of its module, hyphens allowed.

    Raises:
        ValueError: there is none of that name.
    """
    for paper in PAPERS:
        if paper.name == name.replace("-", "_"):
            return paper
    names = ", ".join(paper.name for paper in PAPERS)
    raise ValueError(f"The zoo has no {name!r}; it has {names}.")
