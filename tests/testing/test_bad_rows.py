"""Bad input of joint estimators of all rooms: what is refused, warned of or served, and in which words.

`check_estimator` holds every estimator to constant and collinear features, columns in another order and unknown tasks.
"""

import inspect
import re
import warnings

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning

import polytask.linear_model as room
from polytask.exceptions import DataError, ParameterError
from polytask.kernel_methods import (
    MultipleKernelClassifier,
    MultipleKernelRegressor,
    MultiTaskKernelRidge,
    MultiTaskKernelRidgeClassifier,
    MultiTaskSVC,
    MultiTaskSVR,
)
from polytask.linear_model import (
    GraphRegularizedRegressor,
    IndependentRidgeRegressor,
    L21Regressor,
    MeanRegularizedRegressor,
    PathEstimator,
    PathSearchCV,
    PenalizedEstimator,
)
from polytask.tree_models import MultiTaskBoostingRegressor

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(40, 4))
Y = X[:, :2] @ DRAW.normal(size=(2, 3)) + 0.5 * DRAW.normal(size=(40, 3))
TASKS = np.where(np.arange(40) < 2, "few", "many")
PENALISED = [
    cls
    for cls in map(room.__dict__.get, room.__all__)
    if issubclass(cls, PenalizedEstimator)
    and not issubclass(cls, PathEstimator)
    and not inspect.isabstract(cls)
]


def labels(model):
    return (np.median(Y, axis=0) < Y).astype(int) if is_classifier(model) else Y


def norm_of(cls):
    """The smallest strength that leaves nothing, if there is one."""
    model = cls()
    try:
        return model.alpha_max(X, labels(model))
    except ParameterError:
        return None


@pytest.mark.parametrize("cls", PENALISED, ids=lambda cls: cls.__name__)
def test_strengths_beyond_the_largest_leave_nothing_and_that_is_said(cls):
    largest = norm_of(cls)
    if largest is None:
        with pytest.raises(ParameterError, match=r"has no (largest )?strength"):
            cls().alpha_max(X, labels(cls()))
        return
    words = rf"All coefficients of {cls.__name__} are 0: alpha=.* is not below .* Lower `alpha`"
    with pytest.warns(UserWarning, match=words):
        assert not cls(1.01 * largest).fit(X, labels(cls())).coef_.any()
    assert cls(0.9 * largest).fit(X, labels(cls())).coef_.any()


@pytest.mark.parametrize("cls", PENALISED, ids=lambda cls: cls.__name__)
def test_what_did_not_converge_says_how_near_it_is_and_what_to_change(cls):
    wide = np.hstack([X, X[:, ::-1] ** 2 + 5 * X])
    few = {"max_iter": 1, "tol": 1e-13}
    model = cls(**{name: value for name, value in few.items() if name in cls().get_params()})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(wide, labels(model))
    gap = model.dual_gap_ if hasattr(model, "dual_gap_") else model.residual_
    said = [str(each.message) for each in caught if each.category is ConvergenceWarning]
    assert said or gap < 1e-9  # of closed forms rounding is left
    for sentence in said:
        start = (
            rf"{cls.__name__} stopped after \d+ iterations at a relative .* of .*, above tol=1e-13"
        )
        assert re.match(rf"{start}. Raise `max_iter`", sentence)


@pytest.mark.parametrize(
    "model",
    [
        MultiTaskKernelRidge(task_covariance=[[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        MultiTaskSVR(task_covariance=[[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        MultiTaskSVC(task_covariance=[[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_covariance_that_is_not_positive_semidefinite_is_refused(model):
    with pytest.raises(
        ParameterError, match=r"`task_covariance`.*symmetric positive semi-definite"
    ):
        model.fit(X, labels(model))


@pytest.mark.parametrize("relations", [[[0, 1], [2, 0]], [[0, -1], [-1, 0]], [[0, 1, 1]]])
def test_relations_of_tasks_are_symmetric_and_not_negative(relations):
    with pytest.raises(ParameterError, match=r"`relations`.*symmetric matrix of numbers from 0"):
        GraphRegularizedRegressor(relations=relations).fit(X, Y[:, :2])


@pytest.mark.parametrize(
    "model", [L21Regressor(), IndependentRidgeRegressor()], ids=lambda model: type(model).__name__
)
def test_a_task_with_fewer_rows_than_folds_is_named_by_its_id(model):
    words = r"`cv` parameter of PathSearchCV .* Task 'few' has 2 samples, and there are 3 folds"
    with pytest.raises(DataError, match=words):
        PathSearchCV(model, cv=3).fit(X, Y[:, 0], tasks=TASKS)


def test_boosting_serves_a_task_with_fewer_rows_than_folds():
    model = MultiTaskBoostingRegressor(max_iter=3, folds=3, min_samples_leaf=5, random_state=0)
    answers = model.fit(X, Y[:, 0], tasks=TASKS).predict(X, tasks=np.repeat("few", 40))
    assert np.isfinite(answers).all()


def test_a_task_of_one_row_has_the_coefficients_of_the_others():
    one = np.where(np.arange(40) < 1, "few", "many")
    model = MeanRegularizedRegressor(alpha=0.1).fit(X, Y[:, 0], tasks=one)
    np.testing.assert_allclose(model.coef_[0], model.coef_[1], atol=0.05)


KERNELS = [
    MultiTaskKernelRidge,
    MultiTaskKernelRidgeClassifier,
    MultipleKernelRegressor,
    MultipleKernelClassifier,
]


@pytest.mark.parametrize("cls", KERNELS, ids=lambda cls: cls.__name__)
def test_a_strength_that_leaves_equal_rows_without_a_solution_is_named(cls):
    equal = np.repeat(X[:4], 10, axis=0)
    with pytest.raises(ParameterError, match=rf"`alpha` parameter of {cls.__name__} must be larg"):
        cls(alpha=1e-18).fit(equal, labels(cls())[:, 0], tasks=np.arange(40) % 2)


@pytest.mark.parametrize("cls", [MultiTaskKernelRidge, MultiTaskSVR, MultiTaskSVC])
def test_a_kernel_beyond_floats_is_named(cls):
    with pytest.raises(DataError, match=r"kernel 'polynomial' is too large.*Scale the inputs"):
        cls(kernel="polynomial", gamma=1.0).fit(1e120 * X, labels(cls()))
