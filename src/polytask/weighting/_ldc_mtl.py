"""Loss discrepancy control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._torch_defaults import graphs_on
from polytask._validation import Choice, Constraint, Interval, check_parameters
from polytask.gradients import require_same_tasks
from polytask.ranges import Choices, Range, SearchRange
from polytask.weighting._per_task_adam import PerTaskAdam
from polytask.weighting._weighting import Weighting

__all__ = ["LDCMTL"]

_EPSILON = 1e-8


@dataclass
class LDCMTL(Weighting):
    r"""Weights that bring the weighted losses of neighbouring tasks together.

    .. math:: \varphi(\ell) = \frac{\sum_k \sigma_k \hat\ell_k}{\sum_k \sigma_k}
              + \lambda \sum_k \left| \sigma_k \hat\ell_k - \sigma_{k+1} \hat\ell_{k+1} \right|,
              \qquad \sigma_k = \operatorname{sigmoid}(W_k)

    on normalised losses :math:`\hat\ell`, with the denominator held constant. It is the penalty
    form of a bilevel problem: W minimises the discrepancy (second term) at networks that
    minimise the weighted sum (first term). One step of the network and one of W, both on φ,
    alternate.

    Parameters
    ----------
    penalty : float, default 0.01
        λ.
    learning_rate : float, default 1e-3
        Learning rate of W.
    normalization : {"none", "rescaled", "log"}, default "none"
        ``"rescaled"`` divides losses so that all start where the smallest starts, ``"log"``
        takes the logarithm of the losses over their first values. Both depend on the first
        batch: they suit losses in different units and tasks with many labels per batch.

    Attributes
    ----------
    logits_ : tensor of shape (n_tasks,)
        W, initially 1.
    initial_losses_ : tensor of shape (n_tasks,)
        Each task's first loss above 0; 0 before that.

    Notes
    -----
    Weights are the whole gradient of φ, penalty included: a task whose weighted loss lies below
    its neighbours' weighs less, and under a large penalty less than 0. Details are those of the
    authors' experiments: τ = σ, σ a sigmoid of free numbers (their NYUv2 experiment feeds shared
    features to a small router instead); λ and no normalisation are those of CelebA (λ is up to
    0.1 elsewhere). Deviations: W learns with an Adam of its own, so that the model's weight decay
    and clipping do not reach it; neighbours are the nearest tasks present, and the W of absent
    tasks stays.

    References
    ----------
    Xiao, Dong, Zou & Ji, "LDC-MTL: Balancing multi-task learning through scalable loss
    discrepancy control", arXiv:2502.08585, 2025.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import LDCMTL
    >>> LDCMTL().weights(torch.tensor([0.3, 2.0]), torch.tensor([True, True]))
    tensor([0.4927, 0.5073])
    """

    penalty: float = 0.01
    learning_rate: float = 1e-3
    normalization: str = "none"
    logits_: Tensor = field(init=False, repr=False, compare=False)
    initial_losses_: Tensor = field(init=False, repr=False, compare=False)
    _optimizer: PerTaskAdam = field(init=False, repr=False, compare=False)

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "penalty": Range(1e-3, 1.0, log=True, default=0.01),
        "learning_rate": Range(1e-4, 0.01, log=True, default=1e-3),
        "normalization": Choices(("none", "rescaled", "log")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "penalty": Interval(float, 0.0),
        "learning_rate": Interval(float, 0.0, closed="neither"),
        "normalization": Choice(("none", "rescaled", "log")),
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
        """Set W to ones and reset the first losses."""
        del generator
        self._optimizer = PerTaskAdam(n_tasks, self.learning_rate, device)
        self.logits_ = self._optimizer.values.fill_(1.0)
        self.initial_losses_ = torch.zeros(n_tasks, dtype=torch.float32, device=device)

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """The weighted mean of the losses present and their discrepancy."""
        self._ensure_started(losses)
        return self._objective(torch.sigmoid(self.logits_), losses, present)

    def learn(self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Take one step of W, and store first losses."""
        self._ensure_started(losses)
        with graphs_on():
            losses = losses.detach().clone()
            logits = self.logits_.clone().requires_grad_()
            objective = self._objective(torch.sigmoid(logits), losses, present)
            (gradient,) = torch.autograd.grad(objective, logits)
        self._optimizer.step(gradient, present)
        self.initial_losses_ = self._initial(losses, present).to(self.initial_losses_)

    def state_dict(self) -> dict[str, Any]:
        """W, its optimiser and the first losses."""
        if not hasattr(self, "logits_"):
            return {}
        return {"initial_losses": self.initial_losses_.clone(), **self._optimizer.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore W, its optimiser and the first losses."""
        if not state:
            return
        others = {name: value for name, value in state.items() if name != "initial_losses"}
        self.start(len(state["values"]), device=state["values"].device)
        self._optimizer.load_state_dict(others)
        self.initial_losses_ = state["initial_losses"].clone()

    def _ensure_started(self, losses: Tensor) -> None:
        if not hasattr(self, "logits_"):
            self.start(len(losses), device=losses.device)
        require_same_tasks(self, len(losses), self.logits_)

    def _objective(self, sigma: Tensor, losses: Tensor, present: Tensor) -> Tensor:
        if not bool(present.any()):
            return (0.0 * losses * present).sum()
        sigma = sigma.to(losses)
        weighted = (sigma * self._normalized(losses, present))[present]
        discrepancy = (weighted[1:] - weighted[:-1]).abs().sum()
        return weighted.sum() / sigma[present].sum().detach() + self.penalty * discrepancy

    def _normalized(self, losses: Tensor, present: Tensor) -> Tensor:
        initial = self._initial(losses.detach(), present).to(losses)
        if self.normalization == "log":
            return ((losses + _EPSILON) / (initial + _EPSILON)).log()
        if self.normalization == "none" or not bool((initial > 0).any()):
            return losses
        return losses * torch.where(initial > 0, initial[initial > 0].min() / initial, 1.0)

    def _initial(self, losses: Tensor, present: Tensor) -> Tensor:
        """First losses; the given ones where there was none before."""
        known = self.initial_losses_.to(losses)
        return torch.where((known > 0) | ~present, known, losses.clamp(min=0.0))
