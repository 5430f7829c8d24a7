"""Attention between the steps of a row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polytask.encoders._dropout import Dropout

__all__ = ["Attention", "dropout_layer"]


class Attention(nn.Module):
    """Attention of several heads, by plain products.

    Those of ``scaled_dot_product_attention`` have no batching rule and no second derivative on
    the CPU, and are slower there with dropout.
    """

    def __init__(self, width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.n_heads, self.scale = n_heads, (width // n_heads) ** -0.5
        self.queries, self.keys_values = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.dropout, self.out = dropout_layer(dropout), nn.Linear(width, width)
        for layer in (self.queries, self.keys_values, self.out):
            nn.init.zeros_(layer.bias)

    def forward(self, asking: Tensor, read: Tensor, mask: Tensor | None = None) -> Tensor:
        """What the vectors that ask take from those that are read; `mask` (…, l) of the latter."""
        queries = self._by_head(self.queries(asking) * self.scale)
        keys, values = map(self._by_head, self.keys_values(read).chunk(2, dim=-1))
        scores = queries @ keys.mT
        if mask is not None:
            scores = torch.where(mask[..., None, None, :], scores, torch.finfo(scores.dtype).min)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        return self.out((weights @ values).transpose(-3, -2).flatten(-2))

    def _by_head(self, tokens: Tensor) -> Tensor:
        """Tokens (…, l, h) as (…, heads, l, h / heads)."""
        size = tokens.shape[-1] // self.n_heads
        return tokens.view(*tokens.shape[:-1], self.n_heads, size).transpose(-3, -2)


def dropout_layer(probability: float) -> nn.Module:
    """Dropout, unless its probability is 0."""
    return Dropout(probability) if probability else nn.Identity()
