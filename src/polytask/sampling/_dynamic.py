"""Sampling in proportion to the gap between validation losses and their goals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from polytask._validation import (
    Constraint,
    Finite,
    InstanceOf,
    Interval,
    MappingOf,
    check_parameters,
)
from polytask.ranges import Range, SearchRange
from polytask.sampling._mixed_sampler import MixedSampler
from polytask.sampling._sampler import VALIDATION_LOSSES

__all__ = ["Dynamic"]

_LARGEST_GAP, _SMALLEST_SCALE = 1e6, 1e-12


@dataclass
class Dynamic(MixedSampler):
    r"""Sampling that favours sources whose tasks lag behind in their validation losses.

    .. math:: p_s = (1 - \epsilon) \frac{g_s}{\sum_j g_j} + \frac{\epsilon}{S}, \qquad
              g_s = \frac{1}{|K_s|} \sum_{k \in K_s}
                    \frac{\max(\ell_k - \ell_k^*, 0)}{|\ell_k^{(1)}|}

    for the latest validation losses :math:`\ell_k` of the tasks :math:`K_s` of source s, their
    first ones :math:`\ell_k^{(1)}`, and the losses to reach, :math:`\ell_k^*`.

    Parameters
    ----------
    floor : float, default 0.1
        ε, the part of the rows that is split equally, so that every source is sampled.
    goals : mapping of task name to float, default {}
        Validation losses to reach, such as those of single-task training. Tasks without a goal
        have 0: their gap is the part of the first loss that remains.

    Attributes
    ----------
    first_losses_ : dict of task name to float
    gaps_ : dict of source name to float
        The g of sources that have validation labels; empty before the first evaluation.

    Notes
    -----
    Until validation losses come, and where all gaps are 0, rows are drawn in proportion to
    what each source has. A source without validation labels takes the mean gap of the others.
    Deviations from the paper, which draws in proportion to the gap between the current score
    and the score of single-task training: gaps are of losses, relative to a task's first one,
    so that no unit matters and no single-task run is required; ε; proportions are no weights
    of the losses (`polytask.sampling.Sampler`).

    References
    ----------
    Gottumukkala, Dua, Singh & Gardner, "Dynamic sampling strategies for multi-task reading
    comprehension", ACL 2020.

    Examples
    --------
    >>> from polytask.sampling import Dynamic
    >>> sampler = Dynamic(floor=0.2)
    >>> sampler.start({"red": 50, "white": 50}, batch_size=20, seed=0, n_steps=10)
    >>> sampler.end_epoch({"red": {"taste": 2.0}, "white": {"price": 30.0}})
    >>> sampler.end_epoch({"red": {"taste": 0.5}, "white": {"price": 22.5}})
    >>> {name: round(rows, 6) for name, rows in sampler.share(5).items()}
    {'red': 6.0, 'white': 14.0}
    """

    floor: float = 0.1
    goals: Mapping[str, float] = field(default_factory=dict)
    first_losses_: dict[str, float] = field(init=False, repr=False, compare=False)
    gaps_: dict[str, float] = field(init=False, repr=False, compare=False)

    needs: ClassVar[frozenset[str]] = frozenset({VALIDATION_LOSSES})
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "floor": Range(0.01, 0.5, log=True, default=0.1),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "floor": Interval(float, 0.0, 1.0, closed="right"),
        "goals": MappingOf(InstanceOf((str,)), Finite),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def prepare(self) -> None:
        """Forget all losses."""
        super().prepare()
        self.first_losses_, self.gaps_ = {}, {}

    def proportions(self, epoch: int) -> dict[str, float]:
        """Gaps of the latest losses, mixed with equal proportions."""
        del epoch
        total = sum(self.gaps_.values())
        if total == 0:
            return {name: float(n_rows) for name, n_rows in self.sizes.items()}
        mean_gap = total / len(self.gaps_)
        gaps = {name: self.gaps_.get(name, mean_gap) for name in self.sizes}
        total, equal = sum(gaps.values()), self.floor / len(gaps)
        return {name: (1 - self.floor) * gap / total + equal for name, gap in gaps.items()}

    def end_epoch(self, losses: Mapping[str, Mapping[str, float]]) -> None:
        """Update the gaps from the latest validation losses."""
        for task, loss in (item for by_task in losses.values() for item in by_task.items()):
            if math.isfinite(loss):
                self.first_losses_.setdefault(task, float(loss))
        self.gaps_ = {
            source: sum(self._gap(task, loss) for task, loss in by_task.items()) / len(by_task)
            for source, by_task in losses.items()
            if by_task and source in self.sizes
        }

    def _gap(self, task: str, loss: float) -> float:
        """The relative gap of a task; the largest there is if its loss is not finite."""
        gap = loss - self.goals.get(task, 0.0)
        scale = max(abs(self.first_losses_.get(task, 1.0)), _SMALLEST_SCALE)
        return min(max(gap / scale, 0.0), _LARGEST_GAP) if math.isfinite(gap) else _LARGEST_GAP

    def state_dict(self) -> dict[str, Any]:
        """Positions, first losses and gaps."""
        own = {"first_losses": dict(self.first_losses_), "gaps": dict(self.gaps_)}
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave, after `start` with the same arguments."""
        super().load_state_dict(state)
        self.first_losses_, self.gaps_ = dict(state["first_losses"]), dict(state["gaps"])
