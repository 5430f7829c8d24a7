"""Similarity of what tasks learned alone, corrected for how well they learned it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.analysis._affinity import Affinity
from polytask.analysis._explained import explained
from polytask.analysis._group_runs import Group, GroupRuns

__all__ = ["PredictionSimilarity"]


@dataclass(frozen=True)
class PredictionSimilarity(Affinity):
    r"""Similarity of what tasks learned alone, corrected for how well they learned it.

    .. math:: S_{ij} = \min\left(1, \sqrt{\frac{R_{ij} R_{ji}}{R_{ii} R_{jj}}}\right)

    with the multiple correlation :math:`R_{ij}` between the labels of task i and the out-of-fold
    scores of the network of task j alone, linearly recalibrated. With scores :math:`\hat f_i`
    that are the truth :math:`f_i` and noise, :math:`R_{ij} = \rho_{ij} \, r_j \, q_i`, with the
    correlation :math:`\rho` of truths, the reliability :math:`r_j` of the scores of j, and the share
    of signal :math:`q_i` in the labels of i: both cancel, and :math:`S_{ij}` estimates
    :math:`|\rho_{ij}|`.

    It takes K networks, whatever the number of pairs. Labels of task i are held against scores of
    rows that no network was trained on, so that noise that tasks have in common on common rows does
    not make them look related.

    Notes
    -----
    A task that a network alone does not learn (its own correlation is below two standard errors) has
    no similarity to any other; neither have tasks whose sources have different inputs. The
    correction for reliability is Spearman's for attenuation.

    References
    ----------
    Spearman, "The proof and measurement of association between two things", American Journal of
    Psychology 1904.

    Examples
    --------
    >>> from polytask.analysis import GroupRuns, PredictionSimilarity
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=120, spread=0.2, noise=0.3)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=150))
    >>> similarity = PredictionSimilarity().estimate(runs).matrix
    >>> bool(similarity[0, 1] > 0.7 > 0.5 > similarity[0, 2])
    True
    """

    needs: ClassVar[str] = "one network per task alone, per fold and seed"
    threshold: ClassVar[float] = 0.5

    def trains(self, runs: GroupRuns) -> Sequence[Group]:
        """Every task alone."""
        return [(name,) for name in runs.tasks]

    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """Similarities, between 0 and 1."""
        correlations, chance = explained(runs)
        own = np.diag(correlations).copy()
        own[~(own > chance)] = np.nan
        both = correlations * correlations.T
        return np.minimum(1.0, np.sqrt(both / np.outer(own, own)))
