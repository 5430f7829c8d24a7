"""The contracts of gradient aggregation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["Aggregator", "GramianAggregator", "JacobianAggregator"]


class Aggregator(ABC):
    """A map from the gradients of the tasks present to one update; it knows no networks.

    Attributes
    ----------
    needs : frozenset of str
        What the engine must serve: ``"gramian"``, ``"jacobian"``, ``"product"``, …
    """

    needs: ClassVar[frozenset[str]]

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Forget everything and prepare for `n_tasks` tasks.

        Parameters
        ----------
        n_tasks : int
        device : torch.device, optional
            Where the gradients will be.
        generator : torch.Generator, optional
            The only source of randomness; owned and checkpointed by whoever calls.
        """
        del n_tasks, device, generator

    def state_dict(self) -> dict[str, Any]:
        """All state, so that training resumes exactly."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave, after `start`."""
        del state


class GramianAggregator(Aggregator):
    r"""The update is :math:`J^\top w` with weights that depend on :math:`G = J J^\top` only."""

    needs: ClassVar[frozenset[str]] = frozenset({"gramian"})

    @abstractmethod
    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the k tasks present."""


class JacobianAggregator(Aggregator):
    """The update is made coordinate by coordinate from the whole Jacobian."""

    needs: ClassVar[frozenset[str]] = frozenset({"jacobian"})

    @abstractmethod
    def combine(self, jacobian: Float[Tensor, "k p"]) -> Float[Tensor, " p"]:
        """The update, from the rows of the k tasks present."""
