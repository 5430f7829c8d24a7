"""Boosters of XGBoost, in its own JSON format."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from polytask._plain import parse_json
from polytask.exceptions import BundleError, MissingDependencyError
from polytask.predictor._booster import Trees

__all__ = ["XGBoostTrees"]

_MOST_OUTPUTS = 10_000
_ATTRIBUTES = {"best_iteration", "best_score", "scikit_learn"}
_OF_CLASSES = {"multi:softmax", "multi:softprob"}
_ROOT = {2**31 - 1, -1}
"""Values of the parent of a tree's first node."""

_WHOLE = re.compile(r"-?[0-9]{1,10}")
"""Numbers that Python and XGBoost read alike: only Python accepts underscores and other digits."""


@dataclass(frozen=True, eq=False)
class XGBoostTrees(Trees):
    """A booster of XGBoost.

    Parameters
    ----------
    booster : xgboost.Booster
    missing : float
    linear : bool
        Whether linear models were boosted rather than trees.
    """

    booster: Any
    missing: float = math.nan
    linear: bool = False

    library: ClassVar[Literal["lightgbm", "xgboost"]] = "xgboost"
    suffix: ClassVar[str] = "json"

    @property
    def n_features(self) -> int:  # type: ignore[override]
        """Columns of a row."""
        return int(self.booster.num_features())

    @property
    def n_numbers(self) -> int:
        """Number of nodes of all trees; of boosted linear models, of coefficients."""
        lines = [line for dump in self.booster.get_dump() for line in dump.splitlines()]
        return sum(not line.endswith(":") for line in lines if line)

    def response(self, X: Any) -> np.ndarray:
        """Numbers, or probabilities."""
        import xgboost

        best = self.booster.attr("best_iteration")
        rounds = (0, 0) if best is None else (0, int(best) + 1)
        if self.linear:
            data = xgboost.DMatrix(X, missing=self.missing)
            return np.asarray(self.booster.predict(data, validate_features=False))
        predicted = self.booster.inplace_predict(
            X, iteration_range=rounds, missing=self.missing, validate_features=False
        )
        return np.asarray(predicted)

    def content(self) -> bytes:
        """The booster as JSON."""
        return bytes(self.booster.save_raw("json"))

    @classmethod
    def of(cls, model: Any) -> XGBoostTrees | None:
        """The booster in an estimator."""
        if not model.__sklearn_is_fitted__():
            return None
        if callable(model.objective) and hasattr(model, "predict_proba"):
            sentence = (
                f"{type(model).__name__} has an objective of its own, by which XGBoost gives no "
                "probabilities, so it is not saved. Name one of XGBoost's objectives."
            )
            raise BundleError(sentence)
        return cls(model.get_booster(), float(model.missing), model.booster == "gblinear")

    @classmethod
    def read(cls, content: bytes, n_classes: int | None, missing: float) -> XGBoostTrees:
        """Read a booster."""
        try:
            import xgboost
        except ImportError as error:
            sentence = "The saved model holds a booster of XGBoost. Install it: pip install 'polytask[trees]'."
            raise MissingDependencyError(sentence) from error
        linear = _check_model(parse_json(content), n_classes)
        return cls(xgboost.Booster(model_file=bytearray(content)), missing, linear)


def _check_model(model: Any, n_classes: int | None) -> bool:
    """Raise unless the trees end in leaves; return whether there are linear models instead."""
    learner = model["learner"]
    booster, shape = learner["gradient_booster"], learner["learner_model_param"]
    n_features, n_outputs = _whole_number(shape["num_feature"]), _whole_number(shape["num_target"])
    expected = n_classes if n_classes is not None and n_classes > 2 else 0
    width = max(expected, n_outputs)
    starts = np.array(parse_json(shape["base_score"]), dtype=np.float64).ravel()
    sound = (
        _whole_number(shape["num_class"]) == expected
        and _n_probabilities(learner["objective"]) == expected
        and n_features > 0
        and 0 < n_outputs <= _MOST_OUTPUTS
        and (n_classes is None or n_outputs == 1)
        and len(starts) in {1, width}
        and _finite(starts)
        and learner["attributes"].keys() <= _ATTRIBUTES
    )
    if not sound:
        raise ValueError("its header does not fit what it predicts")
    if booster["name"] == "gblinear":
        weights = np.array(booster["model"]["weights"], dtype=np.float64)
        if weights.shape != ((n_features + 1) * width,) or not _finite(weights):
            raise ValueError("its weights are more or fewer than its features")
        return True
    if booster["name"] not in {"gbtree", "dart"}:
        raise ValueError("it is neither of trees nor of linear models")
    whole = booster if booster["name"] == "gbtree" else booster["gbtree"]
    _check_forest(whole["model"], width, n_features)
    if booster["name"] == "dart":
        drops = np.array(booster["weight_drop"], dtype=np.float64)
        if len(drops) != len(whole["model"]["trees"]) or not _finite(drops):
            raise ValueError("its trees have no weights")
    best = learner["attributes"].get("best_iteration", "0")
    if not 0 <= _whole_number(best) < len(whole["model"]["iteration_indptr"]):
        raise ValueError("its best round does not exist")
    return False


