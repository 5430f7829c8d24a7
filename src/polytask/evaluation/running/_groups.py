"""Runs that are fitted together: those of one shape, and those that differ in an unused seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.running._records import RunSpec
from polytask.evaluation.running._run import Run

__all__ = ["MOST_TOGETHER", "Group", "grouped"]

MOST_TOGETHER = 8
"""Runs of one program. More gain little; with fewer, several workers have work."""


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that are one job.

    Parameters
    ----------
    runs : tuple of Run
    alike : bool
        Whether they differ only in a seed that their learner does not use, so that one fit is
        that of all. Otherwise several runs are of one `Learner.shape`.
    """

    runs: tuple[Run, ...]
    alike: bool = False

    @property
    def program(self) -> bool:
        """Whether `Learner.fit_many` or one fit for all carries it out: several runs, or one of some tasks."""
        return len(self.runs) > 1 or bool(self.runs[0].spec.tasks)

    @property
    def key(self) -> str:
        """Hexadecimal digest of all runs, which names their common checkpoint."""
        keys = sorted(run.spec.key for run in self.runs)
        return hashlib.sha256("".join(keys).encode()).hexdigest()[:24]


def grouped(runs: Sequence[Run], train: Callable[[Split], MultiTaskDataset]) -> list[Group]:
    """Divide runs into jobs, in the order of their first runs.

    Runs on the same rows are one job if their learners have one shape, or if they differ only in a
    seed that is not used. The former are divided into equal parts of 8 at most, whatever the number
    of workers, since rounding depends on how many are trained together.

    Parameters
    ----------
    runs : sequence of Run
    train : callable
        Gives the training rows of a split.
    """
    together: dict[str, list[Run]] = {}
    rows: dict[int, MultiTaskDataset] = {}
    for run in runs:
        split = id(run.split)
        if split not in rows:
            rows[split] = train(run.split)
        together.setdefault(_common(run, rows[split]), []).append(run)
    groups: list[Group] = []
    for text, members in together.items():
        alike = text.startswith(_ALIKE)
        parts = [tuple(members)] if alike else _divided(members)
        groups.extend(Group(part, alike) for part in parts)
    return groups


_ALIKE, _SHAPED, _ALONE = "alike", "shaped", "alone"


def _common(run: Run, train: MultiTaskDataset) -> str:
    """Text that is equal for runs of one job."""
    if not run.learner.uses_seed(train):
        return f"{_ALIKE} {_but_seed(run.spec)}"
    shape = run.learner.shape(train)
    if shape is None:
        return f"{_ALONE} {run.spec.key}"
    about = [run.spec.split, run.spec.budget, type(run.learner).__qualname__, shape]
    return f"{_SHAPED} {json.dumps(about, sort_keys=True)}"


def _but_seed(spec: RunSpec) -> str:
    about = [spec.split, spec.learner, spec.name, spec.budget, spec.tasks]
    return json.dumps(about, sort_keys=True)


def _divided(runs: Sequence[Run]) -> Iterator[tuple[Run, ...]]:
    """Parts whose sizes differ by one at most."""
    n_parts = -(-len(runs) // MOST_TOGETHER)
    for part in range(n_parts):
        first, last = (len(runs) * edge // n_parts for edge in (part, part + 1))
        yield tuple(runs[first:last])
