"""Checks of estimators from a file, since compiled code trusts the arrays in them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.svm._base import BaseLibSVM
from sklearn.utils._param_validation import make_constraint

from polytask._trust import is_own
from polytask._validation import check_parameters
from polytask.predictor._declared_arrays import check_declared_arrays
from polytask.predictor._estimator_rooms import SETTING_ROOMS
from polytask.predictor._tree_checks import check_boosting, check_neighbours, check_trees

__all__ = ["check_estimators", "check_unmasked", "parts_of"]

_WEIGHTS = {
    "X_fit_",
    "X_train_",
    "_dual_coef_",
    "_fit_X",
    "_gamma",
    "_intercept_",
    "_probA",
    "_probB",
    "_y",
    "alpha_",
    "class_log_prior_",
    "class_prior_",
    "cluster_centers_",
    "coef_",
    "coefs_",
    "components_",
    "constant_",
    "dual_coef_",
    "feature_log_prob_",
    "intercept_",
    "intercepts_",
    "mean_",
    "scale_",
    "support_vectors_",
    "theta_",
    "var_",
    "y_train_",
}
"""Fitted attributes that enter predictions unchanged and are never missing."""

_THREADS = {"n_jobs", "n_threads", "_n_threads"}
_KERNELS = {"linear", "poly", "rbf", "sigmoid"}


def check_estimators(estimators: Any) -> None:
    """Raise unless all parts of fitted estimators fit together; limit their numbers of threads.

    Raises
    ------
    ValueError
        With a description of the problem.
    """
    for part in parts_of(estimators):
        for check in _CHECKS:
            check(part)


def check_unmasked(estimators: Any) -> None:
    """Raise for masked arrays, but in the results of searches, which no prediction reads.

    Comparisons and sums of numpy pass over masked entries, while compiled code reads them, so no
    other check is one of a masked array. The schema does not say it all: skops reuses an object
    wherever its id occurs.

    Raises
    ------
    ValueError
    """
    if any(isinstance(part, np.ma.MaskedArray) for part in parts_of(estimators, _without_results)):
        raise ValueError("an array is masked")


def _without_results(part: Any) -> list[Any]:
    if not isinstance(part, BaseSearchCV):
        return _inside(part)
    return [value for name, value in vars(part).items() if name != "cv_results_"]


def parts_of(value: Any, inside: Callable[[Any], list[Any]] | None = None) -> Iterator[Any]:
    """Yield an object and all objects inside it, in lists and in mappings, each once.

    Parameters
    ----------
    value : object
    inside : function, optional
        Gives the objects directly inside one; by default all of them.
    """
    inside = inside or _inside
    ahead, seen = [value], {id(value)}
    while ahead:
        part = ahead.pop()
        yield part
        fresh = {id(inner): inner for inner in inside(part) if id(inner) not in seen}
        seen.update(fresh)
        ahead += reversed(fresh.values())


def _inside(part: Any) -> list[Any]:
    if isinstance(part, list | tuple | set):
        return list(part)
    if isinstance(part, np.ndarray):
        return list(part.ravel()) if part.dtype == object else []
    inner = list(part.values()) if isinstance(part, Mapping) else []
    return [*inner, *getattr(part, "__dict__", {}).values()]


def _check_attributes(part: Any) -> None:
    """Check that no attribute hides a method and all numbers are in range; limit threads."""
    if not isinstance(part, BaseEstimator):
        return
    own = vars(part)
    for name, value in own.items():
        if _is_method(type(part), name):
            raise ValueError(f"an attribute of {_kind(part)} takes the place of its {name}()")
        if name in _WEIGHTS:
            _check_finite(part, name, value)
        if name in _THREADS and isinstance(value, Integral):
            setattr(part, name, min(int(value), os.cpu_count() or 1))
    _check_settings(part)
    if own.get("input", "content") != "content":
        raise ValueError(f"{_kind(part)} would read files")


def _check_settings(part: BaseEstimator) -> None:
    """Raise for numbers outside the range that scikit-learn declares for `fit`."""
    for name, allowed in getattr(part, "_parameter_constraints", {}).items():
        value = vars(part).get(name)
        if allowed == "no_validation" or not isinstance(value, Real):
            continue
        if not any(each.is_satisfied_by(value) for each in map(make_constraint, allowed)):
            raise ValueError(f"{name} of {_kind(part)} is {value!r}")


def _is_method(kind: type, name: str) -> bool:
    """Whether a class has a method of that name."""
    return callable(getattr(kind, name, None)) and not isinstance(getattr(kind, name), type)


def _check_finite(part: Any, name: str, value: Any) -> None:
    for array in value if isinstance(value, list | tuple) else [value]:
        numbers = array.data if sparse.issparse(array) else np.asarray(array)
        if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
            raise ValueError(f"{name} of {_kind(part)} holds values that are not finite")
        if name == "scale_" and numbers.dtype.kind == "f" and not numbers.all():
            raise ValueError(f"{name} of {_kind(part)} holds a 0")


def _check_sparse(part: Any) -> None:
    if not sparse.issparse(part):
        return
    if part.format != "csr":
        raise ValueError(f"a sparse matrix is laid out as {part.format}")
    part.check_format(full_check=True)


def _check_generators(part: Any) -> None:
    """Check numpy's generators, which read their state at an unchecked position."""
    if isinstance(part, np.random.RandomState):
        kind, key, position, *_ = part.get_state()
        if kind != "MT19937" or not 0 <= int(position) <= len(key):
            raise ValueError("a random state is none")
    if isinstance(part, np.random.Generator) and type(part.bit_generator) is not np.random.PCG64:
        raise ValueError("a random generator is of another kind than numpy's own")


