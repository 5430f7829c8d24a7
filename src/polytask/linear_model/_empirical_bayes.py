"""Coefficients of tasks from a common normal distribution, which is estimated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64

__all__ = ["OF_MEAN", "Estimate", "Posterior", "Sums", "estimate"]

_LEAST = 1e-6
"""Variances, in units of those of standardised inputs and labels, below which they are not estimated."""
OF_MEAN = 0.01
"""Precision of the mean of the prior beforehand, in the same units: directions that no row has are near 0."""


class Sums(NamedTuple):
    """Sums over the rows of each task.

    Attributes
    ----------
    products : array of shape (n_tasks, q, q), or (1, q, q) where all tasks have the same
        Of inputs.
    cross : array of shape (n_tasks, q)
        Of inputs and labels.
    energy : array of shape (n_tasks,)
        Of squared labels.
    n_rows : array of shape (n_tasks,)
    """

    products: np.ndarray
    cross: np.ndarray
    energy: np.ndarray
    n_rows: np.ndarray


class Posterior(NamedTuple):
    """The normal distribution of coefficients given labels, and what it says of the prior.

    Attributes
    ----------
    mean : array of shape (n_tasks, q)
    covariance : array of shape (n_tasks, q, q), or (1, q, q)
        With what is not known of the prior's mean.
    prior_mean : array of shape (q,)
    of_prior_mean : array of shape (q, q)
        Covariance of the estimated mean of the prior.
    value : float
        Restricted log likelihood of the labels, plus the log prior of the covariance.
    next_covariance : array of shape (q, q)
        The prior's covariance by a step of expectation maximisation.
    next_noise : float
    """

    mean: np.ndarray
    covariance: np.ndarray
    prior_mean: np.ndarray
    of_prior_mean: np.ndarray
    value: float
    next_covariance: np.ndarray
    next_noise: float


class Estimate(NamedTuple):
    """The prior's covariance, the variance of noise, the posterior by them, and how it was reached."""

    covariance: np.ndarray
    noise: float
    posterior: Posterior
    n_iter: int
    residual: float


def estimate(sums: Sums, prior_tasks: float, tol: float, max_iter: int) -> Estimate:
    r"""Maximise the restricted likelihood of the labels.

    .. math:: w_k \sim N(\mu, \Sigma), \qquad y_k \sim N(X_k w_k, \sigma^2 I)

    by expectation maximisation, extrapolated (SQUAREM).

    Parameters
    ----------
    sums : Sums
        Of standardised inputs and labels.
    prior_tasks : float
        Weight of the covariance's prior, in tasks.
    tol : float
        Relative change of covariance and noise in a step at which it stops.
    max_iter : int

    References
    ----------
    Varadhan and Roland, "Simple and globally convergent methods for accelerating the convergence of any EM
    algorithm", Scandinavian Journal of Statistics 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._empirical_bayes import Sums, estimate
    >>> coef = np.random.default_rng(0).normal(3.0, 2.0, size=(500, 1))
    >>> sums = Sums(
    ...     np.full((1, 1, 1), 50.0), 50 * coef, 50 * coef[:, 0] ** 2 + 50, np.full(500, 50)
    ... )
    >>> found = estimate(sums, 0.0, 1e-6, 100)
    >>> found.posterior.prior_mean.round(1), found.covariance.round(), round(found.noise, 1)
    (array([2.9]), array([[4.]]), 1.0)
    """
    q = sums.cross.shape[1]
    noise = float(sums.energy.sum() / sums.n_rows.sum())
    covariance = np.eye(q) * max(noise, _LEAST) / q
    noise = max(0.5 * noise, _LEAST)
    n_iter, change = 0, np.inf
    start = posterior(sums, covariance, noise, prior_tasks)
    while n_iter < max_iter:
        first = _next(sums, start, prior_tasks)
        change = max(
            float(np.linalg.norm(start.next_covariance - covariance))
            / float(np.linalg.norm(start.next_covariance)),
            abs(start.next_noise / noise - 1),
        )
        second = _next(sums, first, prior_tasks)
        points = [
            _packed(covariance, noise),
            _packed(start.next_covariance, start.next_noise),
            _packed(first.next_covariance, first.next_noise),
        ]
        covariance, noise, start = first.next_covariance, first.next_noise, second
        n_iter += 1
        if change <= tol:
            break
        further = _unpacked(_extrapolated(points), q)
        if further is not None:
            ahead = posterior(sums, *further, prior_tasks)
            if ahead.value > second.value:
                (covariance, noise), start = further, ahead
    return Estimate(covariance, noise, start, n_iter, change)


def _next(sums: Sums, before: Posterior, prior_tasks: float) -> Posterior:
    return posterior(sums, before.next_covariance, before.next_noise, prior_tasks)


