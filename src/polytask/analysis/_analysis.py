"""Transfer map and affinities of one data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polytask._plain import from_plain, to_plain
from polytask.analysis._affinity_record import AffinityRecord
from polytask.analysis._group_runs import Group, GroupRuns
from polytask.analysis._map_transfer import check_groups, map_of_runs, random_groups
from polytask.analysis._planned_networks import (
    PlannedNetworks,
    check_networks,
    planned_networks,
)
from polytask.analysis._resolved_affinities import Affinities, estimated, resolved_affinities
from polytask.analysis._rounds import FOLDS, SEEDS
from polytask.analysis._transfer_map import TransferMap, tables_of_map
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split, Splitter
from polytask.executors import Executor

__all__ = ["Analysis", "analyze", "analyze_runs", "plan_runs"]


@dataclass(frozen=True)
class Analysis:
    """Transfer map and affinities of one data set.

    Attributes
    ----------
    transfer : TransferMap
    affinities : tuple of AffinityRecord
    agreement : mapping of affinity to float or None
        Spearman's rank correlation with the transfer map.
    """

    transfer: TransferMap
    affinities: tuple[AffinityRecord, ...]
    agreement: Mapping[str, float | None]

    @property
    def words(self) -> str:
        """What the map says, how far the affinities agree with it, and what they could not tell."""
        known = [
            f"{name} {value:+.2f}" for name, value in self.agreement.items() if value is not None
        ]
        words = [self.transfer.words]
        if known:
            words.append(
                f"Rank correlation of affinities with the measured gains: {', '.join(known)}."
            )
        words += [f"Affinity {one.name}: {note}." for one in self.affinities for note in one.notes]
        return " ".join(words)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Analysis:
        """Read what `to_dict` wrote."""
        return from_plain(cls, plain)

    def __str__(self) -> str:
        tables = [*tables_of_map(self.transfer), *map(str, self.affinities)]
        return "\n\n".join([*tables, self.words])


def analyze(
    data: MultiTaskDataset,
    learner: object = "hard_sharing",
    *,
    affinities: Affinities = "prediction_similarity",
    split: Split | Splitter | str | None = None,
    folds: int | None = FOLDS,
    seeds: int = SEEDS,
    budget: Budget | None = None,
    pairs: bool = True,
    sizes: Sequence[int] = (),
    n_groups: int = 20,
    seed: int = 0,
    advance: Callable[[str], None] | None = None,
    out: str | Path | None = None,
    executor: Executor | None = None,
    most_networks: int | None = None,
) -> Analysis:
    """Measure who gains from whom, and estimate it by affinities from the same networks.

    Parameters
    ----------
    data, learner, split, folds, seeds, budget, pairs, sizes, n_groups, seed, advance, out, executor
        As for `transfer_map`.
    affinities : Affinity or str, or sequence of these, default "prediction_similarity"
    most_networks : int, optional
        Networks that may be trained in all; an analysis that takes more is refused before it begins.

    Returns
    -------
    Analysis

    Raises
    ------
    ParameterError or StudyError
        As `transfer_map` does, or if there is no such affinity, or `most_networks` are too few.

    Examples
    --------
    >>> from polytask.analysis import analyze
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(1, 3, n_rows=60, seed=0)
    >>> analysis = analyze(data, folds=2, seeds=1, budget=Budget(steps=10))
    >>> [record.name for record in analysis.affinities]
    ['prediction_similarity']
    """
    resolved_affinities("analyze", affinities)
    runs = GroupRuns.of(
        data,
        learner,
        split=split,
        folds=folds,
        seeds=seeds,
        budget=budget,
        advance=advance,
        executor=executor,
    )
    asked: dict[str, Any] = {
        "affinities": affinities,
        "pairs": pairs,
        "sizes": sizes,
        "n_groups": n_groups,
        "seed": seed,
    }
    # a folder is not claimed for what is refused
    plan_runs(runs, **asked, most_networks=most_networks)
    with runs.keeping(out):
        return analyze_runs(runs, **asked)


def plan_runs(
    runs: GroupRuns,
    *,
    affinities: Affinities,
    pairs: bool,
    sizes: Sequence[int],
    n_groups: int,
    seed: int,
    also: Iterable[Group] = (),
    most_networks: int | None = None,
) -> PlannedNetworks:
    """Check what `analyze_runs` is to do, and count the networks that it trains.

    Parameters
    ----------
    runs, affinities, pairs, sizes, n_groups, seed, most_networks
        As for `analyze`.
    also : iterable of tuple of str
        Groups that further analyses train.

    Raises
    ------
    ParameterError
        As `analyze` does.
    """
    methods = resolved_affinities("analyze", affinities)
    check_groups("analyze", runs, pairs=pairs, sizes=sizes, n_groups=n_groups, seed=seed)
    sampled = random_groups(runs, sizes, n_groups, seed)
    planned = planned_networks(runs, methods, pairs=pairs, groups=[*sampled, *also])
    check_networks("analyze", most_networks, planned)
    return planned


def analyze_runs(
    runs: GroupRuns,
    *,
    affinities: Affinities = "prediction_similarity",
    pairs: bool = True,
    sizes: Sequence[int] = (),
    n_groups: int = 20,
    seed: int = 0,
) -> Analysis:
    """Do what `analyze` does with trainings that other analyses use, too.

    Parameters
    ----------
    runs : GroupRuns
        Trains what is missing.
    affinities, pairs, sizes, n_groups, seed
        As for `analyze`.

    Returns
    -------
    Analysis

    Raises
    ------
    ParameterError
        As `analyze` does.

    Examples
    --------
    >>> from polytask.analysis import GroupRuns, analyze_runs
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> data, _ = make_clustered_tasks(1, 2, n_rows=60, seed=0)
    >>> runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=10))
    >>> analyze_runs(runs).transfer.n_networks == runs.n_networks
    True
    """
    methods = resolved_affinities("analyze", affinities)
    check_groups("analyze", runs, pairs=pairs, sizes=sizes, n_groups=n_groups, seed=seed)
    sampled = random_groups(runs, sizes, n_groups, seed)
    records = estimated(methods, runs)
    transfer = map_of_runs(runs, pairs=pairs, sampled=sampled)
    known = bool(np.isfinite(transfer.matrix).any())
    agreement = {r.name: r.agreement(transfer) if known else None for r in records}
    return Analysis(transfer, records, agreement)