def _check_support_vectors(part: Any) -> None:
    """Check the arrays that libsvm reads without checking their sizes."""
    if not isinstance(part, BaseLibSVM) or not hasattr(part, "support_vectors_"):
        return
    vectors, coefficients = part.support_vectors_, part._dual_coef_
    n_vectors, counts = vectors.shape[0], part._n_support  # noqa: SLF001
    classifies = part._impl in {"c_svc", "nu_svc"}  # noqa: SLF001
    n_classes = len(counts)
    n_coefficients = (n_classes - 1) * n_vectors
    pairs = n_classes * (n_classes - 1) // 2
    probabilities = {len(part._probA), len(part._probB)}  # noqa: SLF001
    sound = (
        vectors.ndim == 2
        and vectors.shape[1] == part.n_features_in_
        and isinstance(part.kernel, str)
        and part.kernel in _KERNELS
        and sparse.issparse(vectors) == sparse.issparse(coefficients) == bool(part._sparse)  # noqa: SLF001
        and (not sparse.issparse(vectors) or coefficients.nnz == n_coefficients)
        and len(part.support_) == n_vectors
        and coefficients.shape == (n_classes - 1, n_vectors)
        and len(part._intercept_) == pairs
        and probabilities <= ({0, pairs} if classifies else {0, 1, pairs})
        and len(probabilities) == 1
        and (not classifies or (counts.min() >= 0 and counts.sum() == n_vectors))
        and n_classes == (len(part.classes_) if classifies else 2)
    )
    if not sound:
        raise ValueError(f"the support vectors of {_kind(part)} do not fit together")


def _check_own(part: Any) -> None:
    """Check estimators of polytask: settings in their range, finite arrays that fit together.

    `check_model_parts` has them predict, which tells of what predictions read: they are written in
    numpy, which checks its indices.
    """
    if not isinstance(part, BaseEstimator) or not is_own(type(part).__module__):
        return
    for name, parameter in inspect.signature(type(part)).parameters.items():
        if name not in vars(part) and parameter.default is not parameter.empty:
            setattr(part, name, parameter.default)  # a setting that earlier versions did not have
    if hasattr(type(part), "parameter_constraints"):
        check_parameters(part)
    for name, value in vars(part).items():
        if isinstance(value, np.ndarray) and value.dtype.kind not in "biufU":
            raise ValueError(f"{name} of {_kind(part)} holds something other than numbers")
        _check_finite(part, name, value)
    check_declared_arrays(part)
    if "tasks_" in vars(part) and np.shape(part.tasks_) != (vars(part).get("n_tasks_"),):
        raise ValueError(f"{_kind(part)} has more or fewer tasks than it says")


def _check_setting(part: Any) -> None:
    """Raise unless a loss or penalty has its fields, with values that it accepts."""
    room = ".".join(type(part).__module__.split(".")[:2])
    if room not in SETTING_ROOMS or not is_dataclass(part) or isinstance(part, type):
        return
    if vars(part).keys() != {field.name for field in fields(part)}:
        raise ValueError(f"{_kind(part)} has other settings than it takes")
    replace(part)  # checks them


def _kind(part: Any) -> str:
    return type(part).__name__


_CHECKS: tuple[Callable[[Any], None], ...] = (
    _check_attributes,
    _check_sparse,
    _check_generators,
    _check_support_vectors,
    check_trees,
    check_boosting,
    check_neighbours,
    _check_own,
    _check_setting,
)
