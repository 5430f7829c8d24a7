"""Agreement of affinities with trained pairs, and their cost, on public data sets.

    python benchmarks/affinity.py [NAME …]

Every set appends a line to affinity.jsonl in the current folder, and sets that stand there are not
repeated; at the end the table is printed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from grouping_sets import SETS, drawn

from polytask.analysis import (
    AffinityRecord,
    ExplainedLabels,
    GradientCosine,
    GroupRuns,
    LookaheadAffinity,
    PredictionCorrelation,
    PredictionSimilarity,
    TrainedPairs,
)
from polytask.analysis._rounds import Round
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import FoldSplit, Split
from polytask.encoders import MLP

NETWORK, BUDGET, FOLDS = HardSharing(MLP((64, 64))), Budget(steps=200), 3
METHODS = (
    PredictionSimilarity(),
    ExplainedLabels(),
    PredictionCorrelation(),
    GradientCosine(),
    LookaheadAffinity(),
)
ROWS, PATH = 1500, Path("affinity.jsonl")
NAMES = ("sarcos", "rf1", "school, 10 groups", "digits", "yeast", "tox21")


def case(name: str) -> dict:
    data, split = drawn(name, 0, ROWS)
    kept = Split(split.train, {}, split.test)

    def runs() -> GroupRuns:
        return GroupRuns.of(data, NETWORK, split=kept, folds=FOLDS, seeds=1, budget=BUDGET)

    pairs = runs()
    trained = TrainedPairs().estimate(pairs)
    again = GroupRuns(pairs.data, pairs.network, runs_of_another_seed(pairs), BUDGET)
    repeated = TrainedPairs().estimate(again)
    rows = {"trained_pairs": [1.0, trained.seconds, trained.n_networks]}
    rows["trained_pairs, drawn again"] = [
        trained.agreement(repeated),
        repeated.seconds,
        repeated.n_networks,
    ]
    for method in METHODS:
        record = method.estimate(runs())
        mean = _mean(trained, repeated)
        rows[record.name] = [record.agreement(mean), record.seconds, record.n_networks]
    return {"set": name, "tasks": len(data.tasks), "rows": data.n_rows, "methods": rows}


def runs_of_another_seed(runs: GroupRuns) -> list[Round]:
    splits = tuple(FoldSplit(FOLDS, validation=0.15).splits(runs.data, 1))
    return [Round(1, splits)]


def _mean(first: AffinityRecord, second: AffinityRecord) -> AffinityRecord:
    values = tuple(
        tuple(None if a is None or b is None else (a + b) / 2 for a, b in zip(r, s, strict=True))
        for r, s in zip(first.values, second.values, strict=True)
    )
    return replace(first, values=values)


def table() -> None:
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    names = list(cases[0]["methods"])
    sets = [c for name in SETS for c in cases if c["set"] == name]
    print("| affinity |", " | ".join(f"{c['set']} ({c['tasks']} tasks)" for c in sets), "|")
    print("|---" * (len(sets) + 1) + "|")
    for name in names:
        cells = []
        for one in sets:
            agreement, seconds, networks = one["methods"][name]
            shown = "–" if agreement is None else f"{agreement:+.2f}"
            cells.append(f"{shown}; {networks} networks, {seconds:,.0f} s")
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    done = (
        {json.loads(line)["set"] for line in PATH.read_text().splitlines()}
        if PATH.exists()
        else set()
    )
    for name in sys.argv[1:] or NAMES:
        if name not in done:
            found = case(name)
            with PATH.open("a") as file:
                file.write(json.dumps(found) + "\n")
            print(found, flush=True)
    table()
