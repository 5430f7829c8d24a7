"""Joint networks beside boosted trees on tables: choice on validation rows, figures on test rows.

Every learner is fitted with every seed, which also draws the rows. The network and the boosted
trees of the best mean validation figure are the chosen ones: only their test figures are printed.
Gains are paired by seed; a network is no worse if the lower end of the 95 % interval is at or above
−0.001 (areas) or −1 % (errors). Every attempt is listed, with seconds of CPU on one thread.

    POLYTASK_DATA=... python benchmarks/tables.py sarcos --out runs/tables

Runs lie in the folder as lines of JSON: a run that is there is not done again.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from tables_judge import Run, by_seed, chosen, over_rows, test_figures
from tables_networks import Network, networks
from tables_records import Records, cpu_seconds, key_of, progress
from tables_sets import SETS, Drawn, Set, truth_of
from tables_trees import TREES, Trees, matrices, respond

from polytask._recipes import to_json
from polytask.data import MultiTaskDataset
from polytask.datasets import FetchedDataset

Parts = tuple[MultiTaskDataset, MultiTaskDataset, MultiTaskDataset]
Entrant = Trees | Network


def main() -> None:
    """Fit what is missing, and print."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--out", type=Path, required=True, help="folder of the records")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument(
        "--learners", nargs="*", default=["*"], help="names or patterns such as 'lightgbm*'"
    )
    parser.add_argument("--list", action="store_true", help="print the learners' names and end")
    arguments = parser.parse_args()
    set_ = SETS[arguments.set]
    fetched = set_.fetch()
    entrants: dict[str, Entrant] = {
        **{trees.name: trees for trees in TREES},
        **networks(set_.family, fetched.dataset),
    }
    wanted = {
        name: entrant
        for name, entrant in entrants.items()
        if any(fnmatch(name, pattern) for pattern in arguments.learners)
    }
    if arguments.list:
        print("\n".join(wanted))
        return
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    records = Records(arguments.out / arguments.set)
    fit_all(set_, fetched, wanted, seeds, records)
    tasks = fetched.dataset.tasks.names
    print_table(arguments.set, set_, wanted, seeds, records, tasks)


def key(entrant: Entrant, seed: int) -> str:
    """Name of a run: what is fitted, and the seed."""
    return key_of(repr(entrant), seed)


def fit_all(
    set_: Set,
    fetched: FetchedDataset | Drawn,
    entrants: Mapping[str, Entrant],
    seeds: Sequence[int],
    records: Records,
) -> None:
    """Carry out the runs that are not on record."""
    for seed in seeds:
        done = records.keys()
        missing = {name: each for name, each in entrants.items() if key(each, seed) not in done}
        if not missing:
            continue
        data, split = set_.split(fetched, seed)
        parts = split.apply(data)
        (test_rows,) = split.test.values()
        for name, entrant in missing.items():
            with progress(f"{name}, seed {seed}") as noted:
                record, response = run(set_, entrant, parts, seed)
                noted.update(record["validation"])
            record = {"key": key(entrant, seed), "learner": name, "seed": seed, **record}
            save(records.folder, record["key"], response, truth_of(parts[2]), test_rows)
            records.add(record)


