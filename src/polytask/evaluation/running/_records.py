"""Specs and records: plain values that go through JSON; all that `report` reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from polytask._plain import from_plain

__all__ = ["MetricRecord", "RunRecord", "RunSpec"]


@dataclass(frozen=True)
class RunSpec:
    """One learner with one setting, on one split, with one seed.

    Parameters
    ----------
    data : str
        Digest of the rows, inputs, targets and tasks.
    split : mapping
        How the rows were split (kind, seed or column, sizes) and the digest of the outcome.
    learner : mapping
        The recipe as JSON.
    name : str
        The learner's name in tables.
    seed : int
    budget : mapping
        ``trials`` and ``steps``.
    versions : mapping of package to version
    tasks : tuple of str, default ()
        The tasks that are fitted, where these are not all.
    """

    data: str
    split: Mapping[str, Any]
    learner: Mapping[str, Any]
    name: str
    seed: int
    budget: Mapping[str, int]
    versions: Mapping[str, str]
    tasks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Hexadecimal digest that names the run's files."""
        values = asdict(self)
        if not self.tasks:  # as before there were runs of some tasks
            del values["tasks"]
        text = json.dumps(values, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class MetricRecord:
    """One metric of one task: a value, or the reason why there is none.

    Attributes
    ----------
    value : float or None
    undefined : str or None
        Such as "only one class among the 12 test rows".
    left_out : tuple of str
        Where the value is a mean over columns or classes: those it leaves out, with reasons.
    """

    value: float | None
    undefined: str | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRecord:
    """Results of one run.

    Attributes
    ----------
    spec : RunSpec
    validation : mapping of task to mapping of metric to MetricRecord
    test : mapping of task to mapping of metric to MetricRecord
        Empty unless the run was chosen.
    test_reads : int
        How often test rows were predicted: 0, or 1 for a chosen run.
    history : mapping
        `History.to_dict`, {} for learners without epochs.
    n_parameters : int
    seconds : float
        Wall-clock seconds of fitting.
    flops : float
        Floating-point operations of predicting a row; 0 where they were not counted.
    seconds_of_pass : float
        Median seconds of predicting the first 256 validation rows of every source; 0 as above.
    settings : mapping
        The tuned settings of this run.
    thresholds : mapping of task to tuple of float
        Thresholds of decisions, chosen on validation rows or given, one per target column.
    failure : str
        Why there is no model, such as a loss that became infinite; empty if there is one.
    error : str
        Name of the class in `polytask.exceptions` that was raised; empty if none was.
    files : mapping of str to str
        Digests of what lies beside the record: the model, and predictions of validation and
        test rows.
    """

    spec: RunSpec
    validation: Mapping[str, Mapping[str, MetricRecord]]
    test: Mapping[str, Mapping[str, MetricRecord]] = field(default_factory=dict)
    test_reads: int = 0
    history: Mapping[str, Any] = field(default_factory=dict)
    n_parameters: int = 0
    seconds: float = 0.0
    flops: float = 0.0
    seconds_of_pass: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    failure: str = ""
    error: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def covers(self, tasks: Collection[str]) -> bool:
        """Whether the test rows of these tasks were read."""
        return self.test_reads > 0 and set(tasks) <= set(self.test)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> RunRecord:
        """Build what `to_dict` wrote.

        Raises
        ------
        ValueError
            Naming the first field that is missing, unknown or holds something else.
        """
        return from_plain(cls, values)
