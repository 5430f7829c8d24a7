"""What was learned of a task's target on the training rows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FittedTarget", "Label"]

Label = str | int | float | bool


@dataclass(frozen=True)
class FittedTarget:
    """Classes or scaling of one task's target, fitted on training rows and frozen.

    Parameters
    ----------
    columns : tuple of str
        The target's columns.
    size : int
        Number of raw scores a network gives for the task.
    classes : tuple of labels
        Class labels in the order of their codes, ``(negative, positive)`` for binary targets;
        empty for regression; for multilabel the ``(absent, present)`` labels of every column.
    center, scale : tuple of float
        Per column, in the user's units; empty where targets are not scaled.
    class_counts : tuple of float
        Labelled training rows of each class (positives of each column for multilabel).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Binary
    >>> column = np.array(["yes", "no", "yes", None], dtype=object)
    >>> target = Binary().fit("bought", {"bought": column})
    >>> target.classes, target.class_counts, target.size
    (('no', 'yes'), (1.0, 2.0), 1)
    """

    columns: tuple[str, ...]
    size: int
    classes: tuple[Label, ...] = ()
    center: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    class_counts: tuple[float, ...] = ()
