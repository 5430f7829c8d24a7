"""A drawn table of 2000 rows: 15 columns of numbers and words, two numbers and three classes to learn.

``python benchmarks/drawn_table.py drawn.csv`` writes it, for ``polytask compare drawn.csv`` with
``--target`` price:regression, load:regression, bought:binary, stays:binary and grade:multiclass.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

__all__ = ["TARGETS", "drawn_table"]

TARGETS = {
    "price": "regression",
    "load": "regression",
    "bought": "binary",
    "stays": "binary",
    "grade": "multiclass",
}
_LEVELS = (3, 6, 12)
_MISSING = 0.05


def drawn_table(n: int = 2000, seed: int = 0) -> pl.DataFrame:
    """Numbers (some skewed, some mostly 0), words, and targets that share three hidden causes."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n, 8))
    skewed = np.exp(rng.normal(size=(n, 2)))
    sparse = np.where(rng.random((n, 2)) < 0.7, 0, rng.gamma(2, 1, size=(n, 2)))
    words = [rng.integers(0, levels, n) for levels in _LEVELS]
    effects = [rng.normal(size=levels) for levels in _LEVELS]
    causes = np.stack(
        [
            np.tanh(numbers[:, 0] + numbers[:, 1] * numbers[:, 2]) + effects[0][words[0]],
            np.maximum(numbers[:, 3], 0) * np.log(skewed[:, 0] + 1)
            + effects[1][words[1]] * (sparse[:, 0] > 0),
            np.sin(numbers[:, 4] * 1.5) + effects[2][words[2]] * 0.5,
        ],
        axis=1,
    )
    scores = _standardized(_standardized(causes) @ rng.normal(size=(3, 5)))
    targets = {
        "price": scores[:, 0] + 0.5 * rng.normal(size=n),
        "load": 2 * scores[:, 1] + rng.normal(size=n) + 10,
        "bought": (scores[:, 2] + 0.7 * rng.logistic(size=n) > 0.5).astype(int),
        "stays": (scores[:, 3] + 0.7 * rng.logistic(size=n) > -1).astype(int),
        "grade": np.array(list("abcd"))[
            np.digitize(scores[:, 4] + 0.5 * rng.normal(size=n), [-0.8, 0.2, 1.0])
        ],
    }
    columns = {f"n{i}": column for i, column in enumerate(numbers.T)}
    columns |= {f"s{i}": column for i, column in enumerate(skewed.T)}
    columns |= {f"z{i}": column for i, column in enumerate(sparse.T)}
    for name in ("n1", "n5", "s1"):
        columns[name] = np.where(rng.random(n) < _MISSING, np.nan, columns[name])
    columns |= {f"c{i}": [f"k{level}" for level in own] for i, own in enumerate(words)}
    return pl.DataFrame(columns | targets).fill_nan(None)


def _standardized(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


if __name__ == "__main__":
    drawn_table().write_csv(Path(sys.argv[1]))
