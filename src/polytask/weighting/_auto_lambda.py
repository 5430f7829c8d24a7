"""Auto-λ: weights learned from held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Finite, Interval, check_parameters
from polytask.gradients import Need, require_same_tasks
from polytask.ranges import Range, SearchRange
from polytask.weighting._per_task_adam import PerTaskAdam
from polytask.weighting._weighting import Weighting

__all__ = ["AutoLambda"]


@dataclass
class AutoLambda(Weighting):
    r"""Weights learned from the effect of a training step on held-out rows.

    .. math:: \varphi(\ell) = \sum_k \lambda_k \ell_k, \qquad
              \min_\lambda L_{\text{held out}}\Bigl(\theta - \eta \sum_k \lambda_k g_k\Bigr)

    with the held-out loss summed over the primary tasks, so that auxiliary tasks weigh as
    much as they help these. The gradient by :math:`\lambda_k` is :math:`-\eta\, g_k^\top v`, with the gradient
    v of the held-out loss after the trial step; λ moves along it by an Adam optimiser of its own
    before the weights are used.

    Parameters
    ----------
    initial : float, default 0.1
        Initial λ.
    learning_rate : float, default 1e-4
        Learning rate of λ.
    held_out : float, default 0.1
        Share of the training rows that are not trained on, drawn once from the trainer's seed.
        They are disjoint from the rows that choose the model.

    Attributes
    ----------
    task_weights_ : tensor of shape (n_tasks,)
        λ.

    Notes
    -----
    The initial weights sum to ``initial * n_tasks``: the model's learning rate is to be chosen
    with that in mind. As in the authors' code nothing keeps λ positive: a harmful task gets a
    negative weight in time. Deviations: the slopes are exact, not a finite difference, and come
    without the factor η, whose size Adam divides out; the trial step is plain gradient descent,
    without the optimiser's momentum and weight decay; the rows are held out, where the authors'
    code draws a second batch of the training rows. The λ of absent tasks stays.

    References
    ----------
    Liu, James, Davison & Johns, "Auto-Lambda: Disentangling dynamic task relationships",
    Transactions on Machine Learning Research, 2022.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import AutoLambda
    >>> weighting, present = AutoLambda(learning_rate=0.05), torch.tensor([True, True])
    >>> weighting.start(2)
    >>> weighting.after_validation(torch.tensor([3.0, -1.0]), present)
    >>> weighting.weights(torch.tensor([0.3, 2.0]), present)
    tensor([0.1500, 0.0500])
    """

    initial: float = 0.1
    learning_rate: float = 1e-4
    held_out: float = 0.1
    task_weights_: Tensor = field(init=False, repr=False, compare=False)
    _optimizer: PerTaskAdam = field(init=False, repr=False, compare=False)

    needs: ClassVar[frozenset[str]] = frozenset({Need.VALIDATION})
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "initial": Range(0.01, 1.0, log=True, default=0.1),
        "learning_rate": Range(1e-5, 0.01, log=True, default=1e-4),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "initial": Finite,
        "learning_rate": Interval(float, 0.0, closed="neither"),
        "held_out": Interval(float, 0.0, 1.0, closed="neither"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set every task's weight to the initial one."""
        del generator
        self._optimizer = PerTaskAdam(n_tasks, self.learning_rate, device)
        self.task_weights_ = self._optimizer.values.fill_(self.initial)

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """The weighted sum of the losses present."""
        self._ensure_started(losses)
        return (self.task_weights_.to(losses) * losses * present).sum()

    def after_validation(
        self, slopes: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> None:
        """Increase the weights of tasks whose steps lower the held-out loss."""
        self._ensure_started(slopes)
        self._optimizer.step(-slopes.detach(), present)

    def state_dict(self) -> dict[str, Any]:
        """Weights and their optimiser."""
        return self._optimizer.state_dict() if hasattr(self, "task_weights_") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore weights and their optimiser."""
        if state:
            self.start(len(state["values"]), device=state["values"].device)
            self._optimizer.load_state_dict(state)

    def _ensure_started(self, losses: Tensor) -> None:
        if not hasattr(self, "task_weights_"):
            self.start(len(losses), device=losses.device)
        require_same_tasks(self, len(losses), self.task_weights_)
