"""Gradient sign dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Constraint, Each, Interval, OneOf, check_parameters, message
from polytask.aggregation._aggregator import JacobianAggregator
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import served_or_all
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served
from polytask.ranges import Range, SearchRange

__all__ = ["GradDrop"]

_CHUNK = 1 << 19  # numbers that fit into the cache
_SHARE = Interval(float, 0.0, 1.0)


@dataclass
class GradDrop(JacobianAggregator):
    r"""The sum of the gradients that have a randomly drawn sign, coordinate by coordinate.

    .. math:: u = \sum_k \left(\lambda_k + (1 - \lambda_k) M_k\right) g_k, \qquad
              M_k = [g_k > 0][U < P] + [g_k < 0][U \ge P], \qquad
              P = \frac12 \left(1 + \frac{\sum_k g_k}{\sum_k |g_k|}\right)

    with :math:`U` uniform in [0, 1), drawn per coordinate: the more of the gradients'
    mass is positive, the likelier the positive ones are kept.

    Parameters
    ----------
    leak : float or tuple of float, default 0.0
        Share :math:`\lambda` of each gradient that passes with any sign: one for all tasks or one
        per task. At 1 the update is that of `Sum`.

    Notes
    -----
    It acts on gradients of parameters. In the paper it is a layer that acts on gradients of its
    activations, multiplied by the activations' signs and summed over the batch. The paper's
    function of P, and TorchJD's argument ``f``, is the identity here. The kept sign is as
    likely as the paper says also where P is 0 or 1; a coordinate in which all gradients are zero
    stays zero.

    References
    ----------
    Chen, Ngiam, Huang, Luong, Kretzschmar, Chai & Anguelov, "Just pick a sign: optimizing deep
    multitask models with gradient sign dropout", NeurIPS 2020.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import GradDrop
    >>> drop = GradDrop()
    >>> drop.start(2, generator=torch.Generator().manual_seed(0))
    >>> drop.combine(torch.tensor([[1.0, 2.0, -1.0], [1.0, -2.0, 2.0]]))
    tensor([ 2., -2.,  2.])
    """

    leak: float | tuple[float, ...] = 0.0
    _generator: torch.Generator | None = field(default=None, init=False, repr=False, compare=False)

    properties: ClassVar[frozenset[Property]] = frozenset(
        {Property.PERMUTATION_INVARIANT, Property.SCALE_EQUIVARIANT, Property.STATELESS}
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "leak": Range(0.0, 0.9, default=0.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "leak": OneOf((_SHARE, Each(_SHARE, minimum=1)))
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        if not isinstance(self.leak, float | int):
            self.leak = tuple(self.leak)
            self.needs = frozenset({Need.JACOBIAN, Need.PRESENT})

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set the generator that draws signs; check that there is one leak per task."""
        del device
        self._generator = generator
        self._check_leaks(n_tasks)

    def combine(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The coordinates of the drawn sign, and the leaking share of the others."""
        leaks = self._leaks(jacobian, served)
        uniform = self._uniform(jacobian[0])
        width = max(_CHUNK // len(jacobian), 1 << 12)
        parts = zip(torch.split(jacobian, width, 1), torch.split(uniform, width), strict=True)
        return torch.cat([_drop(part, draws, leaks) for part, draws in parts])

    def _uniform(self, like: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
        device = like.device if self._generator is None else self._generator.device
        draws = torch.rand(like.shape, dtype=like.dtype, generator=self._generator, device=device)
        return draws.to(like.device)

    def _leaks(self, jacobian: Float[Tensor, "k p"], served: Served | None) -> Float[Tensor, " k"]:
        """The leaks of the tasks present."""
        served = served_or_all(served, len(jacobian), jacobian.device)
        self._check_leaks(len(served.present))
        leaks = torch.as_tensor(self.leak, dtype=jacobian.dtype, device=jacobian.device)
        return leaks.expand(len(served.present))[served.indices]

    def _check_leaks(self, n_tasks: int) -> None:
        if isinstance(self.leak, tuple) and len(self.leak) != n_tasks:
            expected = f"a float or {n_tasks} of them, one per task"
            raise ParameterError(message("GradDrop", "leak", expected, self.leak))


def _drop(
    jacobian: Float[Tensor, "k p"], uniform: Float[Tensor, " p"], leaks: Float[Tensor, " k"]
) -> Float[Tensor, " p"]:
    positive, negative = jacobian.clamp(min=0), jacobian.clamp(max=0)
    above, below = positive.sum(0), negative.sum(0)
    keep_positive = (uniform * (above - below) < above) | (below == 0)
    kept = torch.where(keep_positive, (1 - leaks) @ positive, (1 - leaks) @ negative)
    return leaks @ jacobian + kept
