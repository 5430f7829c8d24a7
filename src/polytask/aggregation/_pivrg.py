"""Fairness informed by performance."""

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
from polytask.aggregation._bargain import bargained
from polytask.aggregation._property import Property
from polytask.aggregation._state import restore, saved
from polytask.aggregation._told import require_same_tasks, with_losses
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served
from polytask.ranges import Range, SearchRange

__all__ = ["PIVRG"]

_TINY = 1e-12


@dataclass
class PIVRG(GramianAggregator):
    r"""A fair update in which tasks count more, the further they are behind.

    .. math:: (G w)_k = (p_k / w_k)^{1/\alpha}, \qquad
              p = K\,\mathrm{softmax}(\Delta / \tau), \qquad
              \tau = \max\Bigl(\frac{\max_k \Delta_k - \min_k \Delta_k}{\log b}, \tau_0\Bigr)

    where :math:`\Delta_k` says by how many percent the task is worse than its baseline, so that
    no task's share is more than b times another's. With equal :math:`\Delta` it is `FairGrad`.

    Parameters
    ----------
    baselines : tuple of float, optional
        A training loss of each task to compare with, such as that of a model of its own; by
        default the task's first loss, so that tasks which have improved least are behind.
    bound : float, default 2.0
        The largest ratio b of two shares.
    min_temperature : float, default 10.0
        The smallest temperature :math:`\tau_0`, in percent.
    alpha : float, default 2.0
    max_norm : float or None, default 1.0
        The longest update; None leaves it as it is.
    memory : float, default 0.99
        How much of the running means of losses stays at a step.

    Attributes
    ----------
    losses_ : tensor of shape (n_tasks,)
        Running means.
    first_ : tensor of shape (n_tasks,)
        First losses; infinite before a task was present.
    drops_ : tensor of shape (n_tasks,) or None
        The drops of performance last told, in percent.

    Notes
    -----
    Equation, shares, temperature and defaults are those of the authors' code. There
    :math:`\Delta` is measured by the training script after every epoch, from the metrics of a
    model per task on evaluation data (0 in the first epoch). `tell_drops` takes such measurements.
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
    >>> pivrg.tell_drops([30.0, 0.0])
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
        """Forget losses and drops."""
        del device, generator
        if self.baselines is not None and len(self.baselines) != n_tasks:
            expected = f"{n_tasks} numbers, one a task, or None"
            raise ParameterError(message("PIVRG", "baselines", expected, self.baselines))
        self.losses_ = torch.zeros(n_tasks, dtype=torch.float64)
        self.first_ = torch.full((n_tasks,), math.inf, dtype=torch.float64)
        self.drops_ = None

    def tell_drops(self, drops: Sequence[float]) -> None:
        """Tell by how many percent each task is worse than its baseline.

        From then on these count, not the losses; call it after each look at validation data.

        Parameters
        ----------
        drops : sequence of n_tasks floats
            Negative where a task is better.
        """
        if not hasattr(self, "losses_"):
            self.start(len(drops))
        told = torch.tensor(drops, dtype=torch.float64)
        if told.shape != self.losses_.shape or not told.isfinite().all():
            expected = f"{len(self.losses_)} finite numbers, one a task"
            raise ParameterError(message("PIVRG.tell_drops", "drops", expected, drops))
        self.drops_ = told

    def weights(
        self, gramian: Float[Tensor, "k k"], served: Served | None = None
    ) -> Float[Tensor, " k"]:
        """Weights of the update, clipped."""
        told, losses = with_losses("PIVRG", served)
        if not hasattr(self, "losses_"):
            self.start(len(told.present))
        require_same_tasks(self, told, self.losses_)
        rows = told.indices.cpu()
        self._remember(losses.cpu(), rows)
        return bargained(gramian, self.alpha, self.max_norm, self._shares(rows))

    def _remember(self, losses: Float[Tensor, " k"], rows: Int[Tensor, " k"]) -> None:
        first = self.first_[rows].isinf()
        mean = torch.where(first, losses, self.losses_[rows])
        self.first_[rows] = torch.where(first, losses, self.first_[rows])
        self.losses_[rows] = self.memory * mean + (1 - self.memory) * losses

    def _shares(self, rows: Int[Tensor, " k"]) -> Float[Tensor, " k"]:
        """Shares of the tasks present; their mean is 1."""
        drops = (self._estimated() if self.drops_ is None else self.drops_)[rows]
        spread = float(drops.max() - drops.min())
        temperature = max(spread / math.log(self.bound), self.min_temperature)
        return len(rows) * torch.softmax(drops / temperature, dim=0)

    def _estimated(self) -> Float[Tensor, " n_tasks"]:
        """Drops by training losses."""
        given = self.baselines
        baseline = self.first_ if given is None else torch.tensor(given, dtype=torch.float64)
        return 100 * (self.losses_ - baseline) / baseline.abs().clamp(min=_TINY)

    def state_dict(self) -> dict[str, Any]:
        """Losses and drops."""
        return saved(self, "losses", "first", "drops")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore losses and drops."""
        self.drops_ = None
        restore(self, state, device=torch.device("cpu"))
