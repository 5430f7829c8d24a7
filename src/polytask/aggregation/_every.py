"""Weights that are made anew every few steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Constraint, Interval, Satisfies, check, check_parameters
from polytask.aggregation._aggregator import Aggregator
from polytask.aggregation._property import Property
from polytask.aggregation._state import restore, saved
from polytask.aggregation._told import require_same_tasks, served_or_all
from polytask.gradients import Need, Served

__all__ = ["Every"]

_SERVED_AS_ARGUMENT = frozenset({Need.PRESENT, Need.LOSSES})
_KEPT = frozenset({Property.PERMUTATION_INVARIANT, Property.DETERMINISTIC})


def _makes_weights(aggregator: Any) -> bool:
    return (
        isinstance(aggregator, Aggregator)
        and not aggregator.needs & {Need.JACOBIAN, Need.PRODUCT}
        and (hasattr(aggregator, "weights") or hasattr(aggregator, "carried"))
    )


@dataclass
class Every(Aggregator):
    """Make another aggregator's weights every n-th step and carry them in between.

    The steps in between cost one backward pass.

    Parameters
    ----------
    aggregator : Aggregator
        One whose weights follow from the Gramian or the losses. Amortised ones carry theirs
        anyway; those that work on the Jacobian have none.
    n : int
        Steps from one making of weights to the next; the first step makes them.

    Attributes
    ----------
    needs : frozenset of str
        What the next step needs: all that `aggregator` needs, or only which tasks are present.
    weight_ : tensor of shape (n_tasks,)
        The last weights made for each task; NaN for tasks never present when they were made.
    step_ : int
        Steps taken.

    Notes
    -----
    A task that was absent whenever weights were made gets the mean of the carried ones until
    they are made with it; an absent task's weight stays. Weights lag behind the gradients, so
    of the aggregator's properties only its invariance under permutation and its determinism
    pass on.

    References
    ----------
    Navon et al., "Multi-task learning as a bargaining game", ICML 2022, update weights so.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import MGDA, Every
    >>> method = Every(MGDA(), n=2)
    >>> method.aggregate(torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
    tensor([0.8000, 0.4000])
    >>> [str(need) for need in method.needs]
    ['present']
    >>> method.aggregate(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor([0.8000, 0.2000])
    """

    aggregator: Aggregator
    n: int
    weight_: Tensor = field(init=False, repr=False, compare=False)
    step_: int = field(init=False, repr=False, compare=False, default=0)

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "aggregator": Satisfies(
            _makes_weights,
            "an aggregator whose weights follow from the Gramian or the losses, such as MGDA()",
        ),
        "n": Interval(int, 1),
    }

    def __post_init__(self) -> None:
        accepted = self.parameter_constraints["aggregator"]
        check("Every", "aggregator", self.aggregator, accepted, self.refusal(self.aggregator))
        check_parameters(self)
        self.properties = self.aggregator.properties & _KEPT  # type: ignore[misc]
        self._turn(0)

    @staticmethod
    def refusal(aggregator: object) -> str | None:
        """Why an aggregator's weights cannot be kept for several steps; None where they can."""
        if _makes_weights(aggregator):
            return None
        if isinstance(aggregator, type):
            return f"Make an object of the class: {aggregator.__name__}()."
        needs: frozenset[str] = getattr(aggregator, "needs", frozenset())
        if Need.PRODUCT in needs:
            return "It carries its weights from step to step anyway: use it without."
        if Need.JACOBIAN in needs:
            return "It works on the Jacobian and makes no weights that could be kept."
        return "It makes no weights that could be kept."

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Forget the weights, and start the aggregator."""
        self.weight_ = torch.full((n_tasks,), torch.nan, dtype=torch.float64, device=device)
        self.aggregator.start(n_tasks, device=device, generator=generator)
        self._turn(0)

    def weights(
        self, gramian: Float[Tensor, "k k"], served: Served | None = None
    ) -> Float[Tensor, " k"]:
        """New weights of the tasks present."""
        told = served_or_all(served, len(gramian), gramian.device)
        self._wake(told)
        method: Any = self.aggregator
        given = (served,) if method.needs & _SERVED_AS_ARGUMENT else ()
        weights: Tensor = method.weights(gramian, *given)
        self._carry(weights, told)
        self._turn(self.step_ + 1)
        return weights

    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """Weights of the tasks present, without new inner products."""
        self._wake(served)
        if self._is_making():
            method: Any = self.aggregator
            weights: Tensor = method.carried(served)
            self._carry(weights, served)
        else:
            weights = self._filled(served.indices)
        self._turn(self.step_ + 1)
        return weights

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients."""
        if Need.GRAMIAN in self.needs:
            return self.weights(jacobian @ jacobian.T, served) @ jacobian
        told = served_or_all(served, len(jacobian), jacobian.device)
        return self.carried(told).to(jacobian) @ jacobian

    def _is_making(self) -> bool:
        return self.step_ % self.n == 0

    def _turn(self, step: int) -> None:
        """Count a step, and say what the next one needs."""
        self.step_ = step
        inner = self.aggregator.needs if self._is_making() else frozenset()
        self.needs = inner | {Need.PRESENT}

    def _wake(self, served: Served) -> None:
        if not hasattr(self, "weight_"):
            self.weight_ = torch.full_like(served.present, torch.nan, dtype=torch.float64)
        require_same_tasks(self, served, self.weight_)

    def _carry(self, weights: Float[Tensor, " k"], served: Served) -> None:
        self.weight_[served.indices] = weights.to(self.weight_)

    def _filled(self, rows: Tensor) -> Float[Tensor, " k"]:
        """Carried weights; their mean for tasks that have none."""
        mine = self.weight_[rows]
        return torch.where(mine.isnan(), self.weight_.nanmean(), mine)

    def state_dict(self) -> dict[str, Any]:
        """Weights, the count of steps and the aggregator's own state."""
        return {**saved(self, "weight", "step"), "aggregator": self.aggregator.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore weights, the count of steps and the aggregator's own state."""
        self.aggregator.load_state_dict(state["aggregator"])
        restore(self, {name: value for name, value in state.items() if name != "aggregator"})
        self._turn(state["step"])
