"""Squares of differences between related tasks, and of all coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polytask.penalties import QuadraticPenalty

__all__ = ["RelatedTasks"]


@dataclass(frozen=True)
class RelatedTasks(QuadraticPenalty):
    r"""Weighted squared differences of tasks, and squares of their coefficients.

    .. math:: \tfrac{a}{2} \sum_{k<l} a_{kl} \|w_k - w_l\|^2 + \tfrac{b}{2} \sum_k \|w_k\|^2

    Parameters
    ----------
    alpha : float
        A factor of both.
    differences, ridge : float
        a and b.
    relations : tuple of tuple of float
        The relations of pairs of tasks; the diagonal means nothing.
    """

    differences: float = 1.0
    ridge: float = 0.0
    relations: tuple[tuple[float, ...], ...] = ()

    def precision(self, n_tasks: int, state: object = None) -> np.ndarray:
        """The Laplacian of the relations times a, plus b times the identity."""
        relations = np.array(self.relations)
        laplacian = np.diag(relations.sum(axis=1)) - relations
        precision: np.ndarray = self.differences * laplacian + self.ridge * np.eye(n_tasks)
        return precision
