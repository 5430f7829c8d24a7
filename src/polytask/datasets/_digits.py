"""Several tasks on scikit-learn's handwritten digits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from polytask._naming import suggestion
from polytask.data import MultiTaskDataset
from polytask.datasets._info import DatasetInfo
from polytask.exceptions import UnknownNameError
from polytask.tasks import Task

__all__ = ["DIGITS", "digits_table", "load_digits_tasks"]

# Labels of the digits 0 to 9. A 4 counts as open, as about half of them are.
_LABELS = {
    "digit": (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    "odd": (0, 1, 0, 1, 0, 1, 0, 1, 0, 1),
    "closed_loops": (1, 0, 0, 0, 0, 0, 1, 0, 2, 1),
    "at_least_five": (0, 0, 0, 0, 0, 1, 1, 1, 1, 1),
    "prime": (0, 0, 1, 1, 0, 1, 0, 1, 0, 0),
}
_KINDS = {"digit": "multiclass", "closed_loops": "multiclass"}
_NOISE = "noise"

DIGITS = DatasetInfo(
    name="digits",
    description="Handwritten digits of 8 × 8 pixels: which, odd, closed loops, 5 or more, prime",
    rows=1797,
    tasks=tuple(_LABELS),
    licence="CC BY 4.0",
    citation="E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits, UCI Machine "
    "Learning Repository, 1998, doi:10.24432/C50P49",
    flags=" ".join(f"--target {name}:{_KINDS.get(name, 'binary')}" for name in _LABELS),
)


def load_digits_tasks(tasks: Sequence[str] = tuple(_LABELS), *, seed: int = 0) -> MultiTaskDataset:
    """Make several tasks of scikit-learn's handwritten digits.

    Parameters
    ----------
    tasks : sequence of str
        Some of ``digit`` (which of ten), ``odd``, ``closed_loops`` (of the printed figure: 2
        for 8; 1 for 0, 6 and 9; else 0), ``at_least_five``, ``prime`` and ``noise``. All but
        the noise by default.
    seed : int, default 0
        Seed of the labels of ``noise``, fair coin tosses that no model can learn: a task that
        cannot gain from the others but may harm them.

    Returns
    -------
    MultiTaskDataset
        1797 rows, 64 numeric inputs ``pixel_0_0`` (row, column) to ``pixel_7_7`` from 0 to 16.

    Raises
    ------
    UnknownNameError
        If a task has another name.

    Notes
    -----
    The first five are functions of the digit, so that features of digits serve all of them.
    """
    known = {*_LABELS, _NOISE}
    for name in tasks:
        if name not in known:
            sentence = f"The digits have no task named {name!r}. {suggestion(name, known)}"
            raise UnknownNameError(sentence)
    table = digits_table()
    if _NOISE in tasks:
        coin = np.random.default_rng(seed).integers(2, size=table.height)
        table = table.with_columns(pl.Series(_NOISE, coin))
    table = table.drop(set(_LABELS).difference(tasks))
    return MultiTaskDataset.from_table(
        table, [Task(name, _KINDS.get(name, "binary")) for name in tasks]
    )


def digits_table() -> pl.DataFrame:
    """All rows: 64 pixels and the five labels."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    return pl.DataFrame(digits.data.astype(np.int64), schema=names).with_columns(
        pl.Series(task, np.array(labels)[digits.target]) for task, labels in _LABELS.items()
    )
