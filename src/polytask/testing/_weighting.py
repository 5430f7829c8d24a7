"""The common check of a loss weighting."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from polytask.testing._require import require, require_close, require_finite, require_same
from polytask.testing._state import check_state
from polytask.weighting import Weighting

__all__ = ["check_weighting"]

_Fresh = Callable[[], Weighting]


def check_weighting(weighting: Weighting, n_tasks: Sequence[int] = (1, 2, 5)) -> None:
    """Check that a weighting keeps the promises of `polytask.weighting.Weighting`.

    Parameters
    ----------
    weighting : Weighting
        It is copied, not changed.
    n_tasks : sequence of int
        Numbers of tasks to try, for weightings that serve only some.

    Raises
    ------
    AssertionError
        If weights are not finite or not the scalar's gradient, absent tasks take part, a
        saved state does not continue exactly, or the global generator is drawn from.

    Examples
    --------
    >>> from polytask.testing import check_weighting
    >>> from polytask.weighting import Static
    >>> check_weighting(Static((1.0, 2.0)), n_tasks=[2])
    """
    for count in n_tasks:
        fresh = partial(_started, weighting, count)
        before = torch.get_rng_state()
        _check_weights(fresh, count)
        _check_absent(fresh, count)
        name = f"{type(weighting).__name__} with {count} tasks"
        check_state(name, fresh, partial(_advance, count=count))
        words = f"{name}: draws from torch's global generator; take one by argument"
        require_same(torch.get_rng_state(), before, words)


def _started(
    weighting: Weighting, count: int, generator: torch.Generator | None = None
) -> Weighting:
    one = copy.deepcopy(weighting)
    one.start(count, generator=torch.Generator() if generator is None else generator)
    return one


def _losses(count: int, step: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(step)
    return 0.1 + 2 * torch.rand(count, generator=generator)


def _check_weights(fresh: _Fresh, count: int) -> None:
    weighting, losses = fresh(), _losses(count)
    name = f"{type(weighting).__name__} with {count} tasks"
    present = torch.ones(count, dtype=torch.bool)
    kept = losses.clone()
    leaf = losses.clone().requires_grad_()
    scalar = weighting.scalarize(leaf, present)
    require(scalar.shape == (), f"{name}: the scalar has shape {tuple(scalar.shape)}.")
    require_finite(scalar.detach(), f"{name}: the scalar is not finite")
    (gradient,) = torch.autograd.grad(scalar, leaf)
    weights = fresh().weights(losses, present)
    require(weights.shape == (count,), f"{name}: weights of shape {tuple(weights.shape)}.")
    require(not weights.requires_grad, f"{name}: weights carry a graph; detach them.")
    require_finite(weights, f"{name}: weights are not finite")
    words = f"{name}: weights are not the gradient of the scalar"
    require_close(weights, gradient, words, relative=1e-5)
    require_same(losses, kept, f"{name}: the losses were changed in place")
    if getattr(weighting, "fixed", False):
        total = weights.double().sum()
        words = f"{name}: fixed weights must sum to the number of tasks"
        require_close(total, float(count), words, relative=1e-5)


def _check_absent(fresh: _Fresh, count: int) -> None:
    name = f"{type(fresh()).__name__} with {count} tasks"
    for absent in range(count if count > 1 else 0):
        present = torch.ones(count, dtype=torch.bool)
        present[absent] = False
        losses = _losses(count) * present
        weights = fresh().weights(losses, present)
        require_finite(weights, f"{name}: a weight is not finite when task {absent} is absent")
        require(weights[absent] == 0, f"{name}: absent task {absent} weighs {weights[absent]:g}.")
        noisy = losses + 3.0 * ~present
        words = f"{name}: absent task {absent} takes part in the scalar"
        scalars = [fresh().scalarize(given, present).detach() for given in (losses, noisy)]
        require_close(scalars[1], scalars[0], words)


def _advance(weighting: Weighting, step: int, count: int) -> Any:
    """One turn of a training loop; task 0 is absent in every third batch."""
    present = torch.ones(count, dtype=torch.bool)
    present[0] = count == 1 or step % 3 != 2
    losses = _losses(count, step) * present
    weights = weighting.weights(losses, present)
    weighting.learn(losses, present)
    weighting.after_step(0.9 * losses, present)
    if step % 2:
        weighting.end_epoch(_losses(count, step + 100))
    return weights
