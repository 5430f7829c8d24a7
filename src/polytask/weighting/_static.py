"""Fixed weights given by the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Each, Interval, check_parameters, message
from polytask.exceptions import ParameterError
from polytask.weighting._weighting import Weighting

__all__ = ["Static"]


@dataclass
class Static(Weighting):
    r"""A weighted sum of the losses with fixed weights.

    .. math:: \varphi(\ell) = \sum_k w_k \ell_k, \qquad \sum_k w_k = K

    Parameters
    ----------
    task_weights : tuple of float
        One positive weight per task, in the order of the tasks; scaled so that they sum to the
        number of tasks K.

    Raises
    ------
    ParameterError
        If there are not as many weights as tasks.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import Static
    >>> Static((3.0, 1.0)).weights(torch.tensor([0.3, 2.0]), torch.tensor([True, True]))
    tensor([1.5000, 0.5000])
    """

    task_weights: tuple[float, ...]

    fixed: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "task_weights": Each(Interval(float, 0.0, closed="neither"), minimum=1)
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        self.task_weights = tuple(self.task_weights)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Check that there is a weight for every task."""
        del device, generator
        if len(self.task_weights) != n_tasks:
            expected = f"{n_tasks} weights, one per task"
            raise ParameterError(message("Static", "task_weights", expected, self.task_weights))

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Weigh and sum the losses of the tasks present."""
        return (self._scaled(losses) * losses * present).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """The scaled weights of the tasks present."""
        return self._scaled(losses) * present

    def _scaled(self, losses: Tensor) -> Float[Tensor, " n_tasks"]:
        return _scaled(self.task_weights, losses.dtype, losses.device)


@lru_cache(maxsize=16)
def _scaled(
    task_weights: tuple[float, ...], dtype: torch.dtype, device: torch.device
) -> Float[Tensor, " n_tasks"]:
    """Weights that sum to the number of tasks; computed once, not in every step."""
    with torch.inference_mode(mode=False):
        weights = torch.tensor(task_weights, dtype=torch.float64, device="cpu")
        return (weights * (len(weights) / weights.sum())).to(device, dtype)
