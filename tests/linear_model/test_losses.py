"""Losses of several classes together and of quantiles: their optima are those of scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, QuantileRegressor
from sklearn.metrics import log_loss, mean_pinball_loss

from polytask.datafits import Multinomial, Quantile, SharedRows
from polytask.exceptions import ParameterError
from polytask.linear_model import (
    IndependentRidgeRegressor,
    L21Classifier,
    L21Regressor,
    MeanRegularizedClassifier,
    PathSearchCV,
    RobustLowRankRegressor,
    SparseGroupClassifier,
    SparseGroupRegressor,
)


@pytest.fixture(scope="module")
def classes():
    """Rows of three classes, with three features of which one says nothing."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(90, 3)) + 1.0
    scores = X @ np.array([[2.0, -1.0, 0.0], [0.0, 1.0, -2.0], [0.0, 0.0, 0.0]])
    labels = (scores + generator.gumbel(size=scores.shape)).argmax(axis=1)
    return X, np.array(["x", "y", "z"])[labels]


def test_several_classes_with_squares_are_scikit_learns_multinomial_regression(classes):
    X, y = classes
    theirs = LogisticRegression(C=1 / (0.1 * len(X)), tol=1e-10, max_iter=1000).fit(X, y)
    ours = MeanRegularizedClassifier(0.1, mean_alpha=0.1, loss="multinomial", tol=1e-9).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    assert (ours.predict(X) == theirs.predict(X)).all()


def test_several_classes_with_absolute_values_are_scikit_learns(classes):
    X, y = classes
    theirs = LogisticRegression(
        C=1 / (0.05 * len(X)), l1_ratio=1, solver="saga", tol=1e-7, max_iter=20_000
    ).fit(X, y)
    ours = SparseGroupClassifier(0.05, l1_ratio=1.0, loss="multinomial", tol=1e-8).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=2e-3)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=5e-3)
    assert ours.residual_ <= 1e-8


@pytest.mark.parametrize("weighted", [False, True])
def test_tables_and_rows_of_each_task_give_the_same_classes_together(classes, weighted):
    X, y = classes
    Y = np.stack([y, np.where(y == "z", "x", y)[::-1]], axis=1).astype(object)
    Y[::4, 0] = None
    own, task = np.nonzero(Y != None)  # noqa: E711 # of cells
    weights = np.random.default_rng(1).random(Y.shape) if weighted else np.ones(Y.shape)
    model = L21Classifier(0.02, loss="multinomial", tol=1e-9)
    table = model.fit(X, Y, sample_weight=weights).predict_proba(X)
    labels, of_rows = Y[own, task].astype(str), weights[own, task]
    rows = L21Classifier(0.02, loss="multinomial", tol=1e-9)
    rows.fit(X[own], labels, tasks=task, sample_weight=of_rows)
    assert [each.shape for each in table] == [(90, 3), (90, 2)]
    found = rows.predict_proba(X, tasks=np.zeros(90, dtype=int))
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    binary = rows.predict_proba(X, tasks=np.ones(90, dtype=int))
    np.testing.assert_array_equal(binary[:, 2], 0.0)  # no row of the second task is a z
    assert np.abs(found - table[0]).max() < 0.02  # two columns for two classes cost other norms


def test_a_class_that_is_likelier_in_all_scores_changes_nothing():
    loss = Multinomial().of_columns(np.array([0, 0, 0, 1]))
    generator = np.random.default_rng(0)
    labels = np.array([[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]])
    scores = generator.normal(size=(2, 4))
    moved = scores + np.array([3.0, 3.0, 3.0, 0.0])
    np.testing.assert_allclose(loss.loss(scores, labels).sum(), loss.loss(moved, labels).sum())
    np.testing.assert_allclose(loss.slope(scores, labels), loss.slope(moved, labels))
    bound = loss.bind(SharedRows(generator.normal(size=(2, 3)), labels))
    coef, level = generator.normal(size=(4, 3)), generator.normal(size=4)
    slope, rise = bound.gradient(coef, level)
    step = 1e-6 * generator.normal(size=(4, 4))
    ahead = bound.value(coef + step[:, :3], level + step[:, 3])
    behind = bound.value(coef - step[:, :3], level - step[:, 3])
    wanted = 2 * ((slope * step[:, :3]).sum() + rise @ step[:, 3])
    assert ahead - behind == pytest.approx(wanted, rel=1e-6)


def test_folds_judge_the_classes_of_a_task_together(classes):
    X, y = classes
    halves = [(np.arange(0, 90, 2), np.arange(1, 90, 2))]
    search = PathSearchCV(SparseGroupClassifier(loss="multinomial"), alphas=[0.05], cv=halves)
    search.fit(X, y)
    half = SparseGroupClassifier(0.05, loss="multinomial").fit(X[::2], y[::2])
    wanted = log_loss(y[1::2], half.predict_proba(X[1::2]))
    assert search.losses_.ravel()[0] == pytest.approx(wanted, rel=1e-3)
    np.testing.assert_allclose(search.predict_proba(X).sum(axis=1), 1.0)


def test_a_loss_of_classes_is_none_of_numbers(classes):
    with pytest.raises(ParameterError, match=r"`loss` parameter of L21Regressor .* quantile"):
        L21Regressor(loss="multinomial").fit(classes[0], np.arange(90.0))


def numbers():
    generator = np.random.default_rng(3)
    X = generator.normal(size=(120, 4))
    noise = generator.exponential(size=(120, 2))
    return X, X[:, :2] + X[:, :1] + noise


@pytest.mark.parametrize("q", [0.2, 0.9])
def test_with_a_small_width_it_is_scikit_learns_quantile_regression(q):
    X, Y = numbers()
    theirs = QuantileRegressor(quantile=q, alpha=0.02, solver="highs").fit(X, Y[:, 0])
    ours = SparseGroupRegressor(0.02, l1_ratio=1.0, loss=Quantile(q, width=0.01)).fit(X, Y[:, 0])

    def objective(model):
        coef = np.ravel(model.coef_)
        return mean_pinball_loss(Y[:, 0], model.predict(X), alpha=q) + 0.02 * np.abs(coef).sum()

    assert 0 <= objective(ours) - objective(theirs) <= 0.01 / 2 * max(q, 1 - q) ** 2
    np.testing.assert_allclose(np.ravel(ours.coef_), theirs.coef_, atol=0.05)


@pytest.mark.parametrize(
    "model",
    [IndependentRidgeRegressor(1e-3), L21Regressor(0.01), RobustLowRankRegressor(0.01, tol=1e-4)],
    ids=lambda value: type(value).__name__,
)
def test_the_share_of_labels_below_a_quantile_is_that_asked_for(model):
    X, Y = numbers()
    model.set_params(loss=Quantile(0.8)).fit(X, Y)
    below = (model.predict(X) > Y).mean(axis=0)
    np.testing.assert_allclose(below, 0.8, atol=0.05)
    assert not hasattr(model, "partial_fit")
