"""Random weights of the losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.gradients import require_same_tasks
from polytask.weighting._weighting import Weighting

__all__ = ["RandomLossWeighting"]


@dataclass
class RandomLossWeighting(Weighting):
    r"""Random weights, drawn in every step: the baseline for all balancing methods.

    .. math:: \varphi(\ell) = \sum_k w_k \ell_k, \qquad
              w = K \operatorname{softmax}(z), \quad z \sim \mathcal{N}(0, I)

    Weights are drawn when a step first needs them, and stay until `learn` ends the step.

    Attributes
    ----------
    drawn_ : tensor of shape (n_tasks,) or None
        The weights of this step; None between steps.

    Notes
    -----
    Deviation: the weights sum to the number of tasks K, as all fixed weights do here, instead of
    1, so that the step is as long as with equal weights. Of the paper's distributions the normal
    one is used. A task that is absent from a batch weighs 0 there without changing the others'
    weights. In your own training loop, call `learn` once per step.

    References
    ----------
    Lin, Ye, Zhang & Tsang, "Reasonable effectiveness of random weighting: a litmus test for
    multi-task learning", TMLR 2022.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import RandomLossWeighting
    >>> weighting = RandomLossWeighting()
    >>> weighting.start(2, generator=torch.Generator().manual_seed(0))
    >>> weighting.weights(torch.tensor([0.3, 2.0]), torch.tensor([True, True]))
    tensor([1.7246, 0.2754])
    """

    drawn_: Tensor | None = field(default=None, init=False, repr=False, compare=False)
    _generator: torch.Generator | None = field(default=None, init=False, repr=False, compare=False)

    fixed: ClassVar[bool] = True

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set the generator to draw from."""
        del n_tasks, device
        self._generator = generator
        self.drawn_ = None

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Weigh and sum the losses of the tasks present."""
        return (self.weights(losses, present) * losses).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """The weights of this step, 0 for absent tasks."""
        if self.drawn_ is None:
            self.drawn_ = self._draw(losses)
        require_same_tasks(self, len(losses), self.drawn_)
        return self.drawn_.to(losses) * present

    def learn(self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """End the step; the next one draws new weights."""
        del losses, present
        self.drawn_ = None

    def _draw(self, losses: Float[Tensor, " n_tasks"]) -> Float[Tensor, " n_tasks"]:
        generator = self._generator
        device = losses.device if generator is None else generator.device
        normal = torch.randn(len(losses), generator=generator, dtype=torch.float32, device=device)
        return (len(losses) * torch.softmax(normal, dim=0)).to(losses.device)

    def state_dict(self) -> dict[str, Any]:
        """The weights of a step that is not over."""
        return {} if self.drawn_ is None else {"drawn": self.drawn_.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the weights of a step that is not over."""
        self.drawn_ = state["drawn"].clone() if state else None
