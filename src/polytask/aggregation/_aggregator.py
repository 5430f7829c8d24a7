"""Abstract base classes of gradient aggregators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Choice, Constraint, check_parameters
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import served_or_all
from polytask.gradients import Need, Served, takes_served
from polytask.gradients._inner_products import widened_gramian
from polytask.gradients._missed_hooks import Hook, HookWatch

__all__ = ["Aggregator", "AmortisedAggregator", "GramianAggregator", "JacobianAggregator"]

_CARRIED = frozenset({Property.PERMUTATION_INVARIANT, Property.CONVEX, Property.DETERMINISTIC})


_WATCH = HookWatch(
    "Aggregator",
    ("carried",),
    (
        Hook(
            "move",
            Need.PRODUCT,
            "`move(product, served)` after every update, with the tasks' slopes along it, or leave "
            "all of it to `polytask.gradients.backward`",
            20,  # half precision may skip as many steps before its scale is found
        ),
    ),
)


class Aggregator(ABC):
    """A map from the gradients of the tasks present to one update, independent of any network.

    Attributes
    ----------
    needs : frozenset of str
        What the engine must serve, in the words of `Need`. Where it holds ``"present"`` or
        ``"losses"``, the engine passes a `Served` as second argument.
    properties : frozenset of Property
        Promises about the update; the common check tests them.
    """

    needs: frozenset[str]
    properties: ClassVar[frozenset[Property]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _WATCH.watch(cls)

    @abstractmethod
    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients, for use without an engine."""

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Reset the state and prepare for `n_tasks` tasks.

        Parameters
        ----------
        n_tasks : int
        device : torch.device, optional
            The device of the gradients.
        generator : torch.Generator, optional
            The only source of randomness; owned and checkpointed by whoever calls.
        """
        del n_tasks, device, generator

    def state_dict(self) -> dict[str, Any]:
        """All state, so that training resumes exactly."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned, after `start`."""
        del state


class GramianAggregator(Aggregator):
    r"""The update is :math:`J^\top w` with weights that depend on :math:`G = J J^\top` only."""

    needs = frozenset({Need.GRAMIAN})

    @abstractmethod
    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the k tasks present.

        One that declares the need ``"present"`` or ``"losses"`` takes a second argument,
        ``served: Served | None = None``; without it all tasks are present.
        """

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients, with weights from their Gramian."""
        arguments = (served,) if takes_served(self.needs) else ()
        return self.weights(widened_gramian(jacobian), *arguments).to(jacobian) @ jacobian


class JacobianAggregator(Aggregator):
    """The update is computed coordinate by coordinate from the whole Jacobian."""

    needs = frozenset({Need.JACOBIAN})

    @abstractmethod
    def combine(self, jacobian: Float[Tensor, "k p"]) -> Float[Tensor, " p"]:
        """The update, from the rows of the k tasks present.

        One that declares the need ``"present"`` or ``"losses"`` takes a second argument,
        ``served: Served | None = None``; without it all tasks are present.
        """

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients."""
        return self.combine(jacobian, *((served,) if takes_served(self.needs) else ()))


@dataclass
class AmortisedAggregator(GramianAggregator):
    r"""A Gramian aggregator that can also carry its weights from step to step.

    With ``amortised=True`` no Gramian is computed: the update :math:`d = J^\top w` is that of
    the carried weights, and the slopes :math:`J d = G w` of all tasks along it, which cost one
    pass for any number of tasks, move the weights by one iteration of the method's own
    problem. Of its properties only the order of the tasks, the convex hull and
    determinism are then promised.

    Parameters
    ----------
    amortised : bool, default False
    """

    amortised: bool = field(default=False, kw_only=True)

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"amortised": Choice((False, True))}

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.amortised:
            self.needs = frozenset({Need.PRODUCT, Need.PRESENT})
            self.properties = self.properties & _CARRIED  # type: ignore[misc]  # of this object

    @abstractmethod
    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """Weights w of the k tasks present for this step's update."""

    @abstractmethod
    def move(self, product: Float[Tensor, " k"], served: Served) -> None:
        r"""Update the weights from the slopes :math:`J J^\top w` along the last update."""

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients; if amortised, also updates the weights."""
        if not self.amortised:
            return super().aggregate(jacobian, served)
        served = served_or_all(served, len(jacobian), jacobian.device)
        update = self.carried(served).to(jacobian) @ jacobian
        self.move(jacobian @ update, served)
        return update
