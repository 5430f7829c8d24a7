"""Dual balancing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import present_losses, require_losses
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["DBMTL"]

_EPSILON = 1e-8


@dataclass
class DBMTL(GramianAggregator):
    r"""Gradients of the log-losses, averaged over steps and made as long as the longest.

    .. math:: u = \sum_k \frac{\max_j \lVert \hat g_j \rVert}{\lVert \hat g_k \rVert} \hat g_k,
              \qquad \hat g_k \leftarrow \beta_t \hat g_k + (1 - \beta_t) \frac{g_k}{\ell_k},
              \qquad \beta_t = \beta / t^\sigma

    Parameters
    ----------
    beta : float, default 0.9
        Share of the averaged gradients that is kept; with 0 only this step's gradients count, and
        the method works on the Gramian.
    beta_sigma : float, default 0.5
        Exponent of the decay of `beta` with the steps t in which a task was present: 0.5 as in the
        paper; the authors' code has 0, with which averages lag far behind in short runs.

    Attributes
    ----------
    gradient_ : tensor of shape (n_tasks, n_parameters)
        Averaged gradients of the log-losses, 0 for tasks not seen yet.
    step_ : tensor of shape (n_tasks,)
        Steps in which each task was present.

    Notes
    -----
    The averaged gradients take as much memory per task as the shared parameters. A task that is
    absent keeps its average, which takes no part in the update until it returns.
    Losses should be positive: others count as 0, to which 1e-8 is added as to all.
    Deviations from the authors' code: no small number is added to lengths, so that the
    gradients' unit does not matter, and gradients of length 0 stay 0. With ``beta > 0`` heads
    follow their plain losses, with ``beta=0`` those times the weights of the update; the
    authors' heads follow the log-losses.

    References
    ----------
    Lin, Jiang, Ye, Zhang, Chen, Chen, Liu, Tsang & Kwok, "Dual-balancing for multi-task
    learning", arXiv:2308.12029, 2023.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import DBMTL
    >>> from polytask.gradients import Served
    >>> served = Served(torch.tensor([True, True]), torch.tensor([1.0, 2.0]))
    >>> DBMTL(beta=0.0).aggregate(torch.tensor([[1.0, 0.0], [0.0, 8.0]]), served)
    tensor([4., 4.])
    """

    beta: float = 0.9
    beta_sigma: float = 0.5
    gradient_: Tensor = field(init=False, repr=False, compare=False)
    step_: Tensor = field(init=False, repr=False, compare=False)

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.RESCALING_INVARIANT,
            Property.DETERMINISTIC,
        }
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "beta": Range(0.1, 0.99, default=0.9),
        "beta_sigma": Range(0.0, 1.0, default=0.5),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "beta": Interval(float, 0.0, 1.0, closed="left"),
        "beta_sigma": Interval(float, 0.0),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        gradients = Need.JACOBIAN if self.beta else Need.GRAMIAN
        self.needs = frozenset({gradients, Need.LOSSES, Need.PRESENT})

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Reset the averages."""
        del generator
        self.step_ = torch.zeros(n_tasks, dtype=torch.int64, device=device)
        if hasattr(self, "gradient_"):
            del self.gradient_

    def weights(
        self, gramian: Float[Tensor, "k k"], served: Served | None = None
    ) -> Float[Tensor, " k"]:
        """Weights of this step's gradients, for ``beta=0``."""
        losses = _positive(present_losses("DBMTL", served))
        lengths = gramian.detach().diagonal().double().clamp_min(0).sqrt() / losses
        return (_factors_to_longest(lengths) / losses).to(gramian)

    def combine(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from the averages, after these are updated."""
        served, losses = require_losses("DBMTL", served)
        if not hasattr(self, "step_"):
            self.start(len(served.present), device=jacobian.device)
        require_same_tasks(self, len(served.present), self.step_)
        if not hasattr(self, "gradient_"):
            self.gradient_ = jacobian.new_zeros(len(served.present), jacobian.shape[1])
        indices = served.indices
        self.step_[indices] += 1
        decay = (self.beta / self.step_[indices].double() ** self.beta_sigma)[:, None].to(jacobian)
        logarithmic = jacobian.detach() / _positive(losses)[:, None].to(jacobian)
        average = logarithmic + decay * (self.gradient_[indices].to(jacobian) - logarithmic)
        self.gradient_[indices] = average.to(self.gradient_)
        lengths = torch.linalg.vector_norm(average, dim=1, dtype=torch.float64)
        return _factors_to_longest(lengths).to(average) @ average

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients."""
        if Need.JACOBIAN in self.needs:
            return self.combine(jacobian, served)
        return super().aggregate(jacobian, served)

    def state_dict(self) -> dict[str, Any]:
        """Averages and counts of steps."""
        return copy_state(self, "gradient", "step")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore averages and counts of steps."""
        restore_state(self, state)


def _positive(losses: Float64[Tensor, " k"]) -> Float64[Tensor, " k"]:
    return losses.clamp_min(0) + _EPSILON


def _factors_to_longest(lengths: Float64[Tensor, " k"]) -> Float64[Tensor, " k"]:
    """Factors that make all gradients as long as the longest; 1 for those of length 0."""
    return torch.where(lengths > 0, lengths.max() / lengths, 1.0)
