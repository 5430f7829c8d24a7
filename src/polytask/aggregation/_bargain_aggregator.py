"""Base class of aggregators whose weights solve a fair bargain."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.aggregation._aggregator import AmortisedAggregator
from polytask.aggregation._bargain import solve_bargain
from polytask.aggregation._carried_bargain import CarriedBargain
from polytask.gradients import Served, require_same_tasks

__all__ = ["BargainAggregator"]


class BargainAggregator(AmortisedAggregator):
    r"""Weights with :math:`(G w)_k = w_k^{-1/\alpha}`, solved for or carried, and clipped.

    Attributes
    ----------
    max_norm : float or None
        The largest norm of the update.
    step_size : float
        Step size of carried weights.
    bargain_ : CarriedBargain
        Only if amortised.
    """

    max_norm: float | None
    step_size: float
    bargain_: CarriedBargain

    @abstractmethod
    def _fairness(self) -> float:
        r"""The exponent :math:`\alpha`."""

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights that solve the bargain, clipped."""
        return solve_bargain(gramian, self._fairness(), self.max_norm)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set carried weights to 1."""
        del generator
        if self.amortised:
            self.bargain_ = CarriedBargain(n_tasks, device)

    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """Carried weights of the tasks present, clipped."""
        if not hasattr(self, "bargain_"):
            self.start(len(served.present), device=served.present.device)
        require_same_tasks(self, len(served.present), self.bargain_.weights)
        return self.bargain_.clipped_weights(served, self._fairness(), self.max_norm)

    def move(self, product: Float[Tensor, " k"], served: Served) -> None:
        """Update the weights of the tasks present by their residuals."""
        self.bargain_.move(product, served, self._fairness(), self.max_norm, self.step_size)

    def state_dict(self) -> dict[str, Any]:
        """Carried weights and their rates."""
        return self.bargain_.state_dict() if hasattr(self, "bargain_") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore carried weights and their rates."""
        if state and self.amortised:
            if not hasattr(self, "bargain_"):
                self.start(len(state["weights"]), device=state["weights"].device)
            self.bargain_.load_state_dict(state)
