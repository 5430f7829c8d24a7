"""Capabilities of scikit-learn estimators, read from the estimators themselves."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags

from polytask._naming import snake_case
from polytask._paths import Setting, find
from polytask._trust import is_own
from polytask._validation import Constraint, Each, OneOf, Satisfies
from polytask.ranges import Choices, SearchRange
from polytask.tasks import Kind, TaskSet, has_method

__all__ = [
    "ESTIMATORS",
    "SPACE",
    "accepts_sparse",
    "as_tuple",
    "declared_ranges",
    "draws",
    "estimator_for",
    "gives_several_outputs",
    "learns_standardized",
    "named_after",
    "seeded_clone",
    "serves",
    "takes",
]


ESTIMATOR = Satisfies(
    lambda value: (
        not inspect.isclass(value)
        and all(has_method(value, method) for method in ("fit", "predict", "get_params"))
    ),
    "an unfitted scikit-learn estimator",
)
ESTIMATORS: Constraint = OneOf((ESTIMATOR, Each(ESTIMATOR, minimum=1)))
SPACE: Constraint = Satisfies(
    lambda value: (
        isinstance(value, Mapping)
        and all(
            isinstance(values, SearchRange) or (isinstance(values, tuple | list) and values)
            for values in value.values()
        )
    ),
    "a mapping of setting to Range, Choices or a tuple of values",
)


def as_tuple(estimator: Any) -> tuple[Any, ...]:
    """The estimators, in the order of preference."""
    return tuple(estimator) if isinstance(estimator, tuple | list) else (estimator,)


def named_after(estimator: Any) -> str:
    """The estimators' names in snake case, joined: ``"ridge"``.

    Pipelines are named after their steps, meta-estimators also after the estimator inside.
    """
    return "_".join(map(_name, as_tuple(estimator)))


def _name(estimator: Any) -> str:
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list):
        return "_".join(_name(step) for _, step in steps if hasattr(step, "get_params"))
    own = snake_case(type(estimator).__name__)
    inner = estimator.get_params(deep=False).get("estimator")
    return f"{own}_{_name(inner)}" if hasattr(inner, "get_params") else own


def estimator_for(kind: Kind, estimators: tuple[Any, ...]) -> Any:
    """The estimator that serves tasks of this kind best, as it suits them; None if none can.

    The first of several that serve it alike.
    """
    best = max(estimators, key=kind.estimator_rank, default=None)
    return kind.suited(best) if best is not None and kind.estimator_rank(best) else None


def serves(tasks: TaskSet, estimators: tuple[Any, ...]) -> bool:
    """Whether every task has an estimator that can learn it."""
    return all(estimator_for(task.known_kind, estimators) is not None for task in tasks)


def declared_ranges(
    space: Mapping[str, SearchRange | tuple[Any, ...]], settings: Sequence[Setting], owner: str
) -> dict[str, SearchRange]:
    """Search ranges from a `space` argument, around the estimator's own values.

    Raises
    ------
    UnknownNameError
        If the estimator has no parameter of a name.
    """
    ranges = {
        name: values if isinstance(values, SearchRange) else Choices(tuple(values))
        for name, values in space.items()
    }
    return {
        name: search_range.at(find(settings, name, owner).value)
        for name, search_range in ranges.items()
    }


_SEEDS = 2**32
"""Seeds that scikit-learn takes."""


def seeded_clone(estimator: Any, seed: int) -> Any:
    """A clone with every open `random_state` set, of the estimator and of those inside it."""
    fresh = clone(estimator)
    open_seeds = [
        name
        for name, value in fresh.get_params().items()
        if name.split("__")[-1] == "random_state" and value is None
    ]
    return fresh.set_params(**dict.fromkeys(open_seeds, seed % _SEEDS))


def draws(estimators: tuple[Any, ...]) -> bool:
    """Whether a fit may depend on a seed: only estimators of polytask tell, by a `random_state`."""
    settings = [name for each in estimators for name in each.get_params()]
    open_seed = any(name.split("__")[-1] == "random_state" for name in settings)
    return open_seed or not all(is_own(type(each).__module__) for each in estimators)


def takes(estimator: Any, argument: str) -> bool:
    """Whether the estimator's `fit` has an argument of that name."""
    return argument in inspect.signature(estimator.fit).parameters


def accepts_sparse(estimator: Any) -> bool:
    """Whether an estimator learns from sparse matrices."""
    return bool(get_tags(estimator).input_tags.sparse)


def gives_several_outputs(estimator: Any) -> bool:
    """Whether an estimator learns several target columns at once."""
    return bool(get_tags(estimator).target_tags.multi_output)


def learns_standardized(estimator: Any) -> bool:
    """Whether an estimator accepts any numbers as targets, not only positive ones."""
    settings = estimator.get_params().values()
    inner = [estimator, *(value for value in settings if isinstance(value, BaseEstimator))]
    losses = [_loss_name(value) for value in settings]
    positive = any(get_tags(each).target_tags.positive_only for each in inner)
    return not positive and not any(loss in value for value in losses for loss in _POSITIVE_LOSSES)


def _loss_name(value: Any) -> str:
    """A setting as text: itself, or the name of a loss of polytask."""
    if isinstance(value, str):
        return value
    return type(value).__name__.casefold() if is_own(type(value).__module__) else ""


_POSITIVE_LOSSES = ("poisson", "gamma", "tweedie", "squaredlogerror")
"""Parts of the names of losses that are defined for positive targets alone."""
