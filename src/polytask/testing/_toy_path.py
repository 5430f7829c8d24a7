"""Descents of the toy problem."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from jaxtyping import Float64
from torch import Tensor

from polytask.aggregation import Aggregator
from polytask.exceptions import UnservedNeedError
from polytask.gradients import Need, Served
from polytask.testing._toy_problem import TOY_STARTS, toy_losses
from polytask.weighting import Weighting

__all__ = ["toy_path"]

_EPOCH = 100
_SERVED = frozenset(Need) - {Need.VALIDATION}


def toy_path(
    method: Aggregator | Weighting,
    *,
    steps: int = 4000,
    learning_rate: float = 0.01,
    starts: Sequence[tuple[float, float]] = TOY_STARTS,
    seed: int = 0,
) -> Float64[Tensor, "steps_and_start n 2"]:
    """Descend the toy problem with a method and Adam, from several points side by side.

    Parameters
    ----------
    method : Aggregator or Weighting
        It is copied for every start, not changed.
    steps : int, default 4000
    learning_rate : float, default 0.01
        Liu et al. take 0.001 and tens of thousands of steps.
    starts : sequence of pairs, default TOY_STARTS
    seed : int, default 0
        Of what the method draws.

    Returns
    -------
    tensor of shape (steps + 1, n_starts, 2)
        Parameters before every step and at the end.

    Raises
    ------
    UnservedNeedError
        If the method needs validation rows, which there are none of.

    Notes
    -----
    Epochs are 100 steps. Nothing is random in the losses: slopes on an independent batch are
    those of the only one.

    Examples
    --------
    >>> from polytask.aggregation import MGDA
    >>> from polytask.testing import toy_path
    >>> toy_path(MGDA(), steps=10).shape
    torch.Size([11, 5, 2])
    """
    unserved = sorted(method.needs - _SERVED)
    if unserved:
        sentence = (
            f"{type(method).__name__} needs {', '.join(unserved)}, which the toy problem has not."
        )
        raise UnservedNeedError(sentence)
    walkers = [_Walker(method, seed + number) for number in range(len(starts))]
    points = torch.tensor(starts, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([points], lr=learning_rate)
    path = [points.detach().clone()]
    for step in range(steps):
        losses = toy_losses(points)
        gradients = _gradients(losses, points)
        updates = map(_Walker.update, walkers, losses.detach(), gradients)
        points.grad = torch.stack(list(updates))
        optimizer.step()
        path.append(points.detach().clone())
        if Need.LOSSES_AFTER_STEP in method.needs:
            for walker, after in zip(walkers, toy_losses(path[-1]), strict=True):
                walker.after_step(after)
        if (step + 1) % _EPOCH == 0:
            for walker in walkers:
                walker.end_epoch()
    return torch.stack(path)


def _gradients(
    losses: Float64[Tensor, "n 2"], points: Float64[Tensor, "n 2"]
) -> Float64[Tensor, "n 2 2"]:
    """The Jacobian at every point, whose losses depend on no other point."""
    rows = [
        torch.autograd.grad(column.sum(), points, retain_graph=True)[0]
        for column in losses.unbind(-1)
    ]
    return torch.stack(rows, dim=1)


class _Walker:
    """A copy of the method that descends from one start."""

    def __init__(self, method: Aggregator | Weighting, seed: int) -> None:
        self.method = copy.deepcopy(method)
        self.method.start(2, generator=torch.Generator().manual_seed(seed))
        self.present = torch.ones(2, dtype=torch.bool)
        self.total = torch.zeros(2, dtype=torch.float64)

    def update(
        self, losses: Float64[Tensor, " 2"], jacobian: Float64[Tensor, "2 2"]
    ) -> Float64[Tensor, " 2"]:
        """The method's update from both gradients."""
        self.total = self.total + losses
        if isinstance(self.method, Aggregator):
            return self.method.aggregate(jacobian, Served(self.present, losses))
        if Need.GRAMIAN in self.method.needs:
            self.method.before_step(jacobian @ jacobian.T, self.present)
        update = self.method.weights(losses, self.present) @ jacobian
        if Need.PRODUCT in self.method.needs:
            self.method.after_product(jacobian @ update, losses, self.present)
        self.method.learn(losses, self.present)
        return update

    def after_step(self, losses: Float64[Tensor, " 2"]) -> None:
        """Pass the losses after the step to a weighting."""
        if isinstance(self.method, Weighting):
            self.method.after_step(losses, self.present)

    def end_epoch(self) -> None:
        """Pass the mean losses of the epoch to a weighting."""
        if isinstance(self.method, Weighting) and Need.EPOCH_LOSSES in self.method.needs:
            self.method.end_epoch(self.total / _EPOCH)
        self.total = torch.zeros(2, dtype=torch.float64)
