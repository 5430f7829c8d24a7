"""Linear models with quadratic penalties: objectives, closed forms, and what they learn."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, Ridge

from polytask.exceptions import ParameterError, UnknownNameError
from polytask.linear_model import (
    GraphRegularizedRegressor,
    IndependentRidgeRegressor,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    PooledRidgeRegressor,
    TaskRelationshipClassifier,
    TaskRelationshipRegressor,
)
from polytask.linear_model._best_covariance import BestCovariance
from polytask.penalties import TaskCovariance

pytestmark = pytest.mark.usefixtures("unchecked_types")


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    tasks = np.repeat(np.arange(3), [9, 15, 6])
    X = random.normal(size=(30, 4)) + 1.0
    coef = np.array([[1.0, 0.0, -1.0, 0.5], [1.2, 0.3, -1.0, 0.0], [-1.0, 0.0, 1.0, 0.0]])
    y = np.einsum("np,np->n", X, coef[tasks]) + tasks + 0.5 * random.normal(size=30)
    return X, y, tasks


def explicit(rows, penalty, loss):
    """Coefficients and intercepts that minimise an objective as it is written, by scipy."""
    X, y, tasks = rows
    share = 1 / np.bincount(tasks)[tasks]

    def objective(flat):
        table = flat.reshape(3, 5)
        scores = np.einsum("np,np->n", X, table[tasks, :4]) + table[tasks, 4]
        return (share * loss(scores, y)).sum() + penalty(table[:, :4])

    found = minimize(objective, np.zeros(15), method="BFGS", options={"gtol": 1e-7})
    return found.x.reshape(3, 5), found.fun


def squared_loss(scores, labels):
    return 0.5 * (scores - labels) ** 2


def log_loss(scores, labels):
    return np.logaddexp(0, scores) - (labels > 1) * scores


def mean_penalty(coef, alpha=0.3, mean_alpha=0.1):
    mean = coef.mean(axis=0)
    return alpha / 2 * ((coef - mean) ** 2).sum() + mean_alpha / 2 * 3 * (mean**2).sum()


def trace_penalty(coef, epsilon, alpha=0.3):
    root = np.real(sqrtm(coef @ coef.T + epsilon * np.eye(3)))
    return alpha / 2 * np.trace(root) ** 2 / 3


def test_mean_regularised_regression_minimises_its_objective(rows):
    table, _ = explicit(rows, mean_penalty, squared_loss)
    model = MeanRegularizedRegressor(alpha=0.3, mean_alpha=0.1).fit(*rows[:2], tasks=rows[2])
    np.testing.assert_allclose(model.coef_, table[:, :4], atol=1e-5)
    np.testing.assert_allclose(model.intercept_, table[:, 4], atol=1e-5)
    assert model.residual_ < 1e-12


def test_mean_regularised_classification_minimises_its_objective(rows):
    table, _ = explicit(rows, mean_penalty, log_loss)
    X, y, tasks = rows
    model = MeanRegularizedClassifier(alpha=0.3, mean_alpha=0.1).fit(X, y > 1, tasks=tasks)
    np.testing.assert_allclose(model.coef_, table[:, :4], atol=1e-4)
    np.testing.assert_allclose(model.intercept_, table[:, 4], atol=1e-4)


@pytest.mark.parametrize("kind", [TaskRelationshipRegressor, TaskRelationshipClassifier])
def test_task_relationships_minimise_their_objective_over_coefficients_and_covariance(rows, kind):
    X, y, tasks = rows
    regression = kind is TaskRelationshipRegressor
    model = kind(alpha=0.3, epsilon=0.05, tol=1e-8).fit(X, y if regression else y > 1, tasks=tasks)
    apart, _ = explicit(
        rows, lambda coef: 0.15 * (coef**2).sum(), squared_loss if regression else log_loss
    )
    epsilon = 0.05 * (apart[:, :4] ** 2).sum(axis=1).mean()
    table, _ = explicit(
        rows, lambda coef: trace_penalty(coef, epsilon), squared_loss if regression else log_loss
    )
    np.testing.assert_allclose(model.coef_, table[:, :4], atol=1e-4)
    np.testing.assert_allclose(model.intercept_, table[:, 4], atol=1e-4)
    root = np.real(sqrtm(table[:, :4] @ table[:, :4].T + epsilon * np.eye(3)))
    np.testing.assert_allclose(model.task_covariance_, 3 * root / np.trace(root), atol=1e-3)


@pytest.mark.parametrize("epsilon", [1e-8, 0.1])
@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
def test_the_penalty_without_the_covariance_is_that_of_the_best_one(shape, epsilon):
    W = np.random.default_rng(0).normal(size=shape)
    ours, theirs = BestCovariance(0.7, epsilon), TaskCovariance(0.7, epsilon=epsilon)
    best = theirs.refit(W, theirs.start(W.shape))
    assert ours.value(W) == pytest.approx(theirs.value(W, best))
    np.testing.assert_allclose(ours.gradient(W), theirs.gradient(W, best), atol=1e-6)
    for step in (1e-3, 1.0, 1e3):
        point = ours.prox(W, step)
        away = point + step * ours.gradient(point) - W
        np.testing.assert_allclose(away, 0, atol=1e-6)


def test_task_relationships_do_not_depend_on_units_of_labels(rows):
    X, y, tasks = rows
    small = TaskRelationshipRegressor().fit(X, y, tasks=tasks)
    large = TaskRelationshipRegressor().fit(X, 1000 * y, tasks=tasks)
    np.testing.assert_allclose(large.coef_, 1000 * small.coef_, rtol=1e-6)


def test_equal_strengths_are_a_ridge_regression_per_task(rows):
    X, y, tasks = rows
    model = MeanRegularizedRegressor(alpha=0.2, mean_alpha=0.2).fit(X, y, tasks=tasks)
    for task in range(3):
        own = tasks == task
        ridge = Ridge(alpha=0.2 * own.sum()).fit(X[own], y[own])
        np.testing.assert_allclose(model.coef_[task], ridge.coef_)


def test_no_strength_at_all_is_the_least_norm_solution_of_each_task(rows):
    X, y, tasks = rows
    wide = np.hstack([X, X, X])
    model = MeanRegularizedRegressor(alpha=0.0, mean_alpha=0.0).fit(wide, y, tasks=tasks)
    own = tasks == 2
    expected = np.linalg.pinv(wide[own] - wide[own].mean(axis=0)) @ (y[own] - y[own].mean())
    np.testing.assert_allclose(model.coef_[2], expected)


def test_a_huge_strength_makes_tasks_of_classes_equal(rows):
    X, y, tasks = rows
    model = MeanRegularizedClassifier(alpha=1e5, mean_alpha=0.1).fit(X, y > 1, tasks=tasks)
    np.testing.assert_allclose(model.coef_ - model.mean_coef_, 0, atol=1e-4)


def test_unknown_tasks_are_answered_by_the_mean_if_that_is_set(rows):
    X, y, tasks = rows
    model = MeanRegularizedRegressor(unknown_tasks="mean").fit(X, y, tasks=tasks)
    expected = X[:2] @ model.coef_.mean(axis=0) + model.intercept_.mean()
    predicted = model.predict(X[:3], tasks=[7, 8, 1])
    np.testing.assert_allclose(predicted[:2], expected)
    np.testing.assert_allclose(predicted[2], model.predict(X[2:3], tasks=[1])[0])
    with pytest.raises(UnknownNameError, match=r"must name tasks that were learned\. Got .*7"):
        MeanRegularizedRegressor().fit(X, y, tasks=tasks).predict(X[:1], tasks=[7])


def test_each_of_several_classes_has_a_mean(rows):
    X, _, _ = rows
    tasks = np.repeat([0, 1], 15)
    labels = np.digitize(X[:, 0], [0.5, 1.5])
    model = MeanRegularizedClassifier(alpha=1e6, unknown_tasks="mean").fit(X, labels, tasks=tasks)
    np.testing.assert_allclose(model.coef_[:3], model.coef_[3:], atol=1e-4)
    assert not np.allclose(model.coef_[0], model.coef_[1], atol=0.1)
    unknown = model.decision_function(X, tasks=np.full(30, 9))
    np.testing.assert_allclose(unknown, X @ model.mean_coef_.T + model.mean_intercept_)


def test_one_task_is_logistic_regression(rows):
    X, y, _ = rows
    model = MeanRegularizedClassifier(alpha=7.0, mean_alpha=0.1, tol=1e-8).fit(X, y > 1)
    theirs = LogisticRegression(C=1 / (0.1 * 30), tol=1e-10).fit(X, y > 1)
    np.testing.assert_allclose(model.coef_, theirs.coef_, atol=1e-5)


def test_related_tasks_minimise_their_objective(rows):
    X, y, tasks = rows

    def penalty(coef):
        differences = ((coef[0] - coef[1]) ** 2).sum() + ((coef[1] - coef[2]) ** 2).sum()
        return 0.15 * differences + 0.05 * (coef**2).sum()

    table, _ = explicit(rows, penalty, squared_loss)
    model = GraphRegularizedRegressor(alpha=0.3, ridge=0.1, relations="chain").fit(
        X, y, tasks=tasks
    )
    np.testing.assert_allclose(model.coef_, table[:, :4], atol=1e-5)
    given = GraphRegularizedRegressor(
        alpha=0.3, ridge=0.1, relations=[[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    )
    np.testing.assert_allclose(given.fit(X, y, tasks=tasks).coef_, model.coef_)
    with pytest.raises(ParameterError, match=r"a row for each of the 3 tasks\. Got 2 rows"):
        GraphRegularizedRegressor(relations=np.eye(2)).fit(X, y, tasks=tasks)


def test_independent_ridge_is_one_ridge_per_task(rows):
    X, y, tasks = rows
    model = IndependentRidgeRegressor(alpha=0.2).fit(X, y, tasks=tasks)
    same = MeanRegularizedRegressor(alpha=0.2, mean_alpha=0.2).fit(X, y, tasks=tasks)
    np.testing.assert_allclose(model.coef_, same.coef_)


@pytest.mark.parametrize("common", [True, False])
def test_pooled_ridge_is_one_ridge_of_all_rows(rows, common):
    X, y, tasks = rows
    weights = np.arange(30) % 3 + 1.0
    model = PooledRidgeRegressor(alpha=0.2, common_intercept=common)
    model.fit(X, y, tasks=tasks, sample_weight=weights)
    if common:
        ridge = Ridge(alpha=0.2 * weights.sum()).fit(X, y, sample_weight=weights)
        np.testing.assert_allclose(model.coef_[2], ridge.coef_)
        np.testing.assert_allclose(model.intercept_, ridge.intercept_)
        return
    means = [
        np.average(np.c_[X, y][tasks == k], axis=0, weights=weights[tasks == k]) for k in range(3)
    ]
    centred = np.c_[X, y] - np.array(means)[tasks]
    ridge = Ridge(alpha=0.2 * weights.sum(), fit_intercept=False)
    ridge.fit(centred[:, :4], centred[:, 4], sample_weight=weights)
    np.testing.assert_allclose(model.coef_[1], ridge.coef_)
    np.testing.assert_allclose(model.intercept_[1], means[1][4] - means[1][:4] @ ridge.coef_)
