"""Learned relations from the trainings of an analysis."""

from __future__ import annotations

from polytask.analysis._group_runs import GroupRuns
from polytask.analysis._joint_trainings import joint_trainings
from polytask.analysis._learn_relations import learned_relations
from polytask.analysis._learned_relations import LearnedRelations
from polytask.analysis._networks import fit_alone
from polytask.predictor import FittedPredictor, NetworkModel

__all__ = ["relations_of_runs"]


def relations_of_runs(runs: GroupRuns) -> LearnedRelations:
    """What a joint network has learned, held against the tasks' own networks.

    Both are trained on the first fold of the first seed, and read on rows that they were not trained on.

    Parameters
    ----------
    runs : GroupRuns
    """
    first = runs.rounds[0]
    trained, train, test = joint_trainings(runs, most=1)[0]
    schemas = dict(trained.schemas)
    model = NetworkModel(runs.network.architecture, trained.network, train.tasks, schemas)
    joint = FittedPredictor(train.tasks, schemas, model, trained.history, runs.network.name)
    _, validation, _ = first.splits[0].apply(runs.data)
    alone = fit_alone(runs.network, runs.tasks, train, validation, first.seed, runs.budget)
    return learned_relations(joint, test, alone=alone)
