"""Intervals of importances of least squares, by what they hold of the training rows.

    OMP_NUM_THREADS=1 python benchmarks/training_rows.py [--draws 300]

Data sets of six columns, of which three matter (1, 0.5, 0.2), with noise as large as the largest coefficient. Importances are
drops of the root mean squared error by shuffling, out of fold. Intervals at 95 % are those of `paired_repeats` (new rows), of
Nadeau & Bengio over the folds of all rounds, and of `with_training_rows`. The expected value is the mean over data sets.
"""

from __future__ import annotations

import argparse

import numpy as np

from polytask.metrics import RMSE
from polytask.statistics import Answers, Paired, paired_repeats, with_training_rows
from polytask.statistics._spread import of_splits
from polytask.tasks import FittedTarget, Regression

COEF = np.array([1.0, 0.5, 0.2, 0.0, 0.0, 0.0])
REPEATS = 3
DESIGNS = ((2, 2), (3, 2), (5, 1), (5, 3))
"""Folds and rounds."""


def root(truth: np.ndarray, response: np.ndarray) -> float:
    return float(np.sqrt(np.mean((truth - response) ** 2)))


def one_column(
    inputs: np.ndarray, truth: np.ndarray, column: int, folds: int, rounds: int, seed: int
) -> tuple[Paired, list[list[float]], list[float]]:
    """The measured drop, the drops of every model on the same rows, and those of every fold."""
    draw, n_rows = np.random.default_rng(seed), len(truth)
    cells = [draw.permutation(inputs[:, column]) - inputs[:, column] for _ in range(REPEATS)]
    intact, changed = [], [[] for _ in range(REPEATS)]
    by_round, by_fold = [], []
    for _ in range(rounds):
        own, moved = np.zeros(n_rows), np.zeros((REPEATS, n_rows))
        by_round.append([])
        for rows in np.array_split(draw.permutation(n_rows), folds):
            kept = np.setdiff1d(np.arange(n_rows), rows)
            coef = np.linalg.lstsq(inputs[kept], truth[kept], rcond=None)[0]
            own[rows] = inputs[rows] @ coef
            for repeat in range(REPEATS):
                moved[repeat, rows] = own[rows] + coef[column] * (
                    draw.permutation(inputs[rows, column]) - inputs[rows, column]
                )
            response = inputs @ coef
            drops = [root(truth, response + coef[column] * by) for by in cells]
            by_round[-1].append(root(truth, response) - float(np.mean(drops)))
            worse = np.mean([root(truth[rows], one) for one in moved[:, rows]])
            by_fold.append(root(truth[rows], own[rows]) - float(worse))
        intact.append(own)
        for repeat in range(REPEATS):
            changed[repeat].append(moved[repeat])
    target, ones, units = FittedTarget(("y",)), np.ones(n_rows), np.arange(n_rows)

    def answers(responses: list[np.ndarray]) -> Answers:
        return Answers(truth, tuple(responses), ones, units, target, Regression())

    measured = paired_repeats(RMSE(), answers(intact), [answers(one) for one in changed])
    return measured, by_round, by_fold


def missed(n_rows: int, folds: int, rounds: int, n_draws: int) -> list[str]:
    """Shares of the intervals that miss, of columns that matter and of one that does not."""
    columns = (0, 1, 2, 5)
    values = np.zeros((n_draws, len(columns)))
    halves = np.zeros((3, n_draws, len(columns)))
    for draw in range(n_draws):
        chance = np.random.default_rng([n_rows, draw])
        inputs = chance.normal(size=(n_rows, len(COEF)))
        truth = inputs @ COEF + chance.normal(size=n_rows)
        for k, column in enumerate(columns):
            measured, by_round, by_fold = one_column(inputs, truth, column, folds, rounds, draw)
            wide = with_training_rows(measured, by_round)
            splits = of_splits(by_fold, 1 / (folds - 1))
            values[draw, k] = measured.value
            both = [(one.interval[1] - one.interval[0]) / 2 for one in (measured, wide)]
            halves[:, draw, k] = both[0], float(splits.half_width(0.95)), both[1]
    misses = np.abs(values - values.mean(axis=0)) > halves
    return [
        f"{100 * misses[kind][:, some].mean():.1f} %"
        for some in (slice(0, 3), slice(3, 4))
        for kind in range(3)
    ]


def main() -> None:
    """Print one row per size and design."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=300)
    arguments = parser.parse_args()
    kinds = ("new rows", "Nadeau & Bengio", "with training rows")
    heads = [f"{kind}, {what}" for what in ("matters", "does not") for kind in kinds]
    print(f"| rows | folds | rounds | {' | '.join(heads)} |")
    print(f"|{'---|' * (3 + len(heads))}")
    for n_rows in (60, 150, 500):
        for folds, rounds in DESIGNS:
            cells = missed(n_rows, folds, rounds, arguments.draws)
            print(f"| {n_rows} | {folds} | {rounds} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
