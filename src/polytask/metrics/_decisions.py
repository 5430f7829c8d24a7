"""Class decisions from probabilities, and counts of them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

__all__ = [
    "class_totals",
    "decisions",
    "one_class",
    "true_class_probability",
]


def decisions(response: Float64[np.ndarray, " n *classes"]) -> Int64[np.ndarray, " n"]:
    """Code of the likeliest class; of two classes the positive one only above one half."""
    if response.ndim == 1:
        return (response > 0.5).astype(np.int64)
    return response.argmax(axis=1)


def true_class_probability(
    truth: Float64[np.ndarray, " n"], response: Float64[np.ndarray, " n *classes"]
) -> Float64[np.ndarray, " n"]:
    """The probability that each row's true class was given."""
    if response.ndim == 1:
        return np.where(truth == 1, response, 1 - response).astype(np.float64)
    code, n_classes = truth.astype(np.int64), response.shape[1]
    known = response[np.arange(len(truth)), np.minimum(code, n_classes - 1)]
    return np.where(code < n_classes, known, 0.0)


def class_totals(
    truth: Float64[np.ndarray, " n"],
    response: Float64[np.ndarray, " n *classes"],
    weight: Float64[np.ndarray, " n"],
) -> Float64[np.ndarray, "3 classes"]:
    """Weight of the rows of each class, of the decisions for it, and of those that are right."""
    codes, decided = truth.astype(np.int64), decisions(response)
    n_classes = 2 if response.ndim == 1 else response.shape[1] + 1  # the last: never seen
    kinds_of_rows = ((codes, weight), (decided, weight), (codes, weight * (codes == decided)))
    return np.stack([np.bincount(code, of, minlength=n_classes) for code, of in kinds_of_rows])


def one_class(truth: Float64[np.ndarray, " n"]) -> str | None:
    """The reason why classes cannot be distinguished in these rows, or None."""
    if len(truth) == 1:
        return "only 1 labelled row"
    if truth.min() == truth.max():
        return f"only one class among the {len(truth)} labelled rows"
    return None
