"""Trees of histogram gradient boosting, packed into a few arrays for a file of estimators."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from polytask.predictor._estimator_checks import parts_of

__all__ = ["pack_trees", "unpack_trees"]

_ARRAYS = ("nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets")
"""The attributes of a tree."""


def pack_trees(estimators: Any) -> Any:
    """Return the estimators with a few arrays in place of the trees of each histogram boosting.

    Boosting of a hundred tasks has tens of thousands of small arrays, each of which would be
    written, checked and read as a file of its own.
    """
    rounds = [part._predictors for part in parts_of(estimators) if _holds_trees(part)]  # noqa: SLF001
    packed: dict[int, Any] = {id(trees): _packed(trees) for trees in rounds}
    return copy.deepcopy(estimators, packed) if packed else estimators


def unpack_trees(estimators: Any) -> None:
    """Restore in place the trees that `pack_trees` packed.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        If the arrays are not those of trees. Paths and values inside the trees are not checked.
    """
    for part in list(parts_of(estimators)):
        if _is_boosting(part) and isinstance(vars(part).get("_predictors"), Mapping):
            part._predictors = _unpacked(part._predictors)  # noqa: SLF001


def _is_boosting(part: Any) -> bool:
    return isinstance(part, HistGradientBoostingClassifier | HistGradientBoostingRegressor)


def _holds_trees(part: Any) -> bool:
    """Whether an object is fitted histogram boosting with nothing but plain trees."""
    trees = list(chain(*vars(part).get("_predictors", ()))) if _is_boosting(part) else []
    return bool(trees) and all(
        type(tree) is TreePredictor
        and vars(tree).keys() == set(_ARRAYS)
        and tree.nodes.dtype == PREDICTOR_RECORD_DTYPE
        for tree in trees
    )


def _packed(rounds: Sequence[Sequence[TreePredictor]]) -> dict[str, np.ndarray]:
    trees = list(chain(*rounds))
    packed = {"trees_per_round": np.array(list(map(len, rounds)))}
    for name in _ARRAYS:
        arrays = [getattr(tree, name) for tree in trees]
        packed[name] = np.concatenate(arrays)
        packed[f"{name}_per_tree"] = np.array(list(map(len, arrays)))
    return packed


def _unpacked(packed: Mapping[str, np.ndarray]) -> list[list[TreePredictor]]:
    if not all(type(array) is np.ndarray for array in packed.values()):
        raise ValueError("packed trees are something other than arrays")
    nodes = packed["nodes"]
    if nodes.ndim != 1 or nodes.dtype.names != PREDICTOR_RECORD_DTYPE.names:
        raise ValueError("packed trees have nodes that are none")
    nodes = nodes.astype(PREDICTOR_RECORD_DTYPE, casting="same_kind", copy=False)
    for name in _ARRAYS[1:]:
        if packed[name].dtype != np.uint32 or packed[name].shape[1:] != (8,):
            raise ValueError("packed trees have sets of categories that are none")
    arrays = [
        _parts({**packed, "nodes": nodes}[name], packed[f"{name}_per_tree"]) for name in _ARRAYS
    ]
    trees = [TreePredictor(*own) for own in zip(*arrays, strict=True)]
    return [list(own) for own in _parts(trees, packed["trees_per_round"])]


def _parts(values: Any, lengths: np.ndarray) -> list[Any]:
    """Consecutive parts of these lengths, which cover the values.

    Raises
    ------
    ValueError
    """
    if lengths.ndim != 1 or lengths.dtype.kind != "i" or (lengths < 0).any():
        raise ValueError("packed trees have lengths that are none")
    stops = np.cumsum(lengths).tolist()
    if sum(lengths.tolist()) != len(values):
        raise ValueError("packed trees have other lengths than their arrays")
    return [values[stop - n : stop] for stop, n in zip(stops, lengths.tolist(), strict=True)]
