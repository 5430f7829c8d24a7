"""Tasks near a common subspace: stationarity, the certificate of the relaxation, equality with alternation."""

import numpy as np
import pytest
from scipy.optimize import brentq

from polytask.linear_model import (
    ASOClassifier,
    ASORegressor,
    ClusteredRegressor,
    ConvexASOClassifier,
    ConvexASORegressor,
)


def tasks_near_a_plane(n=30, p=6, n_tasks=5, noise=1.0, away=0.2):
    random = np.random.default_rng(0)
    X = random.normal(size=(n, p))
    common = np.linalg.qr(random.normal(size=(p, 2)))[0].T
    W = 2 * random.normal(size=(n_tasks, 2)) @ common + away * random.normal(size=(n_tasks, p))
    return X, X @ W.T + noise * random.normal(size=(n, n_tasks)), common


def centred(X, Y):
    return X - X.mean(axis=0), Y - Y.mean(axis=0)


def outside(W, k):
    """Half of the squared distance to the best subspace, and its projection."""
    axes = np.linalg.svd(W, full_matrices=False)[2][:k]
    return 0.5 * ((W - W @ axes.T @ axes) ** 2).sum(), axes.T @ axes


def aso_objective(X, Y, W, alpha, k, eta):
    X, Y = centred(X, Y)
    loss = ((Y - X @ W.T) ** 2).sum() / (2 * len(X))
    return loss + alpha * (outside(W, k)[0] + 0.5 * eta * (W**2).sum())


def alternation(X, Y, alpha, k, eta, turns=3000):
    """Ando and Zhang's algorithm: each task by its normal equations, then the subspace by singular vectors."""
    X, Y = centred(X, Y)
    gram, cross = X.T @ X / len(X), Y.T @ X / len(X)
    identity = np.eye(X.shape[1])
    W = np.linalg.solve(gram + alpha * (1 + eta) * identity, cross.T).T
    for _ in range(turns):
        left = gram + alpha * ((1 + eta) * identity - outside(W, k)[1])
        W = np.linalg.solve(left, cross.T).T
    return W


@pytest.mark.parametrize("eta", [0.0, 0.1])
def test_aso_is_the_end_of_the_alternation_of_its_authors(eta):
    X, Y, _ = tasks_near_a_plane()
    model = ASORegressor(alpha=0.5, n_components=2, eta=eta, tol=1e-9).fit(X, Y)
    ends = alternation(X, Y, 0.5, 2, eta)
    assert model.coef_ == pytest.approx(ends, abs=1e-5)


def test_aso_is_stationary_and_no_near_point_is_lower():
    X, Y, _ = tasks_near_a_plane()
    model = ASORegressor(alpha=0.3, n_components=1, eta=0.05, tol=1e-9).fit(X, Y)
    random = np.random.default_rng(1)
    here = aso_objective(X, Y, model.coef_, 0.3, 1, 0.05)
    for _ in range(20):
        way = 1e-4 * random.normal(size=model.coef_.shape)
        up, down = (aso_objective(X, Y, model.coef_ + s * way, 0.3, 1, 0.05) for s in (1, -1))
        assert abs(up - down) < 1e-9 * here
        assert min(up, down) >= here - 1e-12


@pytest.mark.filterwarnings("ignore:ASORegressor stopped")
def test_more_steps_never_raise_the_objective_of_aso():
    X, Y, _ = tasks_near_a_plane()
    values = []
    for steps in (1, 2, 3, 5):
        model = ASORegressor(alpha=1.0, n_components=1, max_iter=steps, tol=1e-12).fit(X, Y)
        values.append(aso_objective(X, Y, model.coef_, 1.0, 1, 0.1))
    assert (np.diff(values) <= 1e-12).all()
    assert values[-1] < values[0]


def test_as_many_directions_as_features_are_a_ridge():
    X, Y, _ = tasks_near_a_plane()
    for kind in (ASORegressor, ConvexASORegressor):
        model = kind(alpha=0.4, n_components=6, eta=0.5, tol=1e-10).fit(X, Y)
        Xc, Yc = centred(X, Y)
        gram = Xc.T @ Xc / len(X) + 0.2 * np.eye(6)
        ridge = np.linalg.solve(gram, Xc.T @ Yc / len(X)).T
        assert model.coef_ == pytest.approx(ridge, abs=1e-4)


