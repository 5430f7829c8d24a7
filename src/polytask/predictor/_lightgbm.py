"""Boosters of LightGBM, in its own text format."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from polytask.exceptions import BundleError, MissingDependencyError
from polytask.predictor._booster import Trees
from polytask.predictor._tree_checks import check_inner_nodes

__all__ = ["LightGBMTrees"]

_END = "end of trees"
_HEADER = {
    "average_output",
    "feature_infos",
    "feature_names",
    "label_index",
    "max_feature_idx",
    "monotone_constraints",
    "num_class",
    "num_tree_per_iteration",
    "objective",
    "tree",
    "version",
}
_OBJECTIVES = {
    "binary",
    "cross_entropy",
    "cross_entropy_lambda",
    "custom",
    "fair",
    "gamma",
    "huber",
    "mape",
    "multiclass",
    "multiclassova",
    "poisson",
    "quantile",
    "regression",
    "regression_l1",
    "tweedie",
}
_OF_CLASSES = {"multiclass", "multiclassova"}
"""Objectives that state their number of probabilities themselves."""

_WHOLE = re.compile(r"-?[0-9]{1,10}")
_NUMBERS = re.compile(r"[-+.eE0-9 ]*")
"""Numbers that Python and LightGBM read alike: only Python accepts underscores and other digits."""


@dataclass(frozen=True, eq=False)
class LightGBMTrees(Trees):
    """A booster of LightGBM.

    Parameters
    ----------
    booster : lightgbm.Booster
    """

    booster: Any

    library: ClassVar[Literal["lightgbm", "xgboost"]] = "lightgbm"
    suffix: ClassVar[str] = "txt"

    @property
    def n_features(self) -> int:  # type: ignore[override]
        """Columns of a row."""
        return int(self.booster.num_feature())

    @property
    def n_numbers(self) -> int:
        """Number of nodes of all trees; a tree has one inner node fewer than leaves."""
        leaves = re.findall(r"^num_leaves=([0-9]+)$", self.booster.model_to_string(), re.MULTILINE)
        return sum(2 * int(number) - 1 for number in leaves)

    def response(self, X: Any) -> np.ndarray:
        """Numbers, or probabilities."""
        return np.asarray(self.booster.predict(X))

    def margins(self, X: Any) -> np.ndarray:
        """Scores before they become probabilities."""
        return np.asarray(self.booster.predict(X, raw_score=True))

    def content(self) -> bytes:
        """The trees as text, without the training settings."""
        return _plain(self.booster.model_to_string()).encode()

    @classmethod
    def of(cls, model: Any) -> LightGBMTrees | None:
        """The booster in an estimator."""
        if not model.__sklearn_is_fitted__():
            return None
        if callable(model.objective) and hasattr(model, "predict_proba"):
            sentence = (
                f"{type(model).__name__} has an objective of its own, by which LightGBM gives no "
                "probabilities, so it is not saved. Name one of LightGBM's objectives."
            )
            raise BundleError(sentence)
        return cls(model.booster_)

    @classmethod
    def read(cls, content: bytes, n_classes: int | None, missing: float) -> LightGBMTrees:
        """Read a booster."""
        del missing
        try:
            import lightgbm
        except ImportError as error:
            sentence = "The saved model holds a booster of LightGBM. Install it: pip install 'polytask[trees]'."
            raise MissingDependencyError(sentence) from error
        text = content.decode()
        _check_text(text, n_classes)
        return cls(lightgbm.Booster(model_str=text))


def _plain(text: str) -> str:
    """The text up to its last tree, without the sizes of the trees."""
    lines = text[: text.index(_END)].splitlines()
    kept = [line for line in lines if not line.startswith("tree_sizes=")]
    return "\n".join([*kept, _END, "", "pandas_categorical:null", ""])


def _check_text(text: str, n_classes: int | None) -> None:
    """Raise unless the text is a result of `_plain`, and every tree ends in leaves."""
    if _plain(text) != text:
        raise ValueError("it is not as it was written")
    header, *trees = text[: text.index(_END)].split("\nTree=")
    fields = _fields(header)
    if fields.keys() - _HEADER:
        raise ValueError("its header is none of LightGBM")
    n_features, per_round = (
        _whole_number(fields, "max_feature_idx") + 1,
        _whole_number(fields, "num_class"),
    )
    _check_objective(fields.get("objective", "custom"), per_round)
    expected = 1 if n_classes is None or n_classes <= 2 else n_classes
    names = fields["feature_names"].split(" ")
    sound = (
        per_round == _whole_number(fields, "num_tree_per_iteration") == expected
        and len(trees) % per_round == 0
        and len(names) == len(fields["feature_infos"].split(" ")) == n_features > 0
        and _whole_number(fields, "label_index") == 0
    )
    if not sound:
        raise ValueError("its header does not fit its trees")
    largest = 0.0
    for position, tree in enumerate(trees):
        number, _, rest = tree.partition("\n")
        if number != str(position):
            raise ValueError("its trees are out of order")
        largest += _check_tree(_fields(rest), n_features)
    if not math.isfinite(largest):
        raise ValueError("its trees add up to more than a number holds")


def _check_objective(objective: str, n_classes: int) -> None:
    """Raise unless an objective is one of LightGBM's, with settings that fit the trees."""
    name, *settings = objective.split(" ")
    given = dict(setting.partition(":")[::2] for setting in settings)
    classes = given.pop("num_class", "")
    sound = (
        name in _OBJECTIVES
        and classes == (str(n_classes) if name in _OF_CLASSES else "")
        and all(
            _NUMBERS.fullmatch(value) and math.isfinite(float(value or 0))
            for value in given.values()
        )
    )
    if not sound:
        raise ValueError("its objective does not fit its trees")


