"""Target columns on a transformed scale, and responses back in the user's units."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from jaxtyping import Float64, Shaped

from polytask.exceptions import DataError
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._numbers import center_and_scale, number_column, observed_numbers
from polytask.tasks._standardised import LARGEST, check_range, is_in_range
from polytask.tasks._transforms import TRANSFORMS, TransformName

__all__ = [
    "accepts_numbers",
    "check_domain",
    "deviations",
    "learn_numbers",
    "transformed",
    "untransformed",
]

_BOUNDS = ("high", "low", "deviation")


def learn_numbers(
    owner: str,
    columns: Mapping[str, Shaped[np.ndarray, " n"]],
    kind: str,
    transform: TransformName | None,
) -> dict[str, tuple[float, ...]]:
    """Mean and deviation of every column; with a transform, on its scale, with what it learned.

    Raises
    ------
    DataError
        If a column has no number, one whose powers leave the range of floats, or one that the
        transform does not take.
    """
    learned: dict[str, tuple[float, ...]] = {}
    for position, (name, values) in enumerate(columns.items()):
        observed = observed_numbers(owner, name, values, kind)
        constant = bool(observed.min() == observed.max())
        check_range(owner, name, observed, constant=constant)
        numbers: dict[str, float] = {}
        if transform is not None:
            check_domain(owner, name, observed, kind, transform)
            constants = TRANSFORMS[transform].fit(observed)
            if constants:
                learned[_constants(position)] = constants
            _, deviation = center_and_scale(observed)
            ends = {"low": float(observed.min()), "high": float(observed.max())}
            numbers |= {**ends, "deviation": deviation}
            observed = TRANSFORMS[transform].forward(observed, constants)
            check_range(owner, name, observed, constant=constant)
        numbers |= dict(zip(("center", "scale"), center_and_scale(observed), strict=True))
        for number, value in numbers.items():
            learned[number] = (*learned.get(number, ()), value)
    return learned


def check_domain(
    owner: str,
    name: str,
    values: Shaped[np.ndarray, " n"],
    kind: str,
    transform: TransformName | None,
    *,
    rows: bool = False,
) -> None:
    """Raise for a number that the transform does not take.

    Parameters
    ----------
    owner, name : str
        The task and its column, for errors.
    values : array of shape (n,)
    kind : str
        Name of the task's kind, for errors.
    transform : str or None
    rows : bool
        Whether rows are those of the user's table, so that the first bad one is named.
    """
    above = -math.inf if transform is None else TRANSFORMS[transform].above
    if above == -math.inf:
        return
    bad = np.flatnonzero(number_column(name, values, kind) <= above)
    if len(bad):
        where = f" in row {bad[0]}" if rows else ""
        sentence = (
            f"Task {owner!r}: column {name!r} holds {values[bad[0]]:g}{where}, and {transform} takes "
            f"numbers above {above:g}. Choose yeo_johnson or quantile_normal, which take all "
            "numbers, or empty the cell if the value is unknown."
        )
        raise DataError(sentence)


def accepts_numbers(
    fitted: FittedTarget, transform: TransformName | None, *, besides: Collection[str] = ()
) -> bool:
    """Whether a target from a file has what `learn_numbers` gives for its columns, in range.

    Parameters
    ----------
    fitted : FittedTarget
    transform : str or None
    besides : collection of str
        Names of other numbers, which the kind checks.
    """
    n_columns = len(fitted.columns)
    names = ("center", "scale", *(_BOUNDS if transform else ()))
    own = {_constants(position) for position in range(n_columns)} if transform else set()
    own |= set(besides)
    counts = {name: n for name, n in fitted.learned_counts.items() if name not in own}
    if counts != dict.fromkeys(names, n_columns) or not is_in_range(fitted):
        return False
    if transform is None:
        return True
    low, high, deviation = (np.array(fitted.learned[name]) for name in ("low", "high", "deviation"))
    return bool(
        (low <= high).all()
        and (deviation > 0).all()
        and max(np.abs(low).max(), np.abs(high).max(), deviation.max()) <= LARGEST
        and (low > TRANSFORMS[transform].above).all()
        and all(
            TRANSFORMS[transform].accepts(_constants_of(fitted, position))
            for position in range(n_columns)
        )
    )


def deviations(fitted: FittedTarget, transform: TransformName | None) -> tuple[float, ...]:
    """Standard deviation of each column in the user's units."""
    return fitted.learned.get("scale" if transform is None else "deviation", ())


def transformed(
    table: Float64[np.ndarray, "n c"], fitted: FittedTarget, transform: TransformName | None
) -> Float64[np.ndarray, "n c"]:
    """Columns in the user's units on the transform's scale; without one as they are."""
    if transform is None:
        return table
    each = TRANSFORMS[transform].forward
    cells = [each(cell, _constants_of(fitted, position)) for position, cell in enumerate(table.T)]
    return np.stack(cells, axis=1)


def untransformed(
    table: Float64[np.ndarray, "n c"], fitted: FittedTarget, transform: TransformName | None
) -> Float64[np.ndarray, "n c"]:
    """The inverse of `transformed`, within the training values' range, widened by its own width."""
    if transform is None:
        return table
    cells: Sequence[np.ndarray] = [
        np.clip(
            TRANSFORMS[transform].inverse(cell, _constants_of(fitted, position)),
            2 * low - high,
            2 * high - low,
        )
        for position, (cell, low, high) in enumerate(
            zip(table.T, fitted.learned["low"], fitted.learned["high"], strict=True)
        )
    ]
    return np.stack(cells, axis=1)


def _constants(position: int) -> str:
    return f"transform_{position}"


def _constants_of(fitted: FittedTarget, position: int) -> tuple[float, ...]:
    return fitted.learned.get(_constants(position), ())
