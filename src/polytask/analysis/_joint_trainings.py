"""Networks of all tasks together, as affinities read them."""

from __future__ import annotations

from typing import NamedTuple

from polytask.analysis._group_runs import GroupRuns
from polytask.analysis._networks import fit_joint
from polytask.data import MultiTaskDataset
from polytask.training import Trained

__all__ = ["JointTraining", "joint_trainings"]


class JointTraining(NamedTuple):
    """A training of all tasks together, its rows, and those that it did not see."""

    trained: Trained
    train: MultiTaskDataset
    test: MultiTaskDataset


def joint_trainings(runs: GroupRuns, most: int | None = None) -> list[JointTraining]:
    """Train all tasks together once per round, on its first split; the networks are not kept.

    Parameters
    ----------
    runs : GroupRuns
        Whose networks, steps and seconds are counted up.
    most : int, optional
        The first rounds alone.
    """
    trainings = []
    for one in runs.rounds[:most]:
        split = one.splits[0]
        train, validation, test = split.apply(runs.data)
        trained = fit_joint(runs.network, train, validation, one.seed, runs.budget)
        runs.steps += trained.history.n_steps
        runs.n_networks += 1
        runs.seconds += trained.history.seconds
        trainings.append(JointTraining(trained, train, test))
        if runs.advance is not None:
            runs.advance(f"all tasks, {split.name}")
    return trainings
