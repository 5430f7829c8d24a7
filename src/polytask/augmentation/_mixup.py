from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from polytask._validation import Constraint, Interval
from polytask.augmentation._row_mixing import RowMixing

__all__ = ["Mixup"]


@dataclass(frozen=True)
class Mixup(RowMixing):
    r"""Two rows are mixed by a share from a beta distribution.

    .. math:: \lambda \sim \mathrm{Beta}(\alpha, \alpha)

    Parameters
    ----------
    alpha : float, default 0.2
        Small ones mix little, 1 evenly.

    Notes
    -----
    Deviations: losses are mixed rather than labels, which is the same for cross-entropy, and serves
    tasks of every kind and with missing labels; where rows belong to one task each, rows of one task
    are mixed.

    References
    ----------
    Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: Beyond empirical risk minimization", ICLR 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.augmentation import Mixup
    >>> 0 <= Mixup(0.4).share(torch.Generator()) <= 1
    True
    """

    alpha: float = 0.2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": Interval(float, 0.0, 1e6, closed="neither")
    }

    def share(self, generator: torch.Generator) -> float:
        """Draw from the beta distribution."""
        seed = int(torch.randint(2**62, (1,), generator=generator))
        return float(np.random.default_rng(seed).beta(self.alpha, self.alpha))
