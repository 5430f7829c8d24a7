"""Squared errors plus the norm of functions of several tasks: closed forms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.linalg import cho_factor, cho_solve, eigh

from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._task_matrix import split_identity

__all__ = [
    "Fit",
    "kernel_spectrum",
    "solve_complete_features",
    "solve_features",
    "solve_joint",
    "solve_kronecker",
]


class Fit(NamedTuple):
    """Coefficients (n, n_tasks) of kernels of rows, or (m, n_tasks) of features; intercepts (n_tasks,)."""

    coef: Float64[np.ndarray, "m tasks"]
    intercept: Float64[np.ndarray, " tasks"]


class Spectrum(NamedTuple):
    """Eigenvalues (n,) and eigenvectors (n, n) of a kernel whose rows are centred and weighted."""

    values: Float64[np.ndarray, " n"]
    vectors: Float64[np.ndarray, "n n"]


def kernel_spectrum(
    matrix: Float64[np.ndarray, "n n"], rows: KernelRows, *, fit_intercept: bool
) -> Spectrum:
    """The eigenvectors of the kernel of complete rows."""
    weight = rows.row_weight
    centred, share = matrix, weight / weight.sum()
    if fit_intercept:
        means = share @ matrix
        centred = matrix - means - means[:, None] + means @ share
    root = np.sqrt(weight)
    return Spectrum(*eigh(centred * root * root[:, None]))


def solve_kronecker(
    matrix: Float64[np.ndarray, "n n"],
    rows: KernelRows,
    covariance: Float64[np.ndarray, "tasks tasks"],
    alpha: float,
    *,
    fit_intercept: bool,
    spectrum: Spectrum,
) -> Fit:
    r"""Complete rows, by the eigenvectors of both matrices.

    With the row weights' diagonal D, :math:`D^{1/2} K D^{1/2} = U \Lambda U^\top` (of the centred kernel, so that
    intercepts leave the problem) and :math:`B = V \Gamma V^\top`,

    .. math:: A = D^{1/2} U \left[\frac{U^\top D^{1/2} Y V}{\lambda_i \gamma_t + \alpha}\right] V^\top.
    """
    weight, labels = rows.row_weight, rows.label_matrix
    share = weight / weight.sum()
    target = labels - share @ labels if fit_intercept else labels
    root = np.sqrt(weight)
    sizes, axes = np.linalg.eigh(covariance)
    shrunk = np.outer(np.maximum(spectrum.values, 0.0), np.maximum(sizes, 0.0)) + alpha
    turned = spectrum.vectors.T @ (root[:, None] * target) @ axes / shrunk
    coef = root[:, None] * (spectrum.vectors @ (turned @ (axes.T @ covariance)))
    intercept = share @ (labels - matrix @ coef) if fit_intercept else np.zeros(rows.n_tasks)
    return Fit(coef, intercept)


def solve_joint(
    matrix: Float64[np.ndarray, "n n"],
    rows: KernelRows,
    covariance: Float64[np.ndarray, "tasks tasks"],
    alpha: float,
    *,
    fit_intercept: bool,
) -> Fit:
    r"""Any rows, by one Cholesky factor of the joint kernel of all labels.

    .. math:: \begin{pmatrix} K + \alpha D^{-1} & E \\ E^\top & 0 \end{pmatrix}
        \begin{pmatrix} a \\ b \end{pmatrix} = \begin{pmatrix} y \\ 0 \end{pmatrix}

    with indicators E of the labels' tasks.
    """
    joint = matrix[np.ix_(rows.row, rows.row)]
    joint *= covariance[np.ix_(rows.task, rows.task)]
    joint.flat[:: len(joint) + 1] += alpha / rows.weight
    factor = cho_factor(joint, lower=True, overwrite_a=True, check_finite=False)
    dual = cho_solve(factor, rows.label, check_finite=False)
    intercept = np.zeros(rows.n_tasks)
    if fit_intercept:
        member = (rows.task[:, None] == np.arange(rows.n_tasks)).astype(float)
        solved = cho_solve(factor, member, check_finite=False)
        intercept = np.linalg.solve(member.T @ solved, member.T @ dual)
        dual -= solved @ intercept
    spread = np.zeros((len(matrix), rows.n_tasks))
    np.add.at(spread, (rows.row, rows.task), dual)
    return Fit(spread @ covariance, intercept)


def solve_complete_features(
    matrix: Float64[np.ndarray, "n m"],
    rows: KernelRows,
    covariance: Float64[np.ndarray, "tasks tasks"],
    alpha: float,
    *,
    fit_intercept: bool,
) -> Fit:
    """Complete rows, by the eigenvectors of the features' products and of the covariance."""
    weight, labels = rows.row_weight, rows.label_matrix
    none = np.zeros(matrix.shape[1]), np.zeros(rows.n_tasks)
    share = weight / weight.sum()
    feature_mean, label_mean = (share @ matrix, share @ labels) if fit_intercept else none
    centred = matrix - feature_mean
    scaled = (centred * weight[:, None]).T
    values, vectors = eigh(scaled @ centred)
    sizes, axes = np.linalg.eigh(covariance)
    sizes = np.maximum(sizes, 0.0)
    turned = vectors.T @ (scaled @ (labels - label_mean)) @ axes
    shrunk = turned * sizes / (np.outer(np.maximum(values, 0.0), sizes) + alpha)
    coef = vectors @ shrunk @ axes.T
    return Fit(coef, label_mean - feature_mean @ coef)


