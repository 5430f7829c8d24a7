"""Dropout of values and of whole columns, whose masks cost little on a CPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from polytask.encoders._member_noise import member_mask

__all__ = ["ColumnDropout", "Dropout", "RectifiedDropout", "member_masks"]

_LEVELS = 2**16
_PER_DRAW = 4
"""Masks are compared with 16 bits, of which one draw of a generator gives four."""
_HIGHEST = 2**63 - 1


class Dropout(nn.Dropout):
    r"""`torch.nn.Dropout` with masks of 16 random bits per value on a CPU.

    .. math:: y = \frac{x \odot m}{1 - q}, \qquad m \sim \mathrm{Bernoulli}(1 - q)

    where q is p rounded to a multiple of :math:`2^{-16}`. The bits are those of a generator of
    NumPy, which is twice as fast, with a seed that PyTorch's own draws.

    Parameters
    ----------
    p : float
        Probability of a zero.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders._dropout import Dropout
    >>> _ = torch.manual_seed(0)
    >>> Dropout(0.5)(torch.ones(8)).unique()
    tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        """Values, of which some are set to 0 in training."""
        if not self.training or input.device.type != "cpu":
            return super().forward(input)
        return input * member_mask(input, self.p, _mask)


class RectifiedDropout(Dropout):
    r"""ReLU and dropout in one pass, equal to one after the other.

    .. math:: y = \frac{\max(x, 0) \odot m}{1 - q}

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders._dropout import RectifiedDropout
    >>> RectifiedDropout(0.5).eval()(torch.tensor([-1.0, 1.0]))
    tensor([0., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        """Positive values, of which some are set to 0 in training."""
        if not self.training or input.device.type != "cpu":
            return super().forward(input.relu())
        return (input * member_mask(input, self.p, _mask)).relu_()


class ColumnDropout(nn.Module):
    r"""Dropout that hides all of a column from a row, however much of its vector it takes.

    .. math:: y_{ij} = \frac{m_{i c(j)} \, x_{ij}}{1 - p}, \qquad m_{ic} \sim \mathrm{Bernoulli}(1 - p)

    with rows i and the column c(j) that element j of the vector belongs to.

    Parameters
    ----------
    p : float
        Probability of a column to be hidden.
    channels : sequence of int
        How much of the vector every column takes.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders._dropout import ColumnDropout
    >>> _ = torch.manual_seed(0)
    >>> values = ColumnDropout(0.5, channels=[3, 1])(torch.ones(100, 4))
    >>> bool((values[:, :1] == values[:, :3]).all()), values.unique()
    (True, tensor([0., 2.]))
    """

    columns: Tensor

    def __init__(self, p: float, channels: Sequence[int]) -> None:
        super().__init__()
        self.dropout, self.n_columns = Dropout(p), len(channels)
        with torch.device("cpu"):
            columns = torch.arange(len(channels)).repeat_interleave(torch.tensor(channels))
        self.register_buffer("columns", columns, persistent=False)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows (n, width), of which some columns are 0 in training."""
        if not self.training:
            return rows
        columns = rows.new_ones(*rows.shape[:-1], self.n_columns)
        return rows * self.dropout(columns).index_select(-1, self.columns)


@torch.no_grad()
def member_masks(values: Tensor, p: float, generators: Sequence[torch.Generator]) -> Tensor:
    """Masks of values (n_members, …), each by the generator of a member."""
    return torch.stack(
        [_mask(own, p, generator) for own, generator in zip(values, generators, strict=True)]
    )


@torch.no_grad()
def _mask(values: Tensor, p: float, generator: torch.Generator | None = None) -> Tensor:
    """What each value is multiplied by: 0, or the inverse of the share that is kept."""
    dropped = min(round(p * _LEVELS), _LEVELS - 1)
    kept = _kept(values, dropped, generator) if dropped else torch.ones_like(values)
    return kept.to(values.dtype).mul_(_LEVELS / (_LEVELS - dropped))


def _kept(values: Tensor, dropped: int, generator: torch.Generator | None) -> Tensor:
    """Which values are kept, as 0 or 1, drawn with 16 bits each."""
    n_draws = max(1, -(-values.numel() // _PER_DRAW))
    seed = torch.randint(_HIGHEST, (), device=values.device, generator=generator)
    first = dropped - _LEVELS // 2  # of the integers that keep a value
    try:
        number = int(seed.item())
    except RuntimeError as error:  # no single number in `torch.func.vmap`: each copy draws its own
        if "vmap" not in str(error):
            raise
        draws = torch.randint(-_HIGHEST - 1, _HIGHEST, (n_draws,), device=values.device)
        return _bits(draws, values) >= first
    faster = np.random.Generator(np.random.SFC64(number))
    drawn = faster.integers(-_HIGHEST - 1, _HIGHEST, n_draws, dtype=np.int64, endpoint=True)
    bits = _bits(torch.from_numpy(drawn), values)
    return bits.clamp_(first - 1, first).sub_(first - 1)  # faster than a comparison


def _bits(draws: Tensor, values: Tensor) -> Tensor:
    """Sixteen bits of the draws for each value, as an integer of either sign."""
    return draws.view(torch.int16)[: values.numel()].view(values.shape)
