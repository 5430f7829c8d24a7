"""Kernel ridge regression of several tasks against its conditions of optimality and scikit-learn's."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics.pairwise import pairwise_kernels, rbf_kernel

from polytask.exceptions import DataError, ParameterError
from polytask.kernel_methods import (
    MultiTaskKernelRidge,
    MultiTaskKernelRidgeClassifier,
    _kernel,
    _kernel_ridge,
)
from polytask.linear_model import TaskRelationshipRegressor

pytestmark = pytest.mark.usefixtures("unchecked_types")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(30, 3))
Y = np.sin(X @ GENERATOR.normal(size=(3, 4))) + 0.1 * GENERATOR.normal(size=(30, 4)) + 2.0
GAPS = np.where(GENERATOR.random(Y.shape) < 0.3, np.nan, Y)
WEIGHTS = GENERATOR.uniform(0.2, 2.0, size=30)
HALF = GENERATOR.normal(size=(4, 4))
COVARIANCE = HALF @ HALF.T / 4 + 0.1 * np.eye(4)


def dual(model, labels, weights, factors):
    """Weighted residuals over alpha (n, n_tasks), which the dual coefficients of tasks must equal."""
    wide = np.where(np.isnan(labels), 0.0, weights[:, None])
    residual = np.nan_to_num(labels - model.predict(X))
    return factors * wide / wide.sum(axis=0) * residual / model.alpha


@pytest.mark.parametrize("labels", [Y, GAPS], ids=["complete", "gaps"])
@pytest.mark.parametrize("factors", [np.full(4, 3.0), np.array([1.0, 2.0, 2.0, 2.0])])
@pytest.mark.parametrize("kernel", ["rbf", "linear", "polynomial"])
@pytest.mark.parametrize("covariance", [None, COVARIANCE, np.ones((4, 4))])
def test_coefficients_are_optimal(labels, factors, kernel, covariance):
    model = MultiTaskKernelRidge(0.003, kernel=kernel, task_covariance=covariance)
    model.fit(X, labels, sample_weight=WEIGHTS, task_weights=factors)
    own = dual(model, labels, WEIGHTS, factors)
    scale = np.abs(own).max()
    assert np.abs(own.sum(axis=0)).max() < 1e-8 * scale  # intercepts
    expected = own @ model.task_covariance_
    if kernel == "linear":
        wanted, got = X.T @ expected, model.feature_coef_
    else:
        wanted, got = expected, model.dual_coef_
    assert np.abs(wanted - got).max() < 1e-7 * np.abs(wanted).max()


def test_objective_is_the_least_by_another_solver():
    model = MultiTaskKernelRidge(0.01, gamma=0.3, task_covariance=COVARIANCE).fit(X, GAPS)
    row, task = np.nonzero(~np.isnan(GAPS))
    joint = rbf_kernel(X, gamma=0.3)[np.ix_(row, row)] * COVARIANCE[np.ix_(task, task)]
    weight = 1 / np.bincount(task)[task]

    def objective(values):
        function = joint @ values[:-4]
        residual = GAPS[row, task] - function - values[-4:][task]
        slope = -weight * residual
        total = 0.5 * weight @ residual**2 + 0.005 * values[:-4] @ function
        gradient = joint @ (slope + 0.01 * values[:-4])
        return total, np.append(gradient, np.bincount(task, slope))

    start = np.zeros(len(row) + 4)
    best = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-9})
    residual = (GAPS - model.predict(X))[row, task]
    own = weight * residual / 0.01
    reached, _ = objective(np.append(own, model.intercept_))
    assert reached <= best.fun + 1e-8
    assert reached == pytest.approx(best.fun, rel=1e-4)


@pytest.mark.parametrize("labels", [Y, GAPS], ids=["complete", "gaps"])
def test_without_sharing_it_is_one_kernel_ridge_per_task(labels):
    model = MultiTaskKernelRidge(0.01, gamma=0.5, shared=0.0, fit_intercept=False).fit(X, labels)
    for k in range(4):
        rows = ~np.isnan(labels[:, k])
        alone = KernelRidge(alpha=0.01 * rows.sum(), kernel="rbf", gamma=0.5)
        alone.fit(X[rows], labels[rows, k])
        np.testing.assert_allclose(model.predict(X)[:, k], alone.predict(X), rtol=1e-8)


@pytest.mark.parametrize("covariance", [None, COVARIANCE, np.ones((4, 4))])
@pytest.mark.parametrize("labels", [Y, GAPS], ids=["complete", "gaps"])
def test_features_of_all_rows_give_the_exact_solution(labels, covariance):
    exact = MultiTaskKernelRidge(0.01, task_covariance=covariance).fit(X, labels)
    model = MultiTaskKernelRidge(
        0.01, task_covariance=covariance, approximation="nystroem", n_components=30, random_state=0
    )
    np.testing.assert_allclose(model.fit(X, labels).predict(X), exact.predict(X), rtol=1e-5)


def test_random_waves_come_near_the_exact_solution():
    exact = MultiTaskKernelRidge(0.01).fit(X, GAPS)
    waves = MultiTaskKernelRidge(
        0.01, approximation="random_features", n_components=500, random_state=0
    )
    error = np.abs(waves.fit(X, GAPS).predict(X) - exact.predict(X)).max()
    assert 1e-6 < error < 0.3


def test_predictions_of_blocks_and_of_tasks_are_those_of_all(monkeypatch):
    model = MultiTaskKernelRidge().fit(sparse.csr_array(X), GAPS)
    whole = model.predict(X)
    monkeypatch.setattr("polytask.kernel_methods._kernel_estimator._ENTRIES", 100)
    np.testing.assert_allclose(model.predict(sparse.csr_array(X)), whole)
    task = np.arange(30) % 4
    np.testing.assert_allclose(model.predict(X, tasks=task), whole[np.arange(30), task])


def test_bad_settings_are_named(monkeypatch):
    with pytest.raises(ParameterError, match=r"`task_covariance`.*4 × 4.*It is 2 × 2"):
        MultiTaskKernelRidge(task_covariance=np.eye(2)).fit(X, Y)
    with pytest.raises(ParameterError, match=r"`task_covariance`.*positive semi-definite"):
        MultiTaskKernelRidge(task_covariance=[[1.0, 2.0], [2.0, 1.0]]).fit(X, Y[:, :2])
    waves = MultiTaskKernelRidge(kernel="cosine", approximation="random_features")
    with pytest.raises(ParameterError, match=r"`approximation`.*'rbf'"):
        waves.fit(X, Y)
    monkeypatch.setattr(_kernel_ridge, "_MOST_LABELS", 20)
    with pytest.raises(DataError, match=r"30 rows.*approximation=\"nystroem\""):
        MultiTaskKernelRidge().fit(X, Y)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("labels", [Y, GAPS], ids=["complete", "gaps"])
def test_a_learned_covariance_is_the_best_together_with_the_functions(labels, kernel):
    settings = {"alpha": 0.02, "kernel": kernel, "gamma": 0.3, "epsilon_covariance": 0.01}
    first = MultiTaskKernelRidge(**settings).fit(X, labels)
    model = MultiTaskKernelRidge(**settings, task_covariance="learned").fit(X, labels)
    inputs = X @ X.T if kernel == "linear" else rbf_kernel(X, gamma=0.3)
    known = ~np.isnan(labels)

    def inner(fitted):
        functions = fitted.predict(X) - fitted.intercept_
        return functions.T @ np.linalg.pinv(inputs, rcond=1e-10, hermitian=True) @ functions

    unit = 0.01 * np.trace(inner(first)) / 4

    def height(fitted):
        losses = np.where(known, np.square(labels - fitted.predict(X)), 0.0).sum(axis=0)
        inverse = np.linalg.inv(fitted.task_covariance_)
        norms = np.trace(inverse @ inner(fitted)) + unit * np.trace(inverse)
        return 0.5 * (losses / known.sum(axis=0)).sum() + 0.01 * norms

    best = height(model)
    assert np.trace(model.task_covariance_) == pytest.approx(4.0)
    assert best < height(first)
    for _ in range(10):
        change = GENERATOR.normal(size=(4, 4)) * 0.02
        other = model.task_covariance_ + change @ change.T
        other *= 4 / np.trace(other)
        moved = MultiTaskKernelRidge(**{**settings, "task_covariance": other}).fit(X, labels)
        assert best <= height(moved) * (1 + 1e-6)


def test_a_linear_kernel_with_a_learned_covariance_is_the_linear_model():
    linear = TaskRelationshipRegressor(0.02, epsilon=0.05, tol=1e-9).fit(X, GAPS)
    apart = MultiTaskKernelRidge(0.02, kernel="linear", shared=0.0, epsilon_covariance=0.05)
    model = apart.set_params(task_covariance="learned").fit(X, GAPS)
    np.testing.assert_allclose(model.task_covariance_, linear.task_covariance_, atol=1e-3)
    np.testing.assert_allclose(model.predict(X), linear.predict(X), atol=1e-3)


@pytest.mark.parametrize("labels", [Y, GAPS], ids=["complete", "gaps"])
def test_a_classifier_without_sharing_is_scikit_learns_of_each_task(labels):
    classes = np.where(np.isnan(labels), np.nan, labels > 2.0)
    model = MultiTaskKernelRidgeClassifier(0.01, kernel="linear", shared=0.0).fit(X, classes)
    for k in range(4):
        rows = ~np.isnan(classes[:, k])
        alone = RidgeClassifier(0.01 * rows.sum(), tol=1e-10).fit(X[rows], classes[rows, k])
        scores = model.decision_function(X)[:, k]
        np.testing.assert_allclose(scores, alone.decision_function(X), atol=1e-8)


@pytest.mark.parametrize("labels", [Y, GAPS], ids=["complete", "gaps"])
def test_probabilities_are_those_of_labels_that_were_not_learned(labels):
    noise = (GENERATOR.random(labels.shape) < 0.5).astype(float)
    noise[np.isnan(labels)] = np.nan
    model = MultiTaskKernelRidgeClassifier(1e-4, gamma=1.0).fit(X, noise)
    sure = MultiTaskKernelRidgeClassifier(1e-4, gamma=1.0, calibration_folds=0).fit(X, noise)
    assert (model.predict(X) == sure.predict(X)).all()
    assert np.abs(model.predict_proba(X) - 0.5).mean() < np.abs(sure.predict_proba(X) - 0.5).mean()


@pytest.mark.parametrize("labels", [Y, GAPS], ids=["complete", "gaps"])
def test_held_out_scores_are_of_the_kernel_of_all_rows_which_is_computed_once(monkeypatch, labels):
    computed = []

    def counted(*given, **settings):
        computed.append(1)
        return pairwise_kernels(*given, **settings)

    monkeypatch.setattr(_kernel, "pairwise_kernels", counted)
    classes = np.where(np.isnan(labels), np.nan, labels > 2.0)
    MultiTaskKernelRidgeClassifier(0.01).fit(X, classes)
    assert len(computed) == 1


def test_tasks_of_three_classes_share_between_columns_of_a_class():
    tasks, labels = np.repeat(["a", "b"], 15), np.digitize(X[:, 0], [-0.5, 0.5])
    model = MultiTaskKernelRidgeClassifier(shared=0.3).fit(X, labels, tasks=tasks)
    assert (model.task_covariance_[:3, 3:] == 0.3 * np.eye(3)).all()
    assert (model.predict(X, tasks=tasks) == labels).mean() > 0.9
