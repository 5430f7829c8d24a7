"""Census-income: test AUC of single-task networks, hard sharing and boosted trees.

Published split (the full test file), a tenth of the training rows for validation, five seeds,
one setting each. Published figures for this set lie between 0.94 and 0.959 (income) and between
0.992 and 0.995 (never married). Prints a Markdown table.

    POLYTASK_DATA=... python benchmarks/census_income.py
"""

from __future__ import annotations

import argparse

from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.datasets import fetch_census_income
from polytask.encoders import MLP
from polytask.evaluation import compare
from polytask.learners import GradientBoosting
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

ENCODER = MLP((256, 256), dropout=0.2)
TRAINER = Trainer(batch_size=1024, learning_rate=1e-3, patience=4)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--out", default=None, help="folder for records, to go on after an interruption"
    )
    arguments = parser.parse_args()
    census = fetch_census_income()
    comparison = compare(
        census.dataset,
        [
            MultiTaskNetwork(SingleTask(ENCODER), TRAINER),
            MultiTaskNetwork(HardSharing(ENCODER), TRAINER),
            GradientBoosting(),
        ],
        split=census.split,
        seeds=arguments.seeds,
        budget=Budget(steps=arguments.steps),
        jobs=arguments.jobs,
        out=arguments.out,
    )
    names = census.dataset.tasks.names
    print(f"| learner | {' | '.join(f'{name}, test AUC' for name in names)} | seconds a run |")
    print("|---|" + "---|" * (len(names) + 1))
    for learner in comparison.learners:
        cells = [cell(learner.tasks[name]["roc_auc"]) for name in names]
        print(f"| {learner.name} | {' | '.join(cells)} | {learner.seconds:.0f} |")
    print(f"\n{comparison.verdict}")


def cell(estimate: object) -> str:
    """A mean over seeds and its 95 % interval."""
    low, high = estimate.interval
    return f"{estimate.value:.4f} [{low:.4f}, {high:.4f}]"


if __name__ == "__main__":
    main()
