"""Conversion to learners: from names, recipes, architectures and scikit-learn estimators."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from sklearn.base import clone

from polytask._learner import Learner
from polytask._validation import describe, message
from polytask.architectures import Architecture
from polytask.exceptions import ParameterError
from polytask.learners._estimators import named_after, serves
from polytask.learners._joint_estimator import JointEstimator
from polytask.learners._labelled import with_distinct_names
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._table_networks import form_note
from polytask.learners._unserved import unserved
from polytask.learners.names import NameOwner, resolve_learner
from polytask.merging import Merging
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.predictor import is_joint
from polytask.tasks import TaskSet

__all__ = ["Estimator", "as_learner", "as_learners", "encoder_note"]

_PAIR = (
    "Numbers take a regressor, classes a classifier with predict_proba; give both as one learner, "
    "in a tuple: (RandomForestRegressor(), RandomForestClassifier())."
)


@runtime_checkable
class Estimator(Protocol):
    """Protocol of a regressor or a classifier of scikit-learn."""

    def fit(self, X: Any, y: Any) -> Any: ...

    def predict(self, X: Any) -> Any: ...

    def get_params(self, deep: bool = True) -> Mapping[str, Any]: ...


_SEVERAL = {
    False: "`polytask.compare` takes several, in a list.",
    True: "Give several as a list of names.",
}
_EXPECTED = {
    False: ("learner", "a learner or the name of one, or an estimator of scikit-learn"),
    True: ("learners", "learners or their names"),
}


def as_learner(given: Any, owner: str, tasks: TaskSet, *, several: bool = False) -> Learner:
    """Return the learner for a name, an architecture, a merging, an estimator or a tuple of them.

    A network that is named without an encoder gets one that suits the tasks. Estimators are cloned
    and fitted per task, or together if their `fit` takes ``tasks=``; of several, each task gets the
    first that can learn its kind.

    Parameters
    ----------
    given : str, Learner, Architecture, Merging, Estimator or tuple of Estimator
    owner : str
        Whose argument it is, for errors.
    tasks : TaskSet
        Tasks to learn.
    several : bool, default False
        Whether the argument is one of several learners.

    Raises
    ------
    ParameterError
        If `given` is none of these, or an estimator that cannot learn the tasks.
    """
    if isinstance(given, str):
        return resolve_learner(given, _name_owner(owner, several=several), tasks=tasks)
    if isinstance(given, Architecture):
        return MultiTaskNetwork(given)
    if isinstance(given, Merging):
        return MergedNetwork(merging=given)
    if isinstance(given, Learner) and not isinstance(given, type):
        return given
    if _are_estimators(given):
        return _wrap(given, tasks)
    parameter, expected = _EXPECTED[several]
    remedy = f"Make an object of it: {given.__name__}()." if isinstance(given, type) else None
    raise ParameterError(message(owner, parameter, expected, given, remedy))


def encoder_note(given: Any, tasks: TaskSet, others: Sequence[type[Learner]] = ()) -> str | None:
    """A sentence on the encoder of networks that are named without one, if the tasks decide on it.

    Parameters
    ----------
    given : learner or learners, or their names
    tasks : TaskSet
    others : sequence of classes
        Learners of rooms above this one that names may mean.
    """
    note = form_note(tasks)
    names = [given] if isinstance(given, str) else given
    if note is None or not isinstance(names, Collection):
        return None
    suited = any(
        resolve_learner(name, others=others) != resolve_learner(name, tasks=tasks, others=others)
        for name in names
        if isinstance(name, str)
    )
    return note if suited else None


def as_learners(given: Any, owner: str, tasks: TaskSet) -> list[Learner]:
    """Return learners with unique names; equal ones are told apart by their settings.

    Estimators of one class are named by the settings that are not its defaults, networks of one
    name by the settings in which they differ.

    Raises
    ------
    ParameterError
        If there is none, or two share a name.
    """
    if isinstance(given, Mapping):
        expected = "a learner, or a list of them; a learner's own `name` says what tables call it"
        raise ParameterError(message(owner, "learners", expected, given))
    alone = isinstance(given, str | Learner | Architecture | Merging | type) or _is_estimator(given)
    listed = [given] if alone or not isinstance(given, Iterable) else list(given)
    if isinstance(given, tuple) and _is_pair(given, tasks):
        listed = [given]
    if not listed:
        sentence = f"The `learners` parameter of {owner} must hold at least one learner."
        raise ParameterError(sentence)
    learners = [as_learner(item, owner, tasks, several=True) for item in listed]
    names = [learner.name for learner in learners]
    for position, item in enumerate(listed):
        if names.count(names[position]) > 1 and _are_estimators(item):
            name = _distinct_name(item, learners[position].name)
            learners[position] = replace(learners[position], name=name)  # type: ignore[type-var]
    learners = with_distinct_names(learners)
    _check_unique(learners, owner)
    return learners


def _name_owner(owner: str, *, several: bool) -> NameOwner:
    return NameOwner(owner, _EXPECTED[several][0], _SEVERAL[several])


def _check_unique(learners: Sequence[Learner], owner: str) -> None:
    names = [learner.name for learner in learners]
    for learner in learners:
        if names.count(learner.name) > 1:
            sentence = (
                f"The `learners` parameter of {owner} must be learners with unique names. "
                f"Got {learner.name!r} twice; {_renaming(learner)}."
            )
            raise ParameterError(sentence)


def _renaming(learner: Learner) -> str:
    """How a learner gets another name: by a field, or by a field that its class has yet to have."""
    cls = type(learner)
    given = [field for field in ("label", "name") if field in inspect.signature(cls).parameters]
    if given:
        return f"give one of them another `{given[0]}`: {cls.__name__}(…, {given[0]}=…)"
    return (
        f"let {cls.__name__} have a field `name: str = {learner.name!r}`, and give one of them "
        "another one"
    )


def _is_estimator(given: Any) -> bool:
    return isinstance(given, Estimator) and not isinstance(given, type)


def _are_estimators(given: Any) -> bool:
    """Whether `given` is an estimator, or a tuple or list of them."""
    several = isinstance(given, tuple | list) and bool(given) and all(map(_is_estimator, given))
    return several or _is_estimator(given)


def _is_pair(given: tuple[Any, ...], tasks: TaskSet) -> bool:
    """Whether a tuple of estimators serves tasks that none of them serves alone."""
    if len(given) < 2 or not _are_estimators(given):
        return False
    return serves(tasks, given) and not all(serves(tasks, (estimator,)) for estimator in given)


def _wrap(given: Any, tasks: TaskSet) -> PerTaskEstimator | JointEstimator:
    copies = tuple(clone(estimator) for estimator in ([given] if _is_estimator(given) else given))
    adapter = JointEstimator if any(map(is_joint, copies)) else PerTaskEstimator
    learner = adapter(copies[0] if len(copies) == 1 else copies)
    reason = unserved(learner, tasks)
    if reason is not None:
        raise ParameterError(reason if learner.joint else f"{reason} {_PAIR}")
    return learner


def _distinct_name(given: Any, name: str) -> str:
    """A name with the settings that differ from the class's defaults: ``"ridge(alpha=10.0)"``.

    That of a joint estimator begins with the name of its method.
    """
    parts = []
    for estimator in [given] if _is_estimator(given) else given:
        defaults = inspect.signature(type(estimator)).parameters
        changed = ", ".join(
            f"{setting}={describe(value, 20)}"
            for setting, value in estimator.get_params(deep=False).items()
            if setting not in defaults or repr(defaults[setting].default) != repr(value)
        )
        own = name if is_joint(estimator) else named_after(estimator)
        parts.append(f"{own}({changed})" if changed else own)
    return "_".join(dict.fromkeys(parts))
