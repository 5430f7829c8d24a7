"""Coefficients by features of tasks: equality with a dense system, new tasks, errors."""

import numpy as np
import pytest

from polytask.exceptions import ParameterError, UnknownNameError
from polytask.linear_model import (
    PooledRidgeRegressor,
    TaskFeaturesClassifier,
    TaskFeaturesRegressor,
)


def seasons(n=15, noise=0.3):
    """Coefficients that are linear in two features of eight tasks."""
    random = np.random.default_rng(0)
    Z = random.normal(size=(8, 2))
    W = np.c_[np.ones(8), Z] @ random.normal(size=(3, 4))
    tasks = np.repeat(np.arange(8), n)
    X = random.normal(size=(len(tasks), 4))
    y = (X * W[tasks]).sum(axis=1) + Z[tasks, 0] + noise * random.normal(size=len(tasks))
    return X, y, tasks, Z, W


def test_it_is_the_ridge_of_features_of_tasks_times_features_and_of_deviations():
    X, y, tasks, Z, _ = seasons()
    alpha, ratio = 0.2, 3.0
    model = TaskFeaturesRegressor(alpha, task_features=Z, own_ratio=ratio).fit(X, y, tasks=tasks)
    Z1, left, right = np.c_[np.ones(8), Z], np.zeros((44, 44)), np.zeros(44)
    for k in range(8):
        own, labels = X[tasks == k], y[tasks == k]
        own, labels = own - own.mean(axis=0), labels - labels.mean()
        wide = np.hstack([np.kron(Z1[k], own), np.kron(np.eye(8)[k], own)])
        left += wide.T @ wide / len(own)
        right += wide.T @ labels / len(own)
    solved = np.linalg.solve(left + alpha * np.diag(np.repeat([1.0, ratio], [12, 32])), right)
    A, V = solved[:12].reshape(3, 4), solved[12:].reshape(8, 4)
    assert model.coef_ == pytest.approx(Z1 @ A + V, abs=1e-8)
    assert model.task_feature_coef_ == pytest.approx(A, abs=1e-8)


def test_a_task_without_rows_is_predicted_by_its_features():
    X, y, tasks, Z, W = seasons()
    table = dict(enumerate(Z.tolist()))
    learned = tasks < 7
    model = TaskFeaturesRegressor(1e-3, task_features=table, own_ratio=100.0)
    model.fit(X[learned], y[learned], tasks=tasks[learned])
    mixed = np.where(np.arange(len(y)) % 2, 7, 0)
    wanted = (X * W[mixed]).sum(axis=1) + Z[mixed, 0]
    assert np.abs(model.predict(X, tasks=mixed) - wanted).mean() < 0.3
    alone = model.predict(X, tasks=np.zeros(len(X), dtype=int))
    assert model.predict(X, tasks=mixed)[mixed == 0] == pytest.approx(alone[mixed == 0])
    with pytest.raises(UnknownNameError, match="99"):
        model.predict(X[:1], tasks=[99])


def test_features_must_be_those_of_the_tasks():
    X, y, tasks, Z, _ = seasons()
    table = dict(enumerate(Z[:7].tolist()))
    with pytest.raises(ParameterError, match="It has none of 7"):
        TaskFeaturesRegressor(task_features=table).fit(X, y, tasks=tasks)
    with pytest.raises(ParameterError, match="a row for each of the 8 tasks"):
        TaskFeaturesRegressor(task_features=Z[:7]).fit(X, y, tasks=tasks)


def test_a_pooled_model_answers_unknown_tasks_by_what_is_shared():
    X, y, tasks, _, _ = seasons()
    model = PooledRidgeRegressor(unknown_tasks="mean").fit(X, y, tasks=tasks)
    wanted = X @ model.coef_[0] + model.intercept_.mean()
    assert model.predict(X, tasks=np.full(len(X), 99)) == pytest.approx(wanted)
    with pytest.raises(UnknownNameError, match="99"):
        PooledRidgeRegressor().fit(X, y, tasks=tasks).predict(X[:1], tasks=[99])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_of_tasks_without_rows_are_predicted_by_their_features(n_classes):
    X, y, tasks, Z, _ = seasons(n=40, noise=0.1)
    y = np.digitize(y, np.quantile(y, np.arange(1, n_classes) / n_classes))
    table = dict(enumerate(Z.tolist()))
    learned = tasks < 6
    model = TaskFeaturesClassifier(1e-3, task_features=table, own_ratio=100.0)
    model.fit(X[learned], y[learned], tasks=tasks[learned])
    new = tasks >= 6
    assert (model.predict(X[new], tasks=tasks[new]) == y[new]).mean() > 0.75
    assert model.predict_proba(X, tasks=tasks).shape == (len(X), n_classes)
    alone = model.predict(X[~new], tasks=tasks[~new])
    assert (model.predict(X, tasks=tasks)[~new] == alone).all()
