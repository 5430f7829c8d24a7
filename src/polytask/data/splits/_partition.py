"""Distribution of the rows of all sources over the parts of a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int64
from scipy import sparse

from polytask.data.sources import Source
from polytask.data.splits._strata import strata
from polytask.data.splits._stratify import stratify
from polytask.data.splits._stratify_groups import stratify_groups
from polytask.exceptions import TooFewRowsError
from polytask.tasks import FittedTarget

__all__ = ["partitions"]

RowPositions = Int64[np.ndarray, " rows"]


def partitions(
    sources: Sequence[Source],
    targets: Mapping[str, FittedTarget],
    shares: Sequence[float],
    generator: np.random.Generator,
) -> dict[str, list[RowPositions]]:
    """Rows of each part by source name, in ascending order.

    Groups of sources are kept whole, also across sources.

    Parameters
    ----------
    sources : sequence of Source
    targets : mapping of task name to FittedTarget
    shares : sequence of float
        Share of rows of each part, summing to 1; parts of share 0 stay empty.
    generator : numpy.random.Generator

    Raises
    ------
    TooFewRowsError
        If there are fewer rows, or groups, than parts.
    """
    wanted = np.asarray(shares, dtype=np.float64)
    parts = _partition_groups(sources, targets, wanted, generator)
    for source in sources:
        if source.groups is None:
            _check_enough([source], source.n_rows, "row", wanted, sources)
            parts[source.name] = stratify(strata(source, targets), wanted, generator)
    return {
        name: [np.flatnonzero(part == number) for number in range(len(wanted))]
        for name, part in parts.items()
    }


def _partition_groups(
    sources: Sequence[Source],
    targets: Mapping[str, FittedTarget],
    shares: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, Int64[np.ndarray, " n"]]:
    """Part number of every row, for sources with groups."""
    all_sources, sources = sources, [source for source in sources if source.groups is not None]
    if not sources:
        return {}
    codes = np.concatenate([source.groups for source in sources])
    unique, group = np.unique(codes, return_inverse=True)
    _check_enough(sources, len(unique), "group", shares, all_sources)
    together = sparse.block_diag([strata(source, targets) for source in sources], format="csr")
    part = stratify_groups(group, sparse.csr_array(together), shares, generator)
    ends = np.cumsum([source.n_rows for source in sources])[:-1]
    pieces = np.split(part, ends)
    return {source.name: piece for source, piece in zip(sources, pieces, strict=True)}


def _check_enough(
    sources: Sequence[Source],
    count: int,
    what: str,
    shares: np.ndarray,
    all_sources: Sequence[Source],
) -> None:
    """Raise if there are too few rows or groups, naming tasks that no other source has."""
    needed = int((shares > 0).sum())
    if count < needed:
        names = ", ".join(repr(source.name) for source in sources)
        owner = f"Source {names} has" if len(sources) == 1 else f"Sources {names} have"
        sentence = (
            f"{owner} {count} {what}{'s' * (count != 1)}, too few to split in {needed} parts: "
            f"at least {needed} are needed."
        )
        elsewhere = {
            t for source in all_sources if source not in sources for t in source.tasks.names
        }
        own = dict.fromkeys(t for source in sources for t in source.tasks.names)
        raise TooFewRowsError(
            sentence,
            [name for name in own if name not in elsewhere],
            f"with too few {what}s to split in {needed} parts",
        )
