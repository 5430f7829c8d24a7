"""Products of levels of features and sparse factors of tasks: stationarity, and the two strengths of the paper."""

import numpy as np
import pytest
from scipy.optimize import minimize

from polytask.linear_model import L21Regressor, MultiLevelLassoClassifier, MultiLevelLassoRegressor
from polytask.penalties import MultiLevelLasso


def table(n=60, p=6, n_tasks=4):
    random = np.random.default_rng(0)
    X = random.normal(size=(n, p)) + 1.0
    W = random.normal(size=(n_tasks, p)) * [2.0, 1.5, 1.0, 0.0, 0.0, 0.0]
    W[1:, 2] = 0.0
    return X, X @ W.T + 0.5 * random.normal(size=(n, n_tasks))


def test_the_point_is_stationary_for_roots_of_sums_of_absolute_values():
    X, Y = table()
    alpha = 0.5
    model = MultiLevelLassoRegressor(alpha, tol=1e-8).fit(X, Y)
    used = model.coef_ != 0
    assert model.support_.tolist() == used.any(axis=0).tolist()
    assert model.support_[:2].all()
    assert not model.support_.all()
    slope = (model.predict(X) - Y).T @ X / len(X)
    cost = alpha / (2 * np.sqrt(np.abs(model.coef_).sum(axis=0) + 1e-6))
    assert slope[used] == pytest.approx((-np.sign(model.coef_) * cost)[used], abs=1e-5)
    assert (np.abs(slope) <= cost + 1e-5)[~used].all()
    assert model.levels_**2 == pytest.approx(np.abs(model.coef_).sum(axis=0))


def test_no_start_on_its_support_ends_lower_nearby():
    X, Y = table()
    model = MultiLevelLassoRegressor(0.5, tol=1e-8).fit(X, Y)
    used = model.coef_ != 0

    def value(point):
        W = np.zeros(used.shape)
        W[used] = point[:-4]
        errors = ((Y - X @ W.T - point[-4:]) ** 2).mean(axis=0).sum() / 2
        return errors + 0.5 * np.sqrt(np.abs(W).sum(axis=0) + 1e-6).sum()

    ours = np.concatenate([model.coef_[used], model.intercept_])
    found = minimize(value, 1.05 * ours, method="BFGS", options={"gtol": 1e-8})
    assert value(ours) == pytest.approx(found.fun, rel=1e-7)


def test_its_penalty_is_the_best_product_for_both_strengths_of_the_paper():
    weights = np.random.default_rng(0).normal(size=(3, 4))
    first, second = 0.7, 2.0
    alpha = 2 * np.sqrt(first * second)

    def products(log_levels):
        levels = np.exp(log_levels)
        return first * levels.sum() + second * np.abs(weights / levels).sum()

    best = minimize(products, np.zeros(4)).fun
    penalty = MultiLevelLasso(alpha, epsilon=1e-12)
    state = penalty.refit(weights, penalty.start(weights.shape))
    assert penalty.value(weights, state) == pytest.approx(best, rel=1e-6)


def test_large_coefficients_are_shrunk_less_than_by_joint_selection():
    X, Y = table(200)
    kept = L21Regressor(0.3).fit(X, Y)
    model = MultiLevelLassoRegressor(0.3).fit(X, Y)
    assert np.abs(model.coef_[:, 0]).sum() > np.abs(kept.coef_[:, 0]).sum()
    assert (model.coef_[1:, 2] == 0).all()


def test_classes_have_levels_of_features_too():
    X, Y = table(200)
    model = MultiLevelLassoClassifier(0.2).fit(X, (np.median(Y, axis=0) < Y).astype(int))
    assert model.support_[:2].all()
    assert not model.support_[3:].any()
    assert model.residual_ <= 1e-6
