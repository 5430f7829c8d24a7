"""A trained joint network, linearised, from which the losses of groups of tasks are estimated."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask._torch_defaults import torch_defaults
from polytask.analysis._joint_trainings import JointTraining
from polytask.analysis._linearized_losses import LinearizedLosses, minimized, random_directions
from polytask.data import Batch, MultiTaskDataset, encode
from polytask.training import to_tensors

__all__ = ["LinearizedNetwork"]

_MOST_VALUES = 100_000_000
"""Slopes that are held at once."""

_STEPS = 50
"""Of the solver for the constants of tasks, which are few."""


class LinearizedNetwork:
    """A joint network that is linear in random directions of its parameters.

    Parameters
    ----------
    training : JointTraining
        Regressions are fitted on its training rows, and measured on the others.
    n_dimensions : int
        Directions.
    n_rows : int
        Of each at most; others are left out at random.
    seed : int
    """

    @torch_defaults()
    def __init__(
        self,
        training: JointTraining,
        n_dimensions: int,
        n_rows: int,
        seed: int,
    ) -> None:
        self.network, self.schemas = training.network.eval(), training.predictor.schemas
        network = self.network
        directions = random_directions(network, n_dimensions, derived_seed(seed, "directions"))
        n_scores = max(sum(block.size * len(block.tasks) for block in network.blocks), 1)
        most = max(2, min(n_rows, _MOST_VALUES // (n_dimensions * n_scores)))
        self.train, self.measured = (
            LinearizedLosses(network, self._batch(_drawn(data, most, seed)), directions)
            for data in (training.train, training.test)
        )
        constants = self.train.best_constants(_STEPS)
        self.train.set_constants(constants)
        self.measured.set_constants(constants)

    def losses(
        self, members: Bool[Tensor, "n_groups k"], ridge: float, steps: int
    ) -> tuple[Float64[np.ndarray, "n_groups k"], Float64[np.ndarray, " k"]]:
        """Estimated losses of all tasks on the measured rows, and how many labels each has.

        Parameters
        ----------
        members : tensor of shape (n_groups, n_tasks), bool
            The tasks of every group.
        ridge : float
            In units of the mean eigenvalue of the projected gradients' second moments.
        steps : int
            Of the solver at most.

        Returns
        -------
        losses : array of shape (n_groups, n_tasks)
        labels : array of shape (n_tasks,)
        """
        axes, strength = self._axes(ridge)
        weight = members.to(axes)
        found = []
        with torch.enable_grad():
            for part in self.train.parts(weight):

                def objective(point: Tensor, part: Tensor = part) -> Tensor:
                    losses = (self.train.at(point @ axes.T) * part).sum(dim=1)
                    return losses + (point.square() * strength).sum(dim=1) / 2

                shape = (len(part), axes.shape[1])
                found.append(minimized(objective, shape, axes.device, steps) @ axes.T)
        with torch.no_grad():
            measured = [self.measured.at(p) for p in self.measured.parts(torch.cat(found))]
        return (
            torch.cat(measured).double().cpu().numpy(),
            self.measured.counts.double().cpu().numpy(),
        )

    def _axes(self, ridge: float) -> tuple[Tensor, Tensor]:
        """Axes along which the problem is nearly round, and the strength of the ridge on each."""
        slopes = self.train.slopes.double()
        values, vectors = torch.linalg.eigh(slopes.T @ slopes / max(len(slopes), 1))
        values = values.clamp(min=0.0)
        strength = ridge * values.mean().clamp(min=1e-30)
        scale = 1 / (values + strength)
        return (vectors * scale.sqrt()).float(), (strength * scale).float()

    def _batch(self, data: MultiTaskDataset) -> Batch:
        device = next(self.network.parameters()).device
        encoded = encode(data.sources, data.tasks, self.schemas, self.network.blocks)
        return to_tensors(encoded, device)


def _drawn(data: MultiTaskDataset, most: int, seed: int) -> MultiTaskDataset:
    """The rows, or some of them at random, as many of every source in proportion."""
    if data.n_rows <= most:
        return data
    generator = np.random.default_rng(derived_seed(seed, "rows"))
    share = most / data.n_rows
    rows = {
        source.name: np.sort(
            generator.choice(source.n_rows, max(1, round(share * source.n_rows)), replace=False)
        )
        for source in data.sources
        if source.n_rows
    }
    return data.take(rows)
