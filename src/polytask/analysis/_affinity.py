"""Abstract base class of affinities between tasks."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._naming import snake_case
from polytask.analysis._affinity_record import AffinityRecord
from polytask.analysis._group_runs import Group, GroupRuns

__all__ = ["Affinity"]


@dataclass(frozen=True)
class Affinity(ABC):
    """An estimate of which tasks help each other.

    A method is a frozen dataclass of its settings and defines `measure`.

    Attributes
    ----------
    name : str
        Name in records, tables and on the command line.
    needs : str
        The networks that it takes, in words.
    threshold : float
        Affinity from which tasks are taken to be related.
    observes : bool
        Whether all tasks are trained together once per seed, with observers, beside the groups of
        `trains`.

    Examples
    --------
    An affinity of one's own, by the number of letters that names share:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from polytask.analysis import Affinity, GroupRuns
    >>> from polytask.datasets import make_clustered_tasks
    >>> @dataclass(frozen=True)
    ... class Names(Affinity):
    ...     needs = "no network"
    ...
    ...     def measure(self, runs):
    ...         return np.array([[len({*a} & {*b}) for b in runs.tasks] for a in runs.tasks])
    >>> data, _ = make_clustered_tasks(1, 2, n_rows=40)
    >>> Names().estimate(GroupRuns.of(data, folds=2)).values
    ((None, 5.0), (5.0, None))
    """

    needs: ClassVar[str]
    threshold: ClassVar[float] = 0.0
    observes: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The class's name in snake case."""
        return snake_case(type(self).__name__)

    @abstractmethod
    def measure(self, runs: GroupRuns) -> Float64[np.ndarray, "k k"]:
        """The affinity of task i (row) to task j (column); NaN where it is not known.

        Parameters
        ----------
        runs : GroupRuns
            Trains what it takes; what others trained before is there.
        """

    def trains(self, runs: GroupRuns) -> Sequence[Group] | None:
        """Groups that `measure` trains, as far as that is known before; by default None, not known.

        A search whose number of networks is bounded is refused before anything is trained where they are
        too many.

        Parameters
        ----------
        runs : GroupRuns
            Of which nothing is trained here.
        """
        del runs
        return None

    def notes(self, matrix: Float64[np.ndarray, "k k"]) -> Sequence[str]:
        """Sentences on a measured matrix: by default, how many pairs are not known."""
        off = ~np.eye(len(matrix), dtype=bool)
        unknown = int((~np.isfinite(matrix) & off).sum())
        if not unknown:
            return ()
        of = int(off.sum())
        return (f"{unknown} of {of} ordered pairs are not known, and count as not related",)

    def estimate(self, runs: GroupRuns) -> AffinityRecord:
        """Measure, with the cost: that of networks that were trained before is not counted.

        Parameters
        ----------
        runs : GroupRuns
        """
        started, before = time.perf_counter(), runs.n_networks
        matrix = np.asarray(self.measure(runs), dtype=np.float64)
        values = tuple(
            tuple(
                None if i == j or not np.isfinite(value) else float(value)
                for j, value in enumerate(row)
            )
            for i, row in enumerate(matrix)
        )
        return AffinityRecord(
            self.name,
            runs.tasks,
            values,
            self.threshold,
            time.perf_counter() - started,
            runs.n_networks - before,
            tuple(self.notes(matrix)),
        )