def run(set_: Set, entrant: Entrant, parts: Parts, seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """Fit and answer: validation figures and seconds of CPU, and responses to test rows."""
    train, validation, test = parts
    tasks = train.tasks.names
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = _fit_trees if isinstance(entrant, Trees) else _fit_network
        start = cpu_seconds()
        answer, more = fit(entrant, parts, seed, set_)
        fitted = cpu_seconds()
        response = answer(test)
        answered = cpu_seconds()
        validated = answer(validation)
    record = {
        "validation": dict(set_.figures(truth_of(validation), validated, tasks)),
        "n_train": train.sources[0].n_rows,
        "cpu_fit": fitted - start,
        "cpu_predict": answered - fitted,
        **more,
    }
    return record, response


def _fit_trees(trees: Trees, parts: Parts, seed: int, set_: Set) -> tuple[Any, dict[str, Any]]:
    train, validation, _ = parts
    regression = set_.family == "regression"
    (X, X_stop, *_), categorical = matrices(train, validation)
    models = trees.fit(
        (X, truth_of(train)),
        (X_stop, truth_of(validation)),
        categorical,
        seed,
        regression=regression,
    )

    def answer(rows: MultiTaskDataset) -> np.ndarray:
        return respond(models, matrices(train, rows)[0][1], regression=regression)

    return answer, {"settings": asdict(trees)}


def _fit_network(network: Network, parts: Parts, seed: int, _: Set) -> tuple[Any, dict[str, Any]]:
    train, validation, _ = parts
    model = network.learner.fit(train, validation, seed, network.budget, progress=False)
    history = model.history

    def answer(rows: MultiTaskDataset) -> np.ndarray:
        predictions = model.predict(rows)
        return np.stack([predictions[task].response for task in train.tasks.names], axis=1)

    return answer, {
        "settings": to_json(network.learner),
        "parameters": model.n_parameters,
        "epochs": len(history.epochs),
        "best_epoch": history.best_epoch,
    }


def save(
    folder: Path, name: str, response: np.ndarray, truth: np.ndarray, rows: np.ndarray
) -> None:
    """Keep responses to test rows, which are scored if the learner is chosen."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / f"{name}.npz", response=response.astype(np.float32), truth=truth, rows=rows
    )


def load(folder: Path, record: Mapping[str, Any]) -> Run:
    """A record with what `save` kept of it."""
    with np.load(folder / f"{record['key']}.npz") as arrays:
        response = arrays["response"].astype(np.float64)
        return Run(record, arrays["truth"], response, arrays["rows"])


def print_table(
    title: str,
    set_: Set,
    entrants: Mapping[str, Entrant],
    seeds: Sequence[int],
    records: Records,
    tasks: tuple[str, ...],
) -> None:
    """The chosen of each library, the paired gains, and every attempt."""
    by_key = {record["key"]: record for record in records.read()}
    wanted = {key(each, seed): name for name, each in entrants.items() for seed in seeds}
    runs: dict[str, list[Run]] = {}
    for one, name in wanted.items():
        runs.setdefault(name, []).append(load(records.folder, by_key[one]))
    groups = {
        group: {name: each for name, each in runs.items() if group_of(entrants[name]) == group}
        for group in ("histogram", "lightgbm", "network")
    }
    print(f"\n### {title}: seeds {seeds[0]} to {seeds[-1]}\n")
    best = {group: chosen(set_, each) for group, each in groups.items()}
    print_figures(set_, {group: runs[name] for group, name in best.items() if name}, tasks)
    trees = {name: each for name, each in runs.items() if isinstance(entrants[name], Trees)}
    tree, network = chosen(set_, trees), best["network"]
    if tree and network:
        print_gains(set_, runs[network], runs[tree], tasks)
    print_attempts(records, runs)


def group_of(entrant: Entrant) -> str:
    return entrant.library if isinstance(entrant, Trees) else "network"


def print_figures(set_: Set, best: Mapping[str, Sequence[Run]], tasks: tuple[str, ...]) -> None:
    """Test figures of the chosen learner of each group: mean ± deviation over seeds."""
    figures = {group: test_figures(set_, runs, tasks) for group, runs in best.items()}
    heads = list(next(iter(figures.values()), {}))
    print(f"| chosen | {' | '.join(heads)} | CPU s to fit | CPU s to predict 10⁵ rows |")
    print("|---|" + "---|" * (len(heads) + 2))
    for group, runs in best.items():
        cells = [
            f"{values.mean():.4f} ± {values.std(ddof=min(1, len(values) - 1)):.4f}"
            for values in figures[group].values()
        ]
        predict = np.mean([1e5 * run.record["cpu_predict"] / len(run.rows) for run in runs])
        fit = np.mean([run.record["cpu_fit"] for run in runs])
        cells += [f"{fit:.0f}", f"{predict:.1f}"]
        print(f"| {runs[0].record['learner']} | {' | '.join(cells)} |")


def print_gains(
    set_: Set, network: Sequence[Run], tree: Sequence[Run], tasks: tuple[str, ...]
) -> None:
    """Paired gains of the chosen network over the chosen trees."""
    names = [runs[0].record["learner"] for runs in (network, tree)]
    print(f"\n{names[0]} against {names[1]}:")
    ours, theirs = (test_figures(set_, runs, tasks) for runs in (network, tree))
    for name in ours:
        gains = np.array([set_.gain(*pair) for pair in zip(ours[name], theirs[name], strict=True)])
        mean, low, high = by_seed(gains)
        verdict = "no worse" if low >= set_.margin else "not shown to be no worse"
        print(
            f"- {name}: gain {mean:+.4f} [{low:+.4f}, {high:+.4f}] by seed, {verdict} "
            f"(margin {set_.margin:g})"
        )
    for name, (value, low, high) in over_rows(set_, network, tree, tasks).items():
        print(f"- {name}: {value:+.4f} [{low:+.4f}, {high:+.4f}] with the chance of test rows")


def print_attempts(records: Records, runs: Mapping[str, Sequence[Run]]) -> None:
    """Validation figures of all runs on record, also of recipes and seeds that are not shown."""
    shown = {run.record["key"] for each in runs.values() for run in each}
    print("\n| attempt | seed | validation | CPU s | in the choice |")
    print("|---|---|---|---|---|")
    for record in records.read():
        values = ", ".join(f"{value:.4f}" for value in record["validation"].values())
        among = "yes" if record["key"] in shown else "no"
        row = (record["learner"], record["seed"], values, f"{record['cpu_fit']:.0f}", among)
        print(f"| {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()
