"""Abstract base class of mixtures of two rows."""

from __future__ import annotations

from abc import abstractmethod

import torch

from polytask.augmentation._augmentation import Augmentation

__all__ = ["RowMixing"]


class RowMixing(Augmentation):
    r"""Each row of a batch is mixed with another one: its inputs, and the losses of both rows' labels.

    .. math:: \tilde x_i = \lambda x_i + (1 - \lambda) x_{\pi(i)}, \qquad
              \ell_i = \lambda\,\ell(f(\tilde x_i), y_i) + (1 - \lambda)\,\ell(f(\tilde x_i), y_{\pi(i)})

    with a random order :math:`\pi` of the rows, within each task where rows belong to one task each. A
    label counts with the share of its row, whether or not the other row has one too, so that a task
    counts as much as without mixing. Rows must have numbers and images alone: codes of categories,
    words and steps cannot be mixed.
    """

    @property
    def mixes(self) -> bool:
        """True."""
        return True

    @abstractmethod
    def share(self, generator: torch.Generator) -> float:
        """Draw λ, the share from 0 to 1 of each row itself, for a whole batch."""
