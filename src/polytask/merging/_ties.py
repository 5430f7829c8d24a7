"""TIES: trim, elect signs, merge disjointly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from polytask._validation import Constraint, Finite, Interval, Optional, check_parameters
from polytask.merging._merging import Merging, Objective, Vectors
from polytask.merging._stacked import stacked
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["TIES"]

_SCALES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)


@dataclass(frozen=True)
class TIES(Merging):
    r"""Trims task vectors, elects the sign of every parameter, and averages what agrees with it.

    .. math:: \theta = \theta_0 + \lambda u, \qquad
              u_p = \frac{1}{|A_p|} \sum_{k \in A_p} \hat\tau_{kp}, \qquad
              A_p = \{k : \operatorname{sgn} \hat\tau_{kp} = \operatorname{sgn} \textstyle\sum_j
              \hat\tau_{jp} \ne 0\}

    where :math:`\hat\tau_k` keeps the largest entries of :math:`\tau_k` by magnitude, over all
    tensors together, and is 0 elsewhere.

    Parameters
    ----------
    density : float, default 0.2
        Share of the entries that each task vector keeps, at least one.
    scale : float, optional
        λ. Where None, a `polytask.neural_network.MergedNetwork` chooses among 0, 0.2, …, 2 by its
        validation rows, as the paper does; `merge` takes 1, as the paper does without such rows.

    Notes
    -----
    Where positive and negative mass are equal, the sign is that of most elected signs, as in the
    authors' code; without such a majority the parameter stays as in the start. Entries as large as
    the smallest one kept are kept too. The authors' code keeps one entry more than the share says.

    References
    ----------
    Yadav et al., "TIES-Merging: Resolving interference when merging models", NeurIPS 2023.

    Examples
    --------
    >>> import torch
    >>> from polytask.merging import TIES
    >>> start, tuned = (
    ...     torch.zeros(3),
    ...     {"a": torch.tensor([4.0, 3.0, 0.1]), "b": torch.tensor([2.0, -5.0, 0.2])},
    ... )
    >>> states = {task: {"w": w} for task, w in tuned.items()}
    >>> TIES(density=2 / 3).merge({"w": start}, states)
    {'w': tensor([ 3., -5.,  0.])}
    """

    density: float = 0.2
    scale: float | None = None

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "density": Range(0.05, 1.0, log=True, default=0.2),
        "scale": Choices((None, 0.5, 1.0, 1.5)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "density": Interval(float, 0.0, 1.0, closed="right"),
        "scale": Optional(Finite),
    }

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
        """The scaled disjoint mean of the trimmed task vectors."""
        del generator, objective
        trimmed = stacked({task: _trimmed(own, self.density) for task, own in vectors.items()})
        signs = {name: torch.sign(own.sum(dim=0)) for name, own in trimmed.items()}
        majority = sum(float(sign.sum()) for sign in signs.values())
        scale = 1.0 if self.scale is None else self.scale
        return {
            name: scale * _disjoint_mean(own, _elected(signs[name], majority))
            for name, own in trimmed.items()
        }


def _trimmed(vector: Mapping[str, Tensor], density: float) -> dict[str, Tensor]:
    """A task vector whose smaller entries are 0."""
    if not vector:
        return {}
    sizes = torch.cat([tensor.abs().flatten() for tensor in vector.values()])
    n_kept = max(1, round(density * len(sizes)))
    least = torch.topk(sizes, n_kept, sorted=True).values[-1] if len(sizes) else 0.0
    return {name: torch.where(t.abs() >= least, t, 0.0) for name, t in vector.items()}


def _elected(signs: Tensor, majority: float) -> Tensor:
    """Signs by mass; where there is none, that of the majority."""
    common = float(majority > 0) - float(majority < 0)
    return torch.where(signs == 0, torch.full_like(signs, common), signs)


def _disjoint_mean(trimmed: Tensor, elected: Tensor) -> Tensor:
    """Mean of the entries with the elected sign; 0 where there is none."""
    agrees = (torch.sign(trimmed) == elected) & (trimmed != 0)
    total = torch.where(agrees, trimmed, 0.0).sum(dim=0)
    return total / agrees.sum(dim=0).clamp(min=1)
