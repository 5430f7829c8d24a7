"""Numbers as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from polytask.data import Part
from polytask.encoders._numeric_embedding import NumericEmbedding

__all__ = ["Standardized"]


@dataclass(frozen=True)
class Standardized(NumericEmbedding):
    """One number per column: standardised by the training rows, as the schema encodes it.

    Examples
    --------
    >>> from polytask.encoders import MLP, Standardized
    >>> MLP().numbers == Standardized()
    True
    """

    is_identity: ClassVar[bool] = True

    def build(self, part: Part) -> nn.Module:
        """Build the module that adds an axis of length 1."""
        del part
        return _Apart()


class _Apart(nn.Module):
    width = 1

    def forward(self, numbers: Tensor) -> Tensor:
        return numbers.unsqueeze(-1)
