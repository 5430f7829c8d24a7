"""Random gradient weighting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property

__all__ = ["Random"]


@dataclass
class Random(GramianAggregator):
    r"""Random weights of the gradients, drawn in every step.

    .. math:: w = \mathrm{softmax}(z), \qquad z_k \sim \mathcal{N}(0, 1)

    The baseline for methods that use the gradients.

    Notes
    -----
    Of the paper's distributions, only the normal one is implemented. The weights sum to 1, as those
    of `Mean`.

    References
    ----------
    Lin, Ye, Zhang & Tsang, "Reasonable effectiveness of random weighting: a litmus test for
    multi-task learning", TMLR 2022.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import Random
    >>> random = Random()
    >>> random.start(2, generator=torch.Generator().manual_seed(0))
    >>> random.weights(torch.eye(2))
    tensor([0.8623, 0.1377])
    """

    _generator: torch.Generator | None = field(default=None, init=False, repr=False, compare=False)

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.SCALE_EQUIVARIANT,
            Property.LINEAR_UNDER_SCALING,
            Property.CONVEX,
            Property.STATELESS,
        }
    )

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

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Positive weights that sum to 1."""
        device = "cpu" if self._generator is None else self._generator.device
        normals = torch.randn(
            len(gramian), dtype=torch.float64, generator=self._generator, device=device
        )
        return normals.softmax(0).to(gramian)
