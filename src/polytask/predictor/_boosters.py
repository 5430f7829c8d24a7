"""Boosters inside estimators: extracted before skops writes, inserted after it has read."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sklearn.base import BaseEstimator, is_classifier

from polytask._files import write_bytes
from polytask._reason import reason
from polytask.exceptions import BundleError, PolytaskError
from polytask.predictor._booster import BoosterClassifier, BoosterRegressor, Trees
from polytask.predictor._contents import Contents
from polytask.predictor._estimator_checks import parts_of
from polytask.predictor._lightgbm import LightGBMTrees
from polytask.predictor._xgboost import XGBoostTrees

__all__ = ["BoosterEntry", "extract_boosters", "fitted_trees", "insert_boosters"]

_MARK = "polytask booster"
_LIBRARIES: Mapping[str, Any] = {"lightgbm": LightGBMTrees, "xgboost": XGBoostTrees}


@dataclass(frozen=True)
class BoosterEntry:
    """The entry of a booster in a saved model.

    Parameters
    ----------
    library : {"lightgbm", "xgboost"} or None
        None for a booster that was never fitted, such as the template of an ensemble's members.
    file : str
        File in the library's own format.
    classes : tuple of int or None
        None for numbers.
    missing : float or None
        The number that stands for missing cells, besides NaN.
    gives_margins : bool
        Whether the library's classifier has a ``decision_function``.
    """

    library: Literal["lightgbm", "xgboost"] | None
    file: str
    classes: tuple[int, ...] | None
    missing: float | None = None
    gives_margins: bool = False


def extract_boosters(estimators: Any, folder: Path) -> tuple[Any, list[dict[str, Any]]]:
    """Write boosters to files; return the estimators with marks for them, and their entries.

    Raises
    ------
    BundleError
        If a booster cannot be saved so that it predicts the same.
    """
    models = [part for part in parts_of(estimators) if _is_booster(part)]
    entries = []
    for position, model in enumerate(models):
        trees = _trees(model)
        entry = BoosterEntry(None, "", _classes(model))
        if trees is not None:
            missing = None if math.isnan(trees.missing) else trees.missing
            file = f"booster-{position}.{trees.suffix}"
            margins = is_classifier(model) and hasattr(model, "decision_function")
            entry = BoosterEntry(trees.library, file, _classes(model), missing, margins)
            write_bytes(folder / file, trees.content())
        entries.append(asdict(entry))
    marks: dict[int, Any] = {id(model): {_MARK: index} for index, model in enumerate(models)}
    return (copy.deepcopy(estimators, marks) if models else estimators), entries


def insert_boosters(estimators: Any, entries: tuple[BoosterEntry, ...], contents: Contents) -> Any:
    """Return the estimators with boosters in place of their marks.

    Raises
    ------
    BundleError
        If a booster's file is damaged or forged, or marks and entries do not agree.
    """
    boosters = [_load_booster(entry, contents) for entry in entries]
    marks = [part for part in parts_of(estimators) if isinstance(part, dict) and _MARK in part]
    indices = [mark[_MARK] for mark in marks]
    if any(type(index) is not int or not 0 <= index < len(boosters) for index in indices):
        raise BundleError(f"{contents.folder} names a booster that it does not describe.")
    replaced: dict[int, Any] = {id(mark): boosters[mark[_MARK]] for mark in marks}
    return copy.deepcopy(estimators, replaced) if marks else estimators


def fitted_trees(estimator: Any) -> Trees | None:
    """The booster in an estimator; None if it has none, or one that could not be saved."""
    try:
        return _trees(estimator) if _is_booster(estimator) else None
    except BundleError:
        return None


def _is_booster(part: Any) -> bool:
    """Whether an object is an estimator of one of the libraries, or a loaded booster."""
    library = type(part).__module__.partition(".")[0]
    own = library in _LIBRARIES and isinstance(part, BaseEstimator)
    return own or isinstance(part, BoosterRegressor | BoosterClassifier)


def _trees(model: Any) -> Trees | None:
    if isinstance(model, BoosterRegressor | BoosterClassifier):
        return model.trees
    return _LIBRARIES[type(model).__module__.partition(".")[0]].of(model)


def _classes(model: Any) -> tuple[int, ...] | None:
    if not is_classifier(model):
        return None
    return tuple(int(label) for label in getattr(model, "classes_", ()))


def _load_booster(entry: BoosterEntry, contents: Contents) -> BoosterRegressor | BoosterClassifier:
    trees = None
    if entry.library is not None:
        missing = math.nan if entry.missing is None else entry.missing
        n_classes = None if entry.classes is None else len(entry.classes)
        trees = _read_trees(_LIBRARIES[entry.library], entry.file, n_classes, missing, contents)
    if entry.classes is None:
        return BoosterRegressor(trees)
    margins = entry.gives_margins and entry.library == "lightgbm"
    return BoosterClassifier(trees, entry.classes, gives_margins=margins)


def _read_trees(
    library: Any, file: str, n_classes: int | None, missing: float, contents: Contents
) -> Trees:
    content, path = contents.read(file), contents.path(file)
    try:
        return library.read(content, n_classes, missing)
    except PolytaskError:
        raise
    except Exception as error:
        problem = reason(error, 200, named=False)
        raise BundleError(f"{path} holds no booster that can predict: {problem}.") from error
