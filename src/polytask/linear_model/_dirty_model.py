"""Base class of dirty models."""

from __future__ import annotations

from polytask.datafits import Datafit
from polytask.linear_model._sum_of_parts import SumOfParts
from polytask.penalties import L1, LInf1, Penalty

__all__ = ["DirtyModel"]


class DirtyModel(SumOfParts):
    """Selected features with similar coefficients, plus own coefficients of few features."""

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        own_ratio: float = 0.5,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-8,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(
            alpha,
            own_ratio=own_ratio,
            loss=loss,
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
        )

    def common_penalty(self) -> Penalty:
        """`LInf1`."""
        return LInf1(1.0)

    def own_penalty(self) -> Penalty:
        """`L1`."""
        return L1(self.own_ratio)
