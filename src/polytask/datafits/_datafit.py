"""The contract of a datafit."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

__all__ = ["Datafit"]


@runtime_checkable
class Datafit(Protocol):
    """How far linear scores :math:`X w` are from targets y of one task, averaged over rows."""

    def value(
        self, inputs: Float[np.ndarray, "n d"], targets: np.ndarray, coef: np.ndarray
    ) -> float:
        """Mean loss."""
        ...

    def gradient(
        self, inputs: Float[np.ndarray, "n d"], targets: np.ndarray, coef: np.ndarray
    ) -> Float[np.ndarray, " d"]:
        """Gradient of `value` with respect to `coef`."""
        ...

    def lipschitz(self, inputs: Float[np.ndarray, "n d"]) -> float:
        """A bound on the gradient's Lipschitz constant."""
        ...
