"""Common check of gradient aggregators."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from polytask.aggregation import Aggregator, GramianAggregator, JacobianAggregator, Property
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served
from polytask.testing._check_state import check_state
from polytask.testing._jacobians import Problem, problems, variants
from polytask.testing._properties import check_properties
from polytask.testing._rehearsal import name_of, served_all, started, updated
from polytask.testing._require import (
    require,
    require_counts,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_aggregator"]


def check_aggregator(aggregator: Aggregator, n_tasks: Sequence[int] = (1, 2, 3, 8, 20, 50)) -> None:
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
        If an update is not finite or has a wrong shape or type, also for zero, opposing,
        dependent, tiny and huge gradients; if one task alone is not followed; if absent tasks
        stop it; if a saved state does not continue exactly; if it does not say that losses which
        it needs are missing; if the global generator is drawn from; or if a declared property
        does not hold.

    Examples
    --------
    >>> from polytask.aggregation import MGDA
    >>> from polytask.testing import check_aggregator
    >>> check_aggregator(MGDA())
    """
    require_instance("check_aggregator", "aggregator", aggregator, Aggregator)
    require_counts("check_aggregator", n_tasks)
    _check_declarations(aggregator)
    before = torch.get_rng_state()
    for count in n_tasks:
        for problem in _rehearsals(count):
            _check_update(aggregator, problem)
        if count < 20:
            name = f"{name_of(aggregator)} with {count} tasks"
            check_state(name, partial(started, aggregator, count), partial(_advance, count))
    _check_one_task(aggregator)
    _check_absent(aggregator)
    sentence = f"{name_of(aggregator)}: draws from torch's global generator; take one by argument"
    require_same(torch.get_rng_state(), before, sentence)
    _check_by_hand(aggregator)
    check_properties(aggregator, n_tasks)


def _check_declarations(aggregator: Aggregator) -> None:
    name = name_of(aggregator)
    known = isinstance(aggregator, GramianAggregator | JacobianAggregator)
    sentence = "is neither a GramianAggregator nor a JacobianAggregator, nor carries weights"
    require(known or hasattr(aggregator, "carried"), f"{name} {sentence}.")
    require(aggregator.needs, f"{name} declares no needs.")


def _rehearsals(count: int) -> Iterator[Problem]:
    """Every class in every type and scale for few tasks, in one of them for many."""
    for turn, problem in enumerate(problems(count)):
        every = list(variants(problem))
        yield from every if count < 8 else [every[(turn + by) % len(every)] for by in (0, 3)]


def _check_update(aggregator: Aggregator, problem: Problem) -> None:
    jacobian, kept = problem.jacobian, problem.jacobian.clone()
    name = f"{name_of(aggregator)} with {len(jacobian)} tasks, {problem.name}"
    method = started(aggregator, len(jacobian))
    update = updated(method, jacobian)
    shape = jacobian.shape[1:]
    require(update.shape == shape, f"{name}: an update of shape {tuple(update.shape)}.")
    require(update.dtype == jacobian.dtype, f"{name}: {jacobian.dtype} in, {update.dtype} out.")
    require_finite(update, f"{name}: the update is not finite")
    require_same(jacobian, kept, f"{name}: the gradients were changed in place")
    if Property.STATELESS not in aggregator.properties:
        for scale in (1.0, 1e-3, 1.0):
            sentence = f"{name}: the update is not finite after some steps"
            require_finite(updated(method, scale * jacobian), sentence)


def _advance(count: int, aggregator: Aggregator, step: int) -> Tensor:
    """One step of a training loop; task 0 is absent in every third batch."""
    present = torch.ones(count, dtype=torch.bool)
    present[0] = count == 1 or step % 3 != 2
    return _step(aggregator, present, seed=step)


def _step(aggregator: Aggregator, present: Tensor, seed: int) -> Tensor:
    jacobian = _jacobian(len(present), seed)[present]
    draw = torch.Generator().manual_seed(seed)
    losses = 0.1 + 2 * torch.rand(len(present), generator=draw, dtype=torch.float64)
    return aggregator.aggregate(jacobian, Served(present, losses * present))


def _jacobian(count: int, seed: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, 7, generator=draw, dtype=torch.float64)


def _check_one_task(aggregator: Aggregator) -> None:
    jacobian = _jacobian(1, seed=9)
    update = updated(started(aggregator, 1), jacobian)
    sentence = f"{name_of(aggregator)}: one task alone must be followed"
    _require_followed(update, jacobian[0], sentence)


def _check_absent(aggregator: Aggregator) -> None:
    """Alone among three, a task is followed; the others join later."""
    name = name_of(aggregator)
    for alone in range(3):
        method = started(aggregator, 3)
        present = torch.arange(3) == alone
        update = _step(method, present, seed=alone)
        sentence = f"{name}: task {alone}, the only one present of three, must be followed"
        _require_followed(update, _jacobian(3, seed=alone)[alone], sentence)
        for step, joined in enumerate((~present, present | ~present, present)):
            update = _step(method, joined, seed=5 + step)
            sentence = f"{name}: the update is not finite when tasks are absent and return"
            require_finite(update, sentence)


def _require_followed(update: Tensor, gradient: Tensor, sentence: str) -> None:
    cosine = float(torch.cosine_similarity(update, gradient, dim=0, eps=1e-300))
    require(cosine > 1 - 1e-9, f"{sentence}; the cosine is {cosine:.3f}.")


def _check_by_hand(aggregator: Aggregator) -> None:
    """Without `start` and without a `Served`, unless losses are needed."""
    jacobian = _jacobian(3, seed=1)
    if Need.LOSSES in aggregator.needs:
        for served in (None, Served.all_of(3)):
            _check_losses_asked_for(aggregator, jacobian, served)
    served = served_all(jacobian) if Need.LOSSES in aggregator.needs else None
    with torch.random.fork_rng(devices=[]):
        update = copy.deepcopy(aggregator).aggregate(jacobian, served)
    sentence = f"{name_of(aggregator)}: not started, the update is not finite"
    require_finite(update, sentence)


def _check_losses_asked_for(
    aggregator: Aggregator, jacobian: Tensor, served: Served | None
) -> None:
    name = name_of(aggregator)
    try:
        started(aggregator, 3).aggregate(jacobian, served)
    except ParameterError as error:
        sentence = (
            f"{name}: without losses it must say “The `served` parameter …”, but says {error}"
        )
        require(str(error).startswith("The `served` parameter of "), sentence)
    else:
        raise AssertionError(f"{name} needs losses, but raises no ParameterError without them.")
