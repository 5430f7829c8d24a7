"""How often intervals of calibration hold, where a row has many labels that depend on each other.

OMP_NUM_THREADS=1 python benchmarks/statistics_calibration.py [--studies 1000] [--seed 0]

Rows are images or sequences of 1 to 99 labels. The probability that a model is right about a label varies
from row to row with the intraclass correlation: at 0 labels are independent, at 1 all labels of a row are
right or none is. Numbers are a normal part of the row and one of the label, or, skewed, their exponentials.
The model states the true probability or mean. Shown is how many of the intervals hold it, in percent: of
those that count rows as independent, which reports show, and of those that would count labels.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from polytask.tasks import Calibration, calibrated_means, calibrated_shares

SIZES = (5, 10, 20, 50, 100)
CORRELATIONS = (0.0, 0.05, 0.3, 1.0)
_MOST_LABELS = 100
_LABELS = ("stated", "happened")

Study = tuple[np.ndarray, float]
"""What happened to each label, and its expectation."""
Draw = Callable[[np.random.Generator, np.ndarray, float], Study]
"""Draws a study from the row of each label, and the correlation."""


def main() -> None:
    """Print one table per sort of labels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    generator = np.random.default_rng(arguments.seed)
    sorts: dict[str, Draw] = {
        **{f"Right for a share of {share:g}": _events(share) for share in (0.5, 0.9, 0.99)},
        "Normal numbers": _normals,
        "Skewed numbers": _skewed,
    }
    for name, draw in sorts.items():
        print(f"\n**{name}**\n")
        columns = [
            f"{counted}, {correlation:g}"
            for counted in ("rows", "labels")
            for correlation in CORRELATIONS
        ]
        print("| rows |", *(f"{column} |" for column in columns))
        print("|---|" + "---|" * len(columns))
        for n in SIZES:
            hits = [_share_held(generator, n, c, draw, arguments.studies) for c in CORRELATIONS]
            shares = [f"{100 * share:.1f}" for share in np.array(hits).T.ravel()]
            print(f"| {n} | {' | '.join(shares)} |")


def _share_held(
    generator: np.random.Generator, n: int, correlation: float, draw: Draw, studies: int
) -> np.ndarray:
    """Of the intervals over rows, and of those over labels."""
    hits = np.zeros(2)
    for _ in range(studies):
        row = np.repeat(np.arange(n), generator.integers(1, _MOST_LABELS, n))
        happened, expected = draw(generator, row, correlation)
        for position, rows in enumerate((row, None)):
            measured = _calibration(happened, expected, rows)
            hits[position] += measured.low[0] <= expected <= measured.high[0]
    return hits / studies


def _calibration(happened: np.ndarray, expected: float, row: np.ndarray | None) -> Calibration:
    stated, weight = np.full(len(happened), expected), np.ones(len(happened))
    if happened.dtype == bool:
        return calibrated_shares(stated, happened, weight, _LABELS, row=row)
    return calibrated_means(stated, happened, weight, _LABELS, row=row)


def _events(share: float) -> Draw:
    def draw(generator: np.random.Generator, row: np.ndarray, correlation: float) -> Study:
        n = row[-1] + 1
        if correlation == 0:
            probability = np.full(n, share)
        elif correlation == 1:
            probability = (generator.random(n) < share).astype(float)
        else:
            size = 1 / correlation - 1
            probability = generator.beta(share * size, (1 - share) * size, n)
        return generator.random(len(row)) < probability[row], share

    return draw


def _normals(generator: np.random.Generator, row: np.ndarray, correlation: float) -> Study:
    of_rows, of_labels = generator.normal(size=row[-1] + 1), generator.normal(size=len(row))
    return np.sqrt(correlation) * of_rows[row] + np.sqrt(1 - correlation) * of_labels, 0.0


def _skewed(generator: np.random.Generator, row: np.ndarray, correlation: float) -> Study:
    logs, _ = _normals(generator, row, correlation)
    return np.exp(logs), float(np.exp(0.5))


if __name__ == "__main__":
    main()
