"""Coefficients of a bounded rank or trace norm: equality with other solutions, and stationarity."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LinearRegression, Ridge

from polytask.datafits import SharedRows
from polytask.exceptions import ParameterError
from polytask.linear_model import (
    ConstrainedTraceNormClassifier,
    ConstrainedTraceNormRegressor,
    PathSearchCV,
    ReducedRankRegressor,
    TraceNormClassifier,
    TraceNormRegressor,
)


def table(n=40, p=6, n_tasks=5, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, p)) * np.geomspace(0.3, 3, p) + 1.0
    W = random.normal(size=(n_tasks, 2)) @ random.normal(size=(2, p))
    return X, X @ W.T + random.normal(size=(n, n_tasks))


def objective(model, X, Y):
    errors = np.nanmean((Y - model.predict(X)) ** 2, axis=0).sum() / 2
    return errors + model.alpha / 2 * (model.coef_**2).sum()


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_reduced_rank_is_the_projection_of_augmented_fitted_values(alpha):
    X, Y = table()
    model = ReducedRankRegressor(alpha, rank=2).fit(X, Y)
    ridge = Ridge(40 * alpha).fit(X, Y).coef_ if alpha else LinearRegression().fit(X, Y).coef_
    fitted = np.vstack([(X - X.mean(axis=0)) @ ridge.T, np.sqrt(40 * alpha) * ridge.T])
    axes = np.linalg.svd(fitted)[2][:2]
    assert model.coef_ == pytest.approx(axes.T @ axes @ ridge)
    assert model.intercept_ == pytest.approx(Y.mean(axis=0) - model.coef_ @ X.mean(axis=0))
    assert model.rank_ == np.linalg.matrix_rank(model.coef_) == 2


def test_a_rank_as_large_as_any_is_ridge_regression():
    X, Y = table()
    model = ReducedRankRegressor(0.2, rank=5).fit(X, Y)
    assert model.coef_ == pytest.approx(Ridge(8.0).fit(X, Y).coef_)


def test_more_features_than_rows_have_the_reduced_rank_of_their_span():
    X, Y = table(12, 20)
    model = ReducedRankRegressor(0.1, rank=1).fit(X, Y)
    ridge = Ridge(1.2).fit(X, Y).coef_
    fitted = np.vstack([(X - X.mean(axis=0)) @ ridge.T, np.sqrt(1.2) * ridge.T])
    axis = np.linalg.svd(fitted)[2][:1]
    assert model.coef_ == pytest.approx(axis.T @ axis @ ridge)


@pytest.mark.parametrize("rank", [1, 2])
def test_no_start_of_missing_labels_ends_lower(rank):
    X, Y = table(30, 4, 4)
    random = np.random.default_rng(1)
    Y[random.random(Y.shape) < 0.4] = np.nan
    model = ReducedRankRegressor(0.1, rank=rank, tol=1e-8).fit(X, Y)
    assert model.residual_ <= 1e-8
    assert model.rank_ == rank
    known = ~np.isnan(Y)

    def value(point):
        A, B, b = np.split(point, [4 * rank, 8 * rank])
        W = A.reshape(4, rank) @ B.reshape(rank, 4)
        errors = np.where(known, np.nan_to_num(Y) - X @ W.T - b, 0.0)
        return ((errors**2).sum(axis=0) / known.sum(axis=0)).sum() / 2 + 0.05 * (W**2).sum()

    starts = random.normal(size=(4, 8 * rank + 4))
    found = [minimize(value, start, method="BFGS", options={"gtol": 1e-7}) for start in starts]
    assert objective(model, X, Y) == pytest.approx(min(each.fun for each in found), rel=1e-6)


def test_reduced_rank_says_how_many_features_it_takes():
    X, Y = np.zeros((3, 5001)), np.array([[1.0, np.nan, 0], [2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
    X[0, 0] = 1.0
    with pytest.raises(ParameterError, match=r"ReducedRank needs at most 5000 features"):
        ReducedRankRegressor().fit(X, Y)


@pytest.mark.parametrize("share", [0.1, 0.6])
@pytest.mark.parametrize("form", ["table", "missing", "own"])
def test_a_bounded_trace_norm_is_a_penalised_one_of_another_strength(form, share):
    X, Y = table()
    options = {}
    if form == "missing":
        Y[np.random.default_rng(1).random(Y.shape) < 0.3] = np.nan
    if form == "own":
        Y, options = Y[:, 0], {"tasks": np.arange(40) % 3}
    alpha = share * TraceNormRegressor().alpha_max(X, Y, **options)
    wanted = TraceNormRegressor(alpha, tol=1e-10).fit(X, Y, **options)
    radius = np.linalg.svd(wanted.coef_)[1].sum()
    model = ConstrainedTraceNormRegressor(radius, tol=1e-10).fit(X, Y, **options)
    assert model.dual_gap_ <= 1e-10
    assert model.coef_ == pytest.approx(wanted.coef_, abs=1e-4 * np.abs(wanted.coef_).max())
    assert model.alpha_ == pytest.approx(alpha, rel=1e-4)
    assert model.rank_ == wanted.rank_


def test_a_bounded_trace_norm_of_classes_is_a_penalised_one_of_another_strength():
    X, Y = table(80)
    labels = (np.median(Y, axis=0) < Y).astype(int)
    wanted = TraceNormClassifier(0.1, tol=1e-9).fit(X, labels)
    radius = np.linalg.svd(wanted.coef_)[1].sum()
    model = ConstrainedTraceNormClassifier(radius, tol=1e-9).fit(X, labels)
    assert model.dual_gap_ <= 1e-9
    assert model.coef_ == pytest.approx(wanted.coef_, abs=1e-3)
    assert model.intercept_ == pytest.approx(wanted.intercept_, abs=1e-3)
    assert model.alpha_ == pytest.approx(0.1, rel=1e-3)


def test_a_bound_that_does_not_bind_leaves_least_squares():
    X, Y = table()
    model = ConstrainedTraceNormRegressor(1000.0, tol=1e-10).fit(X, Y)
    assert model.coef_ == pytest.approx(LinearRegression().fit(X, Y).coef_, abs=1e-3)
    assert model.alpha_ < 1e-3


def test_a_bound_has_no_largest_strength():
    with pytest.raises(ParameterError, match="bounds their trace norm by `radius`"):
        ConstrainedTraceNormRegressor().alpha_max(*table())


def test_a_path_of_bounds_has_the_losses_of_each_alone():
    X, Y = table(80)
    labels = (np.median(Y, axis=0) < Y).astype(int)
    path = PathSearchCV(ConstrainedTraceNormClassifier(), alphas=[8.0, 2.0, 0.5], cv=2)
    losses = path.fit(X, labels).losses_[0]
    assert path.alphas_[0].tolist() == [0.5, 2.0, 8.0]
    for radius, wanted in zip([0.5, 2.0, 8.0], losses, strict=True):
        path.set_params(alphas=[radius])
        assert path.fit(X, labels).losses_[0] == pytest.approx(wanted[None], rel=1e-3)
    exact = X @ np.outer([1.0, -1.0, 2.0, 0.0, 0.0, 1.0], [1.0, 2.0])
    path = PathSearchCV(ConstrainedTraceNormRegressor(), alphas=[100.0, 3.0, 1.0], cv=2)
    assert np.isfinite(path.fit(X, exact).losses_).all()


def test_a_start_outside_of_the_bound_ends_inside():
    X, Y = table()
    loose, tight = (ConstrainedTraceNormRegressor(r, loss="huber").fit(X, Y) for r in (9.0, 0.5))
    bound = tight.bind(SharedRows(X, Y))
    ends = tight.solution(bound, loose.solution(bound))
    assert np.linalg.svd(ends.coef)[1].sum() == pytest.approx(0.5)
    assert ends.coef == pytest.approx(tight.coef_, abs=1e-3)


def test_a_path_of_bounds_must_be_given():
    X, Y = table()
    with pytest.raises(ParameterError, match=r"`alphas` parameter of PathSearchCV .* `radius`"):
        PathSearchCV(ConstrainedTraceNormRegressor()).fit(X, Y)
    with pytest.raises(ParameterError, match=r"`grid` parameter of PathSearchCV .* 'radius'"):
        PathSearchCV(ConstrainedTraceNormRegressor(), {"radius": [1.0]}, alphas=[1.0]).fit(X, Y)
