"""Weak priors of hyper-parameters, and the normal approximation of their posterior."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.stats import norm, qmc

from polytask._gaussian import ValueAndGradient
from polytask.gaussian_processes._parameters import Parameters, Shape
from polytask.gaussian_processes._starts import scale_offsets

__all__ = ["Prior", "laplace_draws"]

_STEP = 1e-4


class Prior(NamedTuple):
    """Independent normal priors of the entries of the vector of `Parameters`.

    Attributes
    ----------
    mean, precision : array of shape (m,)
    """

    mean: Float64[np.ndarray, " m"]
    precision: Float64[np.ndarray, " m"]

    @classmethod
    def of(cls, shape: Shape, typical: float, weight: float) -> Prior:
        """For standardised labels and features; `typical` is the logarithm of a typical distance.

        Log scales have the deviation 0.7 about the typical one, or 1.5 where each feature has its own; entries of
        factors have variances that add up to 1 in a task; log variances deviate by 1 from those of a tenth (own) and a
        fifth (noise), means by 1 from 0.
        """
        n_kernels, n_scales, n_tasks, rank = shape
        scales = typical + scale_offsets(n_kernels)[:, None] + np.zeros(n_scales)
        of_tasks = np.ones(n_tasks)
        own = np.full((n_kernels, n_tasks), np.log(0.1 / n_kernels))
        zeros = np.zeros((n_kernels, n_tasks, rank))
        mean = Parameters(scales, zeros, own, np.log(0.2) * of_tasks, 0 * of_tasks)
        spread = 1.5 if n_scales > 1 else 0.7
        precision = Parameters(
            np.full_like(scales, spread**-2),
            np.full_like(zeros, n_kernels * rank),
            np.ones_like(own),
            of_tasks,
            of_tasks,
        )
        return cls(mean.vector(), weight * precision.vector())

    def posterior(self, likelihood: ValueAndGradient) -> ValueAndGradient:
        """Log likelihood plus log prior, up to a constant, with its gradient."""

        def value(vector: np.ndarray) -> tuple[float, np.ndarray]:
            of_labels, gradient = likelihood(vector)
            off = vector - self.mean
            pull = self.precision * off
            return of_labels - 0.5 * float(pull @ off), gradient - pull

        return value


def laplace_draws(
    posterior: ValueAndGradient, mode: Float64[np.ndarray, " m"], prior: Prior, number: int
) -> Float64[np.ndarray, "draws m"]:
    """Points of the normal distribution whose curvature is that of the posterior at its mode.

    Curvatures come from differences of gradients, one per entry, and are at least those of the prior, or a quarter. The
    points are those of Sobol, the same in every fit.

    Parameters
    ----------
    posterior : callable
        Value and gradient.
    mode : array of shape (m,)
    prior : Prior
    number : int

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.gaussian_processes._prior import Prior, laplace_draws
    >>> curvature = np.array([[4.0, 0.0], [0.0, 100.0]])
    >>> normal = lambda v: (-0.5 * v @ curvature @ v, -curvature @ v)
    >>> draws = laplace_draws(normal, np.zeros(2), Prior(np.zeros(2), np.ones(2)), 256)
    >>> draws.std(axis=0).round(1)
    array([0.5, 0.1])
    """
    if number == 0:
        return np.zeros((0, len(mode)))
    gradient = posterior(mode)[1]
    moved = np.stack([posterior(mode + step)[1] for step in _STEP * np.eye(len(mode))])
    curvature = (gradient - moved) / _STEP
    least = np.sqrt(np.maximum(prior.precision, 0.25))
    inside = (curvature + curvature.T) / 2 / np.outer(least, least)
    sizes, axes = np.linalg.eigh(inside)
    spread = axes / np.sqrt(np.maximum(sizes, 1.0)) / least[:, None]
    power = int(np.ceil(np.log2(number)))
    points = qmc.Sobol(len(mode), seed=0).random_base2(power)[:number]
    draws: np.ndarray = mode + norm.ppf(np.clip(points, 1e-3, 1 - 1e-3)) @ spread.T
    return draws
