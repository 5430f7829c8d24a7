"""Correlation of the predictions of tasks alone, over common rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.analysis._affinity import Affinity
from polytask.analysis._group_runs import Group, GroupRuns

__all__ = ["PredictionCorrelation"]


@dataclass(frozen=True)
class PredictionCorrelation(Affinity):
    r"""Absolute correlation of the scores of two networks, each of one task alone, over all rows.

    .. math:: C_{ij} = |\operatorname{corr}(\hat f_i, \hat f_j)|

    with the out-of-fold scores :math:`\hat f` of all measured rows of the sources that carry both
    tasks, whether or not they are labelled. Of several scores of a row, such as those of classes, the
    largest canonical correlation is taken.

    Notes
    -----
    Noise of the labels is learned too, so that the correlation is smaller than that of the truth; on
    rows with labels of both tasks, common noise makes it larger. `PredictionSimilarity` has neither
    fault.

    References
    ----------
    Kornblith, Norouzi, Lee & Hinton, "Similarity of neural network representations revisited", ICML
    2019, on canonical correlations of representations.

    Examples
    --------
    >>> from polytask.analysis import GroupRuns, PredictionCorrelation
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=120, spread=0.2, noise=0.3)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=150))
    >>> correlation = PredictionCorrelation().estimate(runs).matrix
    >>> bool(correlation[0, 1] > correlation[0, 2])
    True
    """

    needs: ClassVar[str] = "one network per task alone, per fold and seed"
    threshold: ClassVar[float] = 0.5

    def trains(self, runs: GroupRuns) -> Sequence[Group]:
        """Every task alone."""
        return [(name,) for name in runs.tasks]

    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """Absolute correlations, or largest canonical ones."""
        names = runs.tasks
        runs.train([name] for name in names)
        bases = {key: _basis(scores) for key, scores in runs.cross.of.items()}
        values = np.full((len(names), len(names)), np.nan)
        for i, task in enumerate(names):
            for j, other in enumerate(names[:i]):
                values[i, j] = values[j, i] = _correlation(runs, bases, task, other)
        return values


def _basis(scores: Float64[np.ndarray, "n p"]) -> Float64[np.ndarray, "m r"]:
    """An orthonormal basis of the centred scores of rows that are measured."""
    known = scores[np.isfinite(scores).all(axis=1)]
    left, sizes, _ = np.linalg.svd(known - known.mean(axis=0), full_matrices=False)
    return left[:, sizes > 1e-8 * max(sizes.max(initial=0.0), 1e-30)]


def _correlation(
    runs: GroupRuns, bases: dict[tuple[str, str], np.ndarray], task: str, other: str
) -> float:
    """Mean over the sources that carry both tasks; NaN without any."""
    values = []
    for source in runs.data.sources:
        pair = [bases.get((source.name, name)) for name in (task, other)]
        if pair[0] is None or pair[1] is None or len(pair[0]) != len(pair[1]):
            continue
        if pair[0].shape[1] and pair[1].shape[1]:
            values.append(float(np.linalg.norm(pair[0].T @ pair[1], ord=2)))
    return float(np.mean(values)) if values else float("nan")