def _whole_number(fields: Mapping[str, str], name: str) -> int:
    """A whole number, as LightGBM reads it too."""
    if not _WHOLE.fullmatch(fields[name]):
        raise ValueError(f"{name} is no whole number")
    return int(fields[name])


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        name, _, value = line.partition("=")
        if name in fields:
            raise ValueError(f"{name[:40]!r} stands twice in it")
        if line:
            fields[name] = value
    return fields


def _check_tree(fields: Mapping[str, str], n_features: int) -> float:
    """Raise unless every path ends in a leaf; return the largest of the leaves' sizes."""
    n_leaves, n_categorical = _whole_number(fields, "num_leaves"), _whole_number(fields, "num_cat")
    floats = dict(_numbers(fields, ("leaf_value", "threshold", "shrinkage"), np.float64))
    whole = ("split_feature", "decision_type", "left_child", "right_child")
    ints = dict(_numbers(fields, whole, np.int64))
    sizes = [len(floats["threshold"]), *(len(ints[name]) for name in whole)]
    if n_leaves < 1 or len(floats["leaf_value"]) != n_leaves or {*sizes} != {n_leaves - 1}:
        raise ValueError("a tree has more or fewer leaves than it says")
    inner = np.arange(n_leaves - 1)
    children = np.stack([ints["left_child"], ints["right_child"]])
    leaves = children < 0
    if (~children[leaves] >= n_leaves).any():
        raise ValueError("a tree leads to leaves that do not exist")
    nodes = np.where(leaves, n_leaves, children)
    check_inner_nodes(inner, nodes, ints["split_feature"], n_leaves + 1, n_features)
    if not leaves.all() and (nodes[~leaves] >= n_leaves - 1).any():
        raise ValueError("a tree leads to nodes that do not exist")
    if not all(np.isfinite(array).all() for array in floats.values()):
        raise ValueError("a tree holds values that are not finite")
    _check_categories(fields, floats["threshold"][(ints["decision_type"] & 1) == 1], n_categorical)
    _check_linear(fields, n_leaves, n_features)
    return float(np.abs(floats["leaf_value"]).max())


def _numbers(
    fields: Mapping[str, str], names: tuple[str, ...], kind: type
) -> Iterator[tuple[str, np.ndarray]]:
    for name in names:
        written = fields.get(name, "")
        if not _NUMBERS.fullmatch(written):
            raise ValueError(f"{name} holds something other than numbers")
        yield name, np.array(written.split(), dtype=kind)


def _check_categories(fields: Mapping[str, str], chosen: np.ndarray, number: int) -> None:
    bounds, bits = (
        numbers for _, numbers in _numbers(fields, ("cat_boundaries", "cat_threshold"), np.int64)
    )
    sound = (
        len(bounds) == (number + 1 if number else 0)
        and (not number or (bounds[0] == 0 and bounds[-1] == len(bits)))
        and (np.diff(bounds) > 0).all()
        and ((chosen >= 0) & (chosen < number) & (chosen == np.floor(chosen))).all()
        and ((bits >= 0) & (bits < 1 << 32)).all()
    )
    if not sound:
        raise ValueError("a tree splits on categories that it does not list")


def _check_linear(fields: Mapping[str, str], n_leaves: int, n_features: int) -> None:
    if fields["is_linear"] == "0":
        return
    counts, features = (
        numbers for _, numbers in _numbers(fields, ("num_features", "leaf_features"), np.int64)
    )
    constants, slopes = (
        numbers for _, numbers in _numbers(fields, ("leaf_const", "leaf_coeff"), np.float64)
    )
    sound = (
        fields["is_linear"] == "1"
        and len(counts) == len(constants) == n_leaves
        and (counts >= 0).all()
        and counts.sum() == len(features) == len(slopes)
        and ((features >= 0) & (features < n_features)).all()
        and math.isfinite(float(np.sum(constants) + np.sum(slopes)))
    )
    if not sound:
        raise ValueError("the linear models in a tree's leaves do not fit together")
