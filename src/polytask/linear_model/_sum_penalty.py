"""Penalties of coefficients that are sums of two parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from polytask.constraints import Constraint, InstanceOf
from polytask.penalties import L1, Penalty

__all__ = ["SumPenalty"]


@dataclass(frozen=True)
class SumPenalty(Penalty):
    r"""Penalties of the parts of W = B + S, which stand side by side, (n_tasks, 2 n_features).

    .. math:: \alpha\,\big(\Omega_1(B) + \Omega_2(S)\big)

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
    common, own : Penalty
        With their strengths in units of alpha.
    """

    common: Penalty = field(default_factory=lambda: L1(1.0))
    own: Penalty = field(default_factory=lambda: L1(1.0))

    smooth: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "common": InstanceOf((Penalty,)),
        "own": InstanceOf((Penalty,)),
    }

    def value(self, weights: Any, state: Any = None) -> Any:
        """The sum of both, times alpha."""
        return self.alpha * sum(each.value(part) for each, part in self._parts(weights))

    def gradient(self, weights: Any, state: Any = None) -> Any:
        """The subgradients of both, times alpha."""
        slopes = [each.gradient(part) for each, part in self._parts(weights)]
        return self.alpha * np.concatenate(slopes, axis=1)

    def prox(self, weights: Any, step: float, state: Any = None) -> Any:
        """The proximal maps of both."""
        points = [each.prox(part, step * self.alpha) for each, part in self._parts(weights)]
        return np.concatenate(points, axis=1)

    def dual_norm(self, gradient: Any) -> float | None:
        """The larger of both dual norms, in units of their strengths; None if one is unknown."""
        norms = [(each, each.dual_norm(part)) for each, part in self._parts(gradient)]
        known = [norm / each.alpha for each, norm in norms if norm is not None]
        return max(known) if len(known) == len(norms) else None

    def _parts(self, weights: Any) -> Iterator[tuple[Penalty, Any]]:
        half = weights.shape[1] // 2
        yield self.common, weights[:, :half]
        yield self.own, weights[:, half:]
