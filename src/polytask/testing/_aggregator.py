"""The common check of a gradient aggregator, and of the properties it may have."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from polytask.aggregation import Aggregator, GramianAggregator, JacobianAggregator
from polytask.gradients import Served
from polytask.testing._require import require, require_close, require_finite, require_same
from polytask.testing._state import check_state

__all__ = ["check_aggregator", "check_non_conflicting", "check_permutation_invariant"]

_N_COLUMNS = 7


def check_aggregator(aggregator: Aggregator, n_tasks: Sequence[int] = (1, 2, 5)) -> None:
    """Check that an aggregator keeps the promises of `polytask.aggregation`.

    Parameters
    ----------
    aggregator : Aggregator
        It is copied, not changed.
    n_tasks : sequence of int
        Numbers of tasks to try.

    Raises
    ------
    AssertionError
        If an update is not finite or has a wrong shape or type, also for zero, opposing and
        huge gradients; if one task alone is not followed; if a saved state does not continue
        exactly; or if the global generator is drawn from.

    Examples
    --------
    >>> from polytask.aggregation import MGDA
    >>> from polytask.testing import check_aggregator
    >>> check_aggregator(MGDA())
    """
    name = type(aggregator).__name__
    known = isinstance(aggregator, GramianAggregator | JacobianAggregator)
    require(known, f"{name} is neither a GramianAggregator nor a JacobianAggregator.")
    require(aggregator.needs, f"{name} declares no needs.")
    before = torch.get_rng_state()
    for count in n_tasks:
        for what, jacobian in _jacobians(count):
            _check_update(f"{name} with {count} tasks, {what}", aggregator, jacobian)

        check_state(
            f"{name} with {count} tasks",
            partial(_started, aggregator, count),
            partial(_advance, count),
        )
    _check_one_task(name, aggregator)
    words = f"{name}: draws from torch's global generator; take one by argument"
    require_same(torch.get_rng_state(), before, words)


def check_permutation_invariant(aggregator: Aggregator, n_tasks: int = 4) -> None:
    """Check that the update does not depend on the order of the tasks."""
    jacobian = _jacobian(n_tasks, seed=4)
    order = torch.arange(n_tasks - 1, -1, -1)
    first = _update(_started(aggregator, n_tasks), jacobian)
    second = _update(_started(aggregator, n_tasks), jacobian[order])
    words = f"{type(aggregator).__name__}: the update depends on the order of the tasks"
    require_close(second, first, words, relative=1e-8)


def check_non_conflicting(aggregator: Aggregator, n_tasks: int = 4) -> None:
    """Check that following the update raises no task's loss, to first order."""
    for seed in range(20):
        jacobian = _jacobian(n_tasks, seed)
        update = _update(_started(aggregator, n_tasks), jacobian)
        worst = (jacobian @ update).min() / jacobian.norm() ** 2
        words = f"{type(aggregator).__name__}: the update conflicts with a task by {worst:.2g}."
        require(worst >= -1e-8, words)


def _started(
    aggregator: Aggregator, count: int, generator: torch.Generator | None = None
) -> Aggregator:
    one = copy.deepcopy(aggregator)
    one.start(count, generator=torch.Generator() if generator is None else generator)
    return one


def _update(aggregator: Aggregator, jacobian: Tensor) -> Tensor:
    everyone = torch.ones(len(jacobian), dtype=torch.bool)
    losses = torch.linspace(0.5, 2.0, len(jacobian), dtype=jacobian.dtype)
    return aggregator.aggregate(jacobian, Served(everyone, losses))


def _advance(count: int, aggregator: Aggregator, step: int) -> Tensor:
    return _update(aggregator, _jacobian(count, step))


def _jacobian(count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, _N_COLUMNS, generator=generator, dtype=torch.float64)


def _jacobians(count: int) -> Iterator[tuple[str, Tensor]]:
    plain = _jacobian(count, seed=count)
    yield "plain gradients", plain
    yield "float32", plain.float()
    for scale in (1e-12, 1e12):
        yield f"gradients of size {scale:g}", plain * scale
    yield "zero gradients", torch.zeros_like(plain)
    yield "equal gradients", plain[:1].expand(count, -1).clone()
    if count > 1:
        opposing = plain.clone()
        opposing[1] = -opposing[0]
        yield "opposing gradients", opposing
        with_zero = plain.clone()
        with_zero[0] = 0.0
        yield "one zero gradient", with_zero


def _check_update(name: str, aggregator: Aggregator, jacobian: Tensor) -> None:
    kept = jacobian.clone()
    update = _update(_started(aggregator, len(jacobian)), jacobian)
    require(update.shape == (_N_COLUMNS,), f"{name}: an update of shape {tuple(update.shape)}.")
    require(update.dtype == jacobian.dtype, f"{name}: {jacobian.dtype} in, {update.dtype} out.")
    require_finite(update, f"{name}: the update is not finite")
    require_same(jacobian, kept, f"{name}: the gradients were changed in place")


def _check_one_task(name: str, aggregator: Aggregator) -> None:
    jacobian = _jacobian(1, seed=9)
    update = _update(_started(aggregator, 1), jacobian)
    cosine = torch.cosine_similarity(update, jacobian[0], dim=0)
    words = f"{name}: one task alone must be followed; the cosine is {cosine:.3f}."
    require(cosine > 1 - 1e-9, words)
