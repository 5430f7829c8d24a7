"""Starting points of the optimiser, without a draw."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64
from scipy.linalg import cho_factor, cho_solve

from polytask._gaussian import kernel_of_scales, principal_factor
from polytask.gaussian_processes._labelled_rows import LabelledRows
from polytask.gaussian_processes._parameters import Parameters, Shape

__all__ = ["scale_offsets", "starts", "typical_log_distance"]

_MOST = 1_000
"""Labels that the tasks' functions are estimated from."""


def typical_log_distance(rows: LabelledRows) -> float:
    """Logarithm of a typical distance between rows of standardised features."""
    return 0.5 * float(np.log(2 * max(1, rows.units.varies.sum())))


def scale_offsets(n_kernels: int) -> Float64[np.ndarray, " kernels"]:
    """Logarithms of the kernels' length scales, in units of the typical distance: from 2 to 1/8 if there are several."""
    if n_kernels == 1:
        return np.zeros(1)
    return np.linspace(np.log(2), -np.log(8), n_kernels)


def starts(rows: LabelledRows, kernel: str, shape: Shape, number: int) -> Iterator[Parameters]:
    """Principal axes of the tasks' functions as factors; length scales about the typical distance.

    Those of several kernels are spread from twice to an eighth of it. After the first start all are divided or multiplied by
    4, 16, …, in turn.
    """
    typical = typical_log_distance(rows)
    products = _task_products(rows, kernel, typical)
    factor = principal_factor(products, shape.rank, shape.n_kernels)
    own = np.full((shape.n_kernels, shape.n_tasks), np.log(0.1 / shape.n_kernels))
    for start in range(number):
        turn = (start + 1) // 2 * (-1) ** start * np.log(4)
        scales = typical + scale_offsets(shape.n_kernels)[:, None] + turn + np.zeros(shape.n_scales)
        yield Parameters(
            np.clip(scales, typical - 5.9, typical + 5.9),
            np.repeat(factor[None], shape.n_kernels, axis=0),
            own,
            np.full(shape.n_tasks, np.log(0.1)),
            np.zeros(shape.n_tasks),
        )


def _task_products(rows: LabelledRows, kernel: str, typical: float) -> np.ndarray:
    """Mean products of the tasks' functions, of the size of standardised labels.

    Of complete rows, products of labels; else of functions by a process whose tasks are equally related.
    """
    if rows.complete:
        return rows.matrix.T @ rows.matrix / len(rows.X)
    used = np.unique(np.linspace(0, len(rows.label) - 1, _MOST).astype(int))
    row, task, label = rows.row[used], rows.task[used], rows.label[used]
    points, place = np.unique(row, return_inverse=True)
    X = rows.X[points]
    matrix = kernel_of_scales(X, X, np.array([typical]), kernel)
    related = 0.5 + 0.5 * (task[:, None] == task)
    joint = matrix[place][:, place] * related
    joint.flat[:: len(joint) + 1] += 0.2 / rows.weight[used]
    dual = np.zeros((len(points), rows.n_tasks))
    np.add.at(dual, (place, task), cho_solve(cho_factor(joint), label))
    functions = matrix @ (0.5 * dual + 0.5 * dual.sum(axis=1, keepdims=True))
    count = np.bincount(place, rows.weight[used])
    products = functions.T @ (functions * (count / count.sum())[:, None])
    scaled: np.ndarray = products * (rows.n_tasks / max(np.trace(products), 1e-12))
    return scaled
