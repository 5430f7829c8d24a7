"""How often the tests of transfer maps and groups reject where no task has anything to do with another.

    OMP_NUM_THREADS=1 python benchmarks/grouping_calibration.py [--rows 60 150] [--seeds 3] [--batches 4] [--first 0]

Triples of unrelated linear regressions with rows of their own, 5 folds and 3 seeds as by default, or fewer. Triples
of one batch train side by side and share the seeds of their networks, nothing else. Each batch
appends its triples to grouping_calibration.jsonl in the current folder; batches that stand there are
not repeated; at the end the table is printed.

Unrelated tasks can gain from each other in truth, as each regularises the network of the other, and lose.
So the share of intervals at 95 % that miss the mean gain over all triples is shown beside the share of
rejections, and so are the tests of equal networks: the same task alone, on the same rows, by other seeds. `group` asks
for a gain alone: the last column is the share of its one-sided tests at 5 %.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path

import numpy as np
import polars as pl

from polytask.analysis import GroupRuns
from polytask.analysis._measured_gain import _alone, _together, compared
from polytask.analysis._rounds import Round
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import FoldSplit, MultiTaskDataset
from polytask.encoders import MLP
from polytask.statistics import PairedGain, holm

N_FEATURES, NETWORK, BUDGET = 10, HardSharing(MLP((16,))), Budget(steps=100)
FOLDS, TRIPLES, SIZE = 5, 20, 3
PATH = Path("grouping_calibration.jsonl")
KINDS = {
    "pair": "a task in a pair",
    "in all": "a task in the network of all three",
    "together": "all three together, mean gain",
    "equal": "equal networks of one task",
    "all equal": "equal networks, mean gain of three",
}


def unrelated(n_rows: int, seed: int) -> MultiTaskDataset:
    """Tasks with rows and coefficients of their own; the noise is as large as the signal."""
    draw = np.random.default_rng([n_rows, seed])
    n_tasks = TRIPLES * SIZE
    inputs = draw.normal(size=(n_tasks, n_rows, N_FEATURES))
    weights = draw.normal(size=(n_tasks, N_FEATURES))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    labels = np.einsum("krp,kp->kr", inputs, weights) + draw.normal(size=(n_tasks, n_rows))
    columns = {f"x{p}": inputs[..., p].ravel() for p in range(N_FEATURES)}
    tasks = np.repeat([f"t{k:03d}" for k in range(n_tasks)], n_rows)
    frame = pl.DataFrame({**columns, "y": labels.ravel(), "task": tasks})
    return MultiTaskDataset.from_long(frame, "y", "task", kind="regression")


def batch(n_rows: int, n_seeds: int, number: int) -> Iterator[dict]:
    data = unrelated(n_rows, number)
    network = GroupRuns.of(data, NETWORK).network
    seeds = range(n_seeds * number, n_seeds * (number + 1))
    splits = [tuple(FoldSplit(FOLDS, validation=0.15).splits(data, seed)) for seed in seeds]
    runs, again = (
        GroupRuns(
            data,
            network,
            [Round(first + s, own) for s, own in zip(seeds, splits, strict=True)],
            BUDGET,
        )
        for first in (0, 100_000)
    )
    names = runs.tasks
    triples = [names[start : start + SIZE] for start in range(0, len(names), SIZE)]
    pairs = [tuple(sorted(pair)) for own in triples for pair in permutations(own, 2)]
    runs.train([*((name,) for name in names), *pairs, *triples])
    again.train([name] for name in names)
    for own in triples:
        yield {"rows": n_rows, "seeds": n_seeds, "batch": number, **triple(runs, again, own)}


def triple(runs: GroupRuns, again: GroupRuns, names: tuple[str, ...]) -> dict:
    """Gains, p-values and intervals of one triple, each test taken for itself."""

    def all_of(tasks: tuple[str, ...], group: tuple[str, ...], n_tests: int = 1) -> PairedGain:
        return compared(runs, _together(runs, [group], tasks), _alone(runs, tasks), n_tests)

    def equal(tasks: tuple[str, ...]) -> PairedGain:
        return compared(runs, _alone(again, tasks), _alone(runs, tasks), 1)

    pairs = list(permutations(names, 2))
    found = {
        "pair": [all_of((i,), tuple(sorted((i, j)))) for i, j in pairs],
        "in all": [all_of((name,), names) for name in names],
        "together": [all_of(names, names)],
        "equal": [equal((name,)) for name in names],
        "all equal": [equal(names)],
    }
    whole_map = holm(
        {f"{i} {j}": all_of((i,), tuple(sorted((i, j))), len(pairs)).p for i, j in pairs}
    )
    return {
        "kinds": {
            kind: [[one.value, one.p, *(one.interval or (None, None))] for one in results]
            for kind, results in found.items()
        },
        "map": [p is not None and p <= 0.05 for p in whole_map.values()],
    }


def table() -> None:
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    print(
        "| rows | seeds | test | triples | mean gain | p ≤ 5 % | mean missed | gain, one-sided p ≤ 5 % |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for n_seeds, n_rows in sorted({(case["seeds"], case["rows"]) for case in cases}):
        own = [case for case in cases if (case["seeds"], case["rows"]) == (n_seeds, n_rows)]
        for kind, words in KINDS.items():
            cells = [str(n_rows), str(n_seeds), words, str(len(own)), *_cells(own, kind)]
            print(f"| {' | '.join(cells)} |")
        any_pair = _share(np.array([[any(case["map"])] for case in own]))
        words = "any of the six pairs, corrected"
        print(f"| {n_rows} | {n_seeds} | {words} | {len(own)} | – | {any_pair} | – | – |")


def _cells(cases: list[dict], kind: str) -> list[str]:
    """Mean gain, and shares of rejections, of intervals that miss the mean and of gains that are shown."""
    value, p, low, high = np.moveaxis(
        np.array([case["kinds"][kind] for case in cases], dtype=float), -1, 0
    )
    mean, rejected = value.mean(), p <= 0.05
    missed = (low > mean) | (high < mean)
    gained = (value > 0) & (p / 2 <= 0.05)
    shares = map(_share, (rejected, missed, gained))
    return [f"{100 * mean:+.1f} %", *shares]


def _share(hits: np.ndarray) -> str:
    """Share of tests, with a 95 % interval over triples, whose tests depend on each other."""
    by_triple = np.asarray(hits, dtype=float).mean(axis=1)
    n = len(by_triple)
    share = by_triple.mean()
    variance = max(by_triple.var(ddof=1) / n, 0.0)
    size = n if variance == 0 else min(share * (1 - share) / variance, hits.size)  # effective
    low, high = _wilson(share, max(size, 1.0))
    return f"{100 * share:.1f} ({100 * low:.1f} … {100 * high:.1f}) %"


def _wilson(share: float, n: float) -> tuple[float, float]:
    z = 1.96
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def main() -> None:
    """Run the batches and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[60, 150])
    parser.add_argument("--seeds", type=int, nargs="+", default=[3])
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    lines = PATH.read_text().splitlines() if PATH.exists() else []
    done = {(case["rows"], case["seeds"], case["batch"]) for case in map(json.loads, lines)}
    numbers = range(arguments.first, arguments.first + arguments.batches)
    for key in product(arguments.rows, arguments.seeds, numbers):
        if key not in done:
            found = list(batch(*key))
            with PATH.open("a") as file:
                file.writelines(json.dumps(case) + "\n" for case in found)
            print(*key, flush=True)
    table()


if __name__ == "__main__":
    main()
