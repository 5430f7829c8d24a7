"""Tasks in order and classes as sums of parts: equality with other solvers, and what is learned."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear, minimize

from polytask.datafits import SharedRows, Squared
from polytask.exceptions import ParameterError
from polytask.linear_model import (
    DirtyModelClassifier,
    FusedSparseGroupClassifier,
    FusedSparseGroupRegressor,
    SparseGroupRegressor,
    SparseLowRankClassifier,
)
from polytask.penalties import FusedSparseGroup
from polytask.penalties._total_variation import fuse
from polytask.solvers import AlternatingDirections


def table(n=40, p=4, n_tasks=4, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, p)) + 1.0
    W = random.normal(size=(n_tasks, 2)) @ random.normal(size=(2, p))
    return X, X @ W.T + random.normal(size=(n, n_tasks))


@pytest.mark.parametrize("n_tasks", [2, 3, 9])
@pytest.mark.parametrize("threshold", [0.1, 0.7, 100.0])
def test_fused_neighbours_solve_the_dual_of_total_variation(n_tasks, threshold):
    values = np.random.default_rng(n_tasks).normal(size=(n_tasks, 6)).round(1)
    differences = np.diff(np.eye(n_tasks), axis=0)
    for column, fused in zip(values.T, fuse(values, threshold).T, strict=True):
        dual = lsq_linear(differences.T, column, (-threshold, threshold), method="bvls").x
        assert fused == pytest.approx(column - differences.T @ dual, abs=1e-9)


def test_tasks_in_order_equal_a_programme_with_one_variable_per_absolute_value():
    X, Y = table(20, 2, 3)
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    alpha, ratio, fused = 0.2, 0.6, 0.7

    def parts(point):
        return point[:6].reshape(3, 2), point[6:12].reshape(3, 2), point[12:].reshape(2, 2)

    def objective(point):
        W, sizes, steps = parts(point)
        norms = np.linalg.norm(W, axis=0).sum()
        costs = (1 - ratio) * norms + ratio * sizes.sum() + fused * steps.sum()
        return ((Y - X @ W.T) ** 2).sum() / 40 + alpha * costs

    def sides(point):
        W, sizes, steps = parts(point)
        moved = np.diff(W, axis=0)
        pairs = [sizes - W, sizes + W, steps - moved, steps + moved]
        return np.concatenate([each.ravel() for each in pairs])

    least = minimize(
        objective,
        np.concatenate([[0.5, 1.0, -0.5, 1.0, 0.3, 0.2], np.ones(10)]),
        constraints=[{"type": "ineq", "fun": sides}],
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    model = FusedSparseGroupRegressor(alpha, l1_ratio=ratio, fused_ratio=fused, tol=1e-10)
    assert model.fit(X, Y).coef_.ravel() == pytest.approx(least.x[:6], abs=1e-4)
    assert model.dual_gap_ < 1e-10


def test_without_differences_the_order_is_nothing_and_with_many_all_tasks_are_one():
    X, Y = table()
    plain = SparseGroupRegressor(0.3, tol=1e-10).fit(X, Y).coef_
    model = FusedSparseGroupRegressor(0.3, fused_ratio=0.0, tol=1e-10).fit(X, Y)
    assert model.coef_ == pytest.approx(plain, abs=1e-5)
    model = FusedSparseGroupRegressor(0.05, fused_ratio=1000.0).fit(X, Y)
    assert np.ptp(model.coef_, axis=0).max() == 0.0
    assert model.coef_.any()


@pytest.mark.parametrize("ratios", [(0.3, 0.5), (1.0, 2.0), (0.0, 0.2)])
def test_the_strength_from_which_on_all_tasks_in_order_are_zero_is_exact(ratios):
    X, Y = table()
    bound = Squared().bind(SharedRows(X, Y))
    largest = FusedSparseGroupRegressor(l1_ratio=ratios[0], fused_ratio=ratios[1]).alpha_max(X, Y)
    for factor, any_left in ((1.001, False), (0.98, True)):
        penalty = FusedSparseGroup(factor * largest, *ratios)
        assert AlternatingDirections(tol=1e-9).solve(bound, penalty).coef.any() == any_left


def test_chains_of_rows_are_apart():
    weights = np.random.default_rng(0).normal(size=(5, 3))
    chains = FusedSparseGroup(1.0, 1.0, 0.7, chains=((0, 2, 4), (1, 3)))
    each = FusedSparseGroup(1.0, 1.0, 0.7)
    for rows in ([0, 2, 4], [1, 3]):
        assert chains.prox(weights, 0.3)[rows] == pytest.approx(each.prox(weights[rows], 0.3))
    with pytest.raises(ParameterError, match=r"`chains` .* must be rows of W, 0 to 3"):
        chains.value(weights[:4])
    with pytest.raises(ParameterError, match=r"`chains` .* hold each row once"):
        FusedSparseGroup(chains=((0, 1), (1, 2)))


def test_neighbours_of_a_class_are_its_scores_of_the_next_task():
    random = np.random.default_rng(0)
    X = random.normal(size=(240, 2))
    years, y = np.repeat([1, 2, 3], 80), np.digitize(X[:, 0], [-0.5, 0.5])
    model = FusedSparseGroupClassifier(0.02, l1_ratio=1.0, fused_ratio=100.0)
    model.fit(X, y, tasks=years)
    by_class = model.coef_.reshape(3, 3, 2)
    assert np.ptp(by_class, axis=0).max() == 0.0
    assert np.ptp(by_class[0], axis=0).max() > 0.5
    largest = model.alpha_max(X, y, tasks=years)
    with pytest.warns(UserWarning, match="All coefficients of FusedSparseGroupClassifier are 0"):
        FusedSparseGroupClassifier(largest, l1_ratio=1.0, fused_ratio=100.0).fit(X, y, tasks=years)


def log_loss(model, X, labels):
    scores = model.decision_function(X)
    return (np.logaddexp(0, scores) - labels * scores).mean(axis=0).sum()


@pytest.mark.parametrize("kind", [DirtyModelClassifier, SparseLowRankClassifier])
def test_no_near_point_of_classes_in_parts_has_a_lower_objective(kind):
    X, Y = table(60)
    labels = (Y > np.median(Y, axis=0)).astype(int)
    model = kind(0.05, own_ratio=0.6, tol=1e-8).fit(X, labels)
    assert model.dual_gap_ <= 1e-8
    penalty, random = model.penalty(), np.random.default_rng(1)
    parts = [model.common_coef_, model.own_coef_]

    def objective(common, own, intercept):
        model.coef_, model.intercept_ = common + own, intercept
        return log_loss(model, X, labels) + float(penalty.value(np.hstack([common, own])))

    intercept = model.intercept_
    least = objective(*parts, intercept)
    for size in (0.3, 0.01):
        moves = [[size * random.normal(size=each.shape) for each in parts] for _ in range(20)]
        others = [objective(parts[0] + a, parts[1] + b, intercept) for a, b in moves]
        assert min(others) > least
        assert objective(*parts, intercept + size) > least


def test_classes_in_parts_find_what_single_tasks_use():
    random = np.random.default_rng(2)
    X = random.normal(size=(300, 6))
    W = np.ones((4, 1)) * [2.0, -2.0, 0.0, 0.0, 0.0, 0.0]
    W[1, 5] = 4.0
    labels = (X @ W.T + 0.1 * random.normal(size=(300, 4)) > 0).astype(int)
    model = DirtyModelClassifier(0.05, own_ratio=0.4).fit(X, labels)
    assert np.argwhere(np.abs(model.own_coef_) > 0.1).tolist() == [[1, 5]]
    assert model.common_coef_.any(axis=0).tolist() == [True, True] + [False] * 4
    low = SparseLowRankClassifier(0.1, own_ratio=0.6).fit(X, labels)
    assert abs(low.own_coef_[1, 5]) == np.abs(low.own_coef_).max() > 0.3
    assert low.rank_ == 1
