"""Reasons why a learner cannot learn some tasks or a data set."""

from __future__ import annotations

from polytask._learner import Learner
from polytask.data import MultiTaskDataset
from polytask.tasks import TaskSet

__all__ = ["unserved"]


def unserved(learner: Learner, tasks: TaskSet | MultiTaskDataset) -> str | None:
    """The reason why a learner cannot learn these tasks, naming them; None if it can.

    Given a data set, its sources are checked as well, as far as possible before fitting.

    Examples
    --------
    >>> from polytask import Task, TaskSet
    >>> from polytask.learners import PerTaskEstimator, unserved
    >>> from sklearn.linear_model import Ridge
    >>> tasks = TaskSet([Task("price", "regression"), Task("sold", "binary")])
    >>> unserved(PerTaskEstimator(Ridge()), tasks)
    "The learner 'ridge' cannot learn these tasks: sold (binary)."
    """
    if isinstance(tasks, MultiTaskDataset):
        return unserved(learner, tasks.tasks) or learner.refuses(tasks)
    if learner.serves(tasks):
        return None
    alone = [task for task in tasks if not learner.serves(tasks.subset([task.name]))]
    named = ", ".join(f"{task.name} ({task.known_kind.name})" for task in alone or tasks)
    together = "" if alone else " together"
    sentence = f"The learner {learner.name!r} cannot learn these tasks{together}: {named}."
    return f"{sentence} {learner.remedy}".rstrip()
