"""Models of several norms and of sums of parts: optimality, equality with other solvers, what they learn."""

import numpy as np
import pytest
from scipy.optimize import minimize

from polytask.datafits import OwnRows, RepeatedRows, SharedRows, Squared
from polytask.linear_model import (
    ClusteredClassifier,
    ClusteredRegressor,
    DirtyModelRegressor,
    LInf1Regressor,
    RobustL21Regressor,
    RobustLowRankClassifier,
    RobustLowRankRegressor,
    SparseGroupRegressor,
    SparseLowRankRegressor,
)
from polytask.linear_model._sum_penalty import SumPenalty
from polytask.penalties import L1, L21, ClusterNorm, LInf1, SparseGroup, TaskNorms, TraceNorm
from polytask.solvers import AlternatingDirections, ProximalGradient

PENALTIES = [
    LInf1(1.0),
    SparseGroup(1.0),
    ClusterNorm(1.0, 2),
    SumPenalty(1.0, LInf1(1.0), L1(0.5)),
    SumPenalty(1.0, TraceNorm(1.0), TaskNorms(0.7)),
    SumPenalty(1.0, L21(1.0), TaskNorms(0.7)),
    SumPenalty(1.0, TraceNorm(1.0), L1(0.5)),
]


def table(n=40, p=6, n_tasks=5):
    random = np.random.default_rng(0)
    X = random.normal(size=(n, p)) + 1.0
    W = random.normal(size=(n_tasks, 2)) @ random.normal(size=(2, p))
    return X, X @ W.T + random.normal(size=(n, n_tasks))


def bound_of(penalty, *, own):
    X, Y = table()
    rows = SharedRows(X, Y)
    if own:
        rows = OwnRows(
            np.tile(X, (5, 1))[: 5 * 40 - 30], Y.T.ravel()[:-30], np.repeat(np.arange(5), 40)[:-30]
        )
    return Squared().bind(RepeatedRows(rows) if isinstance(penalty, SumPenalty) else rows)


