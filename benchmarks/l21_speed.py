"""Joint feature selection on shared rows: time to a relative duality gap of 1e-6.

‖Y − XWᵀ‖² / 2n + alpha ‖W‖₂,₁ with AR(1) features, of which p / 10 or n / 20 matter (the fewer),
and a signal of three times the noise's norm. Every solver gets the same X in column order and runs at
the loosest tolerance, on a grid of factors √10, at which one function finds its gap to be at most 1e-6,
relative to the objective at zero. One whose call takes over four times the fastest's (and over 2 s) is
timed once, at the tolerance that it had reached: a gap above 1e-6 says that it needs longer still.
First calls, which may compile, are printed apart. Seconds are processor time on one thread, else by the
clock; medians of interleaved turns.

    python benchmarks/l21_speed.py [--sizes 0 1 2 3] [--path] [--threads 2]

celer and skglm are measured where they are installed.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
from l21_peers import Solver, missing, relative_gap, solvers
from threadpoolctl import threadpool_limits
from timing import markdown, spent, turns

SIZES = ((300, 600, 10), (1000, 5000, 20), (5000, 500, 100), (2000, 20000, 20))
GAP = 1e-6


@dataclass(frozen=True)
class Problem:
    """Centred data and the strengths to solve for, falling."""

    X: np.ndarray
    Y: np.ndarray
    alphas: np.ndarray

    def gap(self, answers: Sequence[np.ndarray]) -> float:
        """The largest relative gap of one W per strength."""
        pairs = zip(self.alphas, answers, strict=True)
        return max(relative_gap(self.X, self.Y, W, alpha) for alpha, W in pairs)


def draw(size: tuple[int, int, int], correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """X (n, p) in column order and Y (n, T), both centred."""
    n, p, n_tasks = size
    random = np.random.default_rng(0)
    X = np.empty((n, p), order="F")
    X[:, 0] = random.standard_normal(n)
    for j in range(1, p):
        fresh = random.standard_normal(n)
        X[:, j] = correlation * X[:, j - 1] + np.sqrt(1 - correlation**2) * fresh
    W, n_kept = np.zeros((n_tasks, p)), min(p // 10, n // 20)
    W[:, random.choice(p, n_kept, replace=False)] = random.standard_normal((n_tasks, n_kept))
    signal = X @ W.T
    noise = random.standard_normal(signal.shape)
    Y = signal + noise * np.linalg.norm(signal) / (3 * np.linalg.norm(noise))
    return np.asfortranarray(X - X.mean(axis=0)), np.asfortranarray(Y - Y.mean(axis=0))


def tolerance_for(
    solver: Solver, problem: Problem, limit: float, threads: int
) -> tuple[float, float, float, list[np.ndarray]]:
    """The loosest tolerance that reaches the gap, the gap, seconds, and the answers.

    Powers of ten downwards, then half a power back; ends early at a call that takes too long.
    """
    tolerance, step = solver.loosest, np.sqrt(10)
    while True:
        call = functools.partial(solver.solve, problem.X, problem.Y, problem.alphas, tolerance)
        seconds, answers = spent(call, threads)
        gap = problem.gap(answers)
        if gap <= GAP or seconds > limit or tolerance < 1e-13:
            break
        tolerance /= 10
    if gap <= GAP and tolerance < solver.loosest:
        looser = solver.solve(problem.X, problem.Y, problem.alphas, tolerance * step)
        if problem.gap(looser) <= GAP:
            tolerance, gap, answers = tolerance * step, problem.gap(looser), looser
    return tolerance, gap, seconds, answers


def measure(problem: Problem, entrants: Sequence[Solver], arguments: argparse.Namespace) -> list:
    """Median seconds, tolerance and gap of each solver, and the number of features that are kept."""
    works, notes, kept, fastest = {}, {}, 0, np.inf
    seconds: dict[str, list[float]] = {}
    for solver in entrants:
        limit = max(2.0, 4 * fastest)
        tolerance, gap, once, answers = tolerance_for(solver, problem, limit, arguments.threads)
        notes[solver.name] = (tolerance, gap)
        if gap > GAP or once > limit:
            seconds[solver.name] = [once]
            continue
        fastest, kept = min(fastest, once), int(answers[-1].any(axis=0).sum())
        works[solver.name] = functools.partial(
            solver.solve, problem.X, problem.Y, problem.alphas, tolerance
        )
    seconds |= turns(works, arguments.repeats, arguments.threads)
    return [(name, float(np.median(seconds[name])), *notes[name], kept) for name in notes]


def strengths(X: np.ndarray, Y: np.ndarray, path: bool) -> list[tuple[str, np.ndarray]]:
    """The strengths of one problem each, with a label."""
    largest = np.linalg.norm(Y.T @ X, axis=0).max() / len(X)
    if path:
        return [("30 to / 20", np.geomspace(largest, largest / 20, 30))]
    return [(f"/ {share}", np.array([largest / share])) for share in (5, 20)]


def first_calls(entrants: Sequence[Solver]) -> None:
    """Call each once on small data and print the seconds, most of them spent compiling."""
    X, Y = draw((50, 30, 3), 0.5)
    for solver in entrants:
        work = functools.partial(solver.solve, X, Y, np.array([0.5]), 1e-3)
        print(f"First call of {solver.name}: {spent(work)[0]:.2f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", help="which of the sizes, from 0")
    parser.add_argument("--correlations", type=float, nargs="*", default=[0.5, 0.9])
    parser.add_argument("--path", action="store_true", help="30 strengths instead of one")
    parser.add_argument("--only", nargs="*", default=[], help="names of solvers")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    chosen = arguments.sizes or ([2, 1] if arguments.path else range(len(SIZES)))
    entrants = solvers(arguments.only)
    print("Not installed:", ", ".join(missing()) or "nothing")
    rows = []
    with threadpool_limits(arguments.threads):
        first_calls(entrants)
        for size in (SIZES[i] for i in chosen):
            for correlation in arguments.correlations:
                X, Y = draw(size, correlation)
                for label, alphas in strengths(X, Y, arguments.path):
                    problem = Problem(X, Y, alphas)
                    found = measure(problem, entrants, arguments)
                    best = min(row[1] for row in found)
                    for name, seconds, tolerance, gap, kept in found:
                        cell = [size, correlation, label, kept, name, seconds, seconds / best]
                        rows.append([*cell, tolerance, gap])
                        print(*rows[-1], flush=True)
    header = ["n, p, T", "correlation", "alpha_max", "kept", "solver", "s", "× fastest"]
    print("\n" + markdown([*header, "tolerance", "gap"], rows))


if __name__ == "__main__":
    main()
