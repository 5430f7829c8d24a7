"""Protocol of penalties on stacked task parameters."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

__all__ = ["Penalty"]

Array = Any
"""numpy array or torch tensor (array API)."""


@runtime_checkable
class Penalty(Protocol):
    r"""A penalty :math:`\alpha\,\Omega(W)` on W of shape (n_tasks, n_features), numpy or torch.

    Attributes
    ----------
    alpha : float
        Strength.
    """

    @property
    def alpha(self) -> float: ...

    def value(self, weights: Array) -> Array:
        """The penalty, a scalar array."""
        ...

    def gradient(self, weights: Array) -> Array:
        """A (sub)gradient, of W's shape."""
        ...

    def prox(self, weights: Array, step: float) -> Array:
        r""":math:`\arg\min_V \tfrac12\|V - W\|_F^2 + \mathrm{step}\cdot\alpha\,\Omega(V)`."""
        ...
