"""Scalarisation weights chosen by multi-task optimisation metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Choice, Constraint, Interval, check_parameters
from polytask.gradients import Need, require_same_tasks
from polytask.weighting._matched_gradients import equal_norms, well_conditioned
from polytask.weighting._weighting import Weighting

__all__ = ["AutoScale"]

_SEARCHES = {"gradient_magnitude_similarity": equal_norms, "condition_number": well_conditioned}


@dataclass
class AutoScale(Weighting):
    r"""Weights that match the tasks' gradients, averaged over an exploration phase.

    .. math:: \varphi(\ell) = \sum_k w_k \ell_k, \qquad \sum_k w_k = K, \qquad
              w = \frac1N \sum_{n=1}^{N} \arg\max_u M\bigl(\operatorname{diag}(u)\, G_n
              \operatorname{diag}(u)\bigr)

    with the mean Gramian :math:`G_n` of the tasks' gradients in the n-th window of steps and a
    metric M. During exploration, each window is trained with the best weights of the window
    before. Then their average is fixed, and a step costs one backward pass.

    Parameters
    ----------
    metric : {"gradient_magnitude_similarity", "condition_number"}
        The similarity is the mean over pairs of :math:`2 a_i a_j / (a_i^2 + a_j^2)` with the
        weighted gradients' norms a; it is 1 at :math:`w_k \propto 1 / \lVert g_k \rVert`. The
        condition number of the weighted Gramian is minimised.
    n_windows : int, default 10
    window : int, default 50
        Steps per window.

    Attributes
    ----------
    task_weights_ : tensor of shape (n_tasks,)
        The weights in use.
    n_explored_ : int
        Count of windows explored.

    Notes
    -----
    Reconstructed from the paper's account, since no code of the authors is public: the length
    and number of the windows, the weights that windows are trained with, that the Gramian is
    averaged before its weights are chosen, and the search (similarity in closed form, condition
    number by descent from the weights of equal norms). Their metric of balanced loss scales is
    left out. A task without a gradient in a window gets the mean weight.

    References
    ----------
    Yang et al., "AutoScale: Linear scalarization guided by multi-task optimization metrics",
    arXiv:2508.13979, 2025.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import AutoScale
    >>> weighting, present = AutoScale(n_windows=1, window=1), torch.tensor([True, True])
    >>> weighting.before_step(torch.tensor([[1.0, 0.0], [0.0, 9.0]]), present)
    >>> weighting.weights(torch.tensor([0.3, 2.0]), present), weighting.needs
    (tensor([1.5000, 0.5000]), frozenset())
    """

    metric: str = "gradient_magnitude_similarity"
    n_windows: int = 10
    window: int = 50
    task_weights_: Tensor = field(init=False, repr=False, compare=False)
    n_explored_: int = field(init=False, repr=False, compare=False, default=0)

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "metric": Choice(tuple(_SEARCHES)),
        "n_windows": Interval(int, 1),
        "window": Interval(int, 1),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override]  # nothing after exploration
        """The Gramian during exploration, then nothing."""
        is_exploring = self.n_explored_ < self.n_windows
        return frozenset({Need.GRAMIAN}) if is_exploring else frozenset()

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set all weights to 1 and restart the exploration."""
        del generator
        self.task_weights_ = torch.ones(n_tasks, dtype=torch.float32, device=device)
        self.n_explored_ = 0
        self._sum = torch.zeros(n_tasks, dtype=torch.float64, device=device)
        self._reset_window()

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """The weighted sum of the losses present."""
        self._ensure_started(losses)
        return (self.task_weights_.to(losses) * losses * present).sum()

    def before_step(
        self, gramian: Float[Tensor, "n_tasks n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> None:
        """Add a step's Gramian to the window; choose weights at the window's end."""
        self._ensure_started(gramian)
        if not self.needs:
            return
        self._gramian += gramian.detach().double()
        self._counts += present[:, None] & present[None, :]
        self._steps += 1
        if self._steps == self.window:
            self._choose()

    def state_dict(self) -> dict[str, Any]:
        """The weights, their sum over windows, and the sums of the current window."""
        if not hasattr(self, "task_weights_"):
            return {}
        return {
            "task_weights": self.task_weights_.clone(),
            "n_explored": self.n_explored_,
            "sum": self._sum.clone(),
            "gramian": self._gramian.clone(),
            "counts": self._counts.clone(),
            "steps": self._steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        if not state:
            return
        self.task_weights_ = state["task_weights"].clone()
        self.n_explored_, self._steps = state["n_explored"], state["steps"]
        self._sum, self._gramian = state["sum"].clone(), state["gramian"].clone()
        self._counts = state["counts"].clone()

    def _ensure_started(self, losses: Tensor) -> None:
        if not hasattr(self, "task_weights_"):
            self.start(len(losses), device=losses.device)
        require_same_tasks(self, len(losses), self.task_weights_)

    def _reset_window(self) -> None:
        self._gramian = torch.zeros_like(self._sum).expand(len(self._sum), -1).clone()
        self._counts = torch.zeros_like(self._gramian)
        self._steps = 0

    def _choose(self) -> None:
        gramian = self._gramian / self._counts.clamp(min=1)
        measured = gramian.diagonal() > 0
        weights = torch.ones_like(self._sum)
        if bool(measured.any()):
            chosen = _SEARCHES[self.metric](gramian[measured][:, measured])
            weights[measured] = chosen * (len(chosen) / chosen.sum())
        self._sum += weights
        self.n_explored_ += 1
        done = self.n_explored_ == self.n_windows
        self.task_weights_ = (self._sum / self.n_windows if done else weights).to(
            self.task_weights_
        )
        self._reset_window()
