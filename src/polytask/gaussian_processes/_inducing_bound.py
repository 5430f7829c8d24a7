"""Variational lower bound on the log marginal likelihood of many labels; imported only where it is computed."""

from __future__ import annotations

import numpy as np
import torch
from gpytorch.kernels import Kernel
from jaxtyping import Float64
from torch import Tensor

from polytask.gaussian_processes._joint_likelihood import kernel_module
from polytask.gaussian_processes._labelled_rows import LabelledRows
from polytask.gaussian_processes._parameters import Shape
from polytask.gaussian_processes._posterior import JITTER

__all__ = ["InducingBound"]


class InducingBound:
    r"""Of labels whose shared functions are known by their values at m rows Z; kernels are GPyTorch's.

    .. math:: \log p(y) \ge \log N(y \mid 0,\ \Psi \Psi^\top + D) - \tfrac12 \sum_a \frac{k_{aa} - \|\psi_a\|^2}{D_{aa}}

    with the noise :math:`D_{aa} = \sigma_{k_a}^2 / v_a`, the variance :math:`k_{aa}` of the label's function and
    :math:`\psi_a = \big((F_q)_{k_a r}\, L_q^{-1} k_q(Z, x_{i_a})\big)_{qr}`, where :math:`L_q L_q^\top = k_q(Z, Z)`. The best normal
    distribution of the values at Z is in the bound already, so that it has no parameters of its own. Own variances of
    tasks are left out.

    Parameters
    ----------
    rows : LabelledRows
    chosen : array of shape (m,), int
        Rows Z.
    kernel : str
    shape : Shape

    References
    ----------
    Titsias, "Variational learning of inducing variables in sparse Gaussian processes", AISTATS 2009.
    """

    def __init__(self, rows: LabelledRows, chosen: np.ndarray, kernel: str, shape: Shape) -> None:
        self._X, self._label, self._weight = map(torch.tensor, (rows.X, rows.label, rows.weight))
        self._row, self._task = map(torch.tensor, (rows.row, rows.task))
        self._Z = self._X[torch.tensor(chosen)]
        self._kernels = [kernel_module(kernel, shape.n_scales) for _ in range(shape.n_kernels)]
        self._shape = shape

    def __call__(
        self, vector: Float64[np.ndarray, " m"]
    ) -> tuple[float, Float64[np.ndarray, " m"]]:
        """Bound and its gradient at the vector of `Parameters`; that of own variances is 0."""
        shape = self._shape
        given = torch.tensor(vector, requires_grad=True)
        sizes = [shape.size - 2 * shape.n_tasks, shape.n_tasks, shape.n_tasks]
        kernels, noise, means = torch.split(given, sizes)
        ends = [shape.n_scales, shape.n_tasks * shape.rank, shape.n_tasks]
        scales, factors, _ = torch.split(kernels.reshape(shape.n_kernels, -1), ends, dim=1)
        factors = factors.reshape(shape.n_kernels, shape.n_tasks, shape.rank)
        value = self._bound(
            scales.exp(), factors, noise[self._task], self._label - means[self._task]
        )
        (gradient,) = torch.autograd.grad(value, given)
        return value.item(), gradient.numpy()

    def _bound(self, scales: Tensor, factors: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        precision = self._weight / noise.exp()
        each = zip(self._kernels, scales, factors, strict=True)
        psi = torch.cat([self._features(*part) for part in each], dim=1)
        variance = factors.square().sum(dim=(0, 2))[self._task]
        weighted = psi * precision[:, None]
        inner = torch.eye(psi.shape[1], dtype=psi.dtype) + weighted.T @ psi
        root = torch.linalg.cholesky(inner)
        cross = torch.linalg.solve_triangular(root, weighted.T @ label[:, None], upper=False)
        fit = (label.square() * precision).sum() - cross.square().sum()
        missed = ((variance - psi.square().sum(dim=1)) * precision).sum()
        # the logarithms of noise of labels that stand for several rows, as in `JointLikelihood`
        logs = (self._weight * (noise + np.log(2 * np.pi))).sum()
        return -0.5 * (logs + 2 * root.diagonal().log().sum() + fit + missed)

    def _features(self, kernel: Kernel, scales: Tensor, factor: Tensor) -> Tensor:
        """Features of labels by one kernel, (n_labels, rank · m)."""
        # distances in units of the scales, by the kernel of length scale 1
        Z, X = self._Z / scales, self._X / scales
        inside = kernel(Z).to_dense() + JITTER * torch.eye(len(Z), dtype=Z.dtype)
        root = torch.linalg.cholesky(inside)
        of_rows = torch.linalg.solve_triangular(root, kernel(Z, X).to_dense(), upper=False).T
        of_labels = of_rows.index_select(0, self._row)
        return (factor[self._task][:, :, None] * of_labels[:, None, :]).flatten(1)
