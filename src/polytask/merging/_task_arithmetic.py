"""Task arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from polytask._validation import Constraint, Finite, Optional, check_parameters
from polytask.merging._merging import Merging, Objective, Vectors
from polytask.merging._stacked import stacked
from polytask.ranges import Choices, SearchRange

__all__ = ["TaskArithmetic"]

_WITHOUT_ROWS = 0.4
"""What the TIES paper takes where no validation rows choose."""

_SCALES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class TaskArithmetic(Merging):
    r"""The start plus the scaled sum of the task vectors.

    .. math:: \theta = \theta_0 + \lambda \sum_k \tau_k

    Parameters
    ----------
    scale : float, optional
        λ. Where None, a `polytask.neural_network.MergedNetwork` chooses among 0, 0.1, …, 1 by its
        validation rows, as the paper does; `merge` takes 0.4.

    Notes
    -----
    The paper chooses λ in steps of 0.05. With λ = 0 the start is kept. With 1/K the result is
    `WeightAveraging`'s. A negative λ forgets what was learned.

    References
    ----------
    Ilharco et al., "Editing models with task arithmetic", ICLR 2023.

    Examples
    --------
    >>> import torch
    >>> from polytask.merging import TaskArithmetic
    >>> start, tuned = (
    ...     torch.ones(2),
    ...     {"a": torch.tensor([4.0, 1.0]), "b": torch.tensor([2.0, -1.0])},
    ... )
    >>> states = {task: {"w": w} for task, w in tuned.items()}
    >>> TaskArithmetic(scale=0.5).merge({"w": start}, states)
    {'w': tensor([3., 0.])}
    """

    scale: float | None = None

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "scale": Choices((None, 0.1, 0.3, 0.5, 1.0)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"scale": Optional(Finite)}

    def __post_init__(self) -> None:
        check_parameters(self)

    def candidates(self) -> Sequence[Merging]:
        """The scales to choose from; only its own where it is given."""
        return [replace(self, scale=s) for s in _SCALES] if self.scale is None else [self]

    def combine(
        self,
        vectors: Vectors,
        *,
        generator: torch.Generator,
        objective: Objective | None = None,
    ) -> Mapping[str, Tensor]:
        """The scaled sum of the task vectors."""
        del generator, objective
        scale = _WITHOUT_ROWS if self.scale is None else self.scale
        return {name: scale * own.sum(dim=0) for name, own in stacked(vectors).items()}
