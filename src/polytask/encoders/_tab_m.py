"""An ensemble of perceptrons that share most weights, for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import nn

from polytask._validation import Choice, Constraint
from polytask.data import Part
from polytask.encoders._ensemble import Ensemble
from polytask.encoders._member_layers import AdaptedLinear
from polytask.encoders._member_rows import MemberRows
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._piecewise_linear import PiecewiseLinear
from polytask.encoders._standardized import Standardized
from polytask.encoders._table_entry import TableEntry
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["TabM"]


@dataclass(frozen=True)
class TabM(Ensemble):
    r"""Several perceptrons in one: members share weight matrices and have adapters of their own.

    .. math:: h_{m,0} = r_{m,0} \odot e(x), \qquad
              h_{m,l} = \mathrm{dropout}\left(\phi\left(
              s_{m,l} \odot W_l (r_{m,l} \odot h_{m,l-1}) + b_{m,l}\right)\right)

    with members m, layers l, the entry e, shared matrices W and adapters r, s. The first adapter
    begins as random signs, one for each original column, and all others at 1; without adapters in
    later layers, their r and s are 1 and biases are shared. Each member has heads of its own; the
    loss is the mean over members, and a prediction the mean of their responses.

    Parameters
    ----------
    members : int, default 8
        Networks in the ensemble.
    widths : tuple of int, default (128, 128)
        Units of each layer of a member.
    dropout : float in [0, 1), default 0.1
    activation : str, default "relu"
    adapters : {"first", "all"}, default "first"
        Whether the first layer alone has adapters ("TabM-mini"), or all.
    embedding_dim : int, default 8
        Width of the category embedding, which all members share.
    numbers : NumericEmbedding or str, default PiecewiseLinear()
        Embedding of the numeric columns, by its recipe or by its name; all members share it.
    column_dropout : float in [0, 1), default 0.0
        Probability of each column to be hidden from a row in training, from all members at once.

    Notes
    -----
    With adapters in all layers, a step takes about 1.3 times as long; see the benchmarks.

    Deviations: 8 members of 128 units by default, and the first layer's adapters alone, where the
    paper has 32 members of about 512 units and adapters in all layers; a step takes a small part
    of the time. The first adapter begins as signs with embedded numbers too, where the authors'
    package draws from a normal distribution. Where e has more than 192 elements, it has one number
    for each of at most 16 groups of neighbouring columns, so that the products of the first layer
    serve all members. With adapters in all layers, biases are drawn for each member, where the
    package draws one for all. Categories are embedded, where the package has one indicator for
    each. Architectures whose heads are generated or pooled over tasks share them over members.

    References
    ----------
    Gorishniy, Kotelnikov and Babenko, "TabM: advancing tabular deep learning with
    parameter-efficient ensembling", ICLR 2025. Wen, Tran and Ba, "BatchEnsemble", ICLR 2020.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import TabM
    >>> HardSharing(encoder=TabM(members=4)).encoder.widths
    (128, 128)
    """

    members: int = 8
    widths: tuple[int, ...] = (128, 128)
    dropout: float = 0.1
    activation: str = "relu"
    adapters: str = "first"
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(
        default=PiecewiseLinear(), metadata={"omit_default": True}
    )
    column_dropout: float = field(default=0.0, metadata={"omit_default": True})

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "members": Choices((8, 4, 16, 32)),
        "widths": Choices(((128, 128), (256, 256), (512, 512), (256, 256, 256)), (128, 128)),
        "dropout": Range(0.0, 0.5, default=0.1),
        "column_dropout": Range(0.0, 0.5, default=0.0),
        "activation": Choices(("relu", "gelu", "silu")),
        "numbers": Choices((PiecewiseLinear(), Standardized())),
        "adapters": Choices(("first", "all")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Ensemble.parameter_constraints,
        "adapters": Choice(("all", "first")),
    }

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """One vector for each row and member."""
        table = TableEntry(parts, self.embedding_dim, self.numbers, self.column_dropout)
        return MemberRows(table, self.members, table.channels)

    def layer(self, size: int, width: int, *, first: bool) -> nn.Module:
        """One weight matrix for all members, adapted or not."""
        if self.adapters == "first":
            return nn.Linear(size, width)
        return AdaptedLinear(size, width, self.members, scales_inputs=not first)
