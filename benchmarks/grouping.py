"""Planted groups of tasks found again, and chosen groups on public data sets.

    python benchmarks/grouping.py planted [FIRST_SEED LAST_SEED] [--joint]
    python benchmarks/grouping.py real [NAME …] [--splits N] [--first SPLIT] [--seeds N] [--networks N]

Every case appends a line to grouping_planted.jsonl or grouping_real.jsonl in the current folder, and
cases that stand there are not repeated; at the end the table is printed.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from grouping_real import real_cases, real_table

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.search import group

N_ROWS, SPREAD, NOISE = 150, 0.3, 1.0  # cosine 0.91 within clusters, 0 between; R² 0.5
CLUSTERS = {8: (2, 8), 12: (3, 12), 20: (5, 20)}  # as many clusters as tasks: nothing related
NETWORK, BUDGET = HardSharing(MLP((64, 64))), Budget(steps=200)


def planted_case(n_tasks: int, seed: int, clusters: int) -> dict:
    data, truth = make_clustered_tasks(
        clusters,
        n_tasks // clusters,
        N_ROWS,
        max(20, clusters + 1),
        spread=SPREAD,
        noise=NOISE,
        own_rows=True,
        seed=seed,
    )
    started = time.process_time()
    grouping = group(data, NETWORK, budget=BUDGET)
    found = {frozenset(tasks) for tasks in grouping.groups}
    names = np.array(data.tasks.names)
    planted = {frozenset(names[truth.clusters == c].tolist()) for c in range(clusters)}
    gains = {one.name: one.gain for one in (*grouping.candidates, *grouping.random)}
    proposed = {frozenset(tasks) for tasks in grouping.candidates[0].groups} == planted
    return {
        "answer": grouping.answer,
        "right": found == planted,
        "proposed": proposed,
        "gains": gains,
        "over_random": grouping.over_random,
        "p": {one.name: one.p_corrected for one in grouping.candidates},
        "networks": grouping.n_networks,
        "steps": grouping.steps,
        "seconds": time.process_time() - started,
    }


def planted(first: int, last: int, *, joint: bool) -> None:
    path = Path("grouping_planted.jsonl")
    done = read(path)
    for seed in range(first, last):
        for n_tasks, usual in CLUSTERS.items():
            for clusters in (1,) if joint else usual:
                key = {"tasks": n_tasks, "clusters": clusters, "seed": seed}
                if json.dumps(key) in done:
                    continue
                case = planted_case(n_tasks, seed, clusters)
                with path.open("a") as file:
                    file.write(json.dumps(key | case) + "\n")
                print(key, case["answer"], case["right"], round(case["seconds"], 1), flush=True)
    print_planted(path)


def read(path: Path) -> set[str]:
    if not path.exists():
        return set()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {json.dumps({k: line[k] for k in ("tasks", "clusters", "seed")}) for line in lines}


def print_planted(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    print(
        "| tasks | planted | right answer | proposed by affinity | gain of the proposal | together | "
        "random groups | networks | steps | CPU seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for n_tasks, planted in CLUSTERS.items():
        for clusters in (1, *planted):
            own = [c for c in lines if c["tasks"] == n_tasks and c["clusters"] == clusters]
            if own:
                print(_row(own, n_tasks, clusters))


def _row(own: list[dict], n_tasks: int, clusters: int) -> str:
    size = n_tasks // clusters
    planted = "" if size == 1 else f"{clusters} cluster{'s' * (clusters > 1)} of {size}"
    right = f"{sum(c['right'] for c in own)} of {len(own)}"
    proposed = f"{sum(c['proposed'] for c in own)} of {len(own)}" if planted else "–"
    cells = [f"{np.mean([c[k] for c in own]):,.0f}" for k in ("networks", "steps", "seconds")]
    gains = [_mean_gain(own, name) for name in ("prediction", "together", "random")]
    words = planted or "nothing related"
    return "| " + " | ".join([str(n_tasks), words, right, proposed, *gains, *cells]) + " |"


def _mean_gain(own: list[dict], start: str) -> str:
    known = [
        gain
        for case in own
        for name, gain in case["gains"].items()
        if name.startswith(start) and gain is not None
    ]
    return f"{100 * np.mean(known):+.1f} %" if known else "–"


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    of_planted = commands.add_parser("planted")
    of_planted.add_argument("first", type=int, nargs="?", default=0)
    of_planted.add_argument("last", type=int, nargs="?", default=20)
    of_planted.add_argument("--joint", action="store_true", help="one cluster of all tasks")
    of_real = commands.add_parser("real")
    of_real.add_argument("names", nargs="*")
    of_real.add_argument("--splits", type=int, default=1)
    of_real.add_argument("--first", type=int, default=0, help="number of the first split")
    of_real.add_argument("--seeds", type=int, default=3, help="trainings per fold in the search")
    of_real.add_argument("--networks", type=int, default=5, help="networks per group on test rows")
    given = parser.parse_args()
    if given.command == "planted":
        planted(given.first, given.last, joint=given.joint)
    else:
        splits = range(given.first, given.first + given.splits)
        real_cases(given.names, splits, given.seeds, given.networks)
        real_table()


if __name__ == "__main__":
    main()
