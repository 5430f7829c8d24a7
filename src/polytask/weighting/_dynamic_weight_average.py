"""Weights from the rates at which losses fall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.gradients import Need, require_same_tasks
from polytask.ranges import Range, SearchRange
from polytask.weighting._weighting import Weighting

__all__ = ["DynamicWeightAverage"]


@dataclass
class DynamicWeightAverage(Weighting):
    r"""Larger weights for tasks whose losses fall more slowly from epoch to epoch.

    .. math:: \varphi(\ell) = \sum_k w_k \ell_k, \qquad
              w_k = K \frac{\exp(r_k / T)}{\sum_j \exp(r_j / T)}, \qquad
              r_k = \frac{\bar\ell_k(t - 1)}{\bar\ell_k(t - 2)}

    with the mean training losses of the last two epochs. Weights are 1 until two epochs are over.

    Parameters
    ----------
    temperature : float, default 2.0
        T; the higher, the closer the weights are to 1.

    Attributes
    ----------
    epoch_losses_ : tensor of shape (n_epochs, n_tasks)
        Mean losses of the last two epochs, or fewer.

    Notes
    -----
    Where the earlier loss is not positive, or the later one is 0 as that of a task that was not
    trained, the ratio is 1, as in the first epochs. All tasks count in the sum of weights; a task
    that is absent from a batch weighs 0 there without changing the others' weights.

    References
    ----------
    Liu, Johns & Davison, "End-to-end multi-task learning with attention", CVPR 2019.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import DynamicWeightAverage
    >>> weighting = DynamicWeightAverage()
    >>> weighting.start(2)
    >>> weighting.end_epoch(torch.tensor([1.0, 4.0]))
    >>> weighting.end_epoch(torch.tensor([0.9, 1.0]))
    >>> weighting.weights(torch.tensor([0.9, 1.0]), torch.tensor([True, True]))
    tensor([1.1611, 0.8389])
    """

    temperature: float = 2.0
    epoch_losses_: Tensor = field(init=False, repr=False, compare=False)
    _epoch_weights: Tensor = field(init=False, repr=False, compare=False)

    needs: ClassVar[frozenset[str]] = frozenset({Need.EPOCH_LOSSES})
    fixed: ClassVar[bool] = True
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "temperature": Range(0.5, 5.0, log=True, default=2.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "temperature": Interval(float, 0.0, closed="neither")
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
        """Reset the epochs' losses."""
        del generator
        self.epoch_losses_ = torch.empty(0, n_tasks, dtype=torch.float32, device=device)
        self._epoch_weights = torch.ones(n_tasks, dtype=torch.float32, device=device)

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Weigh and sum the losses of the tasks present."""
        return (self.weights(losses, present) * losses).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """The weights of this epoch, 0 for absent tasks."""
        self._ensure_started(losses)
        return self._epoch_weights.to(losses.dtype) * present

    def end_epoch(self, mean_losses: Float[Tensor, " n_tasks"]) -> None:
        """Store the epoch's losses and compute the next epoch's weights."""
        self._ensure_started(mean_losses)
        losses = mean_losses.detach().to(self.epoch_losses_)[None]
        self._set(torch.cat((self.epoch_losses_, losses))[-2:])

    def _ensure_started(self, losses: Float[Tensor, " n_tasks"]) -> None:
        if not hasattr(self, "_epoch_weights"):
            self.start(len(losses), device=losses.device)
        require_same_tasks(self, len(losses), self._epoch_weights)

    def _set(self, epoch_losses: Float[Tensor, "n_epochs n_tasks"]) -> None:
        self.epoch_losses_ = epoch_losses
        if len(epoch_losses) == 2:
            before, last = epoch_losses.double()
            ratio = last / before
            known = (before > 0) & (last != 0) & ratio.isfinite()
            ratio = torch.where(known, ratio, 1.0)
            weights = len(ratio) * torch.softmax(ratio / self.temperature, dim=0)
            self._epoch_weights = weights.to(epoch_losses)

    def state_dict(self) -> dict[str, Any]:
        """Mean losses of the last two epochs."""
        return (
            {"epoch_losses": self.epoch_losses_.clone()} if hasattr(self, "epoch_losses_") else {}
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the losses and the weights that follow from them."""
        if state:
            losses = state["epoch_losses"]
            current = self.epoch_losses_ if hasattr(self, "epoch_losses_") else losses
            self.start(losses.shape[1], device=current.device)
            self._set(losses.to(current.device, copy=True))
