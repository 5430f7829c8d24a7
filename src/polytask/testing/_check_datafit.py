"""Common check of datafits."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Datafit
from polytask.testing._require import (
    require,
    require_close,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_datafit"]


def check_datafit(datafit: Datafit, targets: np.ndarray | None = None) -> None:
    """Check that a datafit keeps the promises of `polytask.datafits.Datafit`.

    Parameters
    ----------
    datafit : Datafit
    targets : array of shape (n,), optional
        Targets it accepts; normal numbers by default.

    Raises
    ------
    AssertionError
        If the gradient disagrees with finite differences, the Lipschitz constant is too
        small, the value is no mean over rows, or an argument is changed.
    """
    require_instance("check_datafit", "datafit", datafit, Datafit)
    name = type(datafit).__name__
    generator = np.random.default_rng(0)
    targets = generator.normal(size=12) if targets is None else np.asarray(targets)
    inputs = generator.normal(size=(len(targets), 4))
    kept = inputs.copy(), targets.copy()
    for _ in range(5):
        coef = generator.normal(size=4)
        _check_gradient(name, datafit, inputs, targets, coef)
        _check_lipschitz(name, datafit, inputs, targets, coef)
        twice = datafit.value(np.tile(inputs, (2, 1)), np.tile(targets, 2), coef)
        once = datafit.value(inputs, targets, coef)
        require_close(twice, once, f"{name}: the value is not a mean over rows")
    require_same(inputs, kept[0], f"{name}: the inputs were changed in place")
    require_same(targets, kept[1], f"{name}: the targets were changed in place")


def _check_gradient(
    name: str, datafit: Datafit, inputs: np.ndarray, targets: np.ndarray, coef: np.ndarray
) -> None:
    require_finite(datafit.value(inputs, targets, coef), f"{name}: the value is not finite")
    gradient = datafit.gradient(inputs, targets, coef)
    require(gradient.shape == coef.shape, f"{name}: a gradient of shape {gradient.shape}.")
    slopes = []
    for move in np.eye(len(coef)) * 1e-6:
        ahead = datafit.value(inputs, targets, coef + move)
        slopes.append((ahead - datafit.value(inputs, targets, coef - move)) / 2e-6)
    sentence = f"{name}: the gradient disagrees with finite differences"
    require_close(gradient, np.array(slopes), sentence, relative=1e-5, absolute=1e-7)


def _check_lipschitz(
    name: str, datafit: Datafit, inputs: np.ndarray, targets: np.ndarray, coef: np.ndarray
) -> None:
    bound = datafit.lipschitz(inputs)
    require_finite(bound, f"{name}: the Lipschitz constant is not finite")
    _, _, axes = np.linalg.svd(inputs)
    here = datafit.gradient(inputs, targets, coef)
    for axis in axes:  # the steepest change of a generalised linear model lies along the first
        for size in (1e-3, 1.0):
            there = datafit.gradient(inputs, targets, coef + size * axis)
            change = float(np.linalg.norm(there - here)) / size
            sentence = (
                f"{name}: the gradient changes by {change:.4g}, more than the bound {bound:.4g}."
            )
            require(change <= bound * (1 + 1e-6) + 1e-9, sentence)
