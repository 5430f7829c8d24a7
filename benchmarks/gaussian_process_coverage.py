"""How often predictive intervals of Gaussian processes of several tasks hold new labels, over draws from the model.

Each draw has three tasks, uniform rows, a random covariance of tasks of rank 2, a random length scale and noise, and labels
of those rows that are not missing; intervals of level 90 % are those of the fit at 40 new rows of the same range. The
coverage of a draw is a mean over rows and tasks; its standard error is that of the mean over draws. "known" gives the process the
hyper-parameters and means of the draw, "likelihood alone" those of ICM that maximise the likelihood without priors, taken as known. LMC is
measured on a quarter of the draws.

    python benchmarks/gaussian_process_coverage.py [--draws 200]
"""

from __future__ import annotations

import argparse
import os
import warnings
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.stats import norm
from timing import markdown

from polytask._gaussian import kernel_of_scales
from polytask.gaussian_processes import ICMRegressor, LMCRegressor
from polytask.gaussian_processes._posterior import JointPosterior

LEVEL, N_TASKS, N_NEW = 0.9, 3, 40


class Draw(NamedTuple):
    """Rows, labels with gaps, those of new rows, and what they were drawn from."""

    X: np.ndarray
    Y: np.ndarray
    new: np.ndarray
    truth: np.ndarray
    known: JointPosterior


def draw(n: int, p: int, missing: float, random: np.random.Generator) -> Draw:
    """From the model."""
    X = random.uniform(-2, 2, size=(n + N_NEW, p))
    scale, noise = np.exp(random.uniform(-0.7, 0.7)), random.uniform(0.1, 0.5, size=N_TASKS)
    factor = random.normal(size=(N_TASKS, 2)) / np.sqrt(2)
    covariance = factor @ factor.T + 0.1 * np.eye(N_TASKS)
    log_scales = np.log([scale * np.sqrt(p)])
    kernel = kernel_of_scales(X, X, log_scales) + 1e-9 * np.eye(len(X))
    root = np.linalg.cholesky(covariance)
    functions = np.linalg.cholesky(kernel) @ random.normal(size=(len(X), N_TASKS)) @ root.T
    Y = functions + noise * random.normal(size=functions.shape)
    seen = np.where(random.random((n, N_TASKS)) < missing, np.nan, Y[:n])
    seen[:2] = Y[:2]
    row, task = np.nonzero(~np.isnan(seen))
    known = JointPosterior(
        X[:n], "rbf", log_scales[None], covariance[None], row, task, noise[task] ** 2
    )
    return Draw(X[:n], seen, X[n:], Y[n:], known)


def held(mean: np.ndarray, std: np.ndarray, truth: np.ndarray) -> float:
    """Share of labels within the intervals."""
    return float((np.abs(truth - mean) <= norm.ppf(0.5 + LEVEL / 2) * std).mean())


def of_known(each: Draw) -> float:
    """With the hyper-parameters of the draw."""
    posterior = each.known
    labels = each.Y[posterior.row, posterior.task]
    mean = posterior.mean(each.new, None, posterior.dual_coef(labels))
    noise = np.array([posterior.noise[posterior.task == k][0] for k in range(N_TASKS)])
    return held(mean, np.sqrt(posterior.variance(each.new, None) + noise), each.truth)


def of_plug_in(each: Draw) -> float:
    """With those that maximise the likelihood, taken as known."""
    model = ICMRegressor(prior=0.0, draws=0).fit(each.X, each.Y)
    return held(*model.predict(each.new, return_std=True), each.truth)


def of_fit(model: object, each: Draw) -> float:
    """With those that were estimated."""
    low, high = model.fit(each.X, each.Y).predict_interval(each.new, LEVEL)
    return float(((each.truth >= low) & (each.truth <= high)).mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--rows", type=int, nargs="*", default=[8, 15, 30])
    parser.add_argument("--features", type=int, nargs="*", default=[1, 3])
    parser.add_argument("--missing", type=float, nargs="*", default=[0.0, 0.4])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rows: list[list[object]] = []
    for p in arguments.features:
        for n in arguments.rows:
            for missing in arguments.missing:
                random = np.random.default_rng([p, n, int(10 * missing)])
                draws = [draw(n, p, missing, random) for _ in range(arguments.draws)]
                columns = {
                    "known": [of_known(each) for each in draws],
                    "likelihood alone": [of_plug_in(each) for each in draws],
                    "icm": [of_fit(ICMRegressor(), each) for each in draws],
                    "lmc": [of_fit(LMCRegressor(), each) for each in draws[: len(draws) // 4]],
                }
                cells = [
                    f"{100 * np.mean(v):.1f} ± {100 * np.std(v) / np.sqrt(len(v)):.1f}"
                    for v in columns.values()
                ]
                rows.append([p, n, f"{100 * missing:.0f} %", *cells])
                print(rows[-1], flush=True)
    header = ["features", "rows", "missing", "known", "likelihood alone", "ICM", "LMC"]
    print(markdown(header, rows))


if __name__ == "__main__":
    main()
