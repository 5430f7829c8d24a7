"""Random forests, one per task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from polytask.learners._forest import Forest

__all__ = ["RandomForest"]


@dataclass(frozen=True)
class RandomForest(Forest):
    """A random forest per task, for numbers and classes.

    Means of trees on bootstrap samples of the rows, each split the best of drawn columns. Categories are
    whole numbers, on which trees split as on other numbers.

    Parameters
    ----------
    trees : int, default 200
    columns : float in (0, 1], default 0.4
        Share of the columns that is drawn for each split.
    min_samples_leaf : int, default 1
        Smallest number of rows per leaf.
    name : str, default "random_forest"

    References
    ----------
    Breiman, "Random forests", Machine Learning 2001.

    Examples
    --------
    >>> from polytask.learners import RandomForest
    >>> RandomForest(trees=50).name
    'random_forest'
    """

    name: str = "random_forest"

    def estimators(self, **settings: Any) -> tuple[Any, ...]:
        """scikit-learn's ensembles with these settings."""
        return RandomForestRegressor(**settings), RandomForestClassifier(**settings)