def _n_probabilities(objective: Mapping[str, Any]) -> int:
    """Number of probabilities that an objective gives per row; 0 if it gives one number."""
    if objective["name"] not in _OF_CLASSES:
        return 0
    return _whole_number(objective["softmax_multiclass_param"]["num_class"])


def _whole_number(value: object) -> int:
    """A whole number, as XGBoost reads it too."""
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError(f"{str(value)[:40]!r} is no whole number")
    return int(value)


def _finite(values: np.ndarray) -> bool:
    """Whether all values are finite in the library's single precision."""
    return bool((np.abs(values) <= np.finfo(np.float32).max).all())


def _check_forest(model: Mapping[str, Any], width: int, n_features: int) -> None:
    trees, rounds = model["trees"], model["iteration_indptr"]
    outputs, settings = model["tree_info"], model["gbtree_model_param"]
    sound = (
        _whole_number(settings["num_trees"]) == len(trees) == len(outputs)
        and 1 <= _whole_number(settings["num_parallel_tree"]) <= max(1, len(trees))
        and all(type(output) is int and 0 <= output < width for output in outputs)
        and all(type(end) is int for end in rounds)
        and rounds[0] == 0
        and rounds[-1] == len(trees)
        and rounds == sorted(rounds)
        and not any(model.get("cats", {}).values())
    )
    if not sound:
        raise ValueError("its rounds do not fit its trees")
    largest = 0.0
    for position, tree in enumerate(trees):
        if tree["id"] != position:
            raise ValueError("its trees are out of order")
        largest += _check_tree(tree, n_features)
    if not _finite(np.array(largest)):
        raise ValueError("its trees add up to more than a number holds")


def _check_tree(tree: Mapping[str, Any], n_features: int) -> float:
    """Raise unless every path ends in a leaf; return the largest of the leaves' sizes."""
    settings = {name: _whole_number(value) for name, value in tree["tree_param"].items()}
    n_nodes = settings["num_nodes"]
    left, right, feature, kinds, parents = (
        _array(tree, name, np.int64, n_nodes)
        for name in ("left_children", "right_children", "split_indices", "split_type", "parents")
    )
    _array(tree, "default_left", np.int64, n_nodes)
    for name in ("split_conditions", "base_weights", "sum_hessian", "loss_changes"):
        if not _finite(_array(tree, name, np.float64, n_nodes)):
            raise ValueError("a tree holds values that are not finite")
    inner = np.flatnonzero(left != -1)
    sound = (
        settings["num_feature"] in {0, n_features}
        and settings["size_leaf_vector"] in {0, 1}
        and ((feature[inner] >= 0) & (feature[inner] < n_features)).all()
        and not kinds.any()
        and not any(tree[name] for name in tree if name.startswith("categories"))
        and _ends_in_leaves(left.tolist(), right.tolist())
        and parents[0] in _ROOT
        and (parents[left[inner]] == inner).all()
        and (parents[right[inner]] == inner).all()
    )
    if not sound:
        raise ValueError("a tree leads to nodes or features that do not exist")
    leaves = np.array(tree["split_conditions"], dtype=np.float64)[left == -1]
    return float(np.abs(leaves).max())


def _array(tree: Mapping[str, Any], name: str, kind: type, size: int) -> np.ndarray:
    array: np.ndarray = np.array(tree[name], dtype=kind)
    if array.shape != (size,) or size < 1:
        raise ValueError("a tree has more or fewer nodes than it says")
    return array


def _ends_in_leaves(left: list[int], right: list[int]) -> bool:
    """Whether every path from the first node reaches a leaf, and no node twice."""
    ahead, seen = [0], {0}
    while ahead:
        node = ahead.pop()
        if left[node] == -1:
            continue
        for child in (left[node], right[node]):
            if not 0 <= child < len(left) or child in seen:
                return False
            seen.add(child)
            ahead.append(child)
    return True