def posterior(
    sums: Sums, covariance: Float[np.ndarray, "q q"], noise: float, prior_tasks: float
) -> Posterior:
    """What labels say of coefficients, for a prior's covariance and a variance of noise."""
    n_tasks, q = sums.cross.shape
    times = n_tasks / len(sums.products)
    precision = _inverse(covariance)
    scaled = sums.products / noise
    within = scaled + precision
    inverse = np.linalg.inv(within)
    shrunk = inverse @ precision  # weight of the prior's mean in each task's posterior
    of_prior_mean, logdet = _of_prior_mean(
        times * np.einsum("kij,kjl->il", scaled, shrunk, optimize=True)
    )
    alone = _apply(inverse, sums.cross / noise)
    mu = of_prior_mean @ (precision @ alone.sum(axis=0))
    mean = alone + _apply(shrunk, np.broadcast_to(mu, alone.shape))
    spread = inverse + shrunk @ of_prior_mean @ shrunk.transpose(0, 2, 1)
    apart = shrunk - np.eye(q)
    away = inverse + apart @ of_prior_mean @ apart.transpose(0, 2, 1)
    squares = times * away.sum(axis=0) + (mean - mu).T @ (mean - mu)
    independent = np.diag(1 / np.diag(precision))
    errors = sums.energy.sum() - 2 * (mean * sums.cross).sum()
    errors += (mean * _apply(sums.products, mean)).sum() + times * (sums.products * spread).sum()
    value = _value(sums, covariance, noise, mu, within, inverse) - 0.5 * (
        logdet + OF_MEAN * float(mu @ mu)
    )
    value -= 0.5 * prior_tasks * (_logdet(covariance) - np.log(np.diag(independent)).sum())
    return Posterior(
        mean,
        spread,
        mu,
        of_prior_mean,
        value,
        (squares + prior_tasks * independent) / (n_tasks + prior_tasks) + _LEAST * np.eye(q),
        max(float(errors / sums.n_rows.sum()), _LEAST),
    )


def _value(
    sums: Sums,
    covariance: np.ndarray,
    noise: float,
    mu: np.ndarray,
    within: np.ndarray,
    inverse: np.ndarray,
) -> float:
    """The log likelihood of the labels for a known mean of the prior, up to a constant."""
    n_tasks = len(sums.cross)
    means = np.broadcast_to(mu, sums.cross.shape)
    moved = _apply(sums.products, means)
    errors = sums.energy.sum() - 2 * (means * sums.cross).sum() + (means * moved).sum()
    missed = (sums.cross - moved) / noise
    quadratic = errors / noise - (missed * _apply(inverse, missed)).sum()
    logdets = n_tasks / len(within) * np.linalg.slogdet(within)[1].sum()
    logdets += n_tasks * _logdet(covariance) + sums.n_rows.sum() * np.log(noise)
    return -0.5 * float(logdets + quadratic)


def _of_prior_mean(information: np.ndarray) -> tuple[np.ndarray, float]:
    """The covariance of the prior's mean, and minus its log determinant."""
    known = (information + information.T) / 2 + OF_MEAN * np.eye(len(information))
    return _inverse(known), _logdet(known)


def _apply(matrices: np.ndarray, vectors: np.ndarray) -> Float64[np.ndarray, "tasks q"]:
    """Each matrix times its vector; one matrix serves all."""
    if len(matrices) == 1:
        return np.asarray(vectors @ matrices[0].T)
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])


def _inverse(matrix: np.ndarray) -> np.ndarray:
    inverse = np.linalg.inv(matrix)
    return np.asarray((inverse + inverse.T) / 2)


def _logdet(matrix: np.ndarray) -> float:
    return float(np.linalg.slogdet(matrix)[1])


def _packed(covariance: np.ndarray, noise: float) -> np.ndarray:
    """Unbounded numbers for a covariance and a variance: a Cholesky factor with the logs of its diagonal."""
    factor = np.linalg.cholesky(covariance)
    lower = factor[np.tril_indices(len(factor), -1)]
    return np.concatenate([lower, np.log(np.diag(factor)), [np.log(noise)]])


def _unpacked(packed: np.ndarray, q: int) -> tuple[np.ndarray, float] | None:
    """Covariance and variance; None if they are out of range."""
    logs = packed[-q - 1 :]
    if not np.isfinite(packed).all() or np.abs(logs).max() > 30:
        return None
    factor = np.diag(np.exp(logs[:-1]))
    factor[np.tril_indices(q, -1)] = packed[: -q - 1]
    return factor @ factor.T + _LEAST * np.eye(q), float(np.exp(logs[-1]))


def _extrapolated(points: list[np.ndarray]) -> np.ndarray:
    """Where three points in a row lead."""
    step, bend = points[1] - points[0], points[2] - 2 * points[1] + points[0]
    length = -max(1.0, float(np.linalg.norm(step)) / max(float(np.linalg.norm(bend)), 1e-300))
    return np.asarray(points[0] - 2 * length * step + length**2 * bend)
