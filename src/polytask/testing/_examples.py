"""Example target columns of kinds: given, offered by the kind, or common ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask._naming import required
from polytask._reason import reason
from polytask.exceptions import DataError
from polytask.tasks import FittedTarget, Kind
from polytask.testing._require import require, require_columns, require_instance

__all__ = ["OWNER", "KindExample", "examples_of", "served_examples"]

OWNER = "the task"
_N_ROWS = 40


@dataclass(frozen=True, eq=False)
class KindExample:
    """Target columns that a kind accepts, and what it learned of them."""

    kind: Kind
    columns: Mapping[str, np.ndarray]
    fitted: FittedTarget

    @property
    def arrays(self) -> list[np.ndarray]:
        """The columns in order."""
        return list(self.columns.values())

    @property
    def encoded(self) -> np.ndarray:
        """Encoded labels, (n, *target_shape)."""
        return self.kind.encode(self.arrays, self.fitted)

    @property
    def score_shape(self) -> tuple[int, ...]:
        """Shape of a row's raw scores."""
        return self.kind.score_shape(self.fitted)

    @property
    def random_scores(self) -> np.ndarray:
        """Raw scores of 9 rows, the same at each call."""
        generator = np.random.default_rng(1)
        return generator.normal(size=(9, *self.score_shape)).astype(np.float32)

    @property
    def truth(self) -> np.ndarray:
        """True values that metrics compare responses with."""
        return self.kind.truth(self.arrays, self.fitted)


def examples_of(
    kind: Kind, columns: Mapping[str, np.ndarray] | None = None
) -> tuple[KindExample, ...]:
    """The columns given, those that the kind offers, or those of common ones that it accepts.

    At least one; columns of numbers, two values, classes and texts come first, positive numbers
    and shares where the kind accepts none of these.
    """
    offered = [columns] if columns is not None else list(kind.examples())
    accepted: list[KindExample] = []
    for candidates in [offered] if offered else [_common_columns(), _positive_columns()]:
        accepted = accepted or list(_accepted(kind, candidates))
    what = "the columns given" if columns is not None else "its own examples"
    sentence = (
        f"Kind {kind.name!r} accepts none of {what if offered else 'the common example columns'}. "
        "Let its method `examples` offer columns, or give the check `columns=`."
    )
    require(accepted, sentence)
    return tuple(accepted)


def served_examples(
    check: str,
    method: Any,
    kind: Kind | None = None,
    columns: Mapping[str, np.ndarray] | None = None,
) -> Iterator[KindExample]:
    """Examples of a kind, or of every kind that a loss or metric serves.

    Parameters
    ----------
    check : str
        Whose arguments these are.
    method : Loss or Metric
    kind, columns
        As in `check_loss`.

    Raises
    ------
    AssertionError
        If the loss or metric serves no kind, not this one, or is the default of one that it does
        not serve.
    ParameterError
        If `kind` or `columns` is none.
    """
    name = type(method).__name__
    require_columns(check, columns)
    require(method.kinds, f"{name} serves no kind.")
    unserved = set(method.default_for) - set(method.kinds)
    require(not unserved, f"{name} is the default for {unserved}, which it does not serve.")
    needed = [argument for argument in required(type(method)) if method.default_for]
    sentence = f"{name} is a default, but cannot be made without {', '.join(needed)}."
    require(not needed, sentence)
    if kind is not None:
        require_instance(check, "kind", kind, Kind)
        served = method.serves(kind)
        require(served, f"{name} does not serve the kind {kind.name!r}; add it to `kinds`.")
    for each in _made_kinds(method) if kind is None else [kind]:
        yield from examples_of(each, columns)


def _made_kinds(method: Any) -> list[Kind]:
    for kind in method.kinds:
        missing = required(kind)
        sentence = (
            f"{kind.__name__} cannot be made without {', '.join(missing)}. Give the check `kind=`."
        )
        require(not missing, sentence)
    return [kind() for kind in method.kinds]


def _accepted(kind: Kind, candidates: Iterable[Mapping[str, np.ndarray]]) -> Iterator[KindExample]:
    for candidate in candidates:
        try:
            fitted = kind.fit(OWNER, candidate)
        except DataError:
            continue
        except Exception as error:
            held = ", ".join(f"{name!r} of {column.dtype}" for name, column in candidate.items())
            sentence = (
                f"{kind.name}: `fit` must raise DataError for columns that it cannot learn from "
                f"({held}), but raises {reason(error)}."
            )
            raise AssertionError(sentence) from error
        yield KindExample(kind, candidate, fitted)


def _common_columns() -> Iterator[dict[str, np.ndarray]]:
    generator = np.random.default_rng(0)
    numbers = generator.normal(3.0, 2.0, (_N_ROWS, 2))
    flags = np.arange(_N_ROWS) % 2
    levels = np.arange(_N_ROWS) % 3
    yield {"y": _with_missing(numbers[:, 0])}
    yield {"y": _with_missing(numbers[:, 0]), "z": _with_missing(numbers[:, 1], row=7)}
    yield {"y": _with_missing(flags)}
    yield {"y": _with_missing(flags), "z": _with_missing(flags // 2 + levels % 2 == 1, row=7)}
    yield {"y": _with_missing(levels)}
    yield {"y": _with_missing(np.array(["no", "yes"], dtype=object)[flags])}
    yield {"y": _with_missing(np.array([False, True], dtype=object)[flags])}
    yield {"y": _with_missing(np.array(["low", "mid", "high"], dtype=object)[levels])}


def _positive_columns() -> Iterator[dict[str, np.ndarray]]:
    """Numbers above 0, shares between 0 and 1, counts; one column and two."""
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=(2, _N_ROWS))
    for first, second in (
        np.exp(numbers),
        1 / (1 + np.exp(-numbers)),
        generator.poisson(4.0, (2, _N_ROWS)),
    ):
        yield {"y": _with_missing(first)}
        yield {"y": _with_missing(first), "z": _with_missing(second, row=7)}


def _with_missing(values: np.ndarray, row: int = 3) -> np.ndarray:
    """Row 3 is missing in every column, another one in the second column only."""
    missing = None if values.dtype == object else np.nan
    column = values.copy() if values.dtype == object else values.astype(np.float64)
    column[[3, row]] = missing
    return column
