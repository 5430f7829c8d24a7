"""Generator of tasks of counts with known rates and exposures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.optimize import brentq

from polytask._validation import Interval, check, message
from polytask.data import MultiTaskDataset
from polytask.datasets._random_function import random_function
from polytask.exceptions import ParameterError
from polytask.tasks import Count, Task

__all__ = ["CountTruth", "make_counts"]

_OWNER = "make_counts"
_MONTHS = (1.0, 12.0)
_SHARE = Interval(float, 0.0, 1.0, closed="neither")
_MOST = 1e12
"""Largest expected count."""
_LEAST = 1e-12
"""Counts of a smaller dispersion are drawn as Poisson counts, from which they do not differ."""


@dataclass(frozen=True, eq=False)
class CountTruth:
    """The true rates of generated counts.

    Parameters
    ----------
    rates : array of shape (n_rows, n_tasks)
        Expected counts per unit of exposure.
    exposures : array of shape (n_rows,)
        Ones without exposure.
    dispersion : float
        Counts have the variance m + dispersion · m², where m is the expected count.
    """

    rates: Float64[np.ndarray, "n t"]
    exposures: Float64[np.ndarray, " n"]
    dispersion: float


def make_counts(
    n_tasks: int = 3,
    n_rows: int = 2000,
    n_features: int = 6,
    *,
    relatedness: float = 0.8,
    spread: float = 0.8,
    zeros: float = 0.5,
    exposure: bool = True,
    dispersion: float = 0.0,
    seed: int = 0,
) -> tuple[MultiTaskDataset, CountTruth]:
    r"""Make tasks of counts whose log-rates are related nonlinear functions of the inputs.

    .. math:: y_{ik} \sim \mathrm{Poisson}(e_i \mu_{ik}), \qquad
              \log \mu_{ik} = b_k + \sigma \left( \sqrt{\rho} \, g_0(x_i)
              + \sqrt{1 - \rho} \, g_k(x_i) \right)

    with the exposure e, uniform between 1 and 12 months and common to all tasks, the
    relatedness :math:`\rho`, the `spread` :math:`\sigma` of log-rates, and random functions
    :math:`g` of mean 0 and deviation 1 over the rows: a linear one, a sine and a product of
    projections of the inputs, summed. The levels b are such that the expected share of zeros is
    `zeros`. With a dispersion, each rate is multiplied by gamma noise of that variance, so that
    counts are negative binomial.

    Parameters
    ----------
    n_tasks : int, default 3
    n_rows : int, default 2000
    n_features : int, default 6
        Standard normal inputs.
    relatedness : float in [0, 1], default 0.8
        Share of the variance of log-rates that all tasks have in common.
    spread : float in [0, 10], default 0.8
        Standard deviation of log-rates.
    zeros : float in (0, 1), default 0.5
        Expected share of zeros in each task. A small one is out of reach where `spread` or
        `dispersion` is large, for expected counts of at most 1e12.
    exposure : bool, default True
        Whether rows have exposures, in a column ``months``.
    dispersion : float in [0, 100], default 0.0
        Variance of the noise of rates, relative to their squares.
    seed : int, default 0

    Returns
    -------
    dataset : MultiTaskDataset
        Tasks ``count_0``, ``count_1``, …, of the kind `Count`.
    truth : CountTruth

    Raises
    ------
    ParameterError
        If an argument is out of range, or no level of rates reaches `zeros`.

    Examples
    --------
    >>> from polytask.datasets import make_counts
    >>> dataset, truth = make_counts(n_tasks=2, n_rows=500, zeros=0.7)
    >>> dataset.tasks["count_1"].columns
    ('count_1', 'months')
    >>> truth.rates.shape
    (500, 2)
    """
    for name, size in {"n_tasks": n_tasks, "n_rows": n_rows, "n_features": n_features}.items():
        check(_OWNER, name, size, Interval(int, 1))
    check(_OWNER, "relatedness", relatedness, Interval(float, 0.0, 1.0))
    check(_OWNER, "zeros", zeros, _SHARE)
    check(_OWNER, "spread", spread, Interval(float, 0.0, 10.0))
    check(_OWNER, "dispersion", dispersion, Interval(float, 0.0, 100.0))
    generator = np.random.default_rng(seed)
    X = generator.standard_normal((n_rows, n_features))
    exposures = generator.uniform(*_MONTHS, n_rows) if exposure else np.ones(n_rows)
    common = random_function(generator, X)
    shares = np.sqrt(relatedness), np.sqrt(1 - relatedness)
    rates = np.empty((n_rows, n_tasks))
    for task in range(n_tasks):
        shape = spread * (shares[0] * common + shares[1] * random_function(generator, X))
        rates[:, task] = np.exp(shape + _level(exposures * np.exp(shape), zeros, dispersion))
    counts = _drawn(generator, exposures[:, None] * rates, dispersion)
    names = [f"count_{task}" for task in range(n_tasks)]
    columns = {f"x{feature}": X[:, feature] for feature in range(n_features)}
    columns |= dict(zip(names, counts.T, strict=True))
    columns |= {"months": exposures} if exposure else {}
    tasks = [Task(name, Count(), (name, "months") if exposure else name) for name in names]
    dataset = MultiTaskDataset.from_table(columns, tasks)
    return dataset, CountTruth(rates, exposures, float(dispersion))


def _level(means: Float64[np.ndarray, " n"], zeros: float, dispersion: float) -> float:
    """Logarithm of the factor of expected counts that gives a share of zeros."""

    def excess(level: float) -> float:
        return float(_chance_of_zero(np.exp(level) * means, dispersion).mean()) - zeros

    if excess(float(np.log(_MOST / means.max()))) > 0:
        expected = f"a share that expected counts of at most {_MOST:g} reach"
        remedy = "Raise it, or lower `spread` or `dispersion`."
        raise ParameterError(message(_OWNER, "zeros", expected, zeros, remedy))
    center = -float(np.log(means.mean()))
    return float(brentq(excess, center - 50, center + 50))


def _chance_of_zero(means: np.ndarray, dispersion: float) -> np.ndarray:
    if dispersion < _LEAST:
        return np.exp(-means)
    return np.exp(-np.log1p(dispersion * means) / dispersion)


def _drawn(
    generator: np.random.Generator, means: Float64[np.ndarray, "n t"], dispersion: float
) -> np.ndarray:
    if dispersion >= _LEAST:
        means = means * generator.gamma(1 / dispersion, dispersion, means.shape)
    return generator.poisson(means)
