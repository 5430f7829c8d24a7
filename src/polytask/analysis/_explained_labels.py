"""How well what one task learned alone explains the labels of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.analysis._affinity import Affinity
from polytask.analysis._explained import explained
from polytask.analysis._group_runs import Group, GroupRuns

__all__ = ["ExplainedLabels"]

_MOST = 2.0


@dataclass(frozen=True)
class ExplainedLabels(Affinity):
    r"""How well what task j learned alone explains the labels of task i, against i's own network.

    .. math:: A_{ij} = \min(R_{ij} / \max(R_{ii}, c_i), 2)

    with the multiple correlation :math:`R_{ij}` between the labels of task i and the out-of-fold
    scores of the network of task j, linearly recalibrated, and the correlation :math:`c_i` of two
    standard errors that chance seldom exceeds. At 1 the network of j predicts task i as well as i's own;
    above 1 it has learned more of task i than i itself, as tasks of few rows may have from those of
    many. Other than `PredictionSimilarity` it has a direction.

    Notes
    -----
    Pairs whose sources have different inputs have no value.

    References
    ----------
    Zamir, Sax, Shen, Guibas, Malik & Savarese, "Taskonomy: disentangling task transfer learning",
    CVPR 2018, who train a readout on the representation of the source task, where this one
    recalibrates its scores.

    Examples
    --------
    >>> from polytask.analysis import ExplainedLabels, GroupRuns
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=120, spread=0.2, noise=0.3)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=150))
    >>> explained = ExplainedLabels().estimate(runs).matrix
    >>> bool(explained[0, 1] > explained[0, 2])
    True
    """

    needs: ClassVar[str] = "one network per task alone, per fold and seed"
    threshold: ClassVar[float] = 0.5

    def trains(self, runs: GroupRuns) -> Sequence[Group]:
        """Every task alone."""
        return [(name,) for name in runs.tasks]

    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """Correlations relative to those of the tasks' own networks."""
        correlations, chance = explained(runs)
        own = np.fmax(np.diag(correlations), chance)
        return np.minimum(correlations / own[:, None], _MOST)
