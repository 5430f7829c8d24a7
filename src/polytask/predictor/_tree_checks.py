"""Checks of trees from a file: their children and features exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree._tree import Tree

__all__ = ["check_boosting", "check_inner_nodes", "check_neighbours", "check_trees"]


def check_inner_nodes(
    inner: Any, children: Any, feature: Any, n_nodes: int, n_features: int
) -> None:
    """Raise unless the inner nodes of a tree have later children and split on existing features.

    Parameters
    ----------
    inner : array of int
        Positions of the nodes that are split.
    children : array of shape (2, n)
        Children of each inner node; they come after it, so that every path ends.
    feature : array of int
        Feature on which each inner node is split.
    n_nodes, n_features : int

    Raises
    ------
    ValueError
    """
    later = (children > inner) & (children < n_nodes)
    known = (feature >= 0) & (feature < n_features)
    if n_nodes < 1 or not later.all() or not known.all():
        raise ValueError("a tree leads to nodes or features that do not exist")


def check_trees(part: Any) -> None:
    """Check scikit-learn's trees, and that ensembles pass them all their features."""
    if isinstance(part, Tree):
        _check_tree(part)
    own = getattr(part, "__dict__", {})
    if isinstance(own.get("tree_"), Tree):
        _check_width(own["tree_"], own.get("n_features_in_"))
    members = own.get("estimators_")
    if not isinstance(members, list | np.ndarray):
        return
    features = own.get("estimators_features_", [None] * len(members))
    for member, seen in zip(members, features, strict=True):
        width = own.get("n_features_in_") if seen is None else len(seen)
        for tree in np.ravel(np.array([member], dtype=object)):
            if isinstance(getattr(tree, "tree_", None), Tree):
                _check_width(tree.tree_, width)


def _check_width(tree: Tree, width: object) -> None:
    if width != tree.n_features:
        raise ValueError(f"a tree for {tree.n_features} features is shown {width}")


def _check_tree(tree: Tree) -> None:
    if tree.node_count != tree.capacity:  # or its arrays would reach beyond the memory they have
        raise ValueError("a tree has another number of nodes than it says")
    inner = np.flatnonzero(tree.children_left != -1)
    children = np.stack([tree.children_left[inner], tree.children_right[inner]])
    check_inner_nodes(inner, children, tree.feature[inner], tree.node_count, tree.n_features)
    if not np.isfinite(tree.value).all() or np.isnan(tree.threshold).any():
        raise ValueError("a tree holds values that are not finite")


def check_boosting(part: Any) -> None:
    """Check gradient boosting, with and without histograms."""
    if isinstance(part, BaseGradientBoosting) and hasattr(part, "estimators_"):
        members = part.estimators_
        start = part._raw_predict_init(np.zeros((1, part.n_features_in_), np.float32))  # noqa: SLF001
        sound = members.ndim == 2 and start.shape == (1, members.shape[1])
        if not sound or any(member.tree_.value.shape[1:] != (1, 1) for member in members.flat):
            raise ValueError("the trees of gradient boosting do not fit together")
    by_histogram = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    if isinstance(part, by_histogram) and hasattr(part, "_predictors"):
        _check_histogram_boosting(part)


def _check_histogram_boosting(part: Any) -> None:
    binning, rounds = part._bin_mapper, part._predictors  # noqa: SLF001
    categorical = np.asarray(binning.is_categorical_)
    seen = np.zeros((1, part.n_features_in_))
    if part._preprocessor is not None:  # noqa: SLF001
        seen = part._preprocessor.transform(seen)  # noqa: SLF001
    width = seen.shape[1]
    if categorical.shape != (width,) or len(binning.bin_thresholds_) != width:
        raise ValueError("the bins of boosted trees are those of other features")
    if not np.isfinite(part._baseline_prediction).all():  # noqa: SLF001
        raise ValueError("the start of boosted trees is not finite")
    for predictors in rounds:
        if len(predictors) != part.n_trees_per_iteration_:
            raise ValueError("a round of boosting has more or fewer trees than outputs")
        for predictor in predictors:
            _check_predictor(predictor, categorical.astype(bool))


def _check_predictor(predictor: Any, categorical: np.ndarray) -> None:
    nodes, bits = predictor.nodes, predictor.raw_left_cat_bitsets
    if not type(nodes) is type(bits) is np.ndarray or nodes.ndim != 1:
        raise ValueError("a boosted tree has nodes that are none")
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    split = nodes[inner]
    children = np.stack([split["left"], split["right"]]).astype(np.int64)
    check_inner_nodes(inner, children, split["feature_idx"], len(nodes), len(categorical))
    by_category = split[split["is_categorical"] != 0]
    sound = (
        np.isfinite(nodes["value"]).all()
        and not np.isnan(split["num_threshold"]).any()
        and bits.dtype == np.uint32
        and bits.ndim == 2
        and bits.shape[1] == 8
        and (by_category["bitset_idx"] < len(bits)).all()
        and categorical[by_category["feature_idx"]].all()
    )
    if not sound:
        raise ValueError("a boosted tree holds values that it cannot have")


def check_neighbours(part: Any) -> None:
    """Check nearest-neighbour trees, and that compared rows have the same width."""
    own = getattr(part, "__dict__", {})
    width = own.get("n_features_in_")
    for rows in (own.get("_fit_X"), own.get("cluster_centers_")):
        if rows is not None and getattr(rows, "shape", (0, width))[1:] != (width,):
            raise ValueError("rows are compared with rows of other features")
    tree = own.get("_tree")
    if isinstance(tree, KDTree | BallTree) and tree.__getstate__()[0].shape[1:] != (width,):
        raise ValueError("rows are compared with rows of other features")
    if isinstance(part, KDTree | BallTree):
        _check_neighbour_tree(part)
    if "_fit_X" in own and "_y" in own:
        _check_known_rows(part, own)


def _check_known_rows(part: Any, own: Mapping[str, Any]) -> None:
    """Raise unless every possible neighbour has an answer, among the classes if any."""
    n_rows, answers = own["_fit_X"].shape[0], np.asarray(own["_y"])
    sound = len(answers) == own["n_samples_fit_"] == n_rows
    if sound and "classes_" in own:
        columns = answers.reshape(n_rows, -1).T
        classes = own["classes_"] if own["outputs_2d_"] else [own["classes_"]]
        sound = len(columns) == len(classes) and all(
            column.dtype.kind == "i" and ((column >= 0) & (column < len(known))).all()
            for column, known in zip(columns, classes, strict=True)
        )
    if not sound or not 0 < (part.n_neighbors or 1) <= n_rows:
        raise ValueError("neighbours have more or fewer answers than there are rows")


def _check_neighbour_tree(tree: KDTree | BallTree) -> None:
    data, index, nodes, bounds, _, _, n_nodes, *_, metric, weights = tree.__getstate__()
    n, last = len(data), 2 * np.arange(len(nodes)) + 2 >= len(nodes)
    starts, ends = nodes["idx_start"], nodes["idx_end"]
    _, vector, *_ = metric.__getstate__()
    sides = 2 if isinstance(tree, KDTree) else 1
    sound = (
        weights is None
        and n_nodes == len(nodes) > 0
        and index.shape == (n,)
        and ((index >= 0) & (index < n)).all()
        and ((starts >= 0) & (starts <= ends) & (ends <= n)).all()
        and (nodes["is_leaf"][last] != 0).all()
        and bounds.shape == (sides, len(nodes), data.shape[1])
        and len(vector) <= 1
        and np.isfinite(data).all()
    )
    if not sound:
        raise ValueError("a tree of neighbours leads to rows that do not exist")
