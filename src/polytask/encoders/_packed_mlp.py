"""An ensemble of perceptrons with weights of their own, run as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

from torch import nn

from polytask._validation import Constraint, Each, Interval, check_parameters
from polytask.data import Part
from polytask.encoders._encoder import Encoder
from polytask.encoders._layers import ACTIVATIONS, activation_and_dropout
from polytask.encoders._member_layers import PackedLinear
from polytask.encoders._member_rows import MemberRows
from polytask.encoders._numeric_embedding import NUMBERS, NumericEmbedding, resolve_numbers
from polytask.encoders._piecewise_linear import PiecewiseLinear
from polytask.encoders._standardized import Standardized
from polytask.encoders._table_entry import TableEntry
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["PackedMLP"]


@dataclass(frozen=True)
class PackedMLP(Encoder):
    r"""Several perceptrons side by side, each layer one batched product; an ensemble in one network.

    .. math:: h_{m,l} = \mathrm{dropout}(\phi(W_{m,l} h_{m,l-1} + b_{m,l})), \qquad h_{m,0} = e(x)

    with members m, layers l and the entry e, which members share: embedded categories and numbers.
    Where it learns nothing, as for standardised numbers, members share nothing and learn what they
    would learn apart. Each member has heads of its own; the loss is the mean over members, and a
    prediction the mean of their responses.

    Parameters
    ----------
    members : int, default 4
        Networks in the ensemble.
    widths : tuple of int, default (256, 256)
        Units of each layer of a member.
    dropout : float in [0, 1), default 0.0
    activation : str, default "relu"
    embedding_dim : int, default 8
        Width of the category embedding, which all members share.
    numbers : NumericEmbedding or str, default PiecewiseLinear()
        Embedding of the numeric columns, by its recipe or by its name; all members share it.

    References
    ----------
    Gorishniy, Kotelnikov and Babenko, "TabM: advancing tabular deep learning with
    parameter-efficient ensembling", ICLR 2025 (TabM-packed).

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import PackedMLP
    >>> HardSharing(encoder=PackedMLP(members=2)).encoder.members
    2
    """

    members: int = 4
    widths: tuple[int, ...] = (256, 256)
    dropout: float = 0.0
    activation: str = "relu"
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(
        default=PiecewiseLinear(), metadata={"omit_default": True}
    )

    rows_apart: ClassVar[bool] = False
    training: ClassVar[Mapping[str, Any]] = {
        "optimizer": "adamw",
        "learning_rate": 4e-3,
        "weight_decay": 3e-4,
        "scheduler": "cosine_with_warmup",
        "clip_norm": 1.0,
        "batch_size": 128,
        "epochs": 100,
        "patience": 16,
    }
    tuned: ClassVar[tuple[str, ...]] = ("numbers",)
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "members": Choices((4, 8, 16)),
        "widths": Choices(((256, 256), (128, 128), (512, 512), (256, 256, 256)), (256, 256)),
        "dropout": Range(0.0, 0.5, default=0.0),
        "activation": Choices(("relu", "gelu", "silu")),
        "numbers": Choices((PiecewiseLinear(), Standardized())),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "members": Interval(int, 1),
        "widths": Each(Interval(int, 1)),
        "dropout": Interval(float, 0.0, 1.0, closed="left"),
        "activation": ACTIVATIONS,
        "embedding_dim": Interval(int, 1),
        "numbers": NUMBERS,
    }

    def __post_init__(self) -> None:
        resolve_numbers(self)
        check_parameters(self)

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """The same vector for every member of a row."""
        return MemberRows(TableEntry(parts, self.embedding_dim, self.numbers), self.members)

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """One module per layer."""
        built: list[nn.Module] = []
        for size, width in pairwise((*shape, *self.widths)):
            layer = PackedLinear(size, width, self.members)
            rest = activation_and_dropout(self.activation, self.dropout)
            built.append(nn.Sequential(layer, *rest))
        return built
