"""Tasks in order, classes as sums of parts, calibrated errors: equality with other solvers, and what is learned."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear, minimize
from sklearn.linear_model import LinearRegression

from polytask.datafits import OwnRows, ScaledTasks, SharedRows, Squared
from polytask.exceptions import ParameterError
from polytask.linear_model import (
    CalibratedRegressor,
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
    labels = (np.median(Y, axis=0) < Y).astype(int)
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


NORMS = {
    "l21": lambda W: np.linalg.norm(W, axis=0).sum(),
    "trace_norm": lambda W: np.linalg.svd(W, compute_uv=False).sum(),
}


@pytest.mark.parametrize("norm", NORMS)
def test_calibrated_errors_have_the_minimum_that_a_quasi_newton_method_finds(norm):
    X, Y = table(25, 3, 2)
    Y = Y * [1.0, 30.0]

    def objective(point):
        W = point[:6].reshape(2, 3)
        roots = np.sqrt(((Y - X @ W.T - point[6:]) ** 2).mean(axis=0))
        return roots.sum() + 0.05 * NORMS[norm](W)

    model = CalibratedRegressor(0.05, norm=norm, tol=1e-10).fit(X, Y)
    ours = np.concatenate([model.coef_.ravel(), model.intercept_])
    starts = np.random.default_rng(0).normal(size=(3, 8))
    others = [minimize(objective, start, method="BFGS", options={"gtol": 1e-9}) for start in starts]
    assert objective(ours) == pytest.approx(min(each.fun for each in others), rel=1e-9)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("share", [0.98, 0.3, 0.001])
@pytest.mark.parametrize("form", ["table", "missing", "own", "wide"])
def test_calibrated_errors_reach_the_duality_gap(norm, share, form):
    X, Y = table(30, 60 if form == "wide" else 5, 4)
    options = {}
    if form == "missing":
        Y[np.random.default_rng(1).random(Y.shape) < 0.3] = np.nan
    if form == "own":
        Y, options = Y[:, 0], {"tasks": np.arange(30) % 3}
    largest = CalibratedRegressor(norm=norm).alpha_max(X, Y, **options)
    model = CalibratedRegressor(share * largest, norm=norm).fit(X, Y, **options)
    assert model.dual_gap_ <= 1e-6
    assert model.n_iter_ < 60
    assert model.rank_ == np.linalg.matrix_rank(model.coef_)


def test_calibrated_errors_are_squared_errors_over_the_noise_of_each_task():
    X, Y = table(60, 5, 3)
    model = CalibratedRegressor(0.3, tol=1e-9).fit(X, Y)
    squared = AlternatingDirections(tol=1e-12).solve(
        Squared().bind(ScaledTasks(SharedRows(X, Y), 1 / model.noise_)), model.penalty()
    )
    assert squared.coef == pytest.approx(model.coef_, abs=1e-5)


def test_the_unit_of_all_labels_is_that_of_calibrated_coefficients():
    X, Y = table(60, 5, 3)
    model, again = (CalibratedRegressor(0.3, tol=1e-9).fit(X, u * Y) for u in (1.0, 1000.0))
    assert again.coef_ == pytest.approx(1000 * model.coef_, abs=1e-2)
    assert again.noise_ == pytest.approx(1000 * model.noise_)
    order = CalibratedRegressor(0.3, tol=1e-9).fit(X[:, ::-1], Y[:, ::-1])
    assert order.coef_ == pytest.approx(model.coef_[::-1, ::-1], abs=1e-5)


def test_a_task_that_is_fitted_exactly_does_not_stop_the_others():
    X, Y = table(60, 3, 2)
    Y[:, 0] = X @ [1.0, 2.0, 3.0]
    model = CalibratedRegressor(0.001).fit(X, Y)
    assert model.dual_gap_ <= 1e-6
    assert model.coef_[0] == pytest.approx([1.0, 2.0, 3.0], abs=1e-3)
    assert model.noise_[0] == pytest.approx(1e-3 * Y[:, 0].std())
    constant = CalibratedRegressor(0.1).fit(X, np.stack([Y[:, 1], np.full(60, 4.0)], axis=1))
    assert not constant.coef_[1].any()
    assert constant.intercept_[1] == pytest.approx(4.0)


@pytest.mark.parametrize("own", [False, True])
def test_scaled_tasks_are_rows_with_other_weights_of_tasks(own):
    X, Y = table(12, 3, 2)
    factors, slopes = np.array([0.5, 3.0]), np.array([[1.0, 2.0, 0.5], [-1.0, 0.3, 2.0]])
    if own:
        parts = np.tile(X, (2, 1)), Y.T.ravel(), np.repeat([0, 1], 12)
        plain, wanted = OwnRows(*parts), OwnRows(*parts, None, factors)
    else:
        plain, wanted = SharedRows(X, Y), SharedRows(X, Y, None, factors)
    scaled = ScaledTasks(plain, factors)
    for penalty in (FusedSparseGroup(0.1), FusedSparseGroup(0.0)):
        ours, theirs = (
            AlternatingDirections(tol=1e-12).solve(Squared().bind(each), penalty)
            for each in (scaled, wanted)
        )
        assert ours.coef == pytest.approx(theirs.coef, abs=1e-6)
    assert scaled.gram() == pytest.approx(np.broadcast_to(wanted.gram(), (2, 3, 3)))
    assert scaled.curvature() == pytest.approx(wanted.curvature(), rel=1e-4)
    roots, cells = scaled.roots(np.arange(3)), scaled.roots_of_cells(scaled.scores(slopes, factors))
    assert roots.transpose(0, 2, 1) @ roots == pytest.approx(scaled.gram())
    products = (roots.transpose(0, 2, 1) @ cells)[:, :, 0]
    assert products == pytest.approx(wanted.pull(wanted.weights * wanted.scores(slopes, factors)))


def test_calibrated_errors_without_penalty_are_least_squares():
    X, Y = table(60, 3, 2)
    model = CalibratedRegressor(0.0).fit(X, Y)
    assert model.coef_ == pytest.approx(LinearRegression().fit(X, Y).coef_, abs=1e-5)
    assert model.noise_ == pytest.approx(np.sqrt(((Y - model.predict(X)) ** 2).mean(axis=0)))
