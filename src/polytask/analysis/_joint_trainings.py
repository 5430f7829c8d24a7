"""Networks of all tasks together, as affinities read them."""

from __future__ import annotations

from typing import NamedTuple

from polytask.analysis._group_runs import GroupRuns
from polytask.architectures import MultiTaskModule
from polytask.data import MultiTaskDataset
from polytask.predictor import FittedPredictor, NetworkModel

__all__ = ["JointTraining", "joint_trainings", "network_model"]


class JointTraining(NamedTuple):
    """A network of all tasks together, its rows, and those that it did not see."""

    predictor: FittedPredictor
    train: MultiTaskDataset
    test: MultiTaskDataset

    @property
    def network(self) -> MultiTaskModule:
        """The network."""
        return network_model(self.predictor).network


def network_model(predictor: FittedPredictor) -> NetworkModel:
    """The model of a predictor that is known to be a network's."""
    model: NetworkModel = predictor.model  # type: ignore[assignment] # of `GroupRuns.models`
    return model


def joint_trainings(runs: GroupRuns) -> list[JointTraining]:
    """The network of all tasks of every round on its first split, trained where it is not there.

    Parameters
    ----------
    runs : GroupRuns
    """
    trainings = []
    for one, (predictor,) in zip(runs.rounds, runs.models(folds=1), strict=True):
        train, _, test = one.splits[0].apply(runs.data)
        trainings.append(JointTraining(predictor, train, test))
    return trainings
