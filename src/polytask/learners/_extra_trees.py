"""Extremely randomised trees, one ensemble per task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from polytask.learners._forest import Forest

__all__ = ["ExtraTrees"]


@dataclass(frozen=True)
class ExtraTrees(Forest):
    """Extremely randomised trees per task, for numbers and classes.

    Means of trees on all rows, each split the best of random cuts of drawn columns. Categories are
    whole numbers, on which trees split as on other numbers.

    Parameters
    ----------
    trees : int, default 200
    columns : float in (0, 1], default 0.4
        Share of the columns that is drawn for each split.
    min_samples_leaf : int, default 1
        Smallest number of rows per leaf.
    name : str, default "extra_trees"

    References
    ----------
    Geurts, Ernst and Wehenkel, "Extremely randomized trees", Machine Learning 2006.

    Examples
    --------
    >>> from polytask.learners import ExtraTrees
    >>> ExtraTrees(trees=50).name
    'extra_trees'
    """

    name: str = "extra_trees"

    def estimators(self, **settings: Any) -> tuple[Any, ...]:
        """scikit-learn's ensembles with these settings."""
        return ExtraTreesRegressor(**settings), ExtraTreesClassifier(**settings)
