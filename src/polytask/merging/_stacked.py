"""Task vectors of all networks side by side."""

from __future__ import annotations

import torch
from torch import Tensor

from polytask.merging._merging import Vectors

__all__ = ["stacked"]


def stacked(vectors: Vectors) -> dict[str, Tensor]:
    """Stack every tensor's task vectors, (n_networks, …), of the networks that have it.

    Examples
    --------
    >>> import torch
    >>> from polytask.merging._stacked import stacked
    >>> vectors = {"a": {"w": torch.ones(2), "v": torch.ones(3)}, "b": {"w": torch.zeros(2)}}
    >>> {name: tuple(own.shape) for name, own in stacked(vectors).items()}
    {'w': (2, 2), 'v': (1, 3)}
    """
    names = dict.fromkeys(name for vector in vectors.values() for name in vector)
    return {
        name: torch.stack([vector[name] for vector in vectors.values() if name in vector])
        for name in names
    }
