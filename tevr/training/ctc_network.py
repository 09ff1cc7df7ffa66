"""What training asks of a network: sound in, log-probabilities of labels out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

#: What is drawn for each utterance follows from its seed; ``None`` leaves it as it is.
Seeds = Sequence[tuple[int, ...] | None]


@dataclass(frozen=True, slots=True)
class Further:
    """Log-probabilities on the way through the network, for a further CTC loss.

    Attributes:
        block: of the head, whose state they are made of.
        weight: of the loss.
        auxiliary: whether it is over the other labels.
    """

    block: int
    weight: float
    auxiliary: bool


@runtime_checkable
class HasStates(Protocol):
    """A network whose frozen part can be computed apart from the rest."""

    def states(self, waveforms: Tensor, samples: Tensor, seeds: Seeds | None) -> Tensor:
        """What the frozen part makes of a batch, (batch, frames, dimensions) in float16.

        `forward` takes it in place of the waveforms.
        """


class CtcNetwork(nn.Module):
    """A torch module that training can teach.

    Args:
        frames: samples of an utterance → frames that are made of them; can be pickled.
        longest: samples that it can hear at once, or ``None``.
        further: what the third result of `forward` holds.
    """

    def __init__(
        self, frames: Callable[[int], int], longest: int | None, further: Sequence[Further] = ()
    ) -> None:
        super().__init__()
        self.frames = frames
        self.longest = longest
        self.further = tuple(further)

    @abstractmethod
    def forward(
        self, waveforms: Tensor, samples: Tensor, seeds: Seeds | None
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Hear a batch.

        Args:
            waveforms: (batch, samples), zeros behind each; or what `states` made of them.
            samples: (batch,) of each.
            seeds: what is masked in each follows from them; ``None``: nothing, as in use.

        Returns:
            log-probabilities in float32 (batch, frames, labels), frames of each (batch,), and
            further log-probabilities.
        """

    @abstractmethod
    def depth(self, name: str) -> int:
        """Blocks between a parameter and the encoder's end; 0 for the head."""

    @abstractmethod
    def short_name(self, name: str) -> str:
        """A parameter's name as settings have it."""

    @abstractmethod
    def save(self, path: Path, state: Mapping[str, Tensor]) -> None:
        """Write the weights that recognition needs, of a whole state dict of this module.

        The file appears whole.

        Raises:
            OSError: it cannot be written.
        """
