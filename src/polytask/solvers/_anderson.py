"""Anderson's acceleration of fixed-point iterations."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

__all__ = ["Anderson"]


class Anderson:
    """Extrapolates from the last points of a fixed-point iteration and their residuals.

    Parameters
    ----------
    memory : int, default 20
        Number of steps that are remembered.

    References
    ----------
    Walker and Ni, "Anderson acceleration for fixed-point iterations", SIAM Journal on Numerical Analysis 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.solvers._anderson import Anderson
    >>> slow, point, accelerate = np.array([0.9, 0.5]), np.ones(2), Anderson()
    >>> for _ in range(4):
    ...     point = accelerate(point, slow * point - point)
    >>> bool(np.abs(point).max() < 1e-6)
    True
    """

    def __init__(self, memory: int = 20) -> None:
        self._memory = memory
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._n_steps = 0
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def __call__(
        self, point: Float64[np.ndarray, "..."], residual: Float64[np.ndarray, "..."]
    ) -> Float64[np.ndarray, "..."]:
        """The next point, from one and how far the iteration moves it."""
        last, self._last = self._last, (point, residual)
        following = point + residual
        if last is None:
            return following
        self._keep(point - last[0], residual - last[1])
        n_kept = min(self._n_steps, self._memory)
        changes = self._changes[:n_kept]
        products = self._products[:n_kept, :n_kept]
        ridge = 1e-10 * np.trace(products) + 1e-300
        weights = np.linalg.solve(products + ridge * np.eye(n_kept), changes @ residual.ravel())
        return following - (weights @ self._moves[:n_kept]).reshape(point.shape)

    def _keep(self, step: np.ndarray, change: np.ndarray) -> None:
        """Replace the oldest step."""
        if self._n_steps == 0:
            self._changes = np.zeros((self._memory, change.size))
            self._moves = np.zeros((self._memory, change.size))
            self._products = np.zeros((self._memory, self._memory))
        place = self._n_steps % self._memory
        self._changes[place] = change.ravel()
        self._moves[place] = (step + change).ravel()
        self._products[place] = self._products[:, place] = self._changes @ self._changes[place]
        self._n_steps += 1
