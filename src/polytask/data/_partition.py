"""A source's rows over the parts of a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int64

from polytask.data._source import Source
from polytask.data._strata import strata
from polytask.data._stratify import stratify
from polytask.data._stratify_groups import stratify_groups
from polytask.exceptions import DataError
from polytask.tasks import FittedTarget

__all__ = ["partition"]


def partition(
    source: Source,
    targets: Mapping[str, FittedTarget],
    shares: Sequence[float],
    generator: np.random.Generator,
) -> list[Int64[np.ndarray, " rows"]]:
    """Rows of each part, ascending; whole groups where the source has groups.

    Parameters
    ----------
    source : Source
    targets : mapping of task name to FittedTarget
    shares : sequence of float
        Share of rows of each part, summing to 1; parts of share 0 stay empty.
    generator : numpy.random.Generator

    Raises
    ------
    DataError
        If there are fewer rows, or groups, than parts.
    """
    wanted = np.asarray(shares, dtype=np.float64)
    if source.groups is None:
        _check_enough(source, source.n_rows, "rows", wanted)
        part = stratify(strata(source, targets), wanted, generator)
    else:
        found, group = np.unique(source.groups, return_inverse=True)
        _check_enough(source, len(found), "groups", wanted)
        part = stratify_groups(group, strata(source, targets), wanted, generator)
    return [np.flatnonzero(part == number) for number in range(len(wanted))]


def _check_enough(source: Source, count: int, what: str, shares: np.ndarray) -> None:
    needed = int((shares > 0).sum())
    if count < needed:
        sentence = (
            f"Source {source.name!r} has {count} {what}, too few to split in {needed} parts: "
            f"at least {needed} are needed."
        )
        raise DataError(sentence)
