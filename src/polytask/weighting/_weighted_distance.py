"""Base class of the Tchebycheff scalarisations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import (
    Constraint,
    Each,
    Finite,
    Interval,
    Optional,
    check_parameters,
    message,
)
from polytask.exceptions import ParameterError
from polytask.weighting._weighting import Weighting

__all__ = ["WeightedDistance"]


@dataclass
class WeightedDistance(Weighting):
    r"""Scalars of the distances :math:`\lambda_k (\ell_k - z_k)` from a reference point.

    Parameters
    ----------
    preference : tuple of float, optional
        λ, one positive number per task, scaled to sum to 1; equal by default.
    reference : tuple of float, optional
        z, one number per task; 0 by default.
    """

    preference: tuple[float, ...] | None = field(default=None, kw_only=True)
    reference: tuple[float, ...] | None = field(default=None, kw_only=True)
    _lambda: Tensor = field(init=False, repr=False, compare=False)
    _z: Tensor = field(init=False, repr=False, compare=False)

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "preference": Optional(Each(Interval(float, 0.0, closed="neither"), minimum=1)),
        "reference": Optional(Each(Finite, minimum=1)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        self.preference = None if self.preference is None else tuple(self.preference)
        self.reference = None if self.reference is None else tuple(self.reference)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Check that there are as many numbers as tasks."""
        del generator
        self._prepare(n_tasks, device, torch.float32)

    def _prepare(self, n_tasks: int, device: torch.device | None, dtype: torch.dtype) -> None:
        preference = self._values("preference", n_tasks, 1.0)
        self._lambda = (preference / preference.sum()).to(device, dtype)
        self._z = self._values("reference", n_tasks, 0.0).to(device, dtype)

    def _values(self, parameter: str, n_tasks: int, default: float) -> Float[Tensor, " n_tasks"]:
        values = getattr(self, parameter)
        if values is None:
            return torch.full((n_tasks,), default, dtype=torch.float64, device="cpu")
        if len(values) != n_tasks:
            expected = f"{n_tasks} numbers, one per task"
            raise ParameterError(message(type(self).__name__, parameter, expected, values))
        return torch.tensor(values, dtype=torch.float64, device="cpu")

    def _preferences(self, losses: Float[Tensor, " n_tasks"]) -> Float[Tensor, " n_tasks"]:
        """λ, in the type of the losses."""
        if not hasattr(self, "_lambda") or self._lambda.dtype != losses.dtype:
            self._prepare(len(losses), losses.device, losses.dtype)
        return self._lambda

    def _distances(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """Weighted distances of the tasks present; those of the others are the lowest number."""
        distances = self._preferences(losses) * (losses - self._z)
        return torch.where(present, distances, torch.finfo(losses.dtype).min)
