"""The rows of the table: which methods, and by whom."""

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

    `makers` gives, for a method's name, a way to make each column's contender.
    """

    title: str
    methods: tuple[str, ...]
    makers: Callable[[str], Mapping[str, Maker]]
    rows: str = "shared"
    level: str | None = "shared"
    options: Mapping[str, object] | None = None

    def made(self, name: str, n_tasks: int) -> object:
        """Our aggregator of that name, started."""
        return ours.method(name, n_tasks, **(self.options or {}))


def _ours(name: str, case: Case, *, engine: str = "auto", rows: bool = False) -> Contender:
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
        "polytask": lambda case: ours.aggregated(ours.method(name, case.n_tasks, amortised=True))
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
    makers: dict[str, Maker] = {
        "polytask": partial(_ours, name, rows=True),
        "polytask, forward passes apart": lambda case: ours.apart(ours.method(name, case.n_tasks)),
        "TorchJD autojac, apart": lambda case: torchjd.apart(name, case.n_tasks),
    }
    return {**makers, **{who: make for who, make in _exact(name).items() if who != "polytask"}}


def _weighting(name: str) -> Mapping[str, Maker]:
    return {
        "polytask": lambda case: ours.weighted(name, case.n_tasks),
        "TorchJD scalarization": lambda case: torchjd.scalarized(name, case.n_tasks),
        "LibMTL": lambda case: libmtl.weighting(name, case),
    }


GROUPS: dict[str, Group] = {
    "exact": Group("Exact: weights from the Gramian of all shared parameters", EXACT, _exact),
    "amortised": Group(
        "Amortised: weights carried from step to step",
        AMORTISED,
        _amortised,
        options={"amortised": True},
    ),
    "features": Group(
        "At the features", ("MGDA", "UPGrad", "AlignedMTL"), _features, level="features"
    ),
    "last_layer": Group(
        "At the last shared layer", ("MGDA", "UPGrad", "NashMTL"), _last_layer, level="last_layer"
    ),
    "weightings": Group("Loss weightings", tuple(ours.weightings()), _weighting, level=None),
    "pcgrad": Group("Gradient surgery", ("PCGrad",), _exact),
    "own_rows": Group(
        "Own rows: a batch of 128 per task", ("UPGrad", "MGDA"), _own_rows, rows="own"
    ),
    "split_rows": Group(
        "Own rows: 128 rows in all, split over the tasks",
        ("UPGrad", "MGDA"),
        _own_rows,
        rows="split",
    ),
}
