"""Names of what balancing methods need of a training step."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import StrEnum

__all__ = ["Need", "takes_served"]


class Need(StrEnum):
    """What a weighting or an aggregator declares in `needs` and the engine serves.

    Examples
    --------
    >>> from polytask.gradients import Need
    >>> Need.GRAMIAN == "gramian"
    True
    """

    GRAMIAN = "gramian"
    """Inner products of the gradients of the tasks present."""

    JACOBIAN = "jacobian"
    """The gradients themselves, one row per task."""

    PRODUCT = "product"
    """The slope of each task along the update by carried weights."""

    SECOND_BATCH = "second_batch"
    """Losses of an independent batch, along which the slopes are measured."""

    PRESENT = "present"
    """Which of all tasks the gradients belong to, as `Served.present`."""

    LOSSES = "losses"
    """The values of the losses, as `Served.losses`."""

    LOSSES_AFTER_STEP = "losses_after_step"
    """Losses of the same batch after the update."""

    EPOCH_LOSSES = "epoch_losses"
    """Mean training losses per epoch."""

    VALIDATION = "validation"
    """Rows held out of training, apart from those that choose the model."""


def takes_served(needs: AbstractSet[str]) -> bool:
    """Whether an aggregator with these needs receives a `Served` as its second argument.

    Examples
    --------
    >>> from polytask.gradients import Need, takes_served
    >>> takes_served({Need.GRAMIAN}), takes_served({Need.GRAMIAN, Need.LOSSES})
    (False, True)
    """
    return bool(needs & {Need.PRESENT, Need.LOSSES})
