"""Fast adaptive multi-task optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import (
    Choice,
    Constraint,
    Each,
    Finite,
    Interval,
    Optional,
    check_parameters,
    message,
)
from polytask.exceptions import ParameterError
from polytask.gradients import Need, require_same_tasks
from polytask.ranges import Range, SearchRange
from polytask.weighting._per_task_adam import PerTaskAdam
from polytask.weighting._weighting import Weighting

__all__ = ["FAMO"]

_EPSILON = 1e-8


@dataclass
class FAMO(Weighting):
    r"""Weights, from losses alone, under which all losses fall at the same relative rate.

    .. math:: \varphi(\ell) = c \sum_k z_k \log(\ell_k - b_k), \qquad
              z = \operatorname{softmax}(\xi), \qquad
              \frac1c = \sum_k \frac{z_k}{\ell_k - b_k}

    with c held constant, so that the weights sum to 1. The logits :math:`\xi` then move, by an
    Adam optimiser of their own, towards the tasks whose log-loss fell least in the step:

    .. math:: \nabla_\xi = \left(\frac{\partial z}{\partial \xi}\right)^\top \delta + \gamma \xi,
              \qquad \delta_k = \log(\ell_k - b_k) - \log(\ell_k^+ - b_k)

    with the losses :math:`\ell^+` of the same batch after the step.

    Parameters
    ----------
    learning_rate : float, default 0.025
        Learning rate of the logits.
    gamma : float, default 0.01
        Weight decay of the logits.
    min_losses : tuple of float, optional
        Lower bounds b of the losses; zeros when None.
    exact : bool, default False
        Instead of the losses after the step, use the first-order change of the log-losses along
        the gradient of their weighted sum: :math:`\delta_k = \eta\, s_k / (\ell_k -
        b_k)` with the slopes s and η = `step_size`. It needs no second forward pass and does not
        depend on the rest of the step (momentum, other batches, clipping).
    step_size : float, default 1e-3
        η above; it matters to Adam only relative to `gamma`.

    Attributes
    ----------
    logits_ : tensor of shape (n_tasks,)
        ξ.

    Notes
    -----
    As in the authors' code, 1e-8 is added to losses before the logarithm, so that losses may
    be 0; a loss below its bound counts as equal to it. Deviations: `exact` is ours; absent tasks
    take no part in the softmax and their logits stay; shared gradients are not
    clipped here (the authors clip them to norm 1: the `clip_norm` of the trainer). The logits
    must not be given to the model's optimiser, where the gradient of φ by ξ, which is
    :math:`\log \ell` and not its change, moves all weight to the task with the smallest loss.

    References
    ----------
    Liu, Feng, Stone & Liu, "FAMO: Fast adaptive multitask optimization", NeurIPS 2023.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import FAMO
    >>> FAMO().weights(torch.tensor([0.5, 2.0]), torch.tensor([True, True]))
    tensor([0.8000, 0.2000])
    """

    learning_rate: float = 0.025
    gamma: float = 0.01
    min_losses: tuple[float, ...] | None = None
    exact: bool = False
    step_size: float = 1e-3
    logits_: Tensor = field(init=False, repr=False, compare=False)
    _optimizer: PerTaskAdam = field(init=False, repr=False, compare=False)
    _losses: Tensor | None = field(init=False, repr=False, compare=False, default=None)

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "learning_rate": Range(1e-3, 0.1, log=True, default=0.025),
        "gamma": Range(1e-4, 0.1, log=True, default=0.01),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "learning_rate": Interval(float, 0.0, closed="neither"),
        "gamma": Interval(float, 0.0),
        "min_losses": Optional(Each(Finite, minimum=1)),
        "exact": Choice((False, True)),
        "step_size": Interval(float, 0.0, closed="neither"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.min_losses is not None:
            self.min_losses = tuple(self.min_losses)

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override]  # depends on `exact`
        """Slopes if exact, else losses after the step."""
        return frozenset({Need.PRODUCT if self.exact else Need.LOSSES_AFTER_STEP})

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set every logit to 0."""
        del generator
        if self.min_losses is not None and len(self.min_losses) != n_tasks:
            expected = f"{n_tasks} numbers, one per task"
            raise ParameterError(message("FAMO", "min_losses", expected, self.min_losses))
        self._optimizer = PerTaskAdam(n_tasks, self.learning_rate, device)
        self.logits_ = self._optimizer.values
        self._losses = None

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """The weighted logarithms of the losses of the tasks present."""
        self._ensure_started(losses)
        gaps = torch.where(present, self._gaps(losses), 1.0)
        shares = self._shares(present).to(gaps)
        normalizer = (shares / gaps.detach()).sum()
        return (shares * gaps.log()).sum() / torch.where(present.any(), normalizer, 1.0)

    def learn(self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Store the losses from before the step."""
        del present
        self._ensure_started(losses)
        self._losses = losses.detach().clone()

    def after_step(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> None:
        """Update the logits from the change of the log-losses."""
        self._ensure_started(losses)
        if self._losses is not None and not self.exact:
            self._move(self._gaps(self._losses).log() - self._gaps(losses).log(), present)
        self._losses = None

    def after_product(
        self,
        slopes: Float[Tensor, " n_tasks"],
        losses: Float[Tensor, " n_tasks"],
        present: Bool[Tensor, " n_tasks"],
    ) -> None:
        """Update the logits from the first-order change of the log-losses."""
        self._ensure_started(losses)
        if self.exact:
            self._move(self.step_size * slopes / self._gaps(losses), present)

    def state_dict(self) -> dict[str, Any]:
        """Logits and their optimiser."""
        return self._optimizer.state_dict() if hasattr(self, "logits_") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore logits and their optimiser."""
        if state:
            self.start(len(state["values"]), device=state["values"].device)
            self._optimizer.load_state_dict(state)

    def _ensure_started(self, losses: Tensor) -> None:
        if not hasattr(self, "logits_"):
            self.start(len(losses), device=losses.device)
        require_same_tasks(self, len(losses), self.logits_)

    def _gaps(self, losses: Tensor) -> Tensor:
        """Distances of the losses from their bounds, never 0."""
        bounds = 0.0 if self.min_losses is None else losses.new_tensor(self.min_losses)
        gaps = losses - bounds
        return gaps + (-gaps).clamp(min=0.0).detach() + _EPSILON

    def _shares(self, present: Tensor) -> Tensor:
        """The softmax z over the tasks present; 0 for the others."""
        logits = torch.where(present, self.logits_, -torch.inf)
        return torch.nan_to_num(torch.softmax(logits, dim=0))

    def _move(self, change: Tensor, present: Tensor) -> None:
        shares = self._shares(present)
        change = torch.where(present, change, 0.0).to(shares)
        gradient = shares * (change - (shares * change).sum())
        self._optimizer.step(gradient + self.gamma * self.logits_, present)
