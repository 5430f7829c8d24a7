"""Protocol of datafits."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

__all__ = ["Datafit"]


@runtime_checkable
class Datafit(Protocol):
    """The mean loss of linear scores :math:`X w` on the targets y of one task."""

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
