"""Log marginal likelihood of a Kronecker-structured Gaussian process, with its gradient."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.linalg import eigh

from polytask._gaussian._stationary_kernel import kernel_and_slope

__all__ = ["Decomposition", "Layout", "Likelihood"]


class Layout(NamedTuple):
    """Parts of the vector of hyper-parameters.

    Logarithms of length scales, the factor F of the covariance (row by row), logarithms of the tasks' own variances,
    and those of the variances of their noise.

    Attributes
    ----------
    n_scales, n_tasks, rank : int
    """

    n_scales: int
    n_tasks: int
    rank: int

    def split(self, vector: Float64[np.ndarray, " m"]) -> tuple[np.ndarray, ...]:
        """Log length scales, factor, log own variances, log variances of noise."""
        ends = np.cumsum([self.n_scales, self.n_tasks * self.rank, self.n_tasks])
        scales, factor, own, noise = np.split(vector, ends)
        return scales, factor.reshape(self.n_tasks, self.rank), own, noise

    def covariance(self, vector: Float64[np.ndarray, " m"]) -> Float64[np.ndarray, "tasks tasks"]:
        """F Fᵀ plus the tasks' own variances."""
        _, factor, own, _ = self.split(vector)
        return factor @ factor.T + np.diag(np.exp(own))


class Decomposition(NamedTuple):
    """Eigenvectors of both kernels, those of tasks in units of the noise.

    Attributes
    ----------
    values : array of shape (n,)
    vectors : array of shape (n, n)
    sizes : array of shape (n_tasks,)
    axes : array of shape (n_tasks, n_tasks)
        Eigenvectors of tasks, divided by the tasks' noise.
    spectrum : array of shape (n, n_tasks)
    """

    values: Float64[np.ndarray, " n"]
    vectors: Float64[np.ndarray, "n n"]
    sizes: Float64[np.ndarray, " tasks"]
    axes: Float64[np.ndarray, "tasks tasks"]
    spectrum: Float64[np.ndarray, "n tasks"]

    @classmethod
    def of(cls, kernel: np.ndarray, covariance: np.ndarray, log_noise: np.ndarray) -> Decomposition:
        """Of a kernel, a covariance of tasks, and logarithms of variances of noise."""
        noise = np.exp(0.5 * log_noise)
        values, vectors = eigh(kernel, driver="evd")
        sizes, axes = np.linalg.eigh(covariance / np.outer(noise, noise))
        values, sizes = np.maximum(values, 0.0), np.maximum(sizes, 0.0)
        return cls(values, vectors, sizes, axes / noise[:, None], np.outer(values, sizes) + 1)

    def dual(self, labels: Float64[np.ndarray, "n tasks"]) -> Float64[np.ndarray, "n tasks"]:
        """The inverse covariance of labels times labels less their means."""
        return self.vectors @ (self.vectors.T @ labels @ self.axes / self.spectrum) @ self.axes.T


class Likelihood:
    r"""Of complete labels Y (n, T), centred: :math:`\operatorname{vec} Y \sim N(0, B \otimes K + \Sigma \otimes I)`.

    With the tasks' noise :math:`\Sigma = \operatorname{diag}(\sigma_k^2)`, :math:`K = U \Lambda U^\top`,
    :math:`\Sigma^{-1/2} B \Sigma^{-1/2} = Q \Gamma Q^\top`, :math:`V = \Sigma^{-1/2} Q` and
    :math:`D_{it} = \lambda_i \gamma_t + 1`,

    .. math:: \log p = -\tfrac12 \sum_{it} \frac{(U^\top Y V)_{it}^2}{D_{it}} - \tfrac12 \sum_{it} \log D_{it}
        - \tfrac n2 \sum_k \log 2\pi \sigma_k^2.

    The gradient needs no further decomposition: with :math:`A = U [(U^\top Y V) / D] V^\top`,

    .. math:: \frac{\partial \log p}{\partial K} = \tfrac12 \big(A B A^\top - U \operatorname{diag}_i
        \big[\textstyle\sum_t \gamma_t / D_{it}\big] U^\top\big)

    and the like for B.
    """

    def __init__(
        self, X: Float64[np.ndarray, "n p"], Y: Float64[np.ndarray, "n tasks"], kernel: str = "rbf"
    ) -> None:
        self.X, self.Y, self.kernel = X, Y, kernel

    def __call__(
        self, vector: Float64[np.ndarray, " m"], layout: Layout
    ) -> tuple[float, Float64[np.ndarray, " m"]]:
        """Log likelihood and its gradient.

        Examples
        --------
        >>> import numpy as np
        >>> from polytask._gaussian import Layout, Likelihood
        >>> likelihood = Likelihood(np.zeros((1, 1)), np.zeros((1, 1)))
        >>> value, slope = likelihood(np.array([0.0, 0.0, 0.0, 0.0]), Layout(1, 1, 1))
        >>> round(float(value), 6)  # one label of variance 1 + 1
        -1.265512
        """
        return self._evaluate(vector, layout, self.Y)[:2]

    def with_means(
        self, vector: Float64[np.ndarray, " m"], layout: Layout
    ) -> tuple[float, Float64[np.ndarray, " m"]]:
        """The same of a vector that ends with means of the tasks' labels."""
        rest, means = np.split(vector, [len(vector) - layout.n_tasks])
        value, gradient, dual = self._evaluate(rest, layout, self.Y - means)
        return value, np.concatenate([gradient, dual.sum(axis=0)])

    def _evaluate(
        self, vector: np.ndarray, layout: Layout, labels: Float64[np.ndarray, "n tasks"]
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """Log likelihood, its gradient, and the inverse covariance times labels, of shape (n, n_tasks)."""
        log_scales, factor, own, log_noise = layout.split(vector)
        covariance = layout.covariance(vector)
        kernel, slope = kernel_and_slope(self.X, self.X, log_scales, self.kernel)
        parts = Decomposition.of(kernel, covariance, log_noise)
        values, vectors, sizes, axes, spectrum = parts
        turned = vectors.T @ labels @ axes
        solved = turned / spectrum
        value = -0.5 * float((turned * solved).sum() + np.log(spectrum).sum())
        value -= 0.5 * len(self.Y) * float(log_noise.sum() + len(covariance) * np.log(2 * np.pi))
        dual = vectors @ solved @ axes.T
        by_kernel = dual @ covariance @ dual.T
        by_kernel -= (vectors * (sizes / spectrum).sum(axis=1)) @ vectors.T
        inner = solved.T @ (solved * values[:, None])
        inner.flat[:: len(inner) + 1] -= (values[:, None] / spectrum).sum(axis=0)
        by_tasks = axes @ inner @ axes.T
        by_noise = np.square(dual).sum(axis=0) - np.square(axes) @ (1 / spectrum).sum(axis=0)
        gradient = [
            0.5 * self._by_scales(by_kernel * slope, log_scales),
            (by_tasks @ factor).ravel(),
            0.5 * np.diag(by_tasks) * np.exp(own),
            0.5 * by_noise * np.exp(log_noise),
        ]
        return value, np.concatenate(gradient), dual

    def _by_scales(
        self, weighted: Float64[np.ndarray, "n n"], log_scales: np.ndarray
    ) -> np.ndarray:
        r"""Derivatives by log scales: sums of weights times :math:`(x - x')^2 / s^2`."""
        scaled = self.X / np.exp(log_scales)
        total = weighted.sum(axis=1)
        each = 2 * (total @ scaled**2 - np.einsum("ip,ip->p", scaled, weighted @ scaled))
        return each if len(log_scales) > 1 else each.sum(keepdims=True)
