from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, Interval, check_parameters, message
from polytask.data._dataset import MultiTaskDataset
from polytask.data._split import Split
from polytask.data._splitter import Splitter, drawn_split
from polytask.exceptions import ParameterError

__all__ = ["RandomSplit"]


@dataclass(frozen=True)
class RandomSplit(Splitter):
    """Rows drawn by seed, stratified over the classes (and missing labels) of all tasks.

    Where the data has groups, whole groups are drawn. Every class of every task comes into every
    part where it has rows enough.

    Parameters
    ----------
    test : float, default 0.2
        Share of all rows.
    validation : float, default 0.2
        Share of all rows.

    Notes
    -----
    Strata are served whole, the rarest first, where Sechidis, Tsoumakas & Vlahavas (2011) serve
    them row by row.
    """

    test: float = 0.2
    validation: float = 0.2

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "test": Interval(float, 0.0, 1.0, closed="left"),
        "validation": Interval(float, 0.0, 1.0, closed="left"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.test + self.validation >= 1.0:
            expected = "a share that leaves rows to train on besides `validation`"
            raise ParameterError(message(type(self).__name__, "test", expected, self.test))

    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """One split."""
        shares = (1.0 - self.validation - self.test, self.validation, self.test)
        return [drawn_split(dataset, shares, seed, "random")]
