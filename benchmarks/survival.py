"""Times to events with free and with proportional hazards, on the same rows of a generator.

Each learner learns every task twice: as `survival`, hazards in intervals, and as `survival:cox`, one
score per row. The generator's hazards are proportional, as Cox assumes. Networks try three learning
rates; the one of least integrated Brier score on validation rows is kept, and test rows are read
once. Prints means over tasks and seeds of the integrated Brier score and of concordance.

    python benchmarks/survival.py
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev

os.environ.setdefault("OMP_NUM_THREADS", "1")

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets import make_survival
from polytask.encoders import MLP
from polytask.evaluation import evaluate
from polytask.learners import Constant, GradientBoosting, Learner, Linear
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.tasks import Kind, ProportionalSurvival, Survival
from polytask.training import Trainer

KINDS: Mapping[str, Kind] = {"survival": Survival(), "survival:cox": ProportionalSurvival()}
RATES = [{"trainer.learning_rate": rate} for rate in (3e-4, 1e-3, 3e-3)]
SHARED = HardSharing(MLP((64, 64), dropout=0.1))
LEARNERS: Mapping[str, tuple[Learner, Sequence[Mapping[str, object]]]] = {
    "hard sharing, batches of 64": (MultiTaskNetwork(SHARED, Trainer(batch_size=64)), RATES),
    "hard sharing, batches of 256": (MultiTaskNetwork(SHARED, Trainer(batch_size=256)), RATES),
    "single task, batches of 256": (
        MultiTaskNetwork(SHARED, Trainer(batch_size=256)).single_task(),
        RATES,
    ),
    "linear": (Linear(), [{}]),
    "histogram boosting": (GradientBoosting(), [{}]),
    "constant": (Constant(), [{}]),
}


def measured(model: FittedPredictor, rows: MultiTaskDataset) -> tuple[float, float]:
    """Means over tasks of the integrated Brier score and of concordance."""
    tasks = evaluate(model, rows).values()
    brier, concordance = (
        fmean(values[metric].value for values in tasks)
        for metric in ("integrated_brier", "concordance")
    )
    return brier, concordance


def run(data: MultiTaskDataset, name: str, seed: int, steps: int) -> tuple[float, float]:
    """Choose settings on validation rows and measure on test rows."""
    (split,) = RandomSplit(test=0.3, validation=0.2).splits(data, seed=seed)
    train, validation, test = (data.take(p) for p in (split.train, split.validation, split.test))
    learner, settings = LEARNERS[name]
    tried = []
    for chosen in settings:
        model = learner.configured(chosen).fit(train, validation, seed, Budget(steps=steps))
        tried.append((measured(model, validation)[0], model))
    return measured(min(tried, key=lambda trial: trial[0])[1], test)


def of_kind(data: MultiTaskDataset, kind: Kind) -> MultiTaskDataset:
    """The same rows, with tasks of a kind."""
    return data.with_tasks({task.name: replace(task, kind=kind) for task in data.tasks})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="*", default=[300, 1000, 3000])
    parser.add_argument("--learners", nargs="*", choices=LEARNERS, default=[*LEARNERS])
    arguments = parser.parse_args()
    print("| rows | learner | " + " | ".join(f"`{k}`, Brier | concordance" for k in KINDS) + " |")
    print("|---|---|" + "---|" * 2 * len(KINDS))
    start = time.perf_counter()
    for n_rows in arguments.rows:
        for name in arguments.learners:
            cells = []
            for kind in KINDS.values():
                by_seed = [
                    run(
                        of_kind(make_survival(3, n_rows, seed=seed)[0], kind),
                        name,
                        seed,
                        arguments.steps,
                    )
                    for seed in range(arguments.seeds)
                ]
                cells += [
                    f"{fmean(values):.4f} ± {stdev(values):.4f}"
                    for values in zip(*by_seed, strict=True)
                ]
            print(f"| {n_rows} | {name} | {' | '.join(cells)} |", flush=True)
    print(f"\n{(time.perf_counter() - start) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
