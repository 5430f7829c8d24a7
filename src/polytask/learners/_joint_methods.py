"""Joint estimators of polytask's rooms by the names of their methods."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from sklearn.base import BaseEstimator

from polytask._naming import snake_case
from polytask.predictor import ESTIMATOR_ROOMS, is_joint

__all__ = ["joint_methods", "method_name"]

_KIND = re.compile(r"(Regressor|Classifier)(?=(CV)?$)")


def method_name(estimator: type) -> str:
    """The name of an estimator's method: its class without “Regressor” and “Classifier”.

    Another one is declared as ``model_name``.

    Examples
    --------
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from polytask.learners._joint_methods import method_name
    >>> method_name(ExtraTreesRegressor)
    'extra_trees'
    """
    declared = getattr(estimator, "model_name", None)
    return declared if isinstance(declared, str) else snake_case(_KIND.sub("", estimator.__name__))


@cache
def joint_methods() -> Mapping[str, tuple[type[Any], ...]]:
    """The regressor and the classifier of each method, or the one that it has, in this order."""
    methods: dict[str, tuple[type[Any], ...]] = {}
    for room in map(importlib.import_module, ESTIMATOR_ROOMS):
        public = [getattr(room, name) for name in room.__all__]
        for thing in filter(_is_joint, public):
            name = method_name(thing)
            methods[name] = (*methods.get(name, ()), thing)
    pairs = {name: tuple(sorted(own, key=_is_classifier)) for name, own in methods.items()}
    return MappingProxyType(pairs)


def _is_joint(thing: Any) -> bool:
    """Whether a thing is a joint estimator that needs no argument."""
    return (
        inspect.isclass(thing)
        and issubclass(thing, BaseEstimator)
        and not inspect.isabstract(thing)
        and hasattr(thing, "fit")
        and is_joint(thing)
        and all(
            each.default is not each.empty for each in inspect.signature(thing).parameters.values()
        )
    )


def _is_classifier(estimator: type) -> bool:
    return hasattr(estimator, "predict_proba")
