"""The learners that are compared by default."""

from __future__ import annotations

from polytask._learner import Learner
from polytask.learners._gradient_boosting import GradientBoosting
from polytask.learners._light_gbm import LightGBM
from polytask.learners._linear import Linear
from polytask.learners._table_networks import table_networks
from polytask.learners.names import resolve_learner
from polytask.tasks import TaskSet

__all__ = ["default_learners"]


def default_learners(
    tasks: TaskSet | None = None, n_rows: int | None = None, *, images: bool = False
) -> tuple[Learner, ...]:
    """The learners compared by default: single-task and joint networks, linear models, boosting.

    LightGBM is among them where it is installed, and on tables of at least 500 rows an
    ensemble inside one joint network, on images a convolutional one. Given tasks, only learners that
    can learn them; networks have the encoder `LSTM` where a task labels the steps of rows,
    and `UNet` where one labels the pixels of images.

    Parameters
    ----------
    tasks : TaskSet, optional
    n_rows : int, optional
        Rows of the data; without it no ensemble.
    images : bool
        Whether every source has images.
    """
    learners: tuple[Learner, ...] = (
        resolve_learner("single_task", tasks=tasks),
        resolve_learner("hard_sharing", tasks=tasks),
        *table_networks(tasks, n_rows, images=images),
        Linear(),
        GradientBoosting(),
        *([LightGBM()] if LightGBM.is_installed() else []),
    )
    return tuple(learner for learner in learners if tasks is None or learner.serves(tasks))
