"""Learned relations from the trainings of an analysis."""

from __future__ import annotations

from polytask.analysis._group_runs import GroupRuns
from polytask.analysis._learn_relations import learned_relations
from polytask.analysis._learned_relations import LearnedRelations

__all__ = ["relations_of_runs"]


def relations_of_runs(runs: GroupRuns) -> LearnedRelations:
    """What a joint network has learned, held against the tasks' own networks.

    Both are those of the first fold of the first seed, and read on rows that they were not trained on.

    Parameters
    ----------
    runs : GroupRuns
        Trains them where they are not there.
    """
    ((joint,),) = runs.models(rounds=1, folds=1)
    ((alone,),) = runs.models(rounds=1, folds=1, alone=True)
    _, _, test = runs.rounds[0].splits[0].apply(runs.data)
    return learned_relations(joint, test, alone=alone)