def solve_features(
    matrix: Float64[np.ndarray, "n m"],
    rows: KernelRows,
    covariance: Float64[np.ndarray, "tasks tasks"],
    alpha: float,
    *,
    fit_intercept: bool,
) -> Fit:
    r"""Any rows, in the space of m features.

    With :math:`B = d I + R R^\top`, task k has the coefficients :math:`\sqrt d\, v_k + \sum_r R_{kr} s_r`. The
    v, of one task each, are eliminated; one system of r m equations gives s.
    """
    moments = [_moments(matrix, rows, task, fit_intercept) for task in range(rows.n_tasks)]
    grams = np.stack([each.gram for each in moments])
    cross = np.stack([each.cross for each in moments])
    d, factor = split_identity(covariance)
    damped = d * grams + alpha * np.eye(grams.shape[1])
    solved = np.linalg.solve(damped, np.concatenate([grams, cross[:, :, None]], axis=2))
    influence, alone = solved[:, :, :-1], solved[:, :, -1]
    rank, m = factor.shape[1], grams.shape[1]
    system = np.einsum("kr,ks,kij->risj", factor, factor, influence, optimize=True)
    system = system.reshape(rank * m, rank * m) + np.eye(rank * m)
    right = (factor.T @ alone).reshape(-1)
    common = factor @ np.linalg.solve(system, right).reshape(rank, m)
    coef = d * alone + common - d * np.einsum("kij,kj->ki", influence, common)
    intercept = np.array(
        [each.label - each.feature @ own for each, own in zip(moments, coef, strict=True)]
    )
    return Fit(coef.T, intercept if fit_intercept else np.zeros(rows.n_tasks))


class _Moments(NamedTuple):
    gram: Float64[np.ndarray, "m m"]
    cross: Float64[np.ndarray, " m"]
    feature: Float64[np.ndarray, " m"]
    label: float


def _moments(
    features: Float64[np.ndarray, "n m"], rows: KernelRows, task: int, centre: bool
) -> _Moments:
    """Weighted products of one task's features and labels, about their means with `centre`."""
    own = np.flatnonzero(rows.task == task)
    weight, label, part = rows.weight[own], rows.label[own], features[rows.row[own]]
    share = weight / weight.sum()
    feature_mean = share @ part if centre else np.zeros(part.shape[1])
    label_mean = float(share @ label) if centre else 0.0
    part = part - feature_mean
    scaled = part * weight[:, None]
    return _Moments(scaled.T @ part, scaled.T @ (label - label_mean), feature_mean, label_mean)
