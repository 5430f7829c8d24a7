"""Support vector machines, one per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC, SVR

from polytask._validation import Choice, Constraint, InstanceOf, Interval, check_parameters
from polytask.data import MultiTaskDataset
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["SVM"]

_FOLDS = 5


@dataclass(frozen=True)
class SVM(Recipe):
    r"""A support vector machine per task, for numbers and classes.

    .. math:: \min_f \frac{1}{2} \lVert f \rVert^2 + C \sum_i \ell(f(x_i) + b, y_i)

    in the space of the kernel, with the hinge loss ℓ of classes (one against one for more than two), or
    the error beyond ε of numbers. Numbers are standardised, inputs and targets, and categories are
    indicators.

    Parameters
    ----------
    C : float, default 1.0
        The weight of the rows' losses.
    kernel : {"rbf", "linear"}, default "rbf"
        Gaussian, of the width ``gamma="scale"`` of scikit-learn, or none.
    epsilon : float, default 0.1
        Errors of numbers that cost nothing, in standard deviations of the target.
    name : str, default "svm"

    Notes
    -----
    Probabilities are those of Platt's sigmoid over scores of held-out folds, five or as many as the
    rarest class has rows. The time grows with the square of a task's rows: some 20,000 take minutes.

    References
    ----------
    Cortes and Vapnik, "Support-vector networks", Machine Learning 1995. Platt, "Probabilistic
    outputs for support vector machines", Advances in Large Margin Classifiers 1999.

    Examples
    --------
    >>> from polytask.learners import SVM
    >>> SVM(C=10.0, kernel="linear").name
    'svm'
    """

    C: float = 1.0
    kernel: Literal["rbf", "linear"] = "rbf"
    epsilon: float = 0.1
    name: str = "svm"

    joint: ClassVar[bool] = False
    tuned: ClassVar[tuple[str, ...]] = ("C", "kernel")
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "C": Range(1e-2, 1e3, log=True, default=1.0, values=(10.0, 0.1, 100.0)),
        "kernel": Choices(("rbf", "linear")),
        "epsilon": Range(1e-3, 1.0, log=True, default=0.1),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "C": Interval(float, 0.0, closed="neither"),
        "kernel": Choice(("rbf", "linear")),
        "epsilon": Interval(float, 0.0),
        "name": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """False: folds are taken in the order of the rows."""
        del train
        return False

    def learner(self) -> PerTaskEstimator:
        """scikit-learn's SVR, and its SVC with calibrated probabilities."""
        classifier = SVC(C=self.C, kernel=self.kernel)
        estimators = (
            SVR(C=self.C, kernel=self.kernel, epsilon=self.epsilon),
            CalibratedClassifierCV(classifier, cv=_FOLDS, ensemble=False),
        )
        return PerTaskEstimator(estimators, self.name)
