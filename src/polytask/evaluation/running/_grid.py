"""The settings that every learner may try."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

__all__ = ["grid"]


def grid(space: Mapping[str, tuple[object, ...]], trials: int) -> list[dict[str, object]]:
    """The first `trials` points of a fixed walk through a learner's declared values.

    The walk starts at the defaults, then changes one setting at a time (in the order in which
    the learner declares them), then two, and so on. All learners walk alike, so none is tuned
    more than another; a learner with fewer points than trials stops early.

    Parameters
    ----------
    space : mapping of setting to values
        The default first, as `Learner.search_space` gives it.
    trials : int

    Returns
    -------
    list of dict of setting to value
        The first holds every default; [{}] for a learner without settings.

    Examples
    --------
    >>> from polytask.evaluation import grid
    >>> grid({"learning_rate": (1e-3, 3e-4), "weight_decay": (0.0, 1e-4)}, trials=2)
    [{'learning_rate': 0.001, 'weight_decay': 0.0}, {'learning_rate': 0.0003, 'weight_decay': 0.0}]
    """
    places = product(*(range(len(values)) for values in space.values()))
    walk = sorted(places, key=lambda place: (sum(map(bool, place)), place[::-1]))
    return [
        {name: values[index] for (name, values), index in zip(space.items(), place, strict=True)}
        for place in walk[:trials]
    ]
