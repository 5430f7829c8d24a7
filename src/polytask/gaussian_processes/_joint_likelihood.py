"""Log marginal likelihood of labels with gaps, through GPyTorch; imported only where it is computed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import gpytorch
import numpy as np
import torch
from gpytorch.constraints import Positive
from gpytorch.distributions import MultivariateNormal
from gpytorch.kernels import IndexKernel, Kernel, MaternKernel, RBFKernel
from jaxtyping import Float64
from linear_operator import to_linear_operator
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from polytask.gaussian_processes._labelled_rows import LabelledRows
from polytask.gaussian_processes._parameters import Shape

__all__ = ["JointLikelihood", "kernel_module", "task_module"]

_SMOOTHNESS = {"matern12": 0.5, "matern32": 1.5, "matern52": 2.5}


class JointLikelihood:
    r"""Of labels :math:`y_a` of row :math:`i_a` and task :math:`k_a`, each of which stands for :math:`v_a` rows.

    .. math:: \operatorname{cov}(y_a, y_b) = \sum_q (B_q)_{k_a k_b} k_q(x_{i_a}, x_{i_b})
        + \delta_{ab} \sigma_{k_a}^2 / v_a

    With :math:`-\tfrac12 \sum_a [(v_a - 1) \log 2 \pi \sigma_{k_a}^2 + \log v_a]` it is the likelihood of rows that
    are repeated :math:`v_a` times. One Cholesky factor of all labels, in float64.

    Parameters
    ----------
    rows : LabelledRows
    kernel : str
    shape : Shape
    """

    def __init__(self, rows: LabelledRows, kernel: str, shape: Shape) -> None:
        self._X, self._label, self._weight = map(torch.tensor, (rows.X, rows.label, rows.weight))
        self._row, self._task = map(torch.tensor, (rows.row, rows.task))
        self._in_order = len(rows.row) == len(rows.X) and bool(
            (rows.row == np.arange(len(rows.X))).all()
        )
        self._kernels = [kernel_module(kernel, shape.n_scales) for _ in range(shape.n_kernels)]
        self._tasks = [task_module(shape) for _ in range(shape.n_kernels)]
        self._log_noise = torch.zeros(shape.n_tasks, dtype=torch.float64, requires_grad=True)
        self._means = torch.zeros_like(self._log_noise, requires_grad=True)

    def __call__(
        self, vector: Float64[np.ndarray, " m"]
    ) -> tuple[float, Float64[np.ndarray, " m"]]:
        """Log likelihood and its gradient at the vector of `Parameters`."""
        slots = [*self._slots(), self._log_noise, self._means]
        vector_to_parameters(torch.tensor(vector), slots)
        with ExitStack() as stack:
            for setting in _exact(len(self._label)):
                stack.enter_context(setting)
            value = self._value()
            gradient = torch.autograd.grad(value, slots)
        return value.item(), parameters_to_vector([g.contiguous() for g in gradient]).numpy()

    def _slots(self) -> list[Tensor]:
        pairs = zip(self._kernels, self._tasks, strict=True)
        return [
            slot
            for kernel, tasks in pairs
            for slot in (kernel.raw_lengthscale, tasks.covar_factor, tasks.raw_var)
        ]

    def _value(self) -> Tensor:
        noise = self._log_noise[self._task]
        pairs = zip(self._kernels, self._tasks, strict=True)
        covariance = sum(self._of_rows(kernel) * self._of_tasks(tasks) for kernel, tasks in pairs)
        covariance = covariance + torch.diag(noise.exp() / self._weight)
        normal = MultivariateNormal(self._means[self._task], to_linear_operator(covariance))
        repeated = (self._weight - 1) * (noise + np.log(2 * np.pi)) + self._weight.log()
        return normal.log_prob(self._label) - 0.5 * repeated.sum()

    def _of_rows(self, kernel: Kernel) -> Tensor:
        matrix = kernel(self._X).to_dense()
        if self._in_order:
            return matrix
        return matrix.index_select(0, self._row).index_select(1, self._row)

    def _of_tasks(self, tasks: IndexKernel) -> Tensor:
        matrix = tasks.covar_matrix.to_dense()
        return matrix.index_select(0, self._task).index_select(1, self._task)


def kernel_module(name: str, n_scales: int) -> Kernel:
    """GPyTorch's kernel of rows, whose raw length scales are logarithms."""
    options = {
        "ard_num_dims": n_scales if n_scales > 1 else None,
        "lengthscale_constraint": Positive(torch.exp, torch.log),
    }
    if name == "rbf":
        return RBFKernel(**options).double()
    return MaternKernel(nu=_SMOOTHNESS[name], **options).double()


def task_module(shape: Shape) -> IndexKernel:
    """GPyTorch's covariance of tasks, whose raw variances are logarithms."""
    positive = Positive(torch.exp, torch.log)
    with torch.random.fork_rng(devices=[]):  # it draws a factor that is replaced
        return IndexKernel(shape.n_tasks, rank=shape.rank, var_constraint=positive).double()


def _exact(size: int) -> tuple[Any, ...]:
    """GPyTorch's settings of a Cholesky factor in place of conjugate gradients."""
    return (
        gpytorch.settings.max_cholesky_size(size + 1),
        gpytorch.settings.fast_computations(log_prob=False),
    )
