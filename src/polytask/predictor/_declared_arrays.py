"""Checks of fitted arrays from a file by the kinds and axes that their class declares."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints

from jaxtyping import AbstractArray
from sklearn.base import is_regressor

__all__ = ["check_declared_arrays"]


def check_declared_arrays(part: Any) -> None:
    """Raise unless the arrays of an estimator of polytask are as their annotations say.

    Predictions do not read every array, so that a trial of them is not enough. Axes of one name have one length. That of
    ``features`` is `n_features_in_`, and in regressors that of ``tasks`` is `n_tasks_`; in classifiers, whose
    tasks may have several columns of scores, it is not compared.

    Raises
    ------
    ValueError
    """
    own, kind = vars(part), type(part).__name__
    declaring: type = type(part)
    known = {"features": "n_features_in_"} | ({"tasks": "n_tasks_"} if is_regressor(part) else {})
    sizes = {axis: own[name] for axis, name in known.items() if name in own}
    for name, declared in _declared_arrays(declaring).items():
        if name not in own:
            continue
        axes = declared.dim_str.split()
        if not isinstance(own[name], declared):
            raise ValueError(f"{name} of {kind} is no array of numbers of shape {_shape(axes)}")
        for axis, size in zip(axes, own[name].shape, strict=True):
            if sizes.setdefault(axis, size) != size:
                sentence = f"{name} of {kind} has {size} {axis} where there are {sizes[axis]}"
                raise ValueError(sentence)


def _shape(axes: list[str]) -> str:
    return f"({', '.join(axes)}{',' * (len(axes) == 1)})"


@cache
def _declared_arrays(kind: type) -> Mapping[str, Any]:
    """Annotations of a class that say what arrays its attributes are."""
    return {
        name: hint
        for name, hint in get_type_hints(kind).items()
        if isinstance(hint, type) and issubclass(hint, AbstractArray)
    }
