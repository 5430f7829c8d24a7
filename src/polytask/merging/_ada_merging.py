"""AdaMerging: learned coefficients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch
from torch import Tensor

from polytask._validation import Choice, Constraint, Interval, check_parameters
from polytask.exceptions import NonFiniteLossError, ParameterError
from polytask.merging._merging import Merging, Objective, Vectors
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["AdaMerging"]


@dataclass(frozen=True)
class AdaMerging(Merging):
    r"""Task arithmetic with coefficients that are learned on rows held out of training.

    .. math:: \theta^l = \theta_0^l + \sum_k \lambda_k^l \tau_k^l, \qquad
              \min_{\lambda \in [0, 1]} L_{\text{held out}}(\theta)

    with a coefficient for every task and tensor l, or for every task. Adam moves them, and each
    step is projected to [0, 1].

    Parameters
    ----------
    per : {"tensor", "task"}, default "tensor"
        Whether every tensor has coefficients of its own.
    initial : float, default 0.3
        All coefficients before the first step.
    learning_rate : float, default 1e-3
    steps : int, default 500
        Each on one batch. In a `polytask.neural_network.MergedNetwork` they count in the budget,
        and are at most a quarter of it.
    held_out : float, default 0.1
        Share of the training rows that no network is trained on, drawn once from the seed. They are
        disjoint from the rows that choose the model.

    Notes
    -----
    Deviations: the loss of held-out rows is minimised, summed over the primary tasks, where the
    paper minimises the entropy of the predictions for unlabelled test rows; coefficients are
    projected, where the authors' code clamps them in use, which stops those that left [0, 1]. As in
    that code, a layer's weights and biases are tensors of their own.

    References
    ----------
    Yang et al., "AdaMerging: Adaptive model merging for multi-task learning", ICLR 2024.

    Examples
    --------
    Only one of two networks lowers the loss:

    >>> import torch
    >>> from polytask.merging import AdaMerging
    >>> start, tuned = torch.zeros(1), {"a": torch.ones(1), "b": -torch.ones(1)}
    >>> states = {task: {"w": w} for task, w in tuned.items()}
    >>> def loss(state, step):
    ...     return ((state["w"] - 1.0) ** 2).sum()
    >>> AdaMerging(learning_rate=0.1, steps=50).merge({"w": start}, states, loss=loss)
    {'w': tensor([1.])}
    """

    per: Literal["tensor", "task"] = "tensor"
    initial: float = 0.3
    learning_rate: float = 1e-3
    steps: int = 500
    held_out: float = 0.1

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "per": Choices(("tensor", "task")),
        "initial": Range(0.1, 1.0, default=0.3),
        "learning_rate": Range(1e-4, 0.1, log=True, default=1e-3),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "per": Choice(("tensor", "task")),
        "initial": Interval(float, 0.0, 1.0),
        "learning_rate": Interval(float, 0.0, closed="neither"),
        "steps": Interval(int, 1),
        "held_out": Interval(float, 0.0, 1.0, closed="neither"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def limited(self, steps: int) -> AdaMerging:
        """The same with at most so many steps."""
        return replace(self, steps=max(1, min(self.steps, steps)))

    def combine(
        self,
        vectors: Vectors,
        *,
        generator: torch.Generator,
        objective: Objective | None = None,
    ) -> Mapping[str, Tensor]:
        """The sum of the task vectors times learned coefficients."""
        del generator
        if objective is None:
            raise ParameterError("AdaMerging learns its coefficients, and needs an `objective`.")
        coefficients = self._initial(vectors)
        learned = list({id(c): c for c in coefficients.values()}.values())
        if not learned:
            return {}
        optimizer = torch.optim.Adam(learned, lr=self.learning_rate)
        with torch.enable_grad():
            for step in range(self.steps):
                optimizer.zero_grad()
                loss = objective(_weighted_sum(vectors, coefficients), step)
                _check_finite(loss, step)
                if not loss.requires_grad:  # no row of the batch depends on what is merged
                    continue
                torch.autograd.backward(loss)
                optimizer.step()
                for coefficient in learned:
                    coefficient.data.clamp_(0.0, 1.0)
        with torch.no_grad():
            return _weighted_sum(vectors, coefficients)

    def _initial(self, vectors: Vectors) -> dict[tuple[str, str], Tensor]:
        """A coefficient for every task and tensor; with `per` a task, the same for its tensors."""
        coefficients = {}
        for task, vector in vectors.items():
            common: Tensor | None = None
            for name, tensor in vector.items():
                if common is None or self.per == "tensor":
                    common = tensor.new_full((), self.initial).requires_grad_()
                coefficients[task, name] = common
        return coefficients


def _weighted_sum(
    vectors: Vectors, coefficients: Mapping[tuple[str, str], Tensor]
) -> dict[str, Tensor]:
    total: dict[str, Tensor] = {}
    for task, vector in vectors.items():
        for name, tensor in vector.items():
            term = coefficients[task, name].to(tensor) * tensor
            total[name] = total[name] + term if name in total else term
    return total


def _check_finite(loss: Tensor, step: int) -> None:
    if not math.isfinite(float(loss.detach())):
        sentence = (
            f"The loss on held-out rows is not finite in step {step + 1} of AdaMerging. Lower its "
            "`learning_rate` or `initial`, or look for extreme values among the rows."
        )
        raise NonFiniteLossError(sentence)
