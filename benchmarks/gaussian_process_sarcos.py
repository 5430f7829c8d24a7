"""Normalised errors of the seven joints of SARCOS by Gaussian processes, joint and per joint.

Rows are drawn for training, all others test; nMSE is the squared error over the variance of the test labels. "gaps" keeps a
share of the labels of the training rows, drawn. Processor seconds of one thread per fit.

    POLYTASK_DATA=... python benchmarks/gaussian_process_sarcos.py [--rows 500] [--kept 0.3]
"""

from __future__ import annotations

import argparse
import os
import warnings
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from timing import markdown, spent

from polytask.datasets import as_table
from polytask.gaussian_processes import ICMRegressor, LMCRegressor
from polytask.kernel_methods import KroneckerGaussianProcessRegressor


class PerTask:
    """One process per task, on the labels that there are."""

    def fit(self, X: np.ndarray, Y: np.ndarray) -> PerTask:
        """Fit all."""
        known = ~np.isnan(Y)
        self.models = [
            ICMRegressor(ard=True, draws=0).fit(X[own], y[own])
            for y, own in zip(Y.T, known.T, strict=True)
        ]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Means of all tasks."""
        return np.column_stack([model.predict(X) for model in self.models])


COMPLETE: dict[str, Any] = {
    "per joint, ARD": PerTask(),
    "Kronecker, rank 3": KroneckerGaussianProcessRegressor(rank=3),
    "ICM, rank 3": ICMRegressor(rank=3, draws=0),
    "ICM, rank 3, ARD": ICMRegressor(rank=3, ard=True, draws=0),
    "LMC, 2 kernels of rank 2, ARD, 100 inducing rows": LMCRegressor(
        rank=2, ard=True, inducing=100, max_iter=150
    ),
}
GAPS: dict[str, Any] = {
    "gaps: per joint, ARD": PerTask(),
    "gaps: ICM, rank 3, ARD": ICMRegressor(rank=3, ard=True, draws=0, max_iter=150),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--kept", type=float, default=0.3)
    parser.add_argument("--only", choices=["complete", "gaps"])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    random = np.random.default_rng(0)
    table = as_table("sarcos")
    names = [name for name in table.columns if name.startswith("torque_")]
    Y = table.select(names).to_numpy().astype(float)
    X = table.drop(names).to_numpy().astype(float)
    order = random.permutation(len(X))
    train, test = order[: arguments.rows], order[arguments.rows :]
    some = np.where(random.random((len(train), Y.shape[1])) < arguments.kept, Y[train], np.nan)
    rows: list[list[object]] = []
    parts = {"complete": (COMPLETE, Y[train]), "gaps": (GAPS, some)}
    for models, labels in (part for name, part in parts.items() if arguments.only in {None, name}):
        for name, model in models.items():
            seconds, fitted = spent(lambda m=model, y=labels: m.fit(X[train], y))
            error = np.square(fitted.predict(X[test]) - Y[test]).mean(axis=0)
            share = error / Y[test].var(axis=0)
            rows.append([name, *(f"{value:.4f}" for value in share), float(share.mean()), seconds])
            print(rows[-1], flush=True)
    print(markdown(["model", *(f"joint {k + 1}" for k in range(7)), "mean", "s"], rows))


if __name__ == "__main__":
    main()
