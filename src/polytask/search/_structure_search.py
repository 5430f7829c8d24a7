"""The search of a structure: a supernet and similar tasks propose, trained networks decide."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask._torch_defaults import torch_defaults
from polytask.architectures import seeded
from polytask.data import MultiTaskDataset, Schema
from polytask.encoders import Encoder
from polytask.encoders._layers import initialize
from polytask.search._forest import Forest
from polytask.search._forest_training import ForestLosses, train_forest
from polytask.search._structure import FoundStructure, TrainedStructure
from polytask.search._structure_nodes import Structure, canonical, groups_of, skips_of, structure_of
from polytask.search._structure_race import StructureRace
from polytask.search._structure_rows import StructureRows
from polytask.search._supernet import Supernet
from polytask.search._supernet_search import SearchPlan, train_supernet
from polytask.training import Trainer
from polytask.training._progress import TrainingProgress

__all__ = ["Proposals", "SearchSettings", "StructureSearch"]

_MOST_NUMBERS = 1 << 22
"""Features of a batch in all networks that are trained side by side."""
_MOST_LEFT = (16, 8)
"""Structures that are trained from further starts in the end, and from still more."""
_MOST_WORSE = 0.05
"""By which the loss of the structure that is chosen may be above the lowest, in units of the race."""

Similarity = Float64[np.ndarray, "tasks tasks"]
Proposals = Callable[[Structure | None, Similarity, Supernet], Sequence[Structure]]
"""Structures to train: at first, without a structure, and then near the chosen one."""


@dataclass(frozen=True)
class SearchSettings:
    """What a search does, and for how long.

    Attributes
    ----------
    learner : str
        Whose name the record has.
    n_steps : int
        Optimiser steps of every network.
    starts : int
        Networks per structure at first; those that are left at the end have up to three times as
        many.
    rounds : int
        How often structures near the chosen one are trained.
    policy_share : float
        Share of the training rows that judge.
    alpha : float
        Level of the test by which a larger structure must be better.
    initializer : str, optional
    """

    learner: str
    n_steps: int
    starts: int
    rounds: int
    policy_share: float
    alpha: float
    initializer: str | None


class StructureSearch:
    """A search on the training rows.

    Parameters
    ----------
    settings : SearchSettings
    encoder : Encoder
    supernet : Supernet
    plan : SearchPlan
        Of the supernet.
    proposals : callable
    trainer : Trainer
    train : MultiTaskDataset
    schemas : mapping of source name to Schema
    seed : int
    progress : bool, optional
        None shows a bar where stderr is a terminal.
    """

    def __init__(
        self,
        settings: SearchSettings,
        encoder: Encoder,
        supernet: Supernet,
        plan: SearchPlan,
        proposals: Proposals,
        trainer: Trainer,
        train: MultiTaskDataset,
        schemas: Mapping[str, Schema],
        seed: int,
        progress: bool | None,
    ) -> None:
        self.settings, self.encoder, self.schemas = settings, encoder, schemas
        self.supernet, self.plan, self.proposals = supernet, plan, proposals
        self.tasks, self.seed, self.progress = train.tasks, seed, progress
        row_seed = derived_seed(seed, "rows of choices")
        self.rows = StructureRows(
            trainer, train, schemas, supernet, settings.policy_share, row_seed
        )
        counted = [task.role == "primary" for task in train.tasks]
        self.race = StructureRace(self._train, supernet.stage_sizes, counted, settings.alpha)
        self.steps, self._n_forests = 0, 0
        self._kernels: list[Similarity] = []
        n_tasks, n_stages = len(self.tasks), len(supernet.stage_sizes)
        self.together = canonical([[0] * n_tasks] * n_stages)
        self.apart = canonical([list(range(n_tasks))] * n_stages)

    @torch_defaults()
    def run(self) -> FoundStructure:
        """Propose, train and compare structures, and train those that are left from more starts."""
        started, race, settings = time.monotonic(), self.race, self.settings
        bar = TrainingProgress(self.plan.steps, self.progress)
        try:
            seed = derived_seed(self.seed, "supernet search")
            self.steps += train_supernet(self.supernet, self.plan, self.rows, seed, bar)
        finally:
            bar.close()
        proposed = structure_of(self.supernet.structure(), self.tasks.names)
        self._train_new([self.together, self.apart, proposed])
        similarity = np.mean(self._kernels, axis=0)
        self._train_new(self.proposals(None, similarity, self.supernet))
        for _ in range(settings.rounds):
            near = self.proposals(race.chosen(), similarity, self.supernet)
            if not self._train_new(near):
                break
        last = list(race.values)
        for most in _MOST_LEFT:
            last = race.contenders(last, most)
            race.train(list(dict.fromkeys([*last, self.apart])), settings.starts)
        helpful = race.better(last, self.apart)
        chosen = race.chosen(helpful, _MOST_WORSE) if helpful else self.apart
        return self._found(chosen, proposed, time.monotonic() - started)

    def _train_new(self, structures: Sequence[Structure]) -> bool:
        """Train the structures that have not been trained; whether there are any."""
        new = [s for s in dict.fromkeys(structures) if s not in self.race.values]
        self.race.train(new, self.settings.starts)
        return bool(new)

    def _train(self, structures: Sequence[Structure]) -> ForestLosses:
        """Train a network per structure, as many side by side as fit."""
        size = self._at_once()
        parts = [structures[k : k + size] for k in range(0, len(structures), size)]
        losses = [self._train_together(part) for part in parts]
        sums = np.concatenate([own.sums for own in losses], axis=1)
        return ForestLosses(sums, losses[0].counts)

    def _train_together(self, structures: Sequence[Structure]) -> ForestLosses:
        self._n_forests += 1
        with seeded(derived_seed(self.seed, "forest", self._n_forests)):
            forest = Forest(self.encoder, self.schemas, self.tasks, structures)
            initialize(forest, self.settings.initializer)
        bar = TrainingProgress(self.settings.n_steps * len(structures), self.progress)
        try:  # all forests have the same batches
            seed = derived_seed(self.seed, "forests")
            losses = train_forest(forest, self.rows, self.settings.n_steps, seed, bar)
        finally:
            bar.close()
        self.steps += self.settings.n_steps * len(structures)
        for place, structure in enumerate(structures):
            if structure == self.apart and not self.race.values:  # the first networks propose
                states = forest.representations(self.rows.held, place)
                self._kernels.append(np.mean([_alignment(own) for own in states.values()], axis=0))
        return losses

    def _at_once(self) -> int:
        """Networks that are trained side by side."""
        if any(block.has_places for block in self.supernet.blocks):
            return 1
        width = max(map(math.prod, self.supernet.shapes))
        numbers = len(self.tasks) * min(self.rows.batch_size, self.rows.n_kept) * width
        return max(1, _MOST_NUMBERS // max(numbers, 1))

    def _found(self, chosen: Structure, proposed: Structure, seconds: float) -> FoundStructure:
        race, names = self.race, self.tasks.names
        return FoundStructure(
            names,
            groups_of(chosen, names),
            skips_of(chosen, names),
            self.settings.learner,
            race.size(chosen),
            race.value(chosen),
            race.value(self.together),
            race.value(self.apart),
            groups_of(proposed, names),
            self.settings.alpha,
            tuple(map(self._record, sorted(race.values, key=race.value))),
            self.steps,
            self.rows.n_held,
            self.rows.n_kept,
            seconds,
        )

    def _record(self, structure: Structure) -> TrainedStructure:
        race, names = self.race, self.tasks.names
        worse, error = race.difference(structure, race.best())
        return TrainedStructure(
            groups_of(structure, names),
            skips_of(structure, names),
            race.size(structure),
            race.value(structure),
            worse,
            error,
            len(race.values[structure]),
        )


def _alignment(features: Tensor) -> Similarity:
    """Linear centred kernel alignment between the features of tasks, (n_tasks, n, h), on the same rows."""
    centred = features.double() - features.double().mean(dim=1, keepdim=True)
    centred = centred / centred.flatten(1).norm(dim=1).clamp(min=1e-30).view(-1, 1, 1)
    products = torch.stack([(own.T @ centred).square().sum(dim=(1, 2)) for own in centred])
    norms = products.diagonal().sqrt()
    return (products / (norms[:, None] * norms).clamp(min=1e-30)).cpu().numpy()
