"""How well affinities tell planted clusters: three clusters of three tasks.

    python benchmarks/affinity_planted.py [FIRST_SEED LAST_SEED]

Every data set appends a line to affinity_planted.jsonl in the current folder, and data sets that stand there
are not repeated; at the end the table is printed: the area under the ROC curve of pairs in one cluster against
pairs that are not.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from polytask.analysis import (
    Affinity,
    ExplainedLabels,
    GradientCosine,
    GroupRuns,
    HeadSimilarity,
    LookaheadAffinity,
    PredictionCorrelation,
    PredictionSimilarity,
    ProjectedGradients,
    TrainedPairs,
    _linearized_losses,
)
from polytask.analysis._linearized_losses import LinearizedLosses
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP

STEPS = 200
PATH = Path("affinity_planted.jsonl")
HEADS_TOO, FROM_SCORES = ", all parameters", ", from the network's scores"
METHODS: dict[str, Affinity] = {
    "prediction_similarity": PredictionSimilarity(),
    "explained_labels": ExplainedLabels(),
    "prediction_correlation": PredictionCorrelation(),
    "gradient_cosine": GradientCosine(),
    "lookahead_affinity": LookaheadAffinity(),
    "head_similarity": HeadSimilarity(),
    "projected_gradients": ProjectedGradients(),
    "projected_gradients, ridge 10": ProjectedGradients(ridge=10.0),
    "projected_gradients, ridge 1": ProjectedGradients(ridge=1.0),
    "projected_gradients, 50 directions": ProjectedGradients(n_dimensions=50),
    f"projected_gradients{HEADS_TOO}": ProjectedGradients(),
    f"projected_gradients{FROM_SCORES}": ProjectedGradients(),
    "trained_pairs": TrainedPairs(),
}


def measured(name: str, runs: GroupRuns) -> np.ndarray:
    """The affinity; with heads projected too, or scores that start from the network's, as named."""
    with ExitStack() as patches:
        if name.endswith(HEADS_TOO):
            everything = patch.object(
                _linearized_losses, "_shared", lambda net: dict(net.named_parameters())
            )
            patches.enter_context(everything)
        if name.endswith(FROM_SCORES):
            patches.enter_context(patch.object(LinearizedLosses, "__init__", _with_scores))
            patches.enter_context(patch.object(LinearizedLosses, "set_constants", _keep_scores))
        return METHODS[name].measure(runs)


_INIT = LinearizedLosses.__init__


def _with_scores(losses: Any, network: Any, *arguments: Any) -> None:
    _INIT(losses, network, *arguments)
    with torch.no_grad():
        raw = network(losses.batch)
    losses.values = torch.cat([raw[key].flatten() for key in losses.shapes])


def _keep_scores(losses: Any, constants: Any) -> None:
    del losses, constants


def area(matrix: np.ndarray, clusters: np.ndarray) -> float:
    off = ~np.eye(len(matrix), dtype=bool) & np.isfinite(matrix)
    return float(roc_auc_score((clusters[:, None] == clusters)[off], matrix[off]))


def case(seed: int, *, own: bool) -> dict[str, float]:
    """Areas of all affinities on one data set, from the same trainings."""
    data, truth = make_clustered_tasks(
        3, 3, 150 if own else 300, 10, noise=1.0, own_rows=own, seed=seed
    )
    network = HardSharing(MLP((32,)))
    runs = GroupRuns.of(data, network, folds=3, seeds=2, budget=Budget(steps=STEPS))
    return {name: area(measured(name, runs), truth.clusters) for name in METHODS}


def table() -> None:
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    number = len({case["seed"] for case in cases})
    print(f"| affinity, {number} data sets each | rows of their own | common rows |")
    print("|---|---|---|")
    for name in METHODS:
        cells = []
        for own in (True, False):
            areas = [case["areas"][name] for case in cases if case["own"] == own]
            cells.append(f"{np.mean(areas):.2f} ({min(areas):.2f} … {max(areas):.2f})")
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    """Measure the data sets that are missing, and print the table."""
    lines = PATH.read_text().splitlines() if PATH.exists() else []
    done = {(case["seed"], case["own"]) for case in map(json.loads, lines)}
    for seed in range(*map(int, sys.argv[1:3] or ("0", "5"))):
        for own in (True, False):
            if (seed, own) not in done:
                areas = case(seed, own=own)
                with PATH.open("a") as file:
                    file.write(json.dumps({"seed": seed, "own": own, "areas": areas}) + "\n")
                print(seed, own, areas, flush=True)
    table()


if __name__ == "__main__":
    main()
