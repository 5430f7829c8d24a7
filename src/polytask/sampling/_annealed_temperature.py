"""Sampling in proportion to a power of the sources' sizes that falls from epoch to epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, Interval, check_parameters
from polytask.ranges import Range, SearchRange
from polytask.sampling._mixed_sampler import MixedSampler

__all__ = ["AnnealedTemperature"]


@dataclass
class AnnealedTemperature(MixedSampler):
    r"""Sampling in proportion to a power of the sources' sizes that changes per epoch.

    .. math:: p_s \propto n_s^{\alpha_e}, \qquad
              \alpha_e = \alpha_1 + (\alpha_E - \alpha_1) \frac{e - 1}{E - 1}

    in epoch e of the E that are planned.

    Parameters
    ----------
    first : float, default 1.0
        α of the first epoch; 1 is proportional to the rows.
    last : float, default 0.2
        α of the last planned epoch; 0 is uniform over the sources.

    Notes
    -----
    Large sources dominate at first; towards the end of training all are seen almost equally. With
    fewer than two epochs α stays at `first`; where training stops early, `last` is not reached.
    Deviations: an epoch is a pass over as many rows as there are, not a fixed number of steps;
    batches are mixed, where the paper draws one task per step; proportions are no weights of the
    losses (`polytask.sampling.Sampler`).

    References
    ----------
    Stickland & Murray, "BERT and PALs: projected attention layers for efficient adaptation in
    multi-task learning", ICML 2019.

    Examples
    --------
    >>> from polytask.sampling import AnnealedTemperature
    >>> sampler = AnnealedTemperature(last=0.0)
    >>> sampler.start({"red": 100, "white": 900}, batch_size=40, seed=0, n_steps=75)
    >>> [sampler.share(25 * epoch)["red"] for epoch in range(3)]
    [4.0, 10.0, 20.0]
    """

    first: float = 1.0
    last: float = 0.2

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "first": Range(0.0, 1.0, default=1.0),
        "last": Range(0.0, 1.0, default=0.2),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "first": Interval(float, 0.0, 1.0),
        "last": Interval(float, 0.0, 1.0),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def proportions(self, epoch: int) -> dict[str, float]:
        """The sources' sizes to the power of the epoch."""
        later = math.ceil(self.n_steps / self.steps_per_epoch) - 1
        done = min(1.0, epoch / later) if later else 0.0
        alpha = self.first + (self.last - self.first) * done
        return {name: float(n_rows) ** alpha for name, n_rows in self.sizes.items()}
