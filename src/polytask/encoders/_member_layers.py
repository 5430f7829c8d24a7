"""Linear layers of the members of an ensemble."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["AdaptedLinear", "PackedLinear"]


class AdaptedLinear(nn.Module):
    r"""One weight matrix for all members, with adapters of each: BatchEnsemble's layer.

    .. math:: y_m = s_m \odot W (r_m \odot h_m) + b_m

    Adapters begin at 1, so that members begin alike but for their biases. Rows are those of every
    member, the members of a row one after another.

    Parameters
    ----------
    in_features, out_features : int
    members : int
    scales_inputs : bool
        Whether there is an :math:`r_m`.

    Attributes
    ----------
    weight : tensor of shape (out_features, in_features)
    scale_in : tensor of shape (members, in_features), or None
    scale_out, bias : tensor of shape (members, out_features)
    """

    def __init__(
        self, in_features: int, out_features: int, members: int, *, scales_inputs: bool
    ) -> None:
        super().__init__()
        bound = 1 / math.sqrt(max(in_features, 1))
        self.members = members
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.scale_in: nn.Parameter | None = None
        if scales_inputs:
            self.scale_in = nn.Parameter(torch.empty(members, in_features))
            nn.init.ones_(self.scale_in)
        self.scale_out = nn.Parameter(torch.empty(members, out_features))
        self.bias = nn.Parameter(torch.empty(members, out_features))
        nn.init.ones_(self.scale_out)
        for drawn in (self.weight, self.bias):
            nn.init.uniform_(drawn, -bound, bound)

    def forward(self, rows: Tensor) -> Tensor:
        """Features (n * members, out_features) of rows (n * members, in_features)."""
        scales = self.scale_out.unsqueeze(2)
        if self.scale_in is not None:
            scales = scales * self.scale_in.unsqueeze(1)
        return _products(rows, scales * self.weight, self.bias)


class PackedLinear(nn.Module):
    r"""A linear layer of each member's own, run as one product: :math:`y_m = W_m h_m + b_m`.

    Rows are those of every member, the members of a row one after another.

    Parameters
    ----------
    in_features, out_features : int
    members : int

    Attributes
    ----------
    weight : tensor of shape (members, out_features, in_features)
    bias : tensor of shape (members, out_features)
    """

    def __init__(self, in_features: int, out_features: int, members: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(max(in_features, 1))
        self.members = members
        self.weight = nn.Parameter(torch.empty(members, out_features, in_features))
        self.bias = nn.Parameter(torch.empty(members, out_features))
        for drawn in (self.weight, self.bias):
            nn.init.uniform_(drawn, -bound, bound)

    def forward(self, rows: Tensor) -> Tensor:
        """Features (n * members, out_features) of rows (n * members, in_features)."""
        return _products(rows, self.weight, self.bias)

    def matrices(self) -> list[Tensor]:
        """The weight matrix of every member, which initialisers draw one by one."""
        return list(self.weight.detach())

    def biases(self) -> list[Tensor]:
        """The biases of all members."""
        return [self.bias.detach()]


def _products(rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Each member's product, of rows of all members one after another."""
    by_member = rows.reshape(*rows.shape[:-2], -1, len(weight), rows.shape[-1]).transpose(-3, -2)
    features = torch.baddbmm(bias.unsqueeze(1), by_member, weight.transpose(1, 2))
    return features.transpose(-3, -2).flatten(-3, -2)
