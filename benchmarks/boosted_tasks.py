"""Boosting of several tasks with missing labels in one model: Tox21's assays, and the cost of 617 tasks.

- `tox21`: twelve assays of molecules by Morgan fingerprints of 2048 bits (needs ``polytask[molecules]``), a tenth
  of the molecules to test, drawn anew for each seed; mean AUC over assays, beside twelve forests and LightGBM per
  assay. Our setting is one (a list of several is chosen from by the model's own folds), LightGBM's number of rounds and
  setting by a tenth of the molecules for validation, of which the others learn, too.
- `many`: random binary tasks with a third of the labels missing: processor seconds and peak memory of one fit.

    POLYTASK_DATA=... python benchmarks/boosted_tasks.py tox21 [--learners forests] [--print]
    python benchmarks/boosted_tasks.py many

Every seed of every learner is a line of JSON in the folder of `--out`; one that is there is not measured again.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from classical_entrants import held_out_loss
from joblib import Parallel, delayed
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from tables_records import Records, key_of
from tables_sets import SETS, truth_of
from tables_trees import TREES, matrices, respond
from timing import markdown

from polytask.tree_models import MultiTaskBoostingClassifier

SEEDS = range(3)
GRID = [{"max_leaf_nodes": 31, "shrinkage": 10.0}]
FIXED = {
    "learning_rate": 0.1,
    "min_samples_leaf": 5,
    "max_features": 0.2,
    "max_iter": 300,
    "random_state": 0,
}


@dataclass(frozen=True)
class Parts:
    """Inputs and labels, NaN where missing, of training, validation and test molecules."""

    X: tuple[np.ndarray, ...]
    Y: tuple[np.ndarray, ...]

    def all_to_learn(self) -> tuple[np.ndarray, np.ndarray]:
        """Training and validation rows."""
        return np.concatenate(self.X[:2]), np.concatenate(self.Y[:2])


Answer = tuple[np.ndarray, dict[str, Any]]


def forests(parts: Parts) -> Answer:
    """A forest for each assay, of the molecules that have its label."""
    X, Y = parts.all_to_learn()
    columns = []
    for y in Y.T:
        known = ~np.isnan(y)
        forest = RandomForestClassifier(300, random_state=0, min_samples_leaf=1)
        columns.append(forest.fit(X[known], y[known]).predict_proba(parts.X[2])[:, 1])
    return np.stack(columns, axis=1), {}


def lightgbm(parts: Parts) -> Answer:
    """LightGBM for each assay; of three settings the best on validation rows, where it stops, too."""
    tried = []
    for trees in (replace(each) for each in TREES if each.library == "lightgbm"):
        pairs = list(zip(parts.X, parts.Y, strict=True))
        models = trees.fit(pairs[0], pairs[1], [], 0, regression=False)
        seen = mean_area(parts.Y[1], respond(models, parts.X[1], regression=False))
        tried.append((seen, trees.name, models))
    _, name, models = max(tried, key=lambda each: each[0])
    return respond(models, parts.X[2], regression=False), {"settings": name}


def together(parts: Parts) -> Answer:
    """One model of all assays; of a grid that with the least log loss on its own folds."""
    X, Y = parts.all_to_learn()
    models = [MultiTaskBoostingClassifier(**FIXED, **each).fit(X, Y) for each in GRID]
    best = int(np.argmin([held_out_loss(model) for model in models]))
    model = models[best]
    rounds = {
        "common": model.n_common_iter_.tolist(),
        "own": model.n_own_iter_.tolist(),
        "losses": np.round(model.validation_loss_.mean(axis=1), 4).tolist(),
    }
    return model.predict_proba(parts.X[2]), {"settings": GRID[best], **rounds}


LEARNERS: dict[str, Callable[[Parts], Answer]] = {
    "forests": forests,
    "lightgbm": lightgbm,
    "multi_task_boosting": together,
}


def mean_area(truth: np.ndarray, response: np.ndarray) -> float:
    """Mean over assays of the area under the ROC curve."""
    return float(np.mean(areas(truth, response)))


def areas(truth: np.ndarray, response: np.ndarray) -> list[float]:
    """Area of each assay, on the molecules that have its label."""
    known = ~np.isnan(truth)
    pairs = zip(truth.T, response.T, known.T, strict=True)
    return [float(roc_auc_score(y[seen], s[seen])) for y, s, seen in pairs]


def resampled(truth: np.ndarray, response: np.ndarray, draws: int = 200) -> list[float]:
    """The 2.5 and 97.5 % quantiles of the mean area over drawn test molecules."""
    random = np.random.default_rng(0)
    values = []
    for _ in range(draws):
        rows = random.integers(len(truth), size=len(truth))
        try:
            values.append(mean_area(truth[rows], response[rows]))
        except ValueError:  # an assay without a positive molecule
            continue
    return np.nanquantile(values, [0.025, 0.975]).tolist()


def read(seed: int) -> Parts:
    """Molecules of a seed."""
    case = SETS["tox21"]
    data, split = case.split(case.fetch(), seed)
    parts = split.apply(data)
    X, _ = matrices(*parts)
    return Parts(tuple(X), tuple(truth_of(part) for part in parts))


def key(name: str, seed: int) -> str:
    """Name of a run."""
    return key_of("tox21", name, seed, GRID if name == "multi_task_boosting" else "", FIXED)


def measure(name: str, seed: int) -> dict[str, Any]:
    """One learner on the molecules of one seed."""
    parts = read(seed)
    start = time.process_time()
    response, noted = LEARNERS[name](parts)
    spent = time.process_time() - start
    each = areas(parts.Y[2], response)
    return {
        "key": key(name, seed),
        "learner": name,
        "seed": seed,
        "value": float(np.mean(each)),
        "interval": resampled(parts.Y[2], response),
        "assays": each,
        "seconds": spent,
        **noted,
    }


def tox21(arguments: argparse.Namespace) -> None:
    """Measure what is missing, and print."""
    records = Records(arguments.out)
    done = records.keys()
    for name in [] if arguments.print else arguments.learners:
        missing = [seed for seed in SEEDS if key(name, seed) not in done]
        work = Parallel(n_jobs=arguments.jobs, return_as="generator")
        for record in work(delayed(measure)(name, seed) for seed in missing[: arguments.seeds]):
            records.add(record)
            print(record, flush=True)
    known = {record["key"]: record for record in records.read()}
    rows: list[list[object]] = []
    for name in LEARNERS:
        own = [known[key(name, seed)] for seed in SEEDS if key(name, seed) in known]
        if not own:
            continue
        values = np.array([record["value"] for record in own])
        spread = values.std(ddof=1) if len(values) > 1 else np.nan
        intervals = "; ".join("{:.3f} – {:.3f}".format(*record["interval"]) for record in own)
        seconds = float(np.median([record["seconds"] for record in own]))
        rows.append([name, f"{values.mean():.4f} ± {spread:.4f}", intervals, seconds])
    print(markdown(["learner", "mean AUC", "of drawn molecules, by seed", "s with choice"], rows))


def many(arguments: argparse.Namespace) -> None:
    """Seconds and memory of a fit, in a process of its own each."""
    rows = []
    for n_tasks in arguments.tasks:
        work = Parallel(n_jobs=2, batch_size=1)  # a process whose peak is that of this fit alone
        ((seconds, peak, before),) = work([delayed(cost)(n_tasks, arguments.rows)])
        rows.append([n_tasks, arguments.rows, seconds, seconds / n_tasks, peak, peak - before])
        print(rows[-1], flush=True)
    header = ["tasks", "rows", "s a fit", "s per task", "peak, MB", "more than before the fit, MB"]
    print(markdown(header, rows))


def cost(n_tasks: int, n_rows: int) -> tuple[float, float, float]:
    """Processor seconds of a fit, peak memory after it and before it in MB."""
    draw = np.random.default_rng(0)
    X = draw.normal(size=(n_rows, 64))
    hidden = X @ draw.normal(size=(64, 8))
    Y = (hidden @ draw.normal(size=(8, n_tasks)) > 0).astype(float)
    Y[draw.random(Y.shape) < 1 / 3] = np.nan
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    settings = {"max_leaf_nodes": 8, "max_iter": 50, "random_state": 0}
    start = time.process_time()
    MultiTaskBoostingClassifier(**settings).fit(X, Y)
    spent = time.process_time() - start
    return spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, before


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=["tox21", "many"])
    parser.add_argument("--learners", nargs="*", choices=LEARNERS, default=[*LEARNERS])
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="seeds to measure now")
    parser.add_argument("--tasks", type=int, nargs="*", default=[10, 617])
    parser.add_argument("--rows", type=int, default=2048)
    parser.add_argument("--out", type=Path, default=Path("runs/boosted_tasks"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--print", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    (tox21 if arguments.case == "tox21" else many)(arguments)


if __name__ == "__main__":
    main()