@pytest.mark.parametrize(
    ("penalty", "own"), [(each, i % 2 == 0) for i, each in enumerate(PENALTIES)], ids=repr
)
def test_the_solution_is_a_fixed_point_and_no_near_point_is_better(penalty, own):
    bound = bound_of(penalty, own=own)
    strong = type(penalty)(**{**vars(penalty), "alpha": 0.3})
    ours = AlternatingDirections(tol=1e-9).solve(bound, strong)
    assert ours.converged
    slope, _ = bound.gradient(ours.coef, ours.intercept)
    moved = strong.prox(ours.coef - 0.1 * slope, 0.1)
    assert moved == pytest.approx(ours.coef, abs=1e-4 * np.abs(ours.coef).max())
    other = ProximalGradient(tol=1e-9).solve(bound, strong)
    values = [bound.value(s.coef, s.intercept) + strong.value(s.coef) for s in (ours, other)]
    assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_largest_coefficients_equal_a_quadratic_programme():
    X, Y = table(20, 3, 2)
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)

    def objective(point):
        W, limits = point[:6].reshape(2, 3), point[6:]
        return ((Y - X @ W.T) ** 2).sum() / 40 + 0.4 * limits.sum()

    sides = [
        {"type": "ineq", "fun": lambda p, s=s: (p[6:] - s * p[:6].reshape(2, 3)).ravel()}
        for s in (1, -1)
    ]
    least = minimize(
        objective,
        np.ones(9),
        constraints=sides,
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    model = LInf1Regressor(alpha=0.4, tol=1e-10).fit(X, Y)
    assert model.coef_.ravel() == pytest.approx(least.x[:6], abs=1e-4)


def test_the_ends_of_the_sparse_group_are_joint_selection_and_the_lasso():
    X, Y = table()
    bound = Squared().bind(SharedRows(X, Y))
    for ratio, other in ((0.0, L21(0.5)), (1.0, L1(0.5))):
        ends = AlternatingDirections(tol=1e-10).solve(bound, other).coef
        model = SparseGroupRegressor(alpha=0.5, l1_ratio=ratio, tol=1e-10).fit(X, Y)
        assert model.coef_ == pytest.approx(ends, abs=1e-5)


@pytest.mark.parametrize("ratio", [0.3, 0.9])
def test_the_strength_from_which_on_all_is_zero_is_exact(ratio):
    bound = Squared().bind(SharedRows(*table()))
    for penalty in (SparseGroup(1.0, ratio), SumPenalty(1.0, TraceNorm(1.0), TaskNorms(ratio))):
        rows = bound if isinstance(penalty, SparseGroup) else bound_of(penalty, own=False)
        largest = penalty.alpha_max(rows.cross)
        for factor, any_left in ((1.001, False), (0.98, True)):
            strong = type(penalty)(**{**vars(penalty), "alpha": factor * largest})
            assert AlternatingDirections(tol=1e-9).solve(rows, strong).coef.any() == any_left


def outliers():
    """Eight tasks of rank one, of which the last is another."""
    random = np.random.default_rng(1)
    X = random.normal(size=(200, 6))
    W = np.outer(random.normal(size=8) + 2.0, [1.0, -1.0, 2.0, 0.0, 0.0, 0.0])
    W[7] = [0.0, 0.0, 0.0, 3.0, -4.0, 3.0]
    return X, X @ W.T + 0.1 * random.normal(size=(200, 8))


@pytest.mark.parametrize(
    "model", [RobustLowRankRegressor(0.3, own_ratio=0.6), RobustL21Regressor(0.3, own_ratio=1.2)]
)
def test_a_task_unlike_the_others_is_an_outlier(model):
    model.fit(*outliers())
    assert model.outlier_tasks_.tolist() == [False] * 7 + [True]
    assert model.coef_ == pytest.approx(model.common_coef_ + model.own_coef_)


def test_the_common_part_of_outliers_has_the_rank_of_the_others():
    assert RobustLowRankRegressor(0.3, own_ratio=0.6).fit(*outliers()).rank_ == 1


def test_own_coefficients_hold_what_single_tasks_use():
    random = np.random.default_rng(2)
    X = random.normal(size=(200, 6))
    W = np.ones((4, 1)) * [2.0, -2.0, 0.0, 0.0, 0.0, 0.0]
    W[1, 5] = 3.0
    Y = X @ W.T + 0.1 * random.normal(size=(200, 4))
    model = DirtyModelRegressor(0.1, own_ratio=0.4).fit(X, Y)
    assert np.argwhere(np.abs(model.own_coef_) > 0.01).tolist() == [[1, 5]]
    assert model.common_coef_.any(axis=0).tolist() == [True, True] + [False] * 4
    sparse = SparseLowRankRegressor(0.3, own_ratio=0.6).fit(X, Y)
    assert abs(sparse.own_coef_[1, 5]) == np.abs(sparse.own_coef_).max() > 1.0
    assert sparse.rank_ == 1


def clusters():
    random = np.random.default_rng(3)
    centres = 3 * random.normal(size=(2, 5))
    W = centres[[0, 1, 0, 1, 1, 0]] + 0.1 * random.normal(size=(6, 5))
    X = random.normal(size=(150, 5))
    return X, X @ W.T + random.normal(size=(150, 6))


def test_clusters_of_tasks_are_found():
    X, Y = clusters()
    wanted = [0, 1, 0, 1, 1, 0]
    assert ClusteredRegressor(0.1, n_clusters=2).fit(X, Y).task_groups_.tolist() == wanted
    labels = (Y > 0).astype(int)
    assert ClusteredClassifier(0.05, n_clusters=2).fit(X, labels).task_groups_.tolist() == wanted


def test_the_relaxed_clusters_are_the_best_matrix():
    W = np.random.default_rng(0).normal(size=(5, 4))
    left = np.linalg.svd(W)[0]
    best = float(ClusterNorm(2.0, n_clusters=2, eta=0.3).value(W))
    for seed in range(30):
        shares = np.random.default_rng(seed).dirichlet(np.ones(5)) * 2
        if shares.max() <= 1:
            M = (left * shares) @ left.T + 0.3 * np.eye(5)
            assert best <= np.trace(W.T @ np.linalg.solve(M, W)) + 1e-9


def test_classes_of_tasks_have_outliers():
    X, Y = outliers()
    model = RobustLowRankClassifier(0.05, own_ratio=0.6).fit(X, (Y > 0).astype(int))
    assert model.outlier_tasks_[7]
    assert not model.outlier_tasks_[:7].any()
