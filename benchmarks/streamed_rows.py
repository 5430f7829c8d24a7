"""Rows that come in parts: memory and seconds of `partial_fit` on millions of rows.

python benchmarks/streamed_rows.py --rows 10000000
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from polytask.linear_model import L21Regressor

FEATURES, TASKS, PART = 100, 20, 100_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    generator = np.random.default_rng(0)
    coef = generator.normal(size=(TASKS, FEATURES)) * (np.arange(FEATURES) < 30)
    model, seconds = L21Regressor(alpha=0.05), 0.0
    print("| rows | seconds of partial_fit | peak MB | error of coefficients |")
    print("|---|---|---|---|")
    for part in range(rows // PART):
        X = generator.normal(size=(PART, FEATURES))
        Y = X @ coef.T + generator.normal(size=(PART, TASKS))
        started = time.perf_counter()
        model.partial_fit(X, Y)
        seconds += time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if part + 1 in {1, 10, 100, rows // PART}:
            error = np.abs(model.coef_ - coef).max()
            print(f"| {(part + 1) * PART:,} | {seconds:.1f} | {peak} | {error:.4f} |", flush=True)


if __name__ == "__main__":
    main()
