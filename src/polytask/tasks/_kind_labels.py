"""Labels of a kind: their shapes, encoding, true values, classes and units."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Shaped

from polytask.tasks._fitted_target import FittedTarget

__all__ = ["Columns", "KindLabels"]

Columns = Sequence[Shaped[np.ndarray, " n *cells"]]
"""Target columns as the user gave them: floats with NaN, or object with None where missing.

Columns of arrays, which kinds of form "map" take, have the arrays' axes after that of the rows.
"""


class KindLabels(ABC):
    """The part of `polytask.tasks.Kind` on labels."""

    name: ClassVar[str]

    # ── shapes ────────────────────────────────────────────────────────────────
    def target_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """Shape of one row's encoded label; by default one cell for each target column."""
        return (len(fitted.columns),)

    @abstractmethod
    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """Shape of one row's raw scores, such as ``(1,)`` for a number."""

    def with_steps(self, fitted: FittedTarget, n_steps: int) -> FittedTarget:
        """The same target for rows of up to so many steps; as it is where steps are not labelled.

        A column whose steps are labelled may be declared to have more than any training row.
        """
        del n_steps
        return fitted

    # ── labels ────────────────────────────────────────────────────────────────
    @abstractmethod
    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, " n *cells"]:
        """Codes or scaled values that losses compare with raw scores: finite, NaN where missing.

        Shape (n, ``*target_shape``). A class that was not seen in training is missing too.
        """

    @abstractmethod
    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """What metrics compare responses with: user's units or class codes, float64, NaN missing.

        Shape (n,) or (n, n_columns). A class that was not seen in training is no missing label:
        among several exclusive classes it has the code ``len(fitted.classes)``, which is never
        predicted and so counts as wrong.
        """

    def class_codes(
        self, truth: Float[np.ndarray, " n *columns"], fitted: FittedTarget
    ) -> Float64[np.ndarray, "n c"] | None:
        """Class of each label, NaN where missing; None if the target has no classes.

        Splits keep the shares of these classes, and what can be known of a metric depends on the
        rarer ones.

        Parameters
        ----------
        truth : array
            As `truth` gives it.
        fitted : FittedTarget

        Returns
        -------
        array of shape (n, 1), or (n, n_columns) if every column has classes of its own, or None
            Positions in ``fitted.classes``.
        """
        del truth, fitted
        return None

    def events(
        self, truth: Float[np.ndarray, " n *columns"], fitted: FittedTarget
    ) -> Float64[np.ndarray, " n"] | None:
        """1 for each label that is an event and 0 for others, NaN where missing; by default None.

        Of targets without classes. Splits keep the share of events, and few of them decide metrics.

        Parameters
        ----------
        truth : array
            As `truth` gives it.
        fitted : FittedTarget
        """
        del truth, fitted
        return None

    def units(self, fitted: FittedTarget) -> tuple[float, ...]:
        """Deviation of each column in the user's units; empty if the target has no units.

        If there are units, `truth` is the columns themselves and `encode` has one number for each;
        a factor on a column changes units and decisions by that factor, and labels not at all.
        """
        del fitted
        return ()

    def deviations(self, fitted: FittedTarget) -> tuple[float, ...]:
        """Deviation of each column in the user's units, for metrics in these; by default `units`.

        A kind that bends its columns before they are learned has no `units`, but has these.
        """
        return self.units(fitted)
