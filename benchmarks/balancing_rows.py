"""The rows of the table: which methods, by whom, and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import balancing_libmtl as libmtl
import balancing_ours as ours
import balancing_torchjd as torchjd
from balancing_case import Case, Contender

__all__ = ["GROUPS", "Group", "Maker"]

EXACT = ("UPGrad", "MGDA", "CAGrad", "IMTLG", "NashMTL", "AlignedMTL")
AMORTISED = ("MGDA", "CAGrad", "NashMTL", "FairGrad")
Maker = Callable[[Case], Contender]


@dataclass(frozen=True)
class Group:
    """Rows that are measured beside one baseline.

    `makers` gives, for a method's name, a way to make each column's contender; `targets` what is
    to be reached by network and number of tasks, with None for any network.
    """

    title: str
    methods: tuple[str, ...]
    makers: Callable[[str], Mapping[str, Maker]]
    targets: Mapping[tuple[str | None, int], float]
    rows: str = "shared"
    level: str | None = "shared"
    options: Mapping[str, object] | None = None

    def aim(self, network: str, n_tasks: int, name: str) -> float | None:
        """What is to be reached."""
        if name == "FAMO":
            return 1.4
        return self.targets.get((network, n_tasks), self.targets.get((None, n_tasks)))

    def made(self, name: str, n_tasks: int) -> object:
        """Our aggregator of that name, started."""
        return ours.method(name, n_tasks, **(self.options or {}))


def _ours(name: str, case: Case, *, engine: str | None = None, rows: bool = False) -> Contender:
    return ours.aggregated(ours.method(name, case.n_tasks), engine=engine, own_rows=rows)


def _exact(name: str) -> Mapping[str, Maker]:
    return {
        "polytask": partial(_ours, name),
        "TorchJD autojac": lambda case: torchjd.autojac(name, case.n_tasks),
        "TorchJD autogram": lambda case: torchjd.autogram(name, case.n_tasks, case),
        "LibMTL": lambda case: libmtl.weighting(name, case),
    }


def _amortised(name: str) -> Mapping[str, Maker]:
    return {
        "polytask": lambda case: ours.aggregated(
            ours.method(name, case.n_tasks, amortised=True), engine=None
        )
    }


def _features(name: str) -> Mapping[str, Maker]:
    return {
        "polytask": partial(_ours, name, engine="features"),
        "TorchJD autojac": lambda case: torchjd.on_features(name, case.n_tasks),
        "LibMTL": lambda case: libmtl.weighting(name, case, on_features=True),
    }


def _last_layer(name: str) -> Mapping[str, Maker]:
    return {
        "polytask": partial(_ours, name, engine="last_layer"),
        "TorchJD autogram": lambda case: torchjd.autogram(
            name, case.n_tasks, case, last_layer=True
        ),
    }


def _own_rows(name: str) -> Mapping[str, Maker]:
    makers = {"polytask": partial(_ours, name, rows=True)}
    return {**makers, **{who: make for who, make in _exact(name).items() if who != "polytask"}}


def _weighting(name: str) -> Mapping[str, Maker]:
    return {
        "polytask": lambda case: ours.weighted(name, case.n_tasks),
        "TorchJD scalarization": lambda case: torchjd.scalarized(name, case.n_tasks),
        "LibMTL": lambda case: libmtl.weighting(name, case),
    }


def _by_tasks(two: float, eight: float, forty: float) -> dict[tuple[str | None, int], float]:
    return {(None, 2): two, (None, 8): eight, (None, 40): forty}


GROUPS: dict[str, Group] = {
    "exact": Group(
        "Exact: weights from the Gramian of all shared parameters",
        EXACT,
        _exact,
        {
            ("mlp", 2): 1.7,
            ("mlp", 8): 3.5,
            ("mlp", 40): 12.0,
            ("cnn", 2): 1.6,
            ("cnn", 8): 4.5,
            ("cnn", 40): 19.0,
        },
    ),
    "amortised": Group(
        "Amortised: weights carried from step to step",
        AMORTISED,
        _amortised,
        _by_tasks(2.4, 2.6, 2.9),
        options={"amortised": True},
    ),
    "features": Group(
        "At the features",
        ("MGDA", "UPGrad", "AlignedMTL"),
        _features,
        {(None, 40): 1.3},
        level="features",
    ),
    "last_layer": Group(
        "At the last shared layer",
        ("MGDA", "UPGrad", "NashMTL"),
        _last_layer,
        _by_tasks(1.2, 1.35, 2.2),
        level="last_layer",
    ),
    "weightings": Group(
        "Loss weightings",
        tuple(ours.weightings()),
        _weighting,
        _by_tasks(1.02, 1.02, 1.02),
        level=None,
    ),
    "pcgrad": Group("Gradient surgery", ("PCGrad",), _exact, {("mlp", 40): 12.0}),
    "own_rows": Group(
        "Own rows: a batch of 128 per task",
        ("UPGrad", "MGDA"),
        _own_rows,
        _by_tasks(1.1, 1.3, 1.8),
        rows="own",
    ),
    "split_rows": Group(
        "Own rows: 128 rows in all, split over the tasks",
        ("UPGrad", "MGDA"),
        _own_rows,
        _by_tasks(1.1, 1.3, 1.8),
        rows="split",
    ),
}
