"""Sparse combinations of shared components: stationarity, descent, equality with plain alternation, groups."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import Lasso

from polytask.datafits import Logistic, MappedRows, OwnRows, SharedRows, Squared
from polytask.linear_model import GOMTLClassifier, GOMTLRegressor, PathSearchCV


def overlapping_groups(n=40, noise=0.5):
    """Two components; three tasks use the first, three the second, one both."""
    random = np.random.default_rng(0)
    X = random.normal(size=(n, 6))
    components = np.array([[2.0, -2.0, 1.0, 0, 0, 0], [0, 0, 0, 2.0, 1.0, -2.0]])
    codes = np.array([[1, 0], [0, 1], [-1.5, 0], [0, 1.2], [1.2, 0], [0, -0.8], [1, 1]])
    return X, X @ (codes @ components).T + noise * random.normal(size=(n, 7))


def own_rows(X, Y):
    return (
        np.tile(X, (Y.shape[1], 1))[:-10],
        Y.T.ravel()[:-10],
        np.repeat(np.arange(Y.shape[1]), len(X))[:-10],
    )


def objective(X, Y, model, alpha):
    loss = ((Y - X @ model.coef_.T - model.intercept_) ** 2).sum() / (2 * len(X))
    return loss + alpha * (np.abs(model.codes_).sum() + 0.5 * (model.components_**2).sum())


def check_stationary(slope, model, alpha, tolerance):
    """Of the gradient of the loss in W."""
    of_codes = slope @ model.components_.T
    used = model.codes_ != 0
    assert np.abs(of_codes + alpha * np.sign(model.codes_))[used].max() < tolerance
    assert (np.abs(of_codes[~used]) < alpha + tolerance).all()
    assert np.abs(model.codes_.T @ slope + alpha * model.components_).max() < tolerance


@pytest.mark.parametrize("own", [False, True])
def test_codes_and_components_are_stationary(own):
    X, Y = overlapping_groups()
    model = GOMTLRegressor(alpha=0.1, n_components=3, tol=1e-7)
    if own:
        X, y, tasks = own_rows(X, Y)
        model.fit(X, y, tasks=tasks)
        counts = np.bincount(tasks)
        left = (model.predict(X, tasks=tasks) - y) / counts[tasks]
        slope = np.stack([left[tasks == k] @ X[tasks == k] for k in range(7)])
    else:
        model.fit(X, Y)
        slope = (model.predict(X) - Y).T @ X / len(X)
    check_stationary(slope, model, 0.1, 1e-4)
    assert model.coef_ == pytest.approx(model.codes_ @ model.components_)


def test_codes_and_components_of_classes_are_stationary():
    X, Y = overlapping_groups()
    Y = (Y > 0.5).astype(int)
    model = GOMTLClassifier(alpha=0.1, n_components=2, tol=1e-5).fit(X, Y)
    left = expit(X @ model.coef_.T + model.intercept_) - Y
    assert np.abs(left.mean(axis=0)).max() < 1e-3
    check_stationary(left.T @ X / len(X), model, 0.1, 1e-3)


@pytest.mark.filterwarnings("ignore:GOMTLRegressor stopped")
def test_more_turns_never_raise_the_objective():
    X, Y = overlapping_groups()
    values = [
        objective(X, Y, GOMTLRegressor(alpha=0.3, max_iter=turns, tol=1e-9).fit(X, Y), 0.3)
        for turns in (1, 2, 3, 5, 8, 13)
    ]
    assert (np.diff(values) <= 1e-9).all()
    assert values[-1] < values[0]


def plain_alternation(X, Y, alpha, C, turns=10):
    """As in the paper: lassos for the codes of each task, normal equations for all components."""
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    gram, cross = X.T @ X / len(X), Y.T @ X / len(X)
    for _ in range(turns):
        lasso = Lasso(alpha=alpha, fit_intercept=False, tol=1e-12, max_iter=100_000)
        S = np.stack([lasso.fit(X @ C.T, y).coef_ for y in Y.T])
        left = np.kron(S.T @ S, gram) + alpha * np.eye(C.size)
        C = np.linalg.solve(left, (S.T @ cross).ravel()).reshape(C.shape)
    return S, C


def test_plain_alternation_leaves_it_where_it_is():
    X, Y = overlapping_groups()
    model = GOMTLRegressor(alpha=0.2, n_components=2, tol=1e-8).fit(X, Y)
    S, C = plain_alternation(X, Y, 0.2, model.components_)
    assert model.components_ == pytest.approx(C, abs=1e-4)
    assert model.codes_ == pytest.approx(S, abs=1e-4)


@pytest.mark.parametrize("kind", [GOMTLRegressor, GOMTLClassifier])
def test_groups_and_their_overlap_are_found(kind):
    X, Y = overlapping_groups(n=200, noise=0.1)
    if kind.learns_classes:
        Y = (Y > 0).astype(int)
    model = kind(alpha=0.05, n_components=2).fit(X, Y)
    assert model.task_groups_.tolist() == [0, 1, 0, 1, 0, 1, 2]
    assert (model.codes_[6] != 0).all()


def test_a_strength_that_leaves_nothing_is_said():
    X, Y = overlapping_groups()
    with pytest.warns(UserWarning, match="All coefficients of GOMTLRegressor are 0: alpha=100"):
        model = GOMTLRegressor(alpha=100.0).fit(X, Y)
    assert not model.coef_.any()


@pytest.mark.filterwarnings("ignore:All coefficients of GOMTLRegressor are 0")
def test_a_path_that_begins_with_nothing_finds_codes_later():
    X, Y = overlapping_groups(noise=0.1)
    chosen = PathSearchCV(GOMTLRegressor(), alphas=[100.0, 0.1], cv=2).fit(X, Y)
    assert chosen.alpha_ == 0.1
    assert chosen.estimator_.codes_.any()


@pytest.mark.parametrize("datafit", [Squared(), Logistic()])
def test_a_loss_of_mapped_rows_is_that_of_mapped_coefficients(datafit):
    X, Y = overlapping_groups(n=12)
    Y = (Y > 0).astype(float)
    random = np.random.default_rng(1)
    directions, S, b = random.normal(size=(6, 2)), random.normal(size=(7, 2)), random.normal(size=7)
    gaps = Y.copy()
    gaps[:3, 0] = np.nan
    X_own, y, tasks = own_rows(X, Y)
    for rows in (SharedRows(X, Y), SharedRows(X, gaps), OwnRows(X_own, y, tasks)):
        mapped = MappedRows(rows, directions)
        inner, outer = datafit.bind(mapped), datafit.bind(rows)
        value, slope, free = inner.value_and_gradient(S, b)
        wanted, whole, rise = outer.value_and_gradient(S @ directions.T, b)
        assert (value, free) == (pytest.approx(wanted), pytest.approx(rise))
        assert slope == pytest.approx(whole @ directions)
        products = np.broadcast_to(mapped.gram(), (7, 2, 2))
        wanted = np.broadcast_to(directions.T @ rows.gram() @ directions, (7, 2, 2))
        assert products == pytest.approx(wanted)
        assert mapped.curvature() == pytest.approx(np.linalg.eigvalsh(products)[:, -1])
        assert mapped.intercepts(S, b) == pytest.approx(rows.intercepts(S @ directions.T, b))
