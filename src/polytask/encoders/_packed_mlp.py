"""An ensemble of perceptrons with weights of their own, run as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import nn

from polytask.data import Part
from polytask.encoders._counted_weights import count_weights
from polytask.encoders._ensemble import Ensemble
from polytask.encoders._member_layers import PackedLinear
from polytask.encoders._member_rows import MemberRows
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._piecewise_linear import PiecewiseLinear
from polytask.encoders._standardized import Standardized
from polytask.encoders._table_entry import TableEntry
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["PackedMLP"]


@dataclass(frozen=True)
class PackedMLP(Ensemble):
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
    column_dropout : float in [0, 1), default 0.0
        Probability of each column to be hidden from a row in training, from all members at once.

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
    column_dropout: float = field(default=0.0, metadata={"omit_default": True})

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "members": Choices((4, 8, 16)),
        "widths": Choices(((256, 256), (128, 128), (512, 512), (256, 256, 256)), (256, 256)),
        "dropout": Range(0.0, 0.5, default=0.0),
        "column_dropout": Range(0.0, 0.5, default=0.0),
        "activation": Choices(("relu", "gelu", "silu")),
        "numbers": Choices((PiecewiseLinear(), Standardized())),
    }

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """The same vector for every member of a row."""
        table = TableEntry(parts, self.embedding_dim, self.numbers, self.column_dropout)
        rows = MemberRows(table, self.members)
        count_weights(rows, self.members * table.width)  # of the first layer, or of the heads
        return rows

    def layer(self, size: int, width: int, *, first: bool) -> nn.Module:
        """A weight matrix for each member."""
        del first
        return PackedLinear(size, width, self.members)
