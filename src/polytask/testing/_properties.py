"""Checks of the properties that an aggregator declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from polytask._linalg import min_norm_point
from polytask.aggregation import Aggregator, GramianAggregator, Property
from polytask.gradients import Need, takes_served
from polytask.testing._jacobians import Problem, problems, variants
from polytask.testing._rehearsal import (
    name_of,
    rehearsed,
    served_all,
    started,
    updated,
)
from polytask.testing._require import require, require_counts, require_instance

__all__ = ["check_properties"]

# What a Gramian in each type can tell: slopes up to its rounding, lengths up to the root of that.
_SLOPE = {torch.float64: 1e-8, torch.float32: 1e-3}
_LENGTH = {torch.float64: 1e-6, torch.float32: 2e-2}
_ALWAYS = frozenset({Property.PERMUTATION_INVARIANT, Property.CONVEX})


def check_properties(aggregator: Aggregator, n_tasks: Sequence[int] = (1, 2, 3, 8, 20, 50)) -> None:
    """Check that an aggregator has the properties that it declares.

    Gradients are of many classes (of full and deficient rank, Pareto-stationary, conflicting,
    with zero rows, nearly equal, of many sizes) and scales. Aggregators that carry weights
    from step to step (the need ``"product"``) have the others in the limit only; they are held
    to convexity and to invariance under permutation.

    Parameters
    ----------
    aggregator : Aggregator
        It is copied, not changed.
    n_tasks : sequence of int
        Numbers of tasks to try.

    Raises
    ------
    AssertionError
        If a property does not hold, or if the aggregator is stateless or
        deterministic without declaring it.

    Examples
    --------
    >>> from polytask.aggregation import MGDA
    >>> from polytask.testing import check_properties
    >>> check_properties(MGDA())
    """
    require_instance("check_properties", "aggregator", aggregator, Aggregator)
    require_counts("check_properties", n_tasks)
    _check_deterministic(aggregator)
    _check_stateless(aggregator)
    declared = aggregator.properties
    held = declared & _ALWAYS if Need.PRODUCT in aggregator.needs else declared
    for count in n_tasks:
        for shift, (name, check) in enumerate(_CHECKS.items()):
            if name in held:
                for problem in _chosen(count, shift):
                    check(aggregator, problem)


def _chosen(count: int, shift: int) -> list[Problem]:
    """All classes for few tasks, a third of them for many."""
    all_problems = problems(count)
    return all_problems if count < 20 else all_problems[(count + shift) % 3 :: 3]


def _fail(aggregator: Aggregator, problem: Problem, what: str) -> str:
    count = len(problem.jacobian)
    return f"{name_of(aggregator)} with {count} tasks, {problem.name}: {what}"


def _check_deterministic(aggregator: Aggregator) -> None:
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    method = started(aggregator, 5, generator)
    for seed in range(3):
        draw = torch.Generator().manual_seed(seed)
        updated(method, torch.randn(5, 3, generator=draw, dtype=torch.float64))
    draws = not torch.equal(generator.get_state(), before)
    name, declares = name_of(aggregator), Property.DETERMINISTIC in aggregator.properties
    require(not (draws and declares), f"{name} declares that it is deterministic, but draws.")
    require(draws or declares, f"{name} draws nothing; declare that it is deterministic.")


def _check_stateless(aggregator: Aggregator) -> None:
    name, declares = name_of(aggregator), Property.STATELESS in aggregator.properties
    generator = torch.Generator().manual_seed(0)
    method = started(aggregator, 5, generator)
    at_first = generator.get_state()
    draw = torch.Generator().manual_seed(7)
    steps = torch.randn(4, 5, 6, generator=draw, dtype=torch.float64)
    first = updated(method, steps[0])
    for jacobian in steps[1:]:
        updated(method, jacobian, torch.linspace(2.0, 1.0, 5))
    generator.set_state(at_first)
    again = updated(method, steps[0], torch.linspace(1.0, 3.0, 5))
    keeps = bool(method.state_dict()) or not torch.equal(first, again)
    require(not (keeps and declares), f"{name} declares that it is stateless, but is not.")
    seen = keeps or takes_served(aggregator.needs)
    require(seen or declares, f"{name} keeps nothing; declare that it is stateless.")


def _check_permutation_invariant(aggregator: Aggregator, problem: Problem) -> None:
    jacobian, losses = problem.jacobian, served_all(problem.jacobian).losses
    assert losses is not None
    wanted = rehearsed(aggregator, jacobian, losses)
    count = len(jacobian)
    shuffled = torch.randperm(count, generator=torch.Generator().manual_seed(count))
    for order in (torch.arange(count).flip(0), shuffled):
        got = rehearsed(aggregator, jacobian[order], losses[order])
        sentence = _fail(aggregator, problem, "the update depends on the order of the tasks")
        _require_equal(got, wanted, sentence, problem)


def _check_non_conflicting(aggregator: Aggregator, problem: Problem) -> None:
    for variant in variants(problem, turn=len(problem.jacobian)):
        exact = variant.jacobian.double()
        update = rehearsed(aggregator, variant.jacobian).double()
        longest = max(variant.size, float(update.norm())) or 1.0
        lengths = exact.norm(dim=1)
        slopes = (exact / lengths.clamp_min(1e-300)[:, None]) @ (update / longest)
        worst = float(slopes.min())
        sentence = _fail(aggregator, variant, f"the update conflicts with a task by {worst:.2g}.")
        require(worst >= -_SLOPE[variant.jacobian.dtype], sentence)


def _check_scale_equivariant(aggregator: Aggregator, problem: Problem) -> None:
    wanted = rehearsed(aggregator, problem.jacobian)
    for power in (-50, 1, 50):
        got = rehearsed(aggregator, problem.jacobian * 2.0**power) / 2.0**power
        sentence = _fail(aggregator, problem, f"times 2^{power}, the update does not scale")
        _require_equal(got, wanted, sentence, problem)


def _check_linear_under_scaling(aggregator: Aggregator, problem: Problem) -> None:
    if problem.stationary:
        return  # rounding of the scaled gradients decides whether they are stationary still
    draw = torch.Generator().manual_seed(len(problem.jacobian))
    first, second = 0.1 + torch.rand(2, len(problem.jacobian), 1, generator=draw).double()
    parts = [rehearsed(aggregator, scales * problem.jacobian) for scales in (first, second)]
    whole = rehearsed(aggregator, (0.5 * first + 2.0 * second) * problem.jacobian)
    sentence = _fail(aggregator, problem, "the update is not linear under scaling")
    _require_equal(0.5 * parts[0] + 2.0 * parts[1], whole, sentence, problem)


def _check_rescaling_invariant(aggregator: Aggregator, problem: Problem) -> None:
    if not problem.regular:
        return
    wanted = _direction(rehearsed(aggregator, problem.jacobian))
    draw = torch.Generator().manual_seed(len(problem.jacobian))
    powers = torch.randint(-6, 7, (len(problem.jacobian), 1), generator=draw)
    got = _direction(rehearsed(aggregator, 2.0 ** powers.double() * problem.jacobian))
    sentence = _fail(aggregator, problem, "the update's direction depends on the gradients' sizes")
    require(float((got - wanted).norm()) <= 1e-5, f"{sentence}: got {got}, expected {wanted}.")


def _check_stationary(aggregator: Aggregator, problem: Problem) -> None:
    if not problem.stationary:
        return
    for variant in variants(problem, turn=1 + len(problem.jacobian)):
        length = float(rehearsed(aggregator, variant.jacobian).double().norm()) / (
            variant.size or 1.0
        )
        sentence = _fail(
            aggregator, variant, f"stationary, but the update has length {length:.2g}."
        )
        require(length <= _LENGTH[variant.jacobian.dtype], sentence)


def _check_convex(aggregator: Aggregator, problem: Problem) -> None:
    for variant in variants(problem, turn=2 + len(problem.jacobian)):
        tolerance = _LENGTH[variant.jacobian.dtype]
        update = rehearsed(aggregator, variant.jacobian).double()
        distance = _distance(
            variant.jacobian.double() / (variant.size or 1.0), update / (variant.size or 1.0)
        )
        sentence = _fail(
            aggregator, variant, f"the update lies outside the hull by {distance:.2g}."
        )
        require(distance <= tolerance, sentence)
        if isinstance(aggregator, GramianAggregator) and Need.GRAMIAN in aggregator.needs:
            _check_weights(aggregator, variant)


def _check_weights(aggregator: GramianAggregator, problem: Problem) -> None:
    jacobian = problem.jacobian
    served = (served_all(jacobian),) if takes_served(aggregator.needs) else ()
    method = started(aggregator, len(jacobian))
    assert isinstance(method, GramianAggregator)
    weights = method.weights(jacobian @ jacobian.T, *served).double()
    sentence = _fail(aggregator, problem, f"weights are no convex combination: {weights}.")
    require(float(weights.min()) >= -1e-6 and abs(float(weights.sum()) - 1) < 1e-5, sentence)


def _distance(rows: Tensor, point: Tensor) -> float:
    """How far a point lies from the rows' convex hull."""
    differences = rows - point
    weights = torch.from_numpy(min_norm_point((differences @ differences.T).numpy()))
    return float((weights @ differences).norm())


def _direction(update: Tensor) -> Tensor:
    return update / update.norm()


def _require_equal(got: Tensor, wanted: Tensor, sentence: str, problem: Problem) -> None:
    longest = max(problem.size, float(wanted.norm())) or 1.0
    error = float((got - wanted).norm()) / longest
    require(error <= _LENGTH[torch.float64], f"{sentence}, by {error:.2g}.")


_CHECKS: Mapping[Property, Callable[[Aggregator, Problem], None]] = {
    Property.PERMUTATION_INVARIANT: _check_permutation_invariant,
    Property.NON_CONFLICTING: _check_non_conflicting,
    Property.SCALE_EQUIVARIANT: _check_scale_equivariant,
    Property.LINEAR_UNDER_SCALING: _check_linear_under_scaling,
    Property.RESCALING_INVARIANT: _check_rescaling_invariant,
    Property.STATIONARY: _check_stationary,
    Property.CONVEX: _check_convex,
}