@pytest.mark.parametrize("own", [False, True])
def test_the_relaxation_has_a_certificate_of_the_optimum(own):
    """For M the coefficients solve their equations, and for the coefficients no M is better: it is convex."""
    X, Y, _ = tasks_near_a_plane(away=1.5)
    alpha, eta, h = 0.5, 0.2, 2
    model = ConvexASORegressor(alpha=alpha, n_components=h, eta=eta, tol=1e-10)
    if own:
        tasks = np.repeat(np.arange(5), len(X))
        model.fit(np.tile(X, (5, 1)), Y.T.ravel(), tasks=tasks)
    else:
        model.fit(X, Y)
    axes, shares = model.components_, model.shares_
    M = (axes.T * shares) @ axes
    assert shares.sum() == pytest.approx(h)
    assert shares.min() >= 0
    assert shares.max() <= 1 + 1e-12
    assert np.count_nonzero((shares > 0.01) & (shares < 0.99)) > 0  # it relaxes something here
    inverse = np.linalg.inv(M + eta * np.eye(6))
    Xc, Yc = centred(X, Y)
    slope = (model.coef_ @ Xc.T - Yc.T) @ Xc / len(X) + alpha * eta * (
        1 + eta
    ) * model.coef_ @ inverse
    assert np.abs(slope).max() < 1e-5
    gains = inverse @ model.coef_.T @ model.coef_ @ inverse
    best = np.linalg.eigvalsh(gains)[-h:].sum()  # the largest <gains, M> over all that are allowed
    assert (gains * M).sum() == pytest.approx(best, rel=1e-4)


def test_the_relaxation_is_that_of_clusters():
    X, Y, _ = tasks_near_a_plane()
    model = ConvexASORegressor(alpha=0.5, n_components=2, eta=0.2, tol=1e-9).fit(X, Y)
    other = ClusteredRegressor(alpha=0.5 * 0.2 * 1.2, n_clusters=2, eta=0.2, tol=1e-9).fit(X, Y)
    assert model.coef_ == pytest.approx(other.coef_, abs=1e-8)


@pytest.mark.parametrize(
    "kind", [ASORegressor, ConvexASORegressor, ASOClassifier, ConvexASOClassifier]
)
def test_the_planted_subspace_is_found(kind):
    X, Y, common = tasks_near_a_plane(n=150, noise=0.5)
    if kind.learns_classes:
        Y = (Y > 0).astype(int)
    model = kind(alpha=0.3 if not kind.learns_classes else 0.05, n_components=2).fit(X, Y)
    cosines = np.linalg.svd(model.components_[:2] @ common.T)[1]
    assert cosines.min() > 0.97


def best_shares(sizes, h, eta):
    """The least sum over shares from 0 to 1 that sum to h, by the root of their multiplier."""

    def total(multiplier):
        return np.clip(sizes / multiplier - eta, 0, 1).sum() - h

    shares = np.clip(sizes / brentq(total, 1e-9, 1e3) - eta, 0, 1)
    return (sizes**2 / (shares + eta)).sum()


def test_the_relaxation_of_classes_is_stationary_and_no_near_point_is_better():
    X, Y, _ = tasks_near_a_plane(away=1.5)
    model = ConvexASOClassifier(alpha=0.05, n_components=2, eta=0.2, tol=1e-8)
    model.fit(X, (Y > 0).astype(int))
    signs = np.where(Y > 0, 1.0, -1.0)

    def objective(W, b):
        sizes = np.linalg.svd(W, compute_uv=False)
        loss = np.log1p(np.exp(-signs * (X @ W.T + b))).mean(axis=0).sum()
        return loss + 0.5 * 0.05 * 0.2 * 1.2 * best_shares(sizes, 2, 0.2)

    random = np.random.default_rng(1)
    here = objective(model.coef_, model.intercept_)
    for _ in range(20):
        way, level = 1e-3 * random.normal(size=(5, 6)), 1e-3 * random.normal(size=5)
        near = [objective(model.coef_ + s * way, model.intercept_ + s * level) for s in (1, -1)]
        assert min(near) >= here - 1e-10
        assert abs(near[0] - near[1]) < 1e-7
