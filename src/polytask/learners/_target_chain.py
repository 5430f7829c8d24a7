"""Chains of targets: the model of a task reads the predictions of the tasks before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, Each, InstanceOf
from polytask.data import MultiTaskDataset
from polytask.learners._staged import Staged

__all__ = ["TargetChain"]


@dataclass(frozen=True)
class TargetChain(Staged):
    r"""A model per task, which reads the predictions of the tasks before it.

    .. math:: \hat y_k(x) = h_k\big(x, \hat y_1(x), \dots, \hat y_{k-1}(x)\big)

    Parameters
    ----------
    learner : Learner, default Linear()
        What is fitted for every task; on the command line ``target_chain(extra_trees)``.
    folds : int, default 5
        Predictions of training rows are out of fold.
    label : str, optional
        Name in tables; by default with the name of the learner.
    order : tuple of str, optional
        Names of all tasks; by default their own order.

    Notes
    -----
    Deviations from the papers and from scikit-learn's ``RegressorChain`` and ``ClassifierChain``: models
    read predictions out of fold of training rows rather than labels, so that labels may be missing;
    predictions are raw scores, which are log-odds for classes, so that tasks of all kinds make one
    chain. There is one chain, and not an ensemble of chains in random orders.

    References
    ----------
    Read, Pfahringer, Holmes and Frank, "Classifier chains for multi-label classification", Machine
    Learning 2011. Spyromitros-Xioufis et al., "Multi-target regression via input space expansion",
    Machine Learning 2016.

    Examples
    --------
    >>> from polytask.learners import Ridge, TargetChain
    >>> TargetChain(Ridge(), order=("tax", "price")).name
    'target_chain(ridge)'
    """

    order: tuple[str, ...] = ()

    word: ClassVar[str] = "target_chain"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Staged.parameter_constraints,
        "order": Each(InstanceOf((str,)), distinct=True),
    }

    def groups(self, tasks: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """One task at a time."""
        return tuple((task,) for task in self.order or tasks)

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """Why the learner cannot learn from a data set, or that `order` names other tasks."""
        if self.order and sorted(self.order) != sorted(data.tasks.names):
            return (
                f"The `order` parameter of TargetChain must name all tasks, {', '.join(data.tasks.names)}. "
                f"Got {', '.join(self.order)} instead."
            )
        return super().refuses(data)
