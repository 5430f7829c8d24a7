"""Whatever stands for a learner: names, recipes, architectures, and scikit-learn's estimators."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from sklearn.base import clone

from polytask._learner import Learner
from polytask._validation import describe, message
from polytask.architectures import Architecture
from polytask.exceptions import ParameterError
from polytask.learners._estimators import named_after, serves
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._resolve import resolve_learner
from polytask.learners._unserved import unserved
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import TaskSet

__all__ = ["Estimator", "as_learner", "as_learners"]

_PAIR = (
    "Numbers take a regressor, classes a classifier with predict_proba; give both as one learner, "
    "in a tuple: (RandomForestRegressor(), RandomForestClassifier())."
)


@runtime_checkable
class Estimator(Protocol):
    """What scikit-learn calls a regressor or a classifier."""

    def fit(self, X: Any, y: Any) -> Any: ...

    def predict(self, X: Any) -> Any: ...

    def get_params(self, deep: bool = True) -> Mapping[str, Any]: ...


_EXPECTED = {
    False: ("learner", "a learner or the name of one, or an estimator of scikit-learn"),
    True: ("learners", "learners or their names"),
}


def as_learner(given: Any, owner: str, tasks: TaskSet, *, several: bool = False) -> Learner:
    """The learner that a name, an architecture, an estimator or a tuple of estimators stands for.

    Estimators are cloned, and fitted to each task; of several, each task gets the first that can
    learn its kind.

    Parameters
    ----------
    given : str, Learner, Architecture, Estimator or tuple of Estimator
    owner : str
        Whose argument it is, for errors.
    tasks : TaskSet
        What is to be learned.
    several : bool, default False
        Whether it is one of several.

    Raises
    ------
    ParameterError
        If it is none of these, or an estimator that cannot learn the tasks.
    """
    if isinstance(given, str):
        return resolve_learner(given)
    if isinstance(given, Architecture):
        return MultiTaskNetwork(given)
    if isinstance(given, Learner) and not isinstance(given, type):
        return given
    if _are_estimators(given):
        return _wrapped(given, tasks)
    parameter, expected = _EXPECTED[several]
    remedy = f"Make an object of it: {given.__name__}()." if isinstance(given, type) else None
    raise ParameterError(message(owner, parameter, expected, given, remedy))


def as_learners(given: Any, owner: str, tasks: TaskSet) -> list[Learner]:
    """Learners of unique names; estimators of one class are told apart by their settings.

    Raises
    ------
    ParameterError
        If there is none, or two have one name.
    """
    if isinstance(given, Mapping):
        expected = "a learner, or a list of them; a learner's own `name` says what tables call it"
        raise ParameterError(message(owner, "learners", expected, given))
    alone = isinstance(given, str | Learner | Architecture | type) or _is_estimator(given)
    listed = [given] if alone or not isinstance(given, Iterable) else list(given)
    if isinstance(given, tuple) and _is_pair(given, tasks):
        listed = [given]
    if not listed:
        sentence = f"The `learners` parameter of {owner} must hold at least one learner."
        raise ParameterError(sentence)
    found = [as_learner(one, owner, tasks, several=True) for one in listed]
    names = [learner.name for learner in found]
    for place, one in enumerate(listed):
        if names.count(names[place]) > 1 and _are_estimators(one):
            found[place] = replace(found[place], name=_distinct_name(one))  # type: ignore[type-var]
    _check_unique([learner.name for learner in found], owner)
    return found


def _check_unique(names: list[str], owner: str) -> None:
    for name in names:
        if names.count(name) > 1:
            sentence = (
                f"The `learners` parameter of {owner} must be learners with unique names. "
                f"Got {name!r} twice; give one of them another `name`."
            )
            raise ParameterError(sentence)


def _is_estimator(given: Any) -> bool:
    return isinstance(given, Estimator) and not isinstance(given, type)


def _are_estimators(given: Any) -> bool:
    """One estimator, or a tuple or list of them."""
    several = isinstance(given, tuple | list) and bool(given) and all(map(_is_estimator, given))
    return several or _is_estimator(given)


def _is_pair(given: tuple[Any, ...], tasks: TaskSet) -> bool:
    """Whether a tuple of estimators can learn together what one of them cannot."""
    if len(given) < 2 or not _are_estimators(given):
        return False
    return serves(tasks, given) and not all(serves(tasks, (one,)) for one in given)


def _wrapped(given: Any, tasks: TaskSet) -> PerTaskEstimator:
    copies = tuple(clone(one) for one in ([given] if _is_estimator(given) else given))
    learner = PerTaskEstimator(copies[0] if len(copies) == 1 else copies)
    reason = unserved(learner, tasks)
    if reason is not None:
        raise ParameterError(f"{reason} {_PAIR}")
    return learner


def _distinct_name(given: Any) -> str:
    """A name that shows the settings that are not the class's own: ``"ridge(alpha=10.0)"``."""
    parts = []
    for one in [given] if _is_estimator(given) else given:
        usual = inspect.signature(type(one)).parameters
        changed = ", ".join(
            f"{name}={describe(value, 20)}"
            for name, value in one.get_params(deep=False).items()
            if name not in usual or repr(usual[name].default) != repr(value)
        )
        parts.append(f"{named_after(one)}({changed})" if changed else named_after(one))
    return "_".join(parts)
