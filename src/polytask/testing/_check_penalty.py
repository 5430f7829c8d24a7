"""Common check of penalties."""

from __future__ import annotations

import numpy as np
import torch

from polytask.penalties import Penalty
from polytask.testing._require import (
    require,
    require_close,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_penalty"]

_STEPS = (0.0, 0.1, 1.0, 10.0)


def check_penalty(
    penalty: Penalty, shape: tuple[int, int] = (3, 5), *, convex: bool = True
) -> None:
    """Check that a penalty keeps the promises of `polytask.penalties.Penalty`.

    Parameters
    ----------
    penalty : Penalty
    shape : (n_tasks, n_features)
        For penalties that know their tasks.
    convex : bool, default True
        Whether subgradients and proximal points are held to the inequalities of convexity.

    Raises
    ------
    AssertionError
        If the gradient disagrees with finite differences or is no subgradient, a proximal
        point is not the best, numpy and torch disagree, or the argument is changed.
    """
    require_instance("check_penalty", "penalty", penalty, Penalty)
    name = type(penalty).__name__
    generator = np.random.default_rng(0)
    weights = generator.normal(size=shape)
    kept = weights.copy()
    _check_gradient(name, penalty, weights, generator)
    for point in (weights, np.zeros(shape), weights * 1e-3):
        _check_subgradient(name, penalty, point, generator, convex=convex)
        for step in _STEPS:
            _check_prox(name, penalty, point, step, generator, convex=convex)
    _check_torch(name, penalty, weights)
    require_same(weights, kept, f"{name}: the weights were changed in place")


def _value(penalty: Penalty, weights: np.ndarray) -> float:
    return float(penalty.value(weights))


def _check_gradient(
    name: str, penalty: Penalty, weights: np.ndarray, generator: np.random.Generator
) -> None:
    require(np.shape(penalty.value(weights)) == (), f"{name}: the value is no scalar.")
    require_finite(penalty.value(weights), f"{name}: the value is not finite")
    gradient = penalty.gradient(weights)
    require(gradient.shape == weights.shape, f"{name}: a gradient of shape {gradient.shape}.")
    direction = generator.normal(size=weights.shape)
    ahead = _value(penalty, weights + 1e-6 * direction)
    behind = _value(penalty, weights - 1e-6 * direction)
    sentence = f"{name}: the gradient disagrees with finite differences"
    slope = (ahead - behind) / 2e-6
    require_close((gradient * direction).sum(), slope, sentence, relative=1e-5, absolute=1e-6)


def _check_subgradient(
    name: str,
    penalty: Penalty,
    point: np.ndarray,
    generator: np.random.Generator,
    *,
    convex: bool,
) -> None:
    value, gradient = _value(penalty, point), penalty.gradient(point)
    require_finite(gradient, f"{name}: the gradient is not finite")
    random = generator.normal(size=point.shape)
    for move in (gradient, -gradient, random, -random, 0.01 * random) if convex else ():
        other = point + move
        lower = value + float((gradient * (other - point)).sum())
        where = f"a point of norm {np.linalg.norm(point):.3g}"
        sentence = f"{name}: the gradient at {where} is no subgradient."
        require(_value(penalty, other) >= lower - 1e-9 * (1 + abs(lower)), sentence)


def _check_prox(
    name: str,
    penalty: Penalty,
    weights: np.ndarray,
    step: float,
    generator: np.random.Generator,
    *,
    convex: bool,
) -> None:
    r"""Compare the proximal point with points around it.

    The objective ½‖V − W‖² + step·αΩ(V) of a convex Ω grows by at least ½‖δ‖² over δ.
    """
    best = penalty.prox(weights, step)
    require(best.shape == weights.shape, f"{name}: a proximal point of shape {best.shape}.")
    if step == 0:
        require_close(best, weights, f"{name}: without a step the proximal point is the point")

    def objective(candidate: np.ndarray) -> float:
        return 0.5 * float(((candidate - weights) ** 2).sum()) + step * _value(penalty, candidate)

    lowest, direction = objective(best), generator.normal(size=weights.shape)
    for size in (1e-3, -1e-3, 0.1, -0.1, 1.0, -1.0):
        move = size * direction
        least = lowest + (0.5 * float((move**2).sum()) if convex else 0.0)
        slack = 1e-9 * (1 + abs(lowest))
        sentence = f"{name}: with step {step:g} the proximal point is not the best one."
        require(objective(best + move) >= least - slack, sentence)


def _check_torch(name: str, penalty: Penalty, weights: np.ndarray) -> None:
    tensor = torch.from_numpy(weights.copy()).requires_grad_()
    value = penalty.value(tensor)
    require(isinstance(value, torch.Tensor), f"{name}: torch in, {type(value).__name__} out.")
    require(value.requires_grad, f"{name}: in torch the value carries no gradient.")
    sentence = f"{name}: numpy and torch disagree on the"
    require_close(value.detach(), penalty.value(weights), f"{sentence} value")
    plain = tensor.detach()
    gradient = penalty.gradient(weights)
    require_close(penalty.gradient(plain), gradient, f"{sentence} gradient")
    require_close(
        penalty.prox(plain, 0.3), penalty.prox(weights, 0.3), f"{sentence} proximal point"
    )
    (automatic,) = torch.autograd.grad(value, tensor)
    require_close(automatic, gradient, f"{name}: autograd disagrees with `gradient`", absolute=1e-7)
    for narrow in (weights.astype(np.float32), plain.float()):
        wide = penalty.prox(narrow, 0.3).dtype
        require(wide == narrow.dtype, f"{name}: {narrow.dtype} in, {wide} out.")
