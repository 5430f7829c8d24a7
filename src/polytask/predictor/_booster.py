"""Estimators around saved boosters of LightGBM and XGBoost."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

__all__ = ["BoosterClassifier", "BoosterRegressor", "Trees"]


class Trees(ABC):
    """A booster of LightGBM or XGBoost.

    Attributes
    ----------
    library : str
    suffix : str
        Suffix of files in the library's own format.
    n_features : int
    missing : float
        The number that stands for missing cells, besides NaN.
    """

    library: ClassVar[Literal["lightgbm", "xgboost"]]
    suffix: ClassVar[str]
    n_features: int
    missing: float = math.nan

    @classmethod
    @abstractmethod
    def of(cls, model: Any) -> Trees | None:
        """The booster in an estimator of the library; None if it is not fitted.

        Raises
        ------
        BundleError
            If its predictions depend on more than the booster.
        """

    @classmethod
    @abstractmethod
    def read(cls, content: bytes, n_classes: int | None, missing: float) -> Trees:
        """Read the result of `content` from an untrusted file.

        Raises
        ------
        ValueError
            If the trees are malformed, or are not of that many classes (None for numbers).
        MissingDependencyError
            If the library is not installed.
        """

    @property
    @abstractmethod
    def n_numbers(self) -> int:
        """Number of nodes of all trees, or of coefficients."""

    @abstractmethod
    def response(self, X: Any) -> np.ndarray:
        """Numbers, or probabilities: of the second of two classes, or of each of several."""

    def margins(self, X: Any) -> np.ndarray:
        """Scores before they become probabilities, if the library's classifier gives them."""
        raise NotImplementedError

    @abstractmethod
    def content(self) -> bytes:
        """The booster in the library's own format."""


class _Booster(BaseEstimator):
    """A fitted booster, or None if the model that held it was never fitted."""

    def __init__(self, trees: Trees | None = None) -> None:
        self.trees = trees
        if trees is not None:
            self.n_features_in_ = trees.n_features

    def __sklearn_is_fitted__(self) -> bool:
        return self.trees is not None

    def fit(self, X: Any, y: Any) -> Any:
        """Raise, since saved boosters are not fitted again."""
        raise NotImplementedError("A saved booster predicts; fit the library's own estimator.")

    def _fitted(self) -> Trees:
        if self.trees is None:
            raise TypeError("This booster was saved before it was fitted.")
        return self.trees


class BoosterRegressor(RegressorMixin, _Booster):
    """A saved booster of numbers."""

    def predict(self, X: Any) -> np.ndarray:
        """Numbers, (n,) or (n, outputs)."""
        return self._fitted().response(X)


class BoosterClassifier(ClassifierMixin, _Booster):
    """A saved booster of classes.

    Parameters
    ----------
    trees : Trees, optional
    classes : tuple of int
    gives_margins : bool
        Whether it has a ``decision_function``, which ensembles prefer to probabilities.
    """

    def __init__(
        self,
        trees: Trees | None = None,
        classes: tuple[int, ...] = (),
        *,
        gives_margins: bool = False,
    ) -> None:
        super().__init__(trees)
        self.classes, self.gives_margins = classes, gives_margins
        self.classes_ = np.array(classes, dtype=np.int64)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of every class."""
        response = self._fitted().response(X)
        return response if response.ndim == 2 else np.stack([1.0 - response, response], axis=1)

    @available_if(lambda self: self.gives_margins)  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> np.ndarray:
        """Scores before they become probabilities."""
        return self._fitted().margins(X)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
