"""The recipes of the members of a population, and digests by which a checkpoint knows their runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from polytask._recipes import to_json
from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset
from polytask.training._member import Member
from polytask.training._member_data import with_dropout
from polytask.training._trainer_settings import TrainerSettings

__all__ = ["MemberRecipes"]


class MemberRecipes:
    """What each member is trained by, in place of what all have in common.

    Parameters
    ----------
    trainer : Trainer
    architecture : Architecture
    members : sequence of Member
    data : tuple of MultiTaskDataset, optional
        Training and validation rows, which may be None; needed for identities only.
    """

    def __init__(
        self,
        trainer: TrainerSettings,
        architecture: Architecture,
        members: Sequence[Member],
        data: tuple[MultiTaskDataset, MultiTaskDataset | None] | None,
    ) -> None:
        self.trainer, self.architecture, self.members = trainer, architecture, members
        self.data = data

    def recipe(self, position: int) -> tuple[Any, Architecture]:
        """The trainer and the architecture of a member."""
        own = self.members[position].numbers()
        dropout = own.pop("dropout", None)
        trainer = replace(self.trainer, **own) if own else self.trainer
        return trainer, with_dropout(self.architecture, dropout)

    def identity(self, position: int) -> str:
        """Sha256 of a member's run; equal for members that are alike."""
        member = self.members[position]
        rows = {
            name: hashlib.sha256(np.asarray(w, dtype=np.float64).tobytes()).hexdigest()
            for name, w in sorted((member.row_weight or {}).items())
        }
        tasks = None
        if member.tasks is not None:
            tasks = {name: float(weight) for name, weight in sorted(member.tasks.items())}
        own = [tasks, int(member.seed), member.numbers(), rows]
        return hashlib.sha256(json.dumps([self._common, *own]).encode()).hexdigest()

    @cached_property
    def _common(self) -> str:
        """Digest of what all members' runs have in common."""
        rows = [None if part is None else part.digest() for part in self.data or ()]
        parts = [to_json(self.trainer), to_json(self.architecture), *rows]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
