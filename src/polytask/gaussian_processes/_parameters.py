"""Hyper-parameters of processes of several tasks, as arrays and as one vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from polytask._gaussian import kernel_bounds, noise_bounds

__all__ = ["Parameters", "Shape"]

_MEANS = (-10.0, 10.0)
"""Range of means of standardised labels."""


class Shape(NamedTuple):
    """Numbers of kernels, of length scales per kernel, of tasks, and of columns of the factors."""

    n_kernels: int
    n_scales: int
    n_tasks: int
    rank: int

    @property
    def size(self) -> int:
        """Number of hyper-parameters."""
        of_kernel = self.n_scales + self.n_tasks * (self.rank + 1)
        return self.n_kernels * of_kernel + 2 * self.n_tasks

    def bounds(self, typical: float) -> list[tuple[float, float]]:
        """The range of each hyper-parameter; `typical` is the logarithm of a typical distance."""
        of_kernel = kernel_bounds([typical] * self.n_scales, self.n_tasks, self.rank)
        of_tasks = [*noise_bounds(self.n_tasks), *[_MEANS] * self.n_tasks]
        return [*of_kernel * self.n_kernels, *of_tasks]


@dataclass(frozen=True, eq=False)
class Parameters:
    """Of a sum of kernels, each with a covariance of tasks, and the tasks' noise and means.

    Attributes
    ----------
    log_scales : array of shape (n_kernels, n_scales)
    factors : array of shape (n_kernels, n_tasks, rank)
    log_own : array of shape (n_kernels, n_tasks)
        Logarithms of the tasks' own variances.
    log_noise : array of shape (n_tasks,)
        Logarithms of variances.
    means : array of shape (n_tasks,)
    """

    log_scales: Float64[np.ndarray, "kernels scales"]
    factors: Float64[np.ndarray, "kernels tasks rank"]
    log_own: Float64[np.ndarray, "kernels tasks"]
    log_noise: Float64[np.ndarray, " tasks"]
    means: Float64[np.ndarray, " tasks"]

    @classmethod
    def of_vector(cls, vector: Float64[np.ndarray, " m"], shape: Shape) -> Parameters:
        """From kernel after kernel its log scales, factor (row by row), own variances; then noise and means."""
        starts = [shape.size - 2 * shape.n_tasks, shape.size - shape.n_tasks]
        kernels, log_noise, means = np.split(vector, starts)
        parts = kernels.reshape(shape.n_kernels, -1)
        ends = [shape.n_scales, shape.n_scales + shape.n_tasks * shape.rank]
        scales, factors, own = np.split(parts, ends, axis=1)
        factors = factors.reshape(shape.n_kernels, shape.n_tasks, shape.rank)
        return cls(scales, factors, own, log_noise, means)

    def vector(self) -> Float64[np.ndarray, " m"]:
        """What `of_vector` reads."""
        n = len(self.log_scales)
        kernels = [self.log_scales, self.factors.reshape(n, -1), self.log_own]
        return np.concatenate([np.concatenate(kernels, axis=1).ravel(), self.log_noise, self.means])

    def covariances(self) -> Float64[np.ndarray, "kernels tasks tasks"]:
        """F Fᵀ plus the own variances, of each kernel."""
        own = np.exp(self.log_own)[:, :, None] * np.eye(self.log_own.shape[1])
        covariances: np.ndarray = self.factors @ self.factors.transpose(0, 2, 1) + own
        return covariances
