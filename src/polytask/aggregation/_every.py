"""Weights that are recomputed every few steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Constraint, Interval, Satisfies, check, check_parameters
from polytask.aggregation._aggregator import Aggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import served_or_all
from polytask.gradients import Need, Served, require_same_tasks, takes_served

__all__ = ["Every"]

_KEPT = frozenset({Property.PERMUTATION_INVARIANT, Property.DETERMINISTIC})


def _has_weights(aggregator: Any) -> bool:
    return (
        isinstance(aggregator, Aggregator)
        and not aggregator.needs & {Need.JACOBIAN, Need.PRODUCT}
        and (hasattr(aggregator, "weights") or hasattr(aggregator, "carried"))
    )


@dataclass
class Every(Aggregator):
    """Compute another aggregator's weights every n-th step and carry them in between.

    The steps in between cost one backward pass.

    Parameters
    ----------
    aggregator : Aggregator
        One whose weights depend on the Gramian or the losses. Amortised ones carry theirs
        anyway; those that work on the Jacobian have none.
    n : int
        Steps from one computation of weights to the next; the first step computes them.

    Attributes
    ----------
    needs : frozenset of str
        What the next step needs: all that `aggregator` needs, or only which tasks are present.
    weight_ : tensor of shape (n_tasks,)
        The last weights computed per task; NaN for tasks that were never present then.
    step_ : int
        Steps taken.

    Notes
    -----
    A task that was absent whenever weights were computed gets the mean of the carried ones until
    they are computed with it; an absent task's weight stays. Weights lag behind the gradients, so
    only two of the aggregator's properties remain: invariance under permutation and determinism.

    References
    ----------
    Navon et al., "Multi-task learning as a bargaining game", ICML 2022, update weights this way.

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
            _has_weights,
            "an aggregator whose weights follow from the Gramian or the losses, such as MGDA()",
        ),
        "n": Interval(int, 1),
    }

    def __post_init__(self) -> None:
        accepted = self.parameter_constraints["aggregator"]
        check("Every", "aggregator", self.aggregator, accepted, self.refusal(self.aggregator))
        check_parameters(self)
        self.properties = self.aggregator.properties & _KEPT  # type: ignore[misc]
        self._set_step(0)

    @staticmethod
    def refusal(aggregator: object) -> str | None:
        """The reason why an aggregator's weights cannot be kept for several steps, or None."""
        if _has_weights(aggregator):
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
        """Reset the weights, and start the aggregator."""
        self.weight_ = torch.full((n_tasks,), torch.nan, dtype=torch.float64, device=device)
        self.aggregator.start(n_tasks, device=device, generator=generator)
        self._set_step(0)

    def weights(
        self, gramian: Float[Tensor, "k k"], served: Served | None = None
    ) -> Float[Tensor, " k"]:
        """New weights of the tasks present."""
        present = served_or_all(served, len(gramian), gramian.device)
        self._ensure_started(present)
        method: Any = self.aggregator
        arguments = (served,) if takes_served(method.needs) else ()
        weights: Tensor = method.weights(gramian, *arguments)
        self._store(weights, present)
        self._set_step(self.step_ + 1)
        return weights

    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """Weights of the tasks present, without new inner products."""
        self._ensure_started(served)
        if self._computes_weights():
            method: Any = self.aggregator
            weights: Tensor = method.carried(served)
            self._store(weights, served)
        else:
            weights = self._filled(served.indices)
        self._set_step(self.step_ + 1)
        return weights

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients."""
        if Need.GRAMIAN in self.needs:
            return self.weights(jacobian @ jacobian.T, served) @ jacobian
        served = served_or_all(served, len(jacobian), jacobian.device)
        return self.carried(served).to(jacobian) @ jacobian

    def _computes_weights(self) -> bool:
        return self.step_ % self.n == 0

    def _set_step(self, step: int) -> None:
        """Set the count of steps, and what the next step needs."""
        self.step_ = step
        inner = self.aggregator.needs if self._computes_weights() else frozenset()
        self.needs = inner | {Need.PRESENT}

    def _ensure_started(self, served: Served) -> None:
        if not hasattr(self, "weight_"):
            self.weight_ = torch.full_like(served.present, torch.nan, dtype=torch.float64)
        require_same_tasks(self, len(served.present), self.weight_)

    def _store(self, weights: Float[Tensor, " k"], served: Served) -> None:
        self.weight_[served.indices] = weights.to(self.weight_)

    def _filled(self, indices: Tensor) -> Float[Tensor, " k"]:
        """Carried weights; their mean for tasks that have none."""
        carried = self.weight_[indices]
        return torch.where(carried.isnan(), self.weight_.nanmean(), carried)

    def state_dict(self) -> dict[str, Any]:
        """Weights, the count of steps and the aggregator's own state."""
        return {**copy_state(self, "weight", "step"), "aggregator": self.aggregator.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore weights, the count of steps and the aggregator's own state."""
        self.aggregator.load_state_dict(state["aggregator"])
        restore_state(self, {name: value for name, value in state.items() if name != "aggregator"})
        self._set_step(state["step"])
