"""Target columns of many sorts, so that a kind can be tried without knowing its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from polytask.exceptions import DataError
from polytask.tasks import FittedTarget, Kind
from polytask.testing._require import require

__all__ = ["OWNER", "KindExample", "examples_of"]

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
    def truth(self) -> np.ndarray:
        """What metrics compare with."""
        return self.kind.truth(self.arrays, self.fitted)


def examples_of(
    kind: Kind, columns: Mapping[str, np.ndarray] | None = None
) -> tuple[KindExample, ...]:
    """The candidate columns (or the given ones) that a kind accepts; at least one."""
    candidates = _candidates() if columns is None else iter([columns])
    accepted = []
    for candidate in candidates:
        try:
            fitted = kind.fit(OWNER, candidate)
        except DataError:
            continue
        accepted.append(KindExample(kind, candidate, fitted))
    words = f"Kind {kind.name!r} accepts none of the example columns; give it `columns=`."
    require(accepted, words)
    return tuple(accepted)


def _candidates() -> Iterator[dict[str, np.ndarray]]:
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


def _with_missing(values: np.ndarray, row: int = 3) -> np.ndarray:
    """Row 3 is missing in every column, another one in the second column only."""
    missing = None if values.dtype == object else np.nan
    column = values.copy() if values.dtype == object else values.astype(np.float64)
    column[[3, row]] = missing
    return column
