"""Common check of loss weightings."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from polytask.gradients import Need
from polytask.testing._check_state import check_state
from polytask.testing._require import (
    require,
    require_close,
    require_counts,
    require_finite,
    require_instance,
    require_same,
)
from polytask.testing._weighting_step import losses_of, rehearse_step
from polytask.weighting import Weighting

__all__ = ["check_weighting"]

_Fresh = Callable[[], Weighting]
_FEW = 5  # tasks, of which each is absent once


def check_weighting(weighting: Weighting, n_tasks: Sequence[int] = (1, 2, 5, 50)) -> None:
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
        If it needs what nobody serves; if weights are not finite, not of the losses' type or
        not the scalar's gradient, for losses from 1e-15 to 1e15; if they do not stay finite
        when losses or the gradients that it is shown are 0, tiny or huge; if absent tasks take
        part; if a saved state does not continue exactly; or if the global generator is drawn
        from.

    Examples
    --------
    >>> from polytask.testing import check_weighting
    >>> from polytask.weighting import Static
    >>> check_weighting(Static((1.0, 2.0)), n_tasks=[2])
    """
    require_instance("check_weighting", "weighting", weighting, Weighting)
    require_counts("check_weighting", n_tasks)
    unknown = sorted(set(weighting.needs) - set(Need))
    require(not unknown, f"{type(weighting).__name__} needs {unknown}, which `Need` lacks.")
    before = torch.get_rng_state()
    for count in n_tasks:
        _check_life(f"{type(weighting).__name__} with {count} tasks", weighting, count)
    for count in n_tasks:
        name = f"{type(weighting).__name__} with {count} tasks"
        _check_extremes(name, partial(_started, weighting, count), count)
    sentence = (
        f"{type(weighting).__name__}: draws from torch's global generator; take one by argument"
    )
    require_same(torch.get_rng_state(), before, sentence)


def _check_life(name: str, weighting: Weighting, count: int) -> None:
    """Check steps with ordinary losses."""
    fresh = partial(_started, weighting, count)
    for what, losses in _all_losses(count):
        _check_weights(f"{name}, {what}", fresh, losses)
    _check_absent(name, fresh, count)
    check_state(name, fresh, partial(_advance, count=count))


def _started(
    weighting: Weighting, count: int, generator: torch.Generator | None = None
) -> Weighting:
    copied = copy.deepcopy(weighting)
    copied.start(count, generator=torch.Generator() if generator is None else generator)
    return copied


def _all_losses(count: int) -> Iterator[tuple[str, Tensor]]:
    for dtype in (torch.float32, torch.float64):
        for scale in (1.0, 1e-15, 1e15):
            yield f"{dtype} losses around {scale:g}", losses_of(count, scale=scale, dtype=dtype)
        yield f"{dtype} losses from 1e-15 to 1e15", torch.logspace(-15, 15, count, dtype=dtype)


def _check_weights(name: str, fresh: _Fresh, losses: Tensor) -> None:
    weighting, count, kept = fresh(), len(losses), losses.clone()
    present = torch.ones(count, dtype=torch.bool)
    leaf = losses.clone().requires_grad_()
    scalar = weighting.scalarize(leaf, present)
    require(scalar.shape == (), f"{name}: the scalar has shape {tuple(scalar.shape)}.")
    require_finite(scalar.detach(), f"{name}: the scalar is not finite")
    (gradient,) = torch.autograd.grad(scalar, leaf)
    weights = fresh().weights(losses, present)
    require(weights.shape == (count,), f"{name}: weights of shape {tuple(weights.shape)}.")
    require(not weights.requires_grad, f"{name}: weights carry a graph; detach them.")
    require_finite(weights, f"{name}: weights are not finite")
    sentence = f"{name}: weights are not the gradient of the scalar"
    rounding = 1e-9 * float(gradient.abs().max())
    require_close(weights, gradient, sentence, relative=1e-5, absolute=rounding)
    same_type = weights.dtype == losses.dtype
    require(same_type, f"{name}: {losses.dtype} losses get {weights.dtype} weights.")
    require_same(losses, kept, f"{name}: the losses were changed in place")
    if weighting.fixed:
        total = weights.double().sum()
        sentence = f"{name}: fixed weights must sum to the number of tasks"
        require_close(total, float(count), sentence, relative=1e-5)


def _check_absent(name: str, fresh: _Fresh, count: int) -> None:
    everyone = torch.ones(count, dtype=torch.bool)
    for absent in range(min(count, _FEW) if count > 1 else 0):
        present = everyone.clone()
        present[absent] = False
        losses = losses_of(count) * present
        weights = fresh().weights(losses, present)
        require_finite(weights, f"{name}: a weight is not finite when task {absent} is absent")
        require(weights[absent] == 0, f"{name}: absent task {absent} weighs {weights[absent]:g}.")
        noisy = losses + 3.0 * ~present
        sentence = f"{name}: absent task {absent} takes part in the scalar"
        scalars = [fresh().scalarize(given, present).detach() for given in (losses, noisy)]
        require_close(scalars[1], scalars[0], sentence)
        if fresh().fixed:
            full = fresh().weights(losses_of(count), everyone)
            sentence = f"{name}: absent task {absent} changes the fixed weights of others"
            require_close(weights[present], full[present], sentence)
    if count > 1:
        _check_nobody(name, fresh(), torch.zeros(count))


def _check_nobody(name: str, weighting: Weighting, losses: Tensor) -> None:
    nobody = torch.zeros_like(losses, dtype=torch.bool)
    weights = weighting.weights(losses, nobody)
    require_same(weights, torch.zeros_like(weights), f"{name}: weights when no task is present")
    scalar = weighting.scalarize(losses, nobody).detach()
    require_finite(scalar, f"{name}: the scalar is not finite when no task is present")


def _check_extremes(name: str, fresh: _Fresh, count: int) -> None:
    """Losses and gradients that vanish or explode, and ordinary ones afterwards."""
    present = torch.ones(count, dtype=torch.bool)
    one_zero = losses_of(count) * (torch.arange(count) > 0)
    for scale in (0.0, 1e-15, 1e15):
        for losses in (losses_of(count, scale=scale), one_zero):
            weighting = fresh()
            for step, (given, size) in enumerate([(losses, scale)] * 3 + [(losses_of(count), 1.0)]):
                weights = rehearse_step(weighting, given, present, step, size)
                sentence = f"{name}: weights are not finite after losses or gradients of {scale:g}"
                require_finite(weights, sentence)


def _advance(weighting: Weighting, step: int, count: int) -> Tensor:
    """One turn of a training loop; task 0 is absent in every third batch."""
    present = torch.ones(count, dtype=torch.bool)
    present[0] = count == 1 or step % 3 != 2
    return rehearse_step(weighting, losses_of(count, step) * present, present, step)
