"""Common check of penalties."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from polytask.exceptions import ParameterError
from polytask.penalties import Penalty
from polytask.testing._penalty_state import check_learned
from polytask.testing._require import (
    require,
    require_close,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_penalty"]

_STEPS = (0.0, 0.1, 1.0, 10.0)

State = dict[str, Any]


def check_penalty(
    penalty: Penalty, shape: tuple[int, ...] = (3, 5), *, convex: bool = True
) -> None:
    """Check that a penalty keeps the promises of `polytask.penalties.Penalty`.

    Parameters
    ----------
    penalty : Penalty
    shape : tuple of int, default (3, 5)
        Shape of W, (n_tasks, …), for penalties that know their tasks. Other trailing axes and a
        single task are tried too; a penalty may refuse them with ParameterError.
    convex : bool, default True
        Whether subgradients and proximal points are held to the inequalities of convexity.

    Raises
    ------
    AssertionError
        If the gradient disagrees with finite differences or is no subgradient, a proximal
        point is not the best, the strength is not a factor, learning increases the value, numpy
        and torch disagree, an argument is changed, or the dual norm, the conjugate or what is declared of matrices
        does not hold.
    """
    require_instance("check_penalty", "penalty", penalty, Penalty)
    name = type(penalty).__name__
    proximal = type(penalty).prox is not Penalty.prox
    require(penalty.smooth or proximal, f"{name} is not smooth, so it needs `prox`.")
    generator = np.random.default_rng(0)
    for tried in (tuple(shape), (shape[0], 2, 4), (1, 5)):
        weights = generator.normal(size=tried)
        if tried != tuple(shape) and _refuses(penalty, weights):
            continue
        kept = weights.copy()
        for state in _states(name, penalty, weights):
            _check_gradient(name, penalty, weights, state, generator)
            _check_alpha(name, penalty, weights, state)
            for point in _points(weights):
                _check_subgradient(name, penalty, point, state, generator, convex=convex)
                for step in _STEPS if proximal else ():
                    _check_prox(name, penalty, point, step, state, generator, convex=convex)
            _check_torch(name, penalty, weights, state, proximal=proximal)
        _check_declarations(name, penalty, weights, generator, proximal=proximal)
        require_same(weights, kept, f"{name}: the weights were changed in place")


def _check_declarations(
    name: str,
    penalty: Penalty,
    weights: np.ndarray,
    generator: np.random.Generator,
    *,
    proximal: bool,
) -> None:
    """Check the dual norm, the conjugate, and what is declared of matrices."""
    largest = penalty.dual_norm(weights)
    if largest is not None:
        products, unit = [], replace(penalty, alpha=1.0)
        for _ in range(20):
            other = generator.normal(size=weights.shape)
            products.append(float((weights * other).sum()) / float(unit.value(other)))
        require(max(products) <= largest * (1 + 1e-9), f"{name}: the dual norm is too small.")
        slope = unit.gradient(weights)
        sentence = f"{name}: the dual norm of a subgradient is not 1"
        require_close(unit.dual_norm(slope), 1.0, sentence, relative=1e-6)
        strong = replace(penalty, alpha=penalty.alpha_max(weights))
        if proximal:
            left = strong.prox(weights, 1.0)
            require_close(left, 0 * left, f"{name}: `alpha_max` leaves parameters", absolute=1e-9)
    slope = penalty.gradient(weights)
    conjugate = penalty.conjugate(slope)
    if conjugate is not None:
        sentence = f"{name}: the conjugate of a subgradient and the value miss their product"
        product = float((slope * weights).sum())
        require_close(float(penalty.value(weights)) + conjugate, product, sentence)
    if weights.ndim == 2:
        _check_matrices(name, penalty, weights, generator)


def _check_matrices(
    name: str, penalty: Penalty, weights: np.ndarray, generator: np.random.Generator
) -> None:
    """Check what is declared of matrices."""
    if penalty.sums_norms:
        norms = float(np.linalg.norm(weights, axis=0).sum())
        sentence = f"{name} is declared a sum of norms of features, and is another"
        require_close(penalty.value(weights), penalty.alpha * norms, sentence)
    if penalty.rotates:
        turned = weights @ np.linalg.qr(generator.normal(size=(weights.shape[1],) * 2))[0]
        sentence = f"{name} is declared the same in every basis of features, and is not"
        require_close(penalty.value(turned), penalty.value(weights), sentence)
    state = penalty.start(weights.shape)
    precision = penalty.task_precision(len(weights), state)
    if precision is not None:
        slope, sentence = penalty.gradient(weights, state), f"{name}: no gradient of its precision"
        require_close(slope, penalty.alpha * np.asarray(precision) @ weights, sentence)


def _refuses(penalty: Penalty, weights: np.ndarray) -> bool:
    try:
        penalty.value(weights, penalty.start(weights.shape))
    except ParameterError:
        return True
    return False


def _points(weights: np.ndarray) -> Iterator[np.ndarray]:
    """W, zero, small numbers, tasks of which two are equal, and a matrix of rank one."""
    yield from (weights, np.zeros_like(weights), weights * 1e-3)
    yield np.concatenate([weights[:1], weights[:-1]])
    yield np.linspace(-1, 2, len(weights)).reshape(-1, *[1] * (weights.ndim - 1)) * weights[:1]


def _states(name: str, penalty: Penalty, weights: np.ndarray) -> Iterator[State]:
    """What is learned at the start and after a refit, which is checked."""
    state = penalty.start(weights.shape)
    require_close(
        penalty.value(weights),
        penalty.value(weights, state),
        f"{name}: without a state the value is not that of `start`",
    )
    yield state
    if state:
        for point in _points(weights):
            check_learned(name, penalty, point)
        yield penalty.refit(weights, state)


def _value(penalty: Penalty, weights: np.ndarray, state: State) -> float:
    return float(penalty.value(weights, state))


def _check_gradient(
    name: str,
    penalty: Penalty,
    weights: np.ndarray,
    state: State,
    generator: np.random.Generator,
) -> None:
    value = penalty.value(weights, state)
    require(np.shape(value) == (), f"{name}: the value is no scalar.")
    require_finite(value, f"{name}: the value is not finite")
    gradient = penalty.gradient(weights, state)
    require(gradient.shape == weights.shape, f"{name}: a gradient of shape {gradient.shape}.")
    direction = generator.normal(size=weights.shape)
    ahead = _value(penalty, weights + 1e-6 * direction, state)
    behind = _value(penalty, weights - 1e-6 * direction, state)
    sentence = f"{name}: the gradient disagrees with finite differences"
    slope = (ahead - behind) / 2e-6
    require_close((gradient * direction).sum(), slope, sentence, relative=1e-5, absolute=1e-6)
    for point in _points(weights) if penalty.smooth else ():
        there = penalty.gradient(point + 1e-6 * direction, state)
        change = float(np.linalg.norm(there - penalty.gradient(point, state)))
        jumps = change > 1e-2 * (penalty.alpha + float(np.linalg.norm(gradient)))
        require(not jumps, f"{name} is declared smooth, but its gradient jumps by {change:.3g}.")


def _check_alpha(name: str, penalty: Penalty, weights: np.ndarray, state: State) -> None:
    for factor in (0.0, 2.0):
        other = replace(penalty, alpha=factor * penalty.alpha)
        sentence = f"{name}: with {factor:g} times `alpha` the"
        for method in ("value", "gradient"):
            wanted = factor * getattr(penalty, method)(weights, state)
            got = getattr(other, method)(weights, state)
            require_close(got, wanted, f"{sentence} {method} is not {factor:g} times as large")


def _check_subgradient(
    name: str,
    penalty: Penalty,
    point: np.ndarray,
    state: State,
    generator: np.random.Generator,
    *,
    convex: bool,
) -> None:
    value, gradient = _value(penalty, point, state), penalty.gradient(point, state)
    require_finite(gradient, f"{name}: the gradient is not finite")
    random = generator.normal(size=point.shape)
    for move in (gradient, -gradient, random, -random, 0.01 * random) if convex else ():
        other = point + move
        lower = value + float((gradient * (other - point)).sum())
        where = f"a point of norm {np.linalg.norm(point):.3g}"
        sentence = f"{name}: the gradient at {where} is no subgradient."
        require(_value(penalty, other, state) >= lower - 1e-9 * (1 + abs(lower)), sentence)


def _check_prox(
    name: str,
    penalty: Penalty,
    weights: np.ndarray,
    step: float,
    state: State,
    generator: np.random.Generator,
    *,
    convex: bool,
) -> None:
    r"""Compare the proximal point with points around it.

    The objective ½‖V − W‖² + step·αΩ(V) of a convex Ω grows by at least ½‖δ‖² over δ.
    """
    best = penalty.prox(weights, step, state)
    require(best.shape == weights.shape, f"{name}: a proximal point of shape {best.shape}.")
    if step == 0:
        require_close(best, weights, f"{name}: without a step the proximal point is the point")

    def objective(candidate: np.ndarray) -> float:
        distance = 0.5 * float(((candidate - weights) ** 2).sum())
        return distance + step * _value(penalty, candidate, state)

    lowest, direction = objective(best), generator.normal(size=weights.shape)
    for size in (1e-3, -1e-3, 0.1, -0.1, 1.0, -1.0):
        move = size * direction
        least = lowest + (0.5 * float((move**2).sum()) if convex else 0.0)
        slack = 1e-9 * (1 + abs(lowest))
        sentence = f"{name}: with step {step:g} the proximal point is not the best one."
        require(objective(best + move) >= least - slack, sentence)


def _check_torch(
    name: str, penalty: Penalty, weights: np.ndarray, state: State, *, proximal: bool
) -> None:
    tensor = torch.from_numpy(weights.copy()).requires_grad_()
    tensors = {key: torch.from_numpy(np.array(array)) for key, array in state.items()}
    value = penalty.value(tensor, tensors)
    require(isinstance(value, torch.Tensor), f"{name}: torch in, {type(value).__name__} out.")
    require(value.requires_grad, f"{name}: in torch the value carries no gradient.")
    sentence = f"{name}: numpy and torch disagree on the"
    require_close(value.detach(), penalty.value(weights, state), f"{sentence} value")
    plain = tensor.detach()
    gradient = penalty.gradient(weights, state)
    require_close(penalty.gradient(plain, tensors), gradient, f"{sentence} gradient")
    (automatic,) = torch.autograd.grad(value, tensor)
    require_close(automatic, gradient, f"{name}: autograd disagrees with `gradient`", absolute=1e-7)
    if proximal:
        point = penalty.prox(weights, 0.3, state)
        require_close(penalty.prox(plain, 0.3, tensors), point, f"{sentence} proximal point")
    for narrow, held in ((weights.astype(np.float32), state), (plain.float(), tensors)):
        answers = [penalty.value(narrow, held), penalty.gradient(narrow, held)]
        answers += [penalty.prox(narrow, 0.3, held)] if proximal else []
        for answer in answers:
            require(answer.dtype == narrow.dtype, f"{name}: {narrow.dtype} in, {answer.dtype} out.")
