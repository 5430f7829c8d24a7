"""Performance-informed fairness."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
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
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._bargain import solve_bargain
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import require_losses
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["PIVRG"]

_TINY = 1e-12


@dataclass
class PIVRG(GramianAggregator):
    r"""A fair update in which tasks count more, the further they are behind their baseline.

    .. math:: (G w)_k = (p_k / w_k)^{1/\alpha}, \qquad
              p = K\,\mathrm{softmax}(\Delta / \tau), \qquad
              \tau = \max\Bigl(\frac{\max_k \Delta_k - \min_k \Delta_k}{\log b}, \tau_0\Bigr)

    where the task is :math:`\Delta_k` percent worse than its baseline, so that no task's share is more than b times another's. With equal :math:`\Delta` it is `FairGrad`.

    Parameters
    ----------
    baselines : tuple of float, optional
        One training loss per task to compare with, such as that of a single-task model; by
        default the task's first loss, so that tasks which have improved least are behind.
    bound : float, default 2.0
        The largest ratio b of two shares.
    min_temperature : float, default 10.0
        The smallest temperature :math:`\tau_0`, in percent.
    alpha : float, default 2.0
    max_norm : float or None, default 1.0
        The largest norm of the update; None does not clip.
    memory : float, default 0.99
        Share of the running means of losses that is kept per step.

    Attributes
    ----------
    losses_ : tensor of shape (n_tasks,)
        Running means.
    first_ : tensor of shape (n_tasks,)
        First losses; infinite before a task was present.
    drops_ : tensor of shape (n_tasks,) or None
        The last drops of performance from `set_drops`, in percent.

    Notes
    -----
    Equation, shares, temperature and defaults are those of the authors' code. There
    :math:`\Delta` is measured by the training script after every epoch, from the metrics of a
    model per task on evaluation data (0 in the first epoch). `set_drops` accepts such measurements.
    Without them :math:`\Delta` is reconstructed here from running means of training losses,
    :math:`100\,(\ell_k - b_k) / |b_k|`, which is not in the paper. Further deviations are those
    of `FairGrad`: Newton's method instead of nonlinear least squares, no factor K before
    clipping, an update of about zero where 0 lies in the convex hull of the gradients. Shares are
    formed over the tasks present.

    References
    ----------
    Qin, Wang & Yan, "Revisiting fairness in multitask learning: a performance-driven approach for
    variance reduction", CVPR 2025.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import PIVRG
    >>> from polytask.gradients import Served
    >>> pivrg = PIVRG(max_norm=None)
    >>> pivrg.start(2)
    >>> pivrg.set_drops([30.0, 0.0])
    >>> served = Served(torch.tensor([True, True]), torch.tensor([1.0, 1.0]))
    >>> pivrg.weights(torch.eye(2), served)
    tensor([1.1006, 0.8736])
    """

    baselines: tuple[float, ...] | None = None
    bound: float = 2.0
    min_temperature: float = 10.0
    alpha: float = 2.0
    max_norm: float | None = 1.0
    memory: float = 0.99
    losses_: Tensor = field(init=False, repr=False, compare=False)
    first_: Tensor = field(init=False, repr=False, compare=False)
    drops_: Tensor | None = field(default=None, init=False, repr=False, compare=False)

    needs = frozenset({Need.GRAMIAN, Need.PRESENT, Need.LOSSES})
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "bound": Range(1.2, 5.0, default=2.0),
        "alpha": Range(0.5, 10.0, log=True, default=2.0),
        "max_norm": Range(0.1, 10.0, log=True, default=1.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "baselines": Optional(Each(Finite, minimum=1)),
        "bound": Interval(float, 1.0, closed="neither"),
        "min_temperature": Interval(float, 0.0, closed="neither"),
        "alpha": Interval(float, 0.0, closed="neither"),
        "max_norm": Optional(Interval(float, 0.0, closed="neither")),
        "memory": Interval(float, 0.0, 1.0, closed="left"),
    }
    properties: ClassVar[frozenset[Property]] = frozenset(
        {Property.PERMUTATION_INVARIANT, Property.NON_CONFLICTING, Property.DETERMINISTIC}
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Reset losses and drops."""
        del device, generator
        if self.baselines is not None and len(self.baselines) != n_tasks:
            expected = f"{n_tasks} numbers, one per task, or None"
            raise ParameterError(message("PIVRG", "baselines", expected, self.baselines))
        self.losses_ = torch.zeros(n_tasks, dtype=torch.float64)
        self.first_ = torch.full((n_tasks,), math.inf, dtype=torch.float64)
        self.drops_ = None

    def set_drops(self, drops: Sequence[float]) -> None:
        """Set by how many percent each task is worse than its baseline.

        From then on these count, not the losses; call it after every evaluation.

        Parameters
        ----------
        drops : sequence of n_tasks floats
            Negative where a task is better.
        """
        if not hasattr(self, "losses_"):
            self.start(len(drops))
        values = torch.tensor(drops, dtype=torch.float64)
        if values.shape != self.losses_.shape or not values.isfinite().all():
            expected = f"{len(self.losses_)} finite numbers, one per task"
            raise ParameterError(message("PIVRG.set_drops", "drops", expected, drops))
        self.drops_ = values

    def weights(
        self, gramian: Float[Tensor, "k k"], served: Served | None = None
    ) -> Float[Tensor, " k"]:
        """Weights of the update, clipped."""
        served, losses = require_losses("PIVRG", served)
        if not hasattr(self, "losses_"):
            self.start(len(served.present))
        require_same_tasks(self, len(served.present), self.losses_)
        indices = served.indices.cpu()
        self._update_means(losses.cpu(), indices)
        return solve_bargain(gramian, self.alpha, self.max_norm, self._shares(indices))

    def _update_means(self, losses: Float[Tensor, " k"], indices: Int[Tensor, " k"]) -> None:
        first = self.first_[indices].isinf()
        mean = torch.where(first, losses, self.losses_[indices])
        self.first_[indices] = torch.where(first, losses, self.first_[indices])
        self.losses_[indices] = self.memory * mean + (1 - self.memory) * losses

    def _shares(self, indices: Int[Tensor, " k"]) -> Float[Tensor, " k"]:
        """Shares of the tasks present; their mean is 1."""
        drops = (self._estimated_drops() if self.drops_ is None else self.drops_)[indices]
        spread = float(drops.max() - drops.min())
        temperature = max(spread / math.log(self.bound), self.min_temperature)
        return len(indices) * torch.softmax(drops / temperature, dim=0)

    def _estimated_drops(self) -> Float[Tensor, " n_tasks"]:
        """Drops estimated from training losses."""
        if self.baselines is None:
            baseline = self.first_
        else:
            baseline = torch.tensor(self.baselines, dtype=torch.float64)
        return 100 * (self.losses_ - baseline) / baseline.abs().clamp(min=_TINY)

    def state_dict(self) -> dict[str, Any]:
        """Losses and drops."""
        return copy_state(self, "losses", "first", "drops")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore losses and drops."""
        self.drops_ = None
        restore_state(self, state, device=torch.device("cpu"))
