"""Grids of settings of the same size for every learner."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from polytask.ranges import SearchRange

__all__ = ["grid"]


def grid(space: Mapping[str, SearchRange], trials: int) -> list[dict[str, object]]:
    """The first `trials` points of a fixed walk through the small grids of declared ranges.

    The walk starts at the defaults, then changes one setting at a time (in the order in which
    the learner declares them), then two, and so on. All learners walk alike, so none is tuned
    more than another; a learner with fewer points than trials stops early.

    Parameters
    ----------
    space : mapping of setting to SearchRange
        As `Learner.search_space` gives it, or a part of it.
    trials : int

    Returns
    -------
    list of dict of setting to value
        The first holds every default; [{}] for a learner without settings.

    Examples
    --------
    >>> from polytask.evaluation import grid
    >>> from polytask.ranges import Choices, Range
    >>> space = {"alpha": Range(0.01, 100.0, log=True, step=10), "solver": Choices(("svd", "lsqr"))}
    >>> grid(space, trials=2)
    [{'alpha': 1.0, 'solver': 'svd'}, {'alpha': 10.0, 'solver': 'svd'}]
    """
    choices = {setting: search_range.grid() for setting, search_range in space.items()}
    points = product(*(range(len(values)) for values in choices.values()))
    walk = sorted(points, key=lambda point: (sum(map(bool, point)), point[::-1]))
    return [
        {name: values[index] for (name, values), index in zip(choices.items(), point, strict=True)}
        for point in walk[:trials]
    ]
