"""Trees that are boosted on the quadratic majorant of a loss, by scikit-learn's histogram booster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64, Int
from sklearn.ensemble import HistGradientBoostingRegressor

from polytask.datafits import Datafit, Squared
from polytask.tree_models._majorant import working_labels

__all__ = ["BoostedTrees", "Booster", "staged_sums", "sum_of_trees"]

_SEEDS = 2**31


@dataclass(frozen=True)
class Booster:
    """A loss, and the settings of ``HistGradientBoostingRegressor`` by which it is lowered."""

    loss: Datafit
    settings: dict[str, Any]

    @property
    def block(self) -> int:
        """Rounds on one quadratic, after which held-out losses are evaluated."""
        return 20 if self._exact else 10

    def blocks(self, rounds: int) -> list[int]:
        """Rounds on each quadratic; all of them where it is the loss itself."""
        if self._exact:
            return [rounds] if rounds else []
        return [min(self.block, rounds - done) for done in range(0, rounds, self.block)]

    @property
    def _exact(self) -> bool:
        return isinstance(self.loss, Squared)

    def fit(
        self, X: Any, steps: np.ndarray, curvature: np.ndarray, rounds: int, part: int = 0
    ) -> Any:
        r"""Lower :math:`\sum_i h_i (z_i - \bar z - F(x_i))^2` from :math:`F = 0`.

        Parameters
        ----------
        X : array of shape (n, n_features)
        steps : array of shape (n,)
            z; its weighted mean, at which the booster would begin, is left out.
        curvature : array of shape (n,)
            h > 0.
        rounds : int
        part : int
            Number of the booster, each of which draws other features.
        """
        middle = np.average(steps, weights=curvature)
        bins = min(self.settings["max_bins"], max(2, len(X)))  # so few rows have no more values
        seed = (self.settings["random_state"] + part) % _SEEDS
        settings = self.settings | {"max_bins": bins, "random_state": seed}
        trees = HistGradientBoostingRegressor(**settings, max_iter=rounds)
        return trees.fit(X, steps - middle, sample_weight=curvature)


@dataclass
class BoostedTrees:
    r"""Trees :math:`F(x_i)` that are added to the scores of labels.

    Attributes
    ----------
    booster : Booster
    X : array of shape (n, n_features)
    row : array of shape (n_cells,), int
        The row of X of each label; several labels may share one.
    labels, weight, scores : array of shape (n_cells,)
    parts : list of boosters
        The trees of each block.
    """

    booster: Booster
    X: Any
    row: Int[np.ndarray, " cells"]
    labels: Float64[np.ndarray, " cells"]
    weight: Float64[np.ndarray, " cells"]
    scores: Float64[np.ndarray, " cells"]
    parts: list[Any] = field(default_factory=list)

    def shift(self, shrinkage: float) -> float:
        """Add a constant to all scores: one step to the minimum, shrunk as a leaf is."""
        steps, curvature = self._working()
        mass = curvature.sum() + shrinkage
        level = float((curvature * steps).sum() / mass) if mass > 0 else 0.0
        self.scores = self.scores + level
        return level

    def boost(self, rounds: int) -> Any:
        """Add some rounds on the quadratic at the present scores, summed over the labels of each row."""
        steps, curvature = self._working()
        n = len(self.X)
        mass = np.bincount(self.row, curvature, minlength=n)
        used = np.flatnonzero(mass)
        means = np.bincount(self.row, curvature * steps, minlength=n)[used] / mass[used]
        X = self.X if len(used) == n else self.X[used]
        part = self.booster.fit(X, means, mass[used], rounds, len(self.parts))
        self.parts.append(part)
        added = np.zeros(n)
        added[used] = part.predict(X)
        self.scores = self.scores + added[self.row]
        return part

    def run(self, rounds: int) -> list[Any]:
        """Add all rounds, block by block; returns the parts."""
        for block in self.booster.blocks(rounds):
            self.boost(block)
        return self.parts

    def _working(self) -> tuple[np.ndarray, np.ndarray]:
        steps, curvature = working_labels(self.booster.loss, self.scores, self.labels)
        return steps, curvature * self.weight


def sum_of_trees(parts: Sequence[Any], X: Any) -> Float64[np.ndarray, " n"]:
    """The sum of boosters' predictions; 0 without any."""
    total: np.ndarray = sum((part.predict(X) for part in parts), np.zeros(len(X)))
    return total


def staged_sums(parts: Sequence[Any], X: Any) -> Iterator[Float64[np.ndarray, " n"]]:
    """The sum of boosters' predictions after 0, 1, … rounds of all of them."""
    total = np.zeros(len(X))
    yield total
    for part in parts:
        before = total
        for stage in part.staged_predict(X):
            total = before + stage
            yield total
