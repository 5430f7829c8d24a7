"""How well affinities tell planted clusters: three clusters of three tasks, five seeds.

    python benchmarks/affinity_planted.py

Printed is the area under the ROC curve of pairs in one cluster against pairs that are not, and the time.
"""

from __future__ import annotations

import time
from unittest.mock import patch

import numpy as np
from sklearn.metrics import roc_auc_score

from polytask.analysis import (
    Affinity,
    GradientCosine,
    GroupRuns,
    HeadSimilarity,
    LookaheadAffinity,
    PredictionSimilarity,
    ProjectedGradients,
    _linearized_losses,
)
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP

SEEDS, STEPS = 5, 200
METHODS: dict[str, Affinity] = {
    "prediction_similarity": PredictionSimilarity(),
    "gradient_cosine": GradientCosine(),
    "lookahead_affinity": LookaheadAffinity(),
    "head_similarity": HeadSimilarity(),
    "projected_gradients": ProjectedGradients(),
    "projected_gradients, ridge 1": ProjectedGradients(ridge=1.0),
    "projected_gradients, 50 directions": ProjectedGradients(n_dimensions=50),
    "projected_gradients, all parameters": ProjectedGradients(),
}


def measured(method: Affinity, runs: GroupRuns, *, everything: bool) -> np.ndarray:
    """The affinity, with heads projected too, as in the paper, if everything is."""
    if not everything:
        return method.measure(runs)
    with patch.object(_linearized_losses, "_shared", lambda net: dict(net.named_parameters())):
        return method.measure(runs)


def area(matrix: np.ndarray, clusters: np.ndarray) -> float:
    off = ~np.eye(len(matrix), dtype=bool) & np.isfinite(matrix)
    return roc_auc_score((clusters[:, None] == clusters)[off], matrix[off])


def main() -> None:
    found: dict[tuple[str, bool], list[tuple[float, float]]] = {}
    for seed in range(SEEDS):
        for own in (True, False):
            data, truth = make_clustered_tasks(
                3, 3, 150 if own else 300, 10, noise=1.0, own_rows=own, seed=seed
            )
            network = HardSharing(MLP((32,)))
            for name, method in METHODS.items():
                runs = GroupRuns.of(data, network, folds=3, seeds=2, budget=Budget(steps=STEPS))
                started = time.perf_counter()
                matrix = measured(method, runs, everything="all parameters" in name)
                seconds = time.perf_counter() - started
                found.setdefault((name, own), []).append((area(matrix, truth.clusters), seconds))
    print("| affinity | rows of their own | common rows | seconds |")
    print("|---|---|---|---|")
    for name in METHODS:
        own, common = (np.array(found[name, rows]) for rows in (True, False))
        cells = " | ".join(f"{a[:, 0].mean():.2f} ± {a[:, 0].std():.2f}" for a in (own, common))
        print(f"| {name} | {cells} | {np.mean([own[:, 1], common[:, 1]]):.1f} |")


if __name__ == "__main__":
    main()
