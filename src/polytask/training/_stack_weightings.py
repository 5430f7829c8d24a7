"""The loss weightings of members that are trained side by side."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.gradients import Need
from polytask.gradients._missed_hooks import promise_hooks
from polytask.training._stack_member import StackMember
from polytask.weighting import Weighting

__all__ = ["SERVED", "StackWeightings"]

SERVED = frozenset({Need.LOSSES, Need.PRESENT, Need.EPOCH_LOSSES})
"""Needs that are served to the weighting of a member."""


class StackWeightings:
    """A weighting of its own for every member, if the recipe has one.

    Parameters
    ----------
    members : sequence of StackMember
    """

    def __init__(self, members: Sequence[StackMember]) -> None:
        self.own: list[Weighting] = []
        self.generators: list[torch.Generator] = []
        recipe = members[0].trainer.weighting
        self.empty = recipe is None
        self.columns = [] if self.empty else [member.columns for member in members]
        for member in members if recipe is not None else ():
            weighting = deepcopy(recipe)
            promise_hooks(weighting)
            generator = torch.Generator().manual_seed(derived_seed(member.seed, "balancing"))
            device = next(member.network.parameters()).device
            weighting.start(len(member.tasks), device=device, generator=generator)
            self.own.append(weighting)
            self.generators.append(generator)

    def weights(self, losses: Tensor, present: Tensor) -> Tensor:
        """Weights (n_members, n_tasks) of losses."""
        if self.empty:
            return present.to(losses.dtype)
        weights = torch.zeros_like(losses)
        for k, (weighting, own) in enumerate(zip(self.own, self.columns, strict=True)):
            weights[k, own] = weighting.weights(losses[k, own], present[k, own])
        return weights

    def learn(self, losses: Tensor, present: Tensor) -> None:
        """Update every weighting after a step."""
        for k, (weighting, own) in enumerate(zip(self.own, self.columns, strict=True)):
            weighting.learn(losses[k, own], present[k, own])

    def end_epoch(self, member: int, mean_losses: Tensor) -> None:
        """Give a member's weighting the mean losses since its last evaluation, if it needs them."""
        if not self.empty and Need.EPOCH_LOSSES in self.own[member].needs:
            self.own[member].end_epoch(mean_losses)

    def keep(self, kept: Sequence[int]) -> None:
        """Remove all other members."""
        if not self.empty:
            self.columns = [self.columns[k] for k in kept]
            self.own = [self.own[k] for k in kept]
            self.generators = [self.generators[k] for k in kept]
