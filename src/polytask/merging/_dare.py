"""DARE: drop and rescale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from torch import Tensor

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.merging._merging import Merging, Objective, Vectors
from polytask.merging._task_arithmetic import TaskArithmetic
from polytask.ranges import Range, SearchRange

__all__ = ["DARE"]


@dataclass(frozen=True)
class DARE(Merging):
    r"""Drops entries of the task vectors at random, rescales the others, and merges what is left.

    .. math:: \tilde\tau_k = \frac{m_k \odot \tau_k}{1 - p}, \qquad
              m_{kp} \sim \operatorname{Bernoulli}(1 - p)

    The expected task vector is the whole one, and those of different tasks meet in fewer entries.

    Parameters
    ----------
    drop_rate : float, default 0.5
        Probability p that an entry is dropped.
    method : Merging, default TaskArithmetic()
        Merges the sparse task vectors; ``TIES(density=1.0)`` elects signs among what is left.

    Notes
    -----
    The paper drops 90 % and more in language models of billions of parameters, and finds that
    smaller networks bear less.

    References
    ----------
    Yu et al., "Language models are Super Mario: Absorbing abilities from homologous models as a free
    lunch", ICML 2024.

    Examples
    --------
    >>> import torch
    >>> from polytask.merging import DARE, TaskArithmetic
    >>> start, tuned = {"w": torch.zeros(4)}, {"a": {"w": torch.ones(4)}}
    >>> DARE(0.5, TaskArithmetic(scale=1.0)).merge(start, tuned, seed=1)["w"].unique()
    tensor([0., 2.])
    """

    drop_rate: float = 0.5
    method: Merging = field(default_factory=TaskArithmetic)

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "drop_rate": Range(0.1, 0.9, default=0.5),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "drop_rate": Interval(float, 0.0, 1.0, closed="left"),
        "method": InstanceOf((Merging,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def held_out(self) -> float:
        """That of `method`."""
        return self.method.held_out

    @property
    def steps(self) -> int:
        """Those of `method`."""
        return self.method.steps

    def limited(self, steps: int) -> DARE:
        """The same with `method` limited."""
        return replace(self, method=self.method.limited(steps))

    def candidates(self) -> Sequence[Merging]:
        """One for each candidate of `method`, with the same entries dropped."""
        return [replace(self, method=method) for method in self.method.candidates()]

    def combine(
        self,
        vectors: Vectors,
        *,
        generator: torch.Generator,
        objective: Objective | None = None,
    ) -> Mapping[str, Tensor]:
        """Combine the sparse task vectors as `method` does."""
        sparse = {
            task: {name: self._dropped(tensor, generator) for name, tensor in vector.items()}
            for task, vector in vectors.items()
        }
        return self.method.combine(sparse, generator=generator, objective=objective)

    def _dropped(self, tensor: Tensor, generator: torch.Generator) -> Tensor:
        kept = torch.rand(tensor.shape, generator=generator, device="cpu") >= self.drop_rate
        return tensor * kept.to(tensor) / (1.0 - self.drop_rate)
