"""Reports of a kind: summaries of labels, calibration, decided classes, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Real, Shaped

from polytask.tasks._calibration import Calibration
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind_labels import Columns, KindLabels

__all__ = ["KindReports"]


class KindReports(KindLabels):
    """The part of `polytask.tasks.Kind` on reports."""

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """Labels in a few plain values, for reports.

        Returns
        -------
        dict
            ``mean`` and ``std``, a list with one number for each column; or ``classes`` and
            ``counts``, with ``overlapping`` true if a row may have several of the classes.
        """
        truth = self.truth(columns, fitted).reshape(len(columns[0]), -1)
        mean, deviation = np.nanmean(truth, axis=0), np.nanstd(truth, axis=0)
        return {"mean": mean.tolist(), "std": deviation.tolist()}

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration | None:
        """Whether what responses state comes true on labelled rows; None without such a check.

        `polytask.tasks.calibrated_shares`, `calibrated_means` and `calibrated_levels` compare
        probabilities with shares of events, means with means, and levels with shares below them.

        Parameters
        ----------
        truth, response, fitted
            As in a metric; cells that are not labelled are NaN.
        weight : array of shape (n,)
            How many rows each counts as.
        """
        del truth, response, fitted, weight
        return None

    def restated(
        self, response: np.ndarray, fitted: FittedTarget, common: FittedTarget
    ) -> np.ndarray:
        """A response as that of another fitted target, so that rows of several are put together.

        By default as it is, which suits responses in the user's units and of classes. A response at
        places that `fit` learned, such as the times of a curve, is brought to the others'.

        Parameters
        ----------
        response : array
        fitted : FittedTarget
            That of the response.
        common : FittedTarget
            Of the same task and classes, fitted on other rows.
        """
        del fitted, common
        return response

    def decided_codes(
        self, response: np.ndarray, fitted: FittedTarget
    ) -> Real[np.ndarray, "n cells"] | None:
        """Code of the class that is decided for, for each cell of `truth`; None without classes.

        For tables of precision and recall per class.
        """
        del response, fitted
        return None

    def note(self, fitted: FittedTarget, column: str, *, inferred: bool) -> str:
        """What is reported of the target when a table is read, such as which class is positive.

        Parameters
        ----------
        fitted : FittedTarget
        column : str
            How the user would name the target's column.
        inferred : bool
            Whether the kind was inferred from the column.
        """
        del fitted, column, inferred
        return ""

    def examples(self) -> Sequence[Mapping[str, Shaped[np.ndarray, " n"]]]:
        """Target columns that the common checks try the kind with; none by default.

        Kinds of numbers, classes and texts need none: the checks try common columns and keep those
        that `fit` accepts. A kind whose targets must be special, such as angles or intervals,
        offers some: float64 with NaN or object with None where missing, in a few dozen rows.
        """
        return ()
