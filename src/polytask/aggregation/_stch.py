"""Weights of the smooth Tchebycheff scalarisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import Aggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import present_losses, require_losses
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["STCH"]

_TINY = 1e-12


@dataclass
class STCH(Aggregator):
    r"""The gradient of a smooth maximum of the losses relative to their means in a warm-up.

    .. math:: \varphi(\ell) = K \mu \log \sum_k \exp\Bigl(\tfrac1\mu \log \tfrac{\ell_k}{z_k}
              \Bigr), \qquad
              w_k = \frac{\partial\varphi}{\partial\ell_k}
              = \frac{K}{\ell_k}\, \mathrm{softmax}_k\Bigl(\tfrac1\mu \log\tfrac{\ell}{z}\Bigr)

    with the mean losses z of the warm-up, in which :math:`w_k = 1 / \ell_k`. No inner product is
    needed: a step costs one backward pass.

    Parameters
    ----------
    mu : float, default 1.0
        Smoothness: towards 0 only the task that is furthest behind counts, towards infinity all
        log-losses count alike.
    warmup : int, default 100
        Steps whose mean losses are the reference; a task absent from some of them averages its
        own first ones.

    Attributes
    ----------
    reference_ : tensor of shape (n_tasks,)
        The mean losses z; 0 for tasks that were never present.
    seen_ : tensor of shape (n_tasks,)
        Steps in which each task was present.
    step_ : int
        Count of all steps.

    Notes
    -----
    As in the authors' code for multi-task learning, log-losses take the place of the paper's
    losses, the ideal point is 0 for :math:`\ell / z`, and preferences are equal. Deviation: the
    code warms up for four epochs and averages over a fifth; here both happen in the same steps,
    whose number is given. K counts the tasks present. Losses should be positive: others count as
    1e-12, and weigh accordingly.

    References
    ----------
    Lin, Zhang, Yang, Liu, Wang & Zhang, "Smooth Tchebycheff scalarization for multi-objective
    optimization", ICML 2024.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import STCH
    >>> from polytask.gradients import Served
    >>> present, method = torch.tensor([True, True]), STCH(warmup=1)
    >>> method.carried(Served(present, torch.tensor([1.0, 4.0])))
    tensor([1.0000, 0.2500], dtype=torch.float64)
    >>> method.carried(Served(present, torch.tensor([1.0, 1.0])))  # the second is less behind
    tensor([1.6000, 0.4000], dtype=torch.float64)
    """

    mu: float = 1.0
    warmup: int = 100
    reference_: Tensor = field(init=False, repr=False, compare=False)
    seen_: Tensor = field(init=False, repr=False, compare=False)
    step_: int = field(init=False, repr=False, compare=False, default=0)

    needs = frozenset({Need.LOSSES, Need.PRESENT})
    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.LINEAR_UNDER_SCALING,
            Property.DETERMINISTIC,
        }
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "mu": Range(0.01, 10.0, log=True, default=1.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "mu": Interval(float, 0.0, closed="neither"),
        "warmup": Interval(int, 1),
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
        """Reset the reference, and warm up."""
        del generator
        self.reference_ = torch.zeros(n_tasks, dtype=torch.float64, device=device)
        self.seen_ = torch.zeros(n_tasks, dtype=torch.int64, device=device)
        self.step_ = 0

    def carried(self, served: Served) -> Float64[Tensor, " k"]:
        """Weights of this step's losses."""
        losses = present_losses("STCH", served).clamp_min(_TINY)
        if not hasattr(self, "reference_"):
            self.start(len(served.present), device=served.present.device)
        require_same_tasks(self, len(served.present), self.reference_)
        indices = served.indices
        self.step_ += 1
        self._average(losses, indices)
        weights = 1 / losses
        if self.step_ > self.warmup:
            progress = (losses / self.reference_[indices]).log() / self.mu
            weights = len(indices) * progress.softmax(0) * weights
        return weights

    def _average(self, losses: Float64[Tensor, " k"], indices: Tensor) -> None:
        """Update the mean losses of tasks that were not present often enough."""
        self.seen_[indices] += 1
        seen, before = self.seen_[indices], self.reference_[indices]
        moved = before + (losses - before) / seen
        self.reference_[indices] = torch.where(seen <= self.warmup, moved, before)

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients."""
        served, _ = require_losses("STCH", served)
        return self.carried(served).to(jacobian) @ jacobian

    def state_dict(self) -> dict[str, Any]:
        """Reference and counts of steps."""
        return copy_state(self, "reference", "seen", "step")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore reference and counts of steps."""
        restore_state(self, state)
