"""The study behind the defaults: configurations of encoder and trainer on tables of many sizes.

Rows are drawn by seed from those that no benchmark tests, in three parts: training, rows that stop
training and choose its state, and rows that score. Per size and kind it prints every
configuration's mean rank, its loss relative to the base's (geometric mean) and the worst of these;
a set's loss is the mean over tasks of nMSE or of the log loss, relative to the best constant's.

    POLYTASK_DATA=... python benchmarks/table_defaults.py --out runs/defaults --sizes 2000

Runs lie in the folder as lines of JSON: a run that is there is not done again.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from joblib import Parallel, delayed
from scipy.stats import rankdata
from table_configurations import CONFIGURATIONS, learner
from table_subsets import ORIGINS, SIZES, Subset
from tables_records import Records, cpu_seconds, key_of, progress

from polytask.bookkeeping import Budget
from polytask.evaluation import evaluate
from polytask.learners import Constant, Learner

Group = tuple[str, int]


def main() -> None:
    """Fit what is missing, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the records")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--kinds", nargs="*", default=["regression", "binary", "multiclass"])
    parser.add_argument("--sets", nargs="*", default=["*"], help="names or patterns")
    parser.add_argument("--configurations", nargs="*", default=["*"], help="names or patterns")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="sets that are studied side by side")
    parser.add_argument("--list", action="store_true", help="print the configurations and end")
    arguments = parser.parse_args()
    names = [
        name
        for name in CONFIGURATIONS
        if name == "base" or any(fnmatch(name, each) for each in arguments.configurations)
    ]
    if arguments.list:
        print("\n".join(f"{name}: {dict(CONFIGURATIONS[name])}" for name in names))
        return
    origins = [
        name
        for name, origin in ORIGINS.items()
        if origin.kind in arguments.kinds and any(fnmatch(name, each) for each in arguments.sets)
    ]
    records = Records(arguments.out)
    study = partial(fit_all, names=names, seeds=range(arguments.seeds), records=records)
    cells = [(size, name) for size in sorted(arguments.sizes) for name in origins]
    Parallel(n_jobs=arguments.jobs)(delayed(study)(name, size) for size, name in cells)
    print_tables(records, names, cells, range(arguments.seeds))


def key(name: str, size: int, seed: int, recipe: Learner) -> str:
    """Name of a run: rows, seed and what is fitted."""
    return key_of(name, size, seed, repr(recipe))


def fit_all(
    origin: str, size: int, names: Iterable[str], seeds: Iterable[int], records: Records
) -> None:
    """Carry out the runs of a set and size that are not on record."""
    torch.set_num_threads(1)
    for seed in seeds:
        recipes = {name: learner(CONFIGURATIONS[name]) for name in names}
        done = records.keys()
        missing = {
            name: recipe
            for name, recipe in recipes.items()
            if key(origin, size, seed, recipe) not in done
        }
        rows = ORIGINS[origin].subset(size, seed) if missing else None
        if rows is None:
            continue
        floor = losses(Constant(), rows, seed)[0]
        for name, recipe in missing.items():
            with progress(f"{origin}, {size} rows, seed {seed}, {name}") as noted:
                start = cpu_seconds()
                measured, more = losses(recipe, rows, seed)
                relative = {task: value / floor[task] for task, value in measured.items()}
                loss = sum(relative.values()) / len(relative)
                noted["loss"] = loss
                spent = cpu_seconds() - start
            records.add(
                {
                    "key": key(origin, size, seed, recipe),
                    "set": origin,
                    "size": size,
                    "rows": rows.train.sources[0].n_rows,
                    "seed": seed,
                    "configuration": name,
                    "loss": loss,
                    "cpu": spent,
                    **more,
                }
            )


def losses(recipe: Learner, rows: Subset, seed: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Loss of every task on the rows that score, and what the training needed."""
    budget = Budget() if isinstance(recipe, Constant) else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {} if budget else {"progress": False}
        model = recipe.fit(rows.train, rows.stop, seed, budget, **options)
        scored = evaluate(model, rows.choose)
    measured = {task: _loss(metrics) for task, metrics in scored.items()}
    history = model.history
    more = {} if history is None else {"epochs": len(history.epochs), "best": history.best_epoch}
    return {task: value for task, value in measured.items() if value is not None}, more


def _loss(metrics: Mapping[str, Any]) -> float | None:
    (metric,) = {"nmse", "log_loss"} & set(metrics)
    value: float | None = metrics[metric].value
    return value


def print_tables(
    records: Records, names: Sequence[str], cells: Sequence[tuple[int, str]], seeds: Sequence[int]
) -> None:
    """Ranks and relative losses of each size and kind, over the sets on record."""
    by_key = {record["key"]: record for record in records.read()}
    groups: dict[Group, dict[tuple[str, int], list[dict[str, Any]]]] = {}
    for size, origin in cells:
        for seed in seeds:
            recipes = (learner(CONFIGURATIONS[name]) for name in names)
            found = [by_key.get(key(origin, size, seed, recipe)) for recipe in recipes]
            complete = [record for record in found if record is not None]
            if len(complete) == len(names):
                group = groups.setdefault((ORIGINS[origin].kind, size), {})
                group[origin, seed] = complete
    for (kind, size), runs in groups.items():
        sets = sorted({origin for origin, _ in runs})
        print(f"\n### {kind}, {size} rows: {', '.join(sets)}; {len(runs)} drawings\n")
        print_group(names, list(runs.values()))


def print_group(names: Sequence[str], runs: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """One line per configuration, the lowest loss first."""
    table = np.array([[record["loss"] for record in each] for each in runs])
    seconds = np.array([[record["cpu"] for record in each] for each in runs]).mean(axis=0)
    ranks = np.mean([rankdata(row) for row in table], axis=0)
    logarithms = np.log(table / table[:, :1])
    relative, worst = np.exp(logarithms.mean(axis=0)), np.exp(logarithms.max(axis=0))
    print("| configuration | loss / base's | worst | mean rank | CPU s |\n|---|---|---|---|---|")
    for place in np.argsort(relative, kind="stable"):
        print(
            f"| {names[place]} | {relative[place]:.3f} | {worst[place]:.3f} "
            f"| {ranks[place]:.1f} | {seconds[place]:.1f} |"
        )


if __name__ == "__main__":
    main()
