"""Abstract base class of encoders that hold an ensemble of perceptrons."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

from torch import nn

from polytask._validation import Constraint, Each, Interval
from polytask.encoders._encoder import TABLE_CONSTRAINTS, Encoder
from polytask.encoders._layers import ACTIVATIONS, activation_and_dropout
from polytask.encoders._sizes import COUNT, WIDTH

__all__ = ["Ensemble"]


class Ensemble(Encoder):
    """Perceptrons in one encoder; a subclass has these fields, and says what a layer is.

    Parameters
    ----------
    members : int
    widths : tuple of int
        Units of each layer of a member.
    dropout : float in [0, 1)
    activation : str
    embedding_dim : int
    numbers : NumericEmbedding or str
    column_dropout : float in [0, 1)
    """

    widths: tuple[int, ...]
    dropout: float
    activation: str
    column_dropout: float

    rows_apart: ClassVar[bool] = False
    training: ClassVar[Mapping[str, Any]] = {
        "optimizer": "adamw",
        "learning_rate": 4e-3,
        "weight_decay": 3e-4,
        "scheduler": "cosine_with_warmup",
        "clip_norm": 1.0,
        "patience": 16,
    }
    tuned: ClassVar[tuple[str, ...]] = ("numbers",)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "members": COUNT,
        "widths": Each(WIDTH),
        "dropout": Interval(float, 0.0, 1.0, closed="left"),
        "column_dropout": Interval(float, 0.0, 1.0, closed="left"),
        "activation": ACTIVATIONS,
    }

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """One module per layer."""
        built: list[nn.Module] = []
        for size, width in pairwise((*shape, *self.widths)):
            layer = self.layer(size, width, first=not built)
            rest = activation_and_dropout(self.activation, self.dropout)
            built.append(nn.Sequential(layer, *rest))
        return built

    @abstractmethod
    def layer(self, size: int, width: int, *, first: bool) -> nn.Module:
        """The linear layer of all members.

        Parameters
        ----------
        size, width : int
            Features that it takes, (n * members, size), and gives, (n * members, width).
        first : bool
            Whether it follows the entry.
        """
