"""Solvers of ‖Y − XWᵀ‖² / 2n + alpha ‖W‖₂,₁ behind one signature: ours and those of other libraries.

A solver takes (X, Y, alphas, tolerance) and returns one W (n_tasks, n_features) per strength, with
each solution as the start of the next. Its scale says what the tolerance is relative to.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Solver", "missing", "relative_gap", "solvers"]

Solve = Callable[[np.ndarray, np.ndarray, np.ndarray, float], list[np.ndarray]]


@dataclass(frozen=True)
class Solver:
    """A way to solve, the package that it needs, and the tolerance to try first."""

    name: str
    needs: str
    solve: Solve
    loosest: float = 1e-4


def relative_gap(X: np.ndarray, Y: np.ndarray, W: np.ndarray, alpha: float) -> float:
    """Duality gap of W (n_tasks, n_features), relative to the objective at zero, ‖Y‖² / 2n.

    The dual point is the residual, scaled into the feasible set by the factor that is best in it.
    """
    n = len(X)
    residual = Y - X[:, (active := np.flatnonzero(W.any(axis=0)))] @ W[:, active].T
    primal = np.square(residual).sum() / (2 * n) + alpha * np.linalg.norm(W, axis=0).sum()
    steepest = np.linalg.norm(residual.T @ X, axis=0).max() / n
    square = np.square(residual).sum()
    limit = alpha / steepest if steepest > 0 else np.inf
    factor = np.clip((Y * residual).sum() / square, -limit, limit) if square > 0 else 0.0
    dual = factor * (Y * residual).sum() / n - factor**2 * square / (2 * n)
    return float((primal - dual) / (np.square(Y).sum() / (2 * n)))


def _scikit_learn(
    X: np.ndarray, Y: np.ndarray, alphas: np.ndarray, tolerance: float
) -> list[np.ndarray]:
    from sklearn.linear_model import MultiTaskLasso, lasso_path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if len(alphas) > 1:
            found = lasso_path(X, Y, alphas=alphas, tol=tolerance, max_iter=100_000, copy_X=False)
            return list(np.moveaxis(found[1], -1, 0))
        model = MultiTaskLasso(
            alphas[0], fit_intercept=False, tol=tolerance, max_iter=100_000, copy_X=False
        )
        return [model.fit(X, Y).coef_]


def _celer(X: np.ndarray, Y: np.ndarray, alphas: np.ndarray, tolerance: float) -> list[np.ndarray]:
    from celer.homotopy import mtl_path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coefficients = mtl_path(X, Y, alphas=alphas, tol=tolerance)[1]
    return list(np.moveaxis(coefficients, -1, 0))


def _skglm(X: np.ndarray, Y: np.ndarray, alphas: np.ndarray, tolerance: float) -> list[np.ndarray]:
    from skglm.datafits import QuadraticMultiTask
    from skglm.penalties import L2_1
    from skglm.solvers import MultiTaskBCD
    from skglm.utils.jit_compilation import compiled_clone

    datafit = compiled_clone(QuadraticMultiTask())
    W, answers = None, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for alpha in alphas:
            penalty = compiled_clone(L2_1(alpha))
            solver = MultiTaskBCD(fit_intercept=False, tol=tolerance * alpha, max_iter=1000)
            start = None if W is None else X @ W
            W = solver.solve(X, Y, datafit, penalty, W, start)[0]
            answers.append(W.T.copy())
    return answers


def _polytask(
    X: np.ndarray, Y: np.ndarray, alphas: np.ndarray, tolerance: float
) -> list[np.ndarray]:
    from polytask.linear_model import L21Regressor

    if len(alphas) == 1:
        model = L21Regressor(alpha=alphas[0], fit_intercept=False, tol=tolerance)
        return [model.fit(X, Y).coef_]
    return _polytask_path(X, Y, alphas, tolerance)


def _polytask_path(
    X: np.ndarray, Y: np.ndarray, alphas: np.ndarray, tolerance: float
) -> list[np.ndarray]:
    from polytask.datafits import SharedRows, Squared
    from polytask.penalties import L21
    from polytask.solvers import GroupNewton

    bound = Squared().bind(SharedRows(X, Y, fit_intercept=False))
    solver, answers, start = GroupNewton(tol=tolerance), [], None
    for alpha in alphas:
        start = solver.solve(bound, L21(alpha=float(alpha)), start)
        answers.append(start.coef)
    return answers


SOLVERS = (
    Solver("polytask", "polytask.linear_model", _polytask),
    Solver("celer", "celer", _celer),
    Solver("scikit-learn", "sklearn", _scikit_learn),
    Solver("skglm", "skglm", _skglm, loosest=1e-2),
)


def missing() -> list[str]:
    """Names of the libraries that are not installed."""
    return [solver.name for solver in SOLVERS if not _installed(solver.needs)]


def solvers(only: list[str]) -> list[Solver]:
    """Those that are installed and wanted."""
    wanted = [solver for solver in SOLVERS if not only or solver.name in only]
    return [solver for solver in wanted if _installed(solver.needs)]


def _installed(package: str) -> bool:
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True
