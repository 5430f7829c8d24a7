"""100 tasks with 50 rows of their own and 200 features: seconds to 1e-6 above the least objective.

Trace norm and L2,1 by MALSAR's algorithm in numpy, by mutar (L2,1) and by polytask, each at the loosest
tolerance, on a grid of factors √10, that gets within 1e-6 of the least objective, relative to it, which is
known from many iterations. MALSAR's algorithm stops as soon as it is there. Estimators without such a
rule are timed with their defaults. One thread, processor time, medians of interleaved turns.

    python benchmarks/own_rows_speed.py [--penalties "trace norm"] [--fits]

mutar is measured where it is installed.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from classical_entrants import ours
from own_rows_solvers import PENALTIES, Data, correlated, loosest, malsar, ways
from timing import markdown, spent, turns

GAP = 1e-6
FITS = [
    ours("trace norm", "linear_model.TraceNormRegressor", alpha=0.3),
    ours("MTRL", "linear_model.TaskRelationshipRegressor"),
    ours("mean-regularised", "linear_model.MeanRegularizedRegressor"),
]


def draw(low_rank: bool, correlation: float = 0.5) -> Data:
    """Tasks whose weights have rank five, or whose features are the same tenth."""
    random = np.random.default_rng(0)
    n_tasks, n, p = 100, 50, 200
    X = correlated(random.standard_normal((n_tasks, n, p)), correlation)
    W = np.zeros((n_tasks, p))
    if low_rank:
        W = random.standard_normal((n_tasks, 5)) @ random.standard_normal((5, p)) / np.sqrt(p)
    else:
        W[:, random.choice(p, p // 10, replace=False)] = random.standard_normal((n_tasks, p // 10))
    signal = np.matmul(X, W[:, :, None])[:, :, 0]
    return Data(X, signal + random.standard_normal(signal.shape) * signal.std() / 3)


def compare(name: str, share: int, repeats: int) -> list[list[object]]:
    """Seconds of every way to solve one penalty at alpha_max / share."""
    data, penalty = draw(name == "trace norm"), PENALTIES[name]
    alpha = penalty.dual(data.slope(np.zeros((100, 200)))) / share
    W, _ = malsar(data, penalty, alpha, 3_000)
    least = data.loss(W) + alpha * penalty.value(W)
    target = least * (1 + GAP)

    def reached(W: np.ndarray) -> bool:
        return bool(data.loss(W) + alpha * penalty.value(W) <= target)

    works, notes = {}, {}
    for loops, label in ((True, "MALSAR's algorithm, loops"), (False, "the same, batched")):
        form = dataclasses.replace(data, loops=loops)
        works[label] = functools.partial(malsar, form, penalty, alpha, 20_000, target)
        notes[label] = f"{works[label]()[1]} iterations"
    for way in ways(name):
        print(
            f"First call of {way.name}: {spent(lambda w=way: w.solve(data, alpha, 0.1))[0]:.2f} s"
        )
        tolerance = loosest(functools.partial(way.solve, data, alpha), reached, range(4, 26))
        works[way.name] = functools.partial(way.solve, data, alpha, tolerance)
        notes[way.name] = f"tolerance {tolerance:.0e}"
    seconds = turns(works, repeats)
    mine = np.median(seconds["polytask"]) if "polytask" in seconds else np.nan
    kept = np.linalg.matrix_rank(W, 1e-6) if name == "trace norm" else W.any(axis=0).sum()
    return [
        [
            name,
            f"/ {share}",
            int(kept),
            way,
            float(np.median(s)),
            float(np.median(s) / mine),
            notes[way],
        ]
        for way, s in seconds.items()
    ]


def fits(repeats: int) -> list[list[object]]:
    """Seconds of fits with default tolerances."""
    data = draw(low_rank=True).flat()
    X, y, tasks = data
    works = {
        each.name: functools.partial(lambda entrant: entrant.make().fit(X, y, tasks=tasks), each)
        for each in FITS
        if each.installed
    }
    return [[n, float(np.median(s))] for n, s in turns(works, repeats).items()]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--penalties", nargs="*", default=list(PENALTIES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--fits", action="store_true", help="fits at defaults only")
    arguments = parser.parse_args()
    rows = []
    for name in [] if arguments.fits else arguments.penalties:
        for share in (5, 20):
            rows += compare(name, share, arguments.repeats)
    header = ["penalty", "alpha_max", "kept", "solver", "s", "× polytask", "stopped by"]
    print(markdown(header, rows))
    print(markdown(["fit", "s"], fits(arguments.repeats)))


if __name__ == "__main__":
    main()
