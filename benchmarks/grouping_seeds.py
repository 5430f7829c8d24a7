"""How many trainings per fold it takes to find planted groups, by the same trainings.

    OMP_NUM_THREADS=1 python benchmarks/grouping_seeds.py [--related 9] [--unrelated 2]

The linear regressions of `grouping.py planted`, eight tasks. Each data set is searched with 4 seeds, and then with
the first 3, 2 and 1 of them, whose trainings are kept in a folder. Each search appends a line to
grouping_seeds.jsonl in the current folder; data sets that stand there are not repeated; at the end the table is printed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.search import group

NETWORK, BUDGET, SEEDS = HardSharing(MLP((64, 64))), Budget(steps=200), (4, 3, 2, 1)
PATH = Path("grouping_seeds.jsonl")


def search(seed: int, *, related: bool) -> None:
    clusters, size = (2, 4) if related else (8, 1)
    data, truth = make_clustered_tasks(
        clusters, size, 150, 20, spread=0.3, noise=1.0, own_rows=True, seed=seed
    )
    names = np.array(data.tasks.names)
    planted = {frozenset(names[truth.clusters == c].tolist()) for c in range(clusters)}
    with tempfile.TemporaryDirectory() as folder, PATH.open("a") as file:
        for seeds in SEEDS:
            found = group(data, NETWORK, seeds=seeds, n_random=0, budget=BUDGET, out=folder)
            chosen = {frozenset(tasks) for tasks in found.groups}
            right = chosen == planted if related else found.answer == "apart"
            first = found.candidates[0]
            case = {"seed": seed, "related": related, "seeds": seeds, "right": right}
            case |= {"answer": found.answer, "gain": first.gain, "interval": first.interval}
            case |= {"p": first.p_corrected}
            file.write(json.dumps(case) + "\n")


def table() -> None:
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    print("| seeds | planted: right answer | median width of the interval | unrelated: apart |")
    print("|---|---|---|---|")
    for seeds in sorted(SEEDS):
        own = [
            [c for c in cases if c["seeds"] == seeds and c["related"] is r] for r in (True, False)
        ]
        right = [f"{sum(c['right'] for c in part)} of {len(part)}" for part in own]
        widths = [c["interval"][1] - c["interval"][0] for c in own[0] if c["interval"]]
        width = f"{100 * np.median(widths):.1f} %" if widths else "–"
        print(f"| {seeds} | {right[0]} | {width} | {right[1]} |")


def main() -> None:
    """Search the data sets that are missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--related", type=int, default=9)
    parser.add_argument("--unrelated", type=int, default=2)
    given = parser.parse_args()
    lines = PATH.read_text().splitlines() if PATH.exists() else []
    done = {(case["seed"], case["related"]) for case in map(json.loads, lines)}
    for related, number in ((True, given.related), (False, given.unrelated)):
        for seed in range(number):
            if (seed, related) not in done:
                search(seed, related=related)
    table()


if __name__ == "__main__":
    main()
