"""Deep and cross network, version 2, for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Choice, Constraint, Each, Interval, Optional
from polytask.encoders._encoder import TABLE_CONSTRAINTS, Encoder
from polytask.encoders._layers import ACTIVATIONS
from polytask.encoders._mlp import MLP
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._numeric_ranges import NUMBERS_RANGE
from polytask.encoders._sizes import COUNT, WIDTH
from polytask.encoders._standardized import Standardized
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["DCN"]


@dataclass(frozen=True)
class DCN(Encoder):
    r"""Cross layers, which multiply features explicitly, and a deep network (DCN-V2).

    .. math:: x_{l+1} = x_0 \odot (W_l x_l + b_l) + x_l

    with the vector :math:`x_0` of a row. After l cross layers the features are polynomials of
    degree l + 1 in :math:`x_0`. With `rank` r, :math:`W_l = U_l V_l^\top` with :math:`U_l` and
    :math:`V_l` of r columns; with `n_experts` K too, a mixture of such layers:

    .. math:: x_{l+1} = \sum_{i=1}^{K} g_{li}(x_l)\; x_0 \odot
              (U_{li} \tanh(C_{li} \tanh(V_{li}^\top x_l)) + b_l) + x_l

    with gates :math:`g_l = \mathrm{softmax}(G_l x_l)`.

    Parameters
    ----------
    n_crosses : int, default 3
        Cross layers.
    rank : int, optional
        Rank of the cross layers' matrices, at most the width of :math:`x_0`; full when None.
    n_experts : int, default 1
        Cross matrices of low rank in each layer; more than one needs a `rank`.
    structure : {"parallel", "stacked"}, default "parallel"
        Whether the deep network reads :math:`x_0`, and its features are joined to those of the
        cross layers, or reads those of the cross layers.
    widths : tuple of int, default (256, 256)
        Units of each layer of the deep network; ``()`` leaves the cross layers alone.
    dropout : float in [0, 1), default 0.0
        In the deep network.
    activation : str, default "relu"
        In the deep network.
    embedding_dim : int, default 8
        Width of the category embedding.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of the numeric columns, by its recipe or by its name.

    Raises
    ------
    ParameterError
        If there are several experts without a `rank`.

    Notes
    -----
    A stage is a cross layer beside the deep network's layer of the same number; of a stacked
    network, the cross layers and then the deep layers. Between cross layers the values are
    :math:`[x_0, x_l, h_l]`, so that an architecture that shares, mixes or repeats stages also
    does so with :math:`x_0`. `polytask.architectures.Sluice` needs stages of one width, which
    those of several cross layers do not have.

    Deviations: the gates of a mixture are those of their layer; the paper writes one set for all.
    The search ranges are those of Gorishniy et al., "Revisiting deep learning models for tabular
    data", NeurIPS 2021, whose network projects the row to `d` features first.

    References
    ----------
    Wang et al., "DCN V2: Improved deep & cross network and practical lessons for web-scale
    learning to rank systems", WWW 2021.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import DCN
    >>> HardSharing(encoder=DCN(n_crosses=2, rank=16)).encoder.structure
    'parallel'
    """

    n_crosses: int = 3
    rank: int | None = None
    n_experts: int = 1
    structure: str = "parallel"
    widths: tuple[int, ...] = (256, 256)
    dropout: float = 0.0
    activation: str = "relu"
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "n_crosses": Range(1, 8, default=3, integer=True),
        "rank": Choices((None, 16, 64)),
        "structure": Choices(("parallel", "stacked")),
        "widths": Choices(((256, 256), (64, 64), (512, 512), (256, 256, 256)), (256, 256)),
        "dropout": Range(0.0, 0.5, default=0.0),
        "activation": Choices(("relu", "gelu", "silu")),
        "numbers": NUMBERS_RANGE,
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "n_crosses": COUNT,
        "rank": Optional(WIDTH),
        "n_experts": COUNT,
        "structure": Choice(("parallel", "stacked")),
        "widths": Each(WIDTH),
        "dropout": Interval(float, 0.0, 1.0, closed="left"),
        "activation": ACTIVATIONS,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_experts > 1 and self.rank is None:
            sentence = (
                "The `n_experts` parameter of DCN must be 1 where the cross matrices have full "
                f"rank. Got {self.n_experts} instead; give a `rank` too, such as 16."
            )
            raise ParameterError(sentence)

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """Cross layers beside or before the layers of the deep network."""
        (width,) = shape
        crosses = [self._matrix(width) for _ in range(self.n_crosses)]
        deep = MLP(self.widths, self.dropout, self.activation)
        layers = deep.stages(shape)
        if self.structure == "stacked":
            return [*(_Stage(width, crosses, (), i) for i in range(self.n_crosses)), *layers]
        n_stages = max(self.n_crosses, len(layers))
        return [_Stage(width, crosses, layers, i) for i in range(n_stages)]

    def _matrix(self, width: int) -> nn.Module:
        """What stands in for the matrix and bias of a cross layer."""
        if self.rank is None:
            return nn.Linear(width, width)
        rank = min(self.rank, width)
        if self.n_experts == 1:
            return nn.Sequential(nn.Linear(width, rank, bias=False), nn.Linear(rank, width))
        return _Mixture(width, rank, self.n_experts)


class _Stage(nn.Module):
    """A cross layer beside a layer of the deep network, while there are any.

    Values are [x_0, x_l, h_l], one beside the other: without x_0 after the last cross layer, and
    without h_l where nothing is deep. The first stage reads x_0.
    """

    def __init__(
        self, width: int, crosses: Sequence[nn.Module], layers: Sequence[nn.Module], position: int
    ) -> None:
        super().__init__()
        self.cross = crosses[position] if position < len(crosses) else None
        self.layer = layers[position] if position < len(layers) else None
        self.first, self.keeps_origin = position == 0, position + 1 < len(crosses)
        self.width, self.is_deep = width, bool(layers)

    def forward(self, values: Tensor) -> Tensor:
        origin, crossed, deep = self._split(values)
        if self.cross is not None:
            crossed = torch.addcmul(crossed, origin, self.cross(crossed))
        if self.layer is not None:
            deep = self.layer(deep)
        kept = [origin] if self.keeps_origin else []
        joined = [*kept, crossed, deep] if self.is_deep else [*kept, crossed]
        return joined[0] if len(joined) == 1 else torch.cat(joined, dim=-1)

    def _split(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The row's vector, the crossed and the deep features."""
        if self.first:
            return values, values, values
        start = 0 if self.cross is None else self.width
        end = start + self.width
        return values[..., : self.width], values[..., start:end], values[..., end:]


class _Mixture(nn.Module):
    """Experts of low rank, mixed by gates that are positive and sum to 1."""

    def __init__(self, width: int, rank: int, n_experts: int) -> None:
        super().__init__()
        self.gates = nn.Linear(width, n_experts, bias=False)
        self.down = nn.Linear(width, n_experts * rank, bias=False)
        self.within = nn.ModuleList(nn.Linear(rank, rank, bias=False) for _ in range(n_experts))
        self.up = nn.Linear(n_experts * rank, width)

    def forward(self, values: Tensor) -> Tensor:
        gates = torch.softmax(self.gates(values), dim=-1)
        projected = torch.tanh(self.down(values)).chunk(len(self.within), dim=-1)
        mixed = [
            gates[..., i : i + 1] * torch.tanh(layer(projected[i]))
            for i, layer in enumerate(self.within)
        ]
        return self.up(torch.cat(mixed, dim=-1))  # the gates sum to 1, so one bias serves all
