"""Log marginal likelihood with gradient of a Gaussian process of complete tables, beside GPyTorch and one dense Cholesky factor.

GPyTorch's model is its own for complete tables, `MultitaskKernel` with `MultitaskGaussianLikelihood`, in float64 and with its
settings as they are: it takes eigenvectors of both kernels, too. The same hyper-parameters for both; rows × tasks as given. The dense form factors the covariance of all labels,
inverts it from the factor, and contracts the inverse with the derivatives by blocks, without further matrices of its
size. Seconds of one thread, the least of the repeats (of the dense form: of one). Then a whole fit of
`KroneckerGaussianProcessRegressor`, whose warning of `max_iter` is silenced: the table states the steps and the limit.

    python benchmarks/kronecker_gp.py [--rows 500] [--tasks 20]
"""

from __future__ import annotations

import argparse
import os
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import gpytorch
import numpy as np
import torch
from gpytorch.constraints import Positive
from gpytorch.distributions import MultitaskMultivariateNormal
from gpytorch.kernels import MultitaskKernel, RBFKernel
from gpytorch.likelihoods import MultitaskGaussianLikelihood
from gpytorch.means import MultitaskMean, ZeroMean
from scipy.linalg.lapack import dpotrf, dpotri
from timing import markdown, spent

from polytask._gaussian import Layout, Likelihood, kernel_of_scales
from polytask.kernel_methods import KroneckerGaussianProcessRegressor


def dense(
    X: np.ndarray, Y: np.ndarray, vector: np.ndarray, layout: Layout
) -> tuple[float, np.ndarray]:
    """Log likelihood and gradient from the covariance of all labels, task by task."""
    n, n_tasks = Y.shape
    scales, factor, own, log_noise = layout.split(vector)
    kernel, covariance = kernel_of_scales(X, X, scales), layout.covariance(vector)
    matrix = np.kron(covariance, kernel)
    matrix.flat[:: len(matrix) + 1] += np.repeat(np.exp(log_noise), n)
    lower, failed = dpotrf(matrix.T, lower=1, overwrite_a=1)
    assert failed == 0
    log_determinant = 2 * np.log(np.diag(lower)).sum()
    inverse, _ = dpotri(lower, lower=1, overwrite_c=1)
    inverse = np.tril(inverse)
    inverse += np.tril(inverse, -1).T
    labels = Y.T.ravel()
    solved = inverse @ labels
    value = -0.5 * (labels @ solved + log_determinant + n * n_tasks * np.log(2 * np.pi))
    blocks, dual = inverse.reshape(n_tasks, n, n_tasks, n), solved.reshape(n_tasks, n)
    by_kernel = dual.T @ covariance @ dual - np.einsum("kl,kilj->ij", covariance, blocks)
    by_tasks = dual @ kernel @ dual.T - np.einsum("ij,kilj->kl", kernel, blocks)
    by_noise = np.square(dual).sum(axis=1) - np.diag(inverse).reshape(n_tasks, n).sum(axis=1)
    distances = np.square(X[:, None] - X).sum(axis=2) / np.exp(2 * scales[0])
    gradient = [
        [0.5 * (by_kernel * kernel * distances).sum()],
        (by_tasks @ factor).ravel(),
        0.5 * np.diag(by_tasks) * np.exp(own),
        0.5 * by_noise * np.exp(log_noise),
    ]
    return float(value), np.concatenate(gradient)


LOG = Positive(torch.exp, torch.log)


class Complete(gpytorch.models.ExactGP):
    """GPyTorch's process of complete rows, at given hyper-parameters."""

    def __init__(self, X: np.ndarray, Y: np.ndarray, vector: np.ndarray, layout: Layout) -> None:
        n_tasks = layout.n_tasks
        noise = MultitaskGaussianLikelihood(n_tasks, has_global_noise=False, noise_constraint=LOG)
        super().__init__(torch.tensor(X), torch.tensor(Y), noise.double())
        self.mean_module = MultitaskMean(ZeroMean(), num_tasks=n_tasks)
        rows = RBFKernel(lengthscale_constraint=LOG)
        self.covar_module = MultitaskKernel(rows, num_tasks=n_tasks, rank=layout.rank)
        self.covar_module.task_covar_module.register_constraint("raw_var", LOG)
        self.double()
        scales, factor, own, log_noise = layout.split(vector)
        tasks = self.covar_module.task_covar_module
        values = [scales, factor, own, log_noise]
        self.slots = [
            rows.raw_lengthscale,
            tasks.covar_factor,
            tasks.raw_var,
            noise.raw_task_noises,
        ]
        for slot, value in zip(self.slots, values, strict=True):
            slot.data = torch.tensor(value).reshape(slot.shape)

    def forward(self, X: torch.Tensor) -> MultitaskMultivariateNormal:
        """The prior of labels without noise."""
        return MultitaskMultivariateNormal(self.mean_module(X), self.covar_module(X))

    def value(self) -> tuple[float, np.ndarray]:
        """Log likelihood and gradient."""
        size = self.train_targets.numel()
        marginal = gpytorch.mlls.ExactMarginalLogLikelihood(self.likelihood, self)
        value = marginal(self(*self.train_inputs), self.train_targets) * size
        gradient = torch.autograd.grad(value, self.slots)
        return value.item(), np.concatenate([each.numpy().ravel() for each in gradient])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--tasks", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    n, n_tasks = arguments.rows, arguments.tasks
    X = random.normal(size=(n, 5))
    Y = np.sin(X @ random.normal(size=(5, 3))) @ random.normal(size=(3, n_tasks))
    Y = (Y + 0.3 * random.normal(size=Y.shape)) / Y.std(axis=0)
    layout = Layout(1, n_tasks, 3)
    vector = np.concatenate(
        [[0.7], 0.5 * random.normal(size=3 * n_tasks), np.full(2 * n_tasks, -2)]
    )
    likelihood = Likelihood(X, Y)
    times, results = [], []
    for _ in range(arguments.repeats):
        seconds, answer = spent(lambda: likelihood(vector, layout))
        times.append(seconds)
        results.append(answer)
    slow, wanted = spent(lambda: dense(X, Y, vector, layout))
    value, gradient = results[0]
    error = np.abs(gradient - wanted[1]).max() / np.abs(wanted[1]).max()
    print(
        f"Likelihoods {value:.6f} and {wanted[0]:.6f}; relative error of the gradient {error:.1e}."
    )
    peer = Complete(X, Y, vector, layout)
    peer.train()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs = [spent(peer.value) for _ in range(arguments.repeats)]
    theirs, (estimate, slope) = min(seconds for seconds, _ in runs), runs[-1][1]
    off = np.abs(slope - wanted[1]).max() / np.abs(wanted[1]).max()
    print(f"GPyTorch: likelihood {estimate:.6f}; relative error of the gradient {off:.1e}.")
    model = KroneckerGaussianProcessRegressor(rank=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole, _ = spent(lambda: model.fit(X, Y))
    rows = [
        ["Kronecker, likelihood and gradient", min(times), slow / min(times)],
        ["GPyTorch's Kronecker form, the same", theirs, slow / theirs],
        ["dense Cholesky factor", slow, 1.0],
        [f"whole fit, {model.n_iter_} of at most {model.max_iter} steps", whole, ""],
    ]
    print(markdown([f"{n} rows × {n_tasks} tasks", "s", "times faster"], rows))


if __name__ == "__main__":
    main()
