"""`fit`: one model from a data set."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from polytask._learner import Learner
from polytask._validation import InstanceOf, Interval, Optional, check, message
from polytask.architectures import Architecture
from polytask.bookkeeping import Budget
from polytask.data import (
    MultiTaskDataset,
    RandomSplit,
    Splitter,
    as_splitter,
    learnable,
    own_split,
    own_split_note,
    splits_of,
)
from polytask.exceptions import ParameterError
from polytask.learners._as_learner import Estimator, as_learner, encoder_note
from polytask.learners._checked_tasks import with_checked_tasks
from polytask.learners._on_device import on_device
from polytask.learners._unserved import unserved
from polytask.merging import Merging
from polytask.predictor import FittedPredictor, with_chosen_thresholds

__all__ = ["fit"]


def fit(
    data: MultiTaskDataset,
    learner: str
    | Learner
    | Architecture
    | Merging
    | Estimator
    | Sequence[Estimator] = "hard_sharing",
    *,
    validation: MultiTaskDataset | None = None,
    split: Splitter | str | None = None,
    seed: int = 0,
    budget: Budget | None = None,
    device: str | None = None,
    precision: str | None = None,
) -> FittedPredictor:
    """Fit one model for all tasks of a data set.

    Parameters
    ----------
    data : MultiTaskDataset
        Such as `polytask.read` returns.
    learner : Learner or str, default "hard_sharing"
        A recipe or its name, such as ``"gradient_boosting"`` or ``"hard_sharing+tab_m(members=4)"``;
        an architecture; a method of merging
        (`polytask.neural_network.MergedNetwork`); or a scikit-learn estimator, which is cloned and
        fitted per task. A tuple of a regressor and a classifier serves tasks of numbers and of
        classes. A network that is named without an encoder gets `LSTM` where a task labels the steps
        of rows, such as ``tokens``, and `UNet` where one labels the pixels of images.
    validation : MultiTaskDataset, optional
        Rows that decide when to stop; by default they are split off `data`.
    split : Splitter or str, optional
        How to split them off, also as on the command line, such as ``"time:COLUMN"``. The default
        is the column that names train and test rows if there is one, otherwise
        `RandomSplit(test=0.0)`. Test rows, if any, are not used.
    seed : int, default 0
        Seed of the split and of the model's initial weights.
    budget : Budget, optional
        Optimiser steps; by default those of a network's trainer, otherwise `Budget()`.
    device : str, optional
        Device on which a network is trained: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"auto"``, …;
        by default the `accelerator` of its trainer.
    precision : str, optional
        Precision of training a network: ``"32"``, ``"bf16"`` or ``"16"``, the last two mixed.

    Returns
    -------
    FittedPredictor
        Its `predict` takes a table, its `save` a folder.

    Raises
    ------
    ParameterError
        If the learner is unknown or cannot learn the tasks.
    DataError
        If there are too few rows to split, or no task has two classes in the training rows.

    Warns
    -----
    UserWarning
        Naming the tasks that are left out because their training rows hold one class or are too few
        to split, or the column by which rows are split; and what the learner decides by itself, such
        as the encoder of a network that is named without one, or an order of the tasks.

    Examples
    --------
    >>> import polytask
    >>> table = {"size": range(40), "price": [2 * size for size in range(40)]}
    >>> data = polytask.read(table, [polytask.Task("price", "regression")])
    >>> model = polytask.fit(data, "linear")
    >>> model.name, model.predict({"size": [10, 20]})["price"].decision.shape
    ('linear', (2,))
    """
    _check_arguments(data, validation, split, seed, budget)
    data = with_checked_tasks(data, measured=False)
    if validation is not None:
        validation = with_checked_tasks(validation, measured=False)
    (chosen,) = on_device([_served_learner(learner, data)], device, precision, "fit")
    if (decided := encoder_note(learner, data.tasks)) is not None:
        warnings.warn(decided, UserWarning, stacklevel=2)
    too_small: tuple[str, ...] = ()
    if validation is None:
        own = own_split(data) if split is None else None
        splitter = own or as_splitter("fit", split, RandomSplit(test=0.0))
        if own is not None:
            warnings.warn(own_split_note(own.column), UserWarning, stacklevel=2)
        chosen = chosen.for_split(splitter)
        data, splits, too_small = splits_of(data, splitter, seed)
        data, validation, _ = splits[0].apply(splitter.prepared(data))
    data, validation, notes = learnable(data, validation)
    for note in (*too_small, *notes, *chosen.notes(data)):
        warnings.warn(note, UserWarning, stacklevel=2)
    if budget is None and not chosen.has_own_budget:
        budget = Budget()
    predictor = chosen.fit(data, validation, seed, budget)  # type: ignore[arg-type]
    return with_chosen_thresholds(predictor, validation, data.tasks)


def _check_arguments(
    data: object, validation: object, split: object, seed: object, budget: object
) -> None:
    if not isinstance(data, MultiTaskDataset):
        remedy = "Make it with `polytask.read(table, tasks)`."
        raise ParameterError(message("fit", "data", "a MultiTaskDataset", data, remedy))
    check("fit", "validation", validation, Optional(InstanceOf((MultiTaskDataset,))))
    check("fit", "seed", seed, Interval(int, 0, 2**32 - 1))
    check("fit", "budget", budget, Optional(InstanceOf((Budget,))))
    if validation is not None and split is not None:
        raise ParameterError("Give fit either `validation` or `split`, not both.")


def _served_learner(learner: Any, data: MultiTaskDataset) -> Learner:
    chosen = as_learner(learner, "fit", data.tasks)
    reason = unserved(chosen, data)
    if reason is not None:
        raise ParameterError(reason)
    return chosen
