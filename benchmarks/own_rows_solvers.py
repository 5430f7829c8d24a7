"""Trace norm and L2,1 for tasks with rows of their own: MALSAR's algorithm, mutar, and ours.

The objective is Σₜ ‖yₜ − Xₜ wₜ‖² / 2n + alpha R(W), without intercepts. MALSAR's algorithm (`Least_Trace`,
`Least_L21`) is written here from its description: accelerated proximal gradient whose step is
halved until the quadratic bound holds and never grows again, started at zero. Its products run over the
tasks in a loop, as published, or in one batched call, which is its fastest form in numpy.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.linalg import norm, svd

__all__ = ["PENALTIES", "Data", "Way", "correlated", "loosest", "malsar", "ways"]


@dataclass(frozen=True)
class Data:
    """X (tasks, rows, features) and y (tasks, rows)."""

    X: np.ndarray
    y: np.ndarray
    loops: bool = False

    def _along_rows(self, W: np.ndarray) -> np.ndarray:
        if self.loops:
            return np.stack([own @ weights for own, weights in zip(self.X, W, strict=True)])
        return np.matmul(self.X, W[:, :, None])[:, :, 0]

    def _along_features(self, residual: np.ndarray) -> np.ndarray:
        if self.loops:
            return np.stack([own.T @ errors for own, errors in zip(self.X, residual, strict=True)])
        return np.matmul(self.X.transpose(0, 2, 1), residual[:, :, None])[:, :, 0]

    def loss(self, W: np.ndarray) -> float:
        """Σₜ ‖yₜ − Xₜ wₜ‖² / 2n of W (tasks, features)."""
        residual = self.y - self._along_rows(W)
        return float(np.square(residual).sum() / (2 * self.X.shape[1]))

    def slope(self, W: np.ndarray) -> np.ndarray:
        """Gradient of the loss (tasks, features)."""
        return self._along_features(self._along_rows(W) - self.y) / self.X.shape[1]

    def flat(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All rows below one another, their labels and their tasks."""
        n_tasks, n_rows, n_features = self.X.shape
        tasks = np.repeat(np.arange(n_tasks), n_rows)
        return self.X.reshape(-1, n_features), self.y.ravel(), tasks


@dataclass(frozen=True)
class Norm:
    """A norm of W (tasks, features), its proximal operator with the value there, and its dual norm."""

    value: Callable[[np.ndarray], float]
    prox: Callable[[np.ndarray, float], tuple[np.ndarray, float]]
    dual: Callable[[np.ndarray], float]


def _threshold_singular_values(W: np.ndarray, step: float) -> tuple[np.ndarray, float]:
    left, values, right = svd(W, full_matrices=False)
    values = np.maximum(values - step, 0)
    return (left * values) @ right, float(values.sum())


def _threshold_features(W: np.ndarray, step: float) -> tuple[np.ndarray, float]:
    sizes = norm(W, axis=0)
    kept = np.maximum(sizes - step, 0)
    return W * (kept / np.where(sizes > 0, sizes, 1)), float(kept.sum())


PENALTIES = {
    "trace norm": Norm(
        lambda W: float(svd(W, compute_uv=False).sum()),
        _threshold_singular_values,
        lambda G: float(svd(G, compute_uv=False)[0]),
    ),
    "L2,1": Norm(
        lambda W: float(norm(W, axis=0).sum()),
        _threshold_features,
        lambda G: float(norm(G, axis=0).max()),
    ),
}


def malsar(
    data: Data, penalty: Norm, alpha: float, max_iter: int, target: float = -np.inf
) -> tuple[np.ndarray, int]:
    """W after so many iterations, or where the objective is at most a target; and their number."""
    W = previous = np.zeros((data.X.shape[0], data.X.shape[2]))
    t, t_old, curvature = 1.0, 0.0, 1.0
    for iteration in range(1, max_iter + 1):
        momentum = (t_old - 1) / t
        point = (1 + momentum) * W - momentum * previous
        slope, value = data.slope(point), data.loss(point)
        while True:
            proposal, size = penalty.prox(point - slope / curvature, alpha / curvature)
            move = proposal - point
            reached = data.loss(proposal)
            square = np.square(move).sum()
            if square <= 1e-20 or reached <= value + (move * slope).sum() + curvature / 2 * square:
                break
            curvature *= 2
        previous, W = W, proposal
        if square <= 1e-20 or reached + alpha * size <= target:
            return W, iteration
        t_old, t = t, (1 + np.sqrt(1 + 4 * t**2)) / 2
    return W, max_iter


def correlated(X: np.ndarray, correlation: float) -> np.ndarray:
    """AR(1) features along the last axis from independent ones, in place."""
    for j in range(1, X.shape[-1]):
        X[..., j] = correlation * X[..., j - 1] + np.sqrt(1 - correlation**2) * X[..., j]
    return X


def loosest(
    solve: Callable[[float], np.ndarray],
    reached: Callable[[np.ndarray], bool],
    exponents: Iterable[int],
) -> float:
    """The loosest tolerance, a falling power of √10, that gets there; nan if there is none."""
    for exponent in exponents:
        if reached(solve(10 ** (-exponent / 2))):
            return float(10 ** (-exponent / 2))
    return np.nan


@dataclass(frozen=True)
class Way:
    """A library's solver of one penalty: (data, alpha, tolerance) to W."""

    name: str
    penalty: str
    solve: Callable[[Data, float, float], np.ndarray]
    available: Callable[[], bool]


def _mutar(data: Data, alpha: float, tolerance: float) -> np.ndarray:
    from mutar import GroupLasso

    model = GroupLasso(alpha, fit_intercept=False, tol=tolerance, max_iter=100_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(data.X, data.y).coef_.T


def _ours(name: str) -> Callable[[Data, float, float], np.ndarray]:
    def solve(data: Data, alpha: float, tolerance: float) -> np.ndarray:
        from polytask import linear_model

        X, y, tasks = data.flat()
        model: Any = getattr(linear_model, name)(alpha=alpha, fit_intercept=False, tol=tolerance)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(X, y, tasks=tasks).coef_

    return solve


def _has(module: str, attribute: str = "__name__") -> Callable[[], bool]:
    def ask() -> bool:
        try:
            return hasattr(importlib.import_module(module), attribute)
        except ImportError:
            return False

    return ask


def ways(penalty: str) -> list[Way]:
    """Libraries that solve a penalty and are there."""
    every = [
        Way("mutar", "L2,1", _mutar, _has("mutar")),
        Way(
            "polytask",
            "L2,1",
            _ours("L21Regressor"),
            _has("polytask.linear_model", "L21Regressor"),
        ),
        Way(
            "polytask",
            "trace norm",
            _ours("TraceNormRegressor"),
            _has("polytask.linear_model", "TraceNormRegressor"),
        ),
    ]
    return [way for way in every if way.penalty == penalty and way.available()]
