"""Joint feature selection: its optimum, its strengths, and what is said of it."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    MultiTaskLasso,
    PoissonRegressor,
)
from sklearn.model_selection import KFold

from polytask.datafits import Huber, OwnRows, SharedRows, Squared
from polytask.exceptions import DataError, ParameterError, UnknownNameError
from polytask.linear_model import (
    DirtyModelRegressor,
    IndependentRidgeRegressor,
    L21Classifier,
    L21ClassifierCV,
    L21Regressor,
    L21RegressorCV,
    SparseGroupClassifier,
    TraceNormRegressor,
)
from polytask.penalties import L21, TraceNorm
from polytask.solvers import GroupNewton, ProximalGradient


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(60, 12)) + 3.0
    Y = X[:, :4] @ generator.normal(size=(4, 5)) + generator.normal(size=(60, 5)) + 7.0
    return X, Y


@pytest.fixture(scope="module")
def gaps(table):
    Y = table[1].copy()
    Y[np.random.default_rng(1).random(Y.shape) < 0.3] = np.nan
    return Y


@pytest.mark.parametrize("alpha", [1.0, 0.1, 0.001])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_on_a_full_table_it_is_the_multi_task_lasso(table, alpha, fit_intercept):
    X, Y = table
    ours = L21Regressor(alpha, fit_intercept=fit_intercept, tol=1e-10).fit(X, Y)
    theirs = MultiTaskLasso(alpha, fit_intercept=fit_intercept, tol=1e-12, max_iter=10**6)
    theirs.fit(X, Y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=2e-4)
    np.testing.assert_array_equal(ours.support_, ours.coef_.any(axis=0))


@pytest.mark.parametrize("shape", [(60, 12), (20, 40)])
@pytest.mark.parametrize("share", [0.5, 0.05])
def test_two_solvers_find_the_same_optimum_of_shared_and_of_own_rows(shape, share):
    generator = np.random.default_rng(2)
    X, task = generator.normal(size=shape), np.arange(shape[0]) % 4
    y = X[:, :3] @ generator.normal(size=3) + generator.normal(size=len(X))
    Y = np.where(generator.random((len(X), 3)) < 0.2, np.nan, y[:, None] * [1.0, -1.0, 2.0])
    for rows in (OwnRows(X, y, task), SharedRows(X, Y), SharedRows(X, np.nan_to_num(Y))):
        bound = Squared().bind(rows)
        penalty = L21(share * L21().alpha_max(bound.cross))
        newton = GroupNewton(1e-12).solve(bound, penalty)
        steps = ProximalGradient(1e-12, 100_000).solve(bound, penalty)
        assert newton.converged
        assert steps.converged
        assert newton.measure == steps.measure == "duality gap"
        np.testing.assert_allclose(newton.coef, steps.coef, atol=1e-5 * np.abs(newton.coef).max())


def test_a_table_with_more_features_in_use_than_rows_has_the_same_optimum():
    generator = np.random.default_rng(3)
    X, Y = generator.normal(size=(50, 130)), generator.normal(size=(50, 2))
    bound = Squared().bind(SharedRows(X, Y))
    penalty = L21(0.02 * L21().alpha_max(bound.cross))
    ours = GroupNewton(1e-10).solve(bound, penalty)
    assert ours.converged
    assert np.count_nonzero(ours.coef.any(axis=0)) > 50
    value = bound.value(ours.coef, ours.intercept) + penalty.value(ours.coef)
    theirs = MultiTaskLasso(penalty.alpha, tol=1e-12, max_iter=10**5).fit(X, Y)
    best = bound.value(theirs.coef_, bound.start()) + penalty.value(theirs.coef_)
    assert value == pytest.approx(best, rel=1e-6)


def test_optimality_holds_feature_by_feature(table, gaps):
    X, _ = table
    model = L21Regressor(0.2, tol=1e-12).fit(X, gaps)
    bound = Squared().bind(SharedRows(X, gaps))
    slope, _ = bound.gradient(model.coef_, bound.start())
    norms = np.linalg.norm(model.coef_, axis=0)
    used = norms > 0
    wanted = -0.2 * model.coef_[:, used] / norms[used]
    np.testing.assert_allclose(slope[:, used], wanted, atol=1e-6)
    assert (np.linalg.norm(slope[:, ~used], axis=0) <= 0.2).all()
    assert used.any()
    assert not used.all()


def test_one_task_of_classes_is_lasso_logistic_regression(table):
    X, Y = table
    y = (Y[:, 0] > np.median(Y[:, 0])).astype(int)
    ours = L21Classifier(0.02, tol=1e-9).fit(X, y)
    theirs = LogisticRegression(
        C=1 / (0.02 * len(X)), l1_ratio=1, solver="saga", tol=1e-8, max_iter=10**5
    )
    theirs.fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=5e-3)


def test_from_the_largest_strength_on_nothing_is_used_and_that_is_said(table):
    X, Y = table
    largest = L21Regressor().alpha_max(X, Y)
    with pytest.warns(UserWarning, match="All coefficients of L21Regressor are 0: alpha="):
        assert not L21Regressor(largest * (1 + 1e-9)).fit(X, Y).coef_.any()
    assert L21Regressor(0.99 * largest).fit(X, Y).coef_.any()


def test_what_stopped_too_early_says_the_gap_and_what_to_change(table):
    X, Y = table
    words = r"SparseGroupClassifier stopped after 3 iterations at a relative duality gap .* Raise `max_iter`"
    with pytest.warns(ConvergenceWarning, match=words):
        SparseGroupClassifier(0.001, max_iter=3).fit(X, (Y.mean(axis=0) < Y).astype(int))


@pytest.mark.parametrize("constant", [0, 5])
def test_constant_and_collinear_features_and_labels_are_served(constant):
    X = np.ones((12, 3))
    X[:, 1] = X[:, 2] = np.arange(12)
    Y = np.stack([np.arange(12.0), np.full(12, float(constant))], axis=1)
    model = L21Regressor(0.01).fit(X, Y)
    assert not model.coef_[:, 0].any()
    np.testing.assert_allclose(model.predict(X)[:, 1], constant, atol=1e-6)


def test_a_strength_is_chosen_by_rows_that_are_left_out(table, gaps):
    X, _ = table
    model = L21RegressorCV(n_alphas=8, cv=3, random_state=0).fit(X, gaps)
    assert model.losses_.shape == (8, 3)
    assert model.alpha_ == model.alphas_[model.losses_.mean(axis=1).argmin()]
    assert model.alphas_[0] / model.alphas_[-1] == pytest.approx(1000)
    alone = L21Regressor(model.alpha_).fit(X, gaps)
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-4)
    given = L21ClassifierCV(alphas=[0.1, 0.01], cv=2).fit(
        X, (table[1] > np.median(table[1], axis=0)).astype(int)
    )
    np.testing.assert_array_equal(given.alphas_, [0.1, 0.01])


def test_a_task_with_fewer_labels_than_folds_is_named(table):
    X, Y = table
    tasks = np.where(np.arange(len(X)) < 3, "few", "many")
    with pytest.raises(
        DataError, match=r"`cv` parameter of L21RegressorCV .* Task 'few' has 3 samples, and there"
    ):
        L21RegressorCV(cv=5).fit(X, Y[:, 0], tasks=tasks)


def test_given_folds_are_masks_or_positions_with_rows_of_every_task(table):
    X, Y = table
    test = np.arange(len(X)) >= 40
    masks = L21RegressorCV(n_alphas=3, cv=[(~test, test)]).fit(X, Y)
    positions = L21RegressorCV(n_alphas=3, cv=[(np.arange(40), np.arange(40, 60))]).fit(X, Y)
    np.testing.assert_array_equal(masks.losses_, positions.losses_)
    with pytest.raises(
        ParameterError, match=r"`cv` parameter of L21RegressorCV .* Got '5' instead"
    ):
        L21RegressorCV(cv="5").fit(X, Y)
    labels, tasks = (Y[:, 0] > np.median(Y[:, 0])).astype(int), np.repeat([0, 1, 2], 20)
    with pytest.raises(DataError, match=r"`cv` parameter of L21ClassifierCV .* Task 0 has none"):
        L21ClassifierCV(cv=KFold(3)).fit(X, labels, tasks=tasks)
    with pytest.raises(DataError, match="There are none to test on in one of the splits"):
        L21RegressorCV(cv=[(np.arange(60), [])]).fit(X, Y)


@pytest.mark.parametrize("kind", [L21Regressor, DirtyModelRegressor, TraceNormRegressor])
def test_no_strength_of_a_norm_is_least_squares(table, kind):
    X, Y = table
    model = kind(alpha=0.0).fit(X, Y)
    np.testing.assert_allclose(model.coef_, LinearRegression().fit(X, Y).coef_)
    assert model.residual_ < 1e-10


def test_counts_of_constant_features_have_their_mean_as_rate():
    model = IndependentRidgeRegressor(loss="poisson").fit(np.ones((5, 2)), np.arange(5.0))
    np.testing.assert_allclose(model.predict(np.ones((1, 2))), 2.0)


def test_a_solver_says_what_it_misses(table):
    bound = Squared().bind(SharedRows(*table))
    with pytest.raises(ParameterError, match=r"GroupNewton needs a sum of norms .* Got TraceNorm"):
        GroupNewton().solve(bound, TraceNorm())


@pytest.mark.parametrize(
    ("loss", "theirs"),
    [
        ("huber", None),
        ("poisson", PoissonRegressor(alpha=0.0, tol=1e-10, max_iter=10_000)),
        (Huber(delta=1e6), LinearRegression()),
    ],
)
def test_losses_of_numbers_have_their_optimum(table, loss, theirs):
    X, Y = table
    y = np.abs(np.round(Y[:, 0]))
    alpha = 0.05 if theirs is None else 1e-9
    model = L21Regressor(alpha, loss=loss, tol=1e-9, max_iter=50_000).fit(X / 4, y)
    assert model.dual_gap_ <= 1e-9
    if theirs is not None:
        wanted = theirs.fit(X / 4, y).predict(X / 4)
        np.testing.assert_allclose(model.predict(X / 4), wanted, rtol=1e-3)


def test_a_path_of_counts_goes_on_although_their_loss_is_below_zero(table):
    y = np.round(np.exp(0.1 * table[0][:, 0] + 3.0))
    model = L21RegressorCV(loss="poisson", n_alphas=3, eps=0.1, cv=2).fit(table[0], y)
    assert np.isfinite(model.losses_).all()
    assert model.alpha_ < model.alphas_[0]


def test_squared_hinges_have_their_optimum_and_give_no_probabilities(table):
    X, Y = table
    labels = (np.median(Y, axis=0) < Y).astype(int)
    model = L21Classifier(0.01, loss="squared_hinge", tol=1e-9).fit(X, labels)
    assert model.dual_gap_ <= 1e-9
    margins = (2 * labels - 1) * model.decision_function(X)
    signs = (2 * labels - 1) * np.maximum(1 - margins, 0)
    np.testing.assert_allclose(signs.mean(axis=0), 0, atol=1e-5)  # of intercepts
    assert not hasattr(model, "predict_proba")


def test_a_loss_that_does_not_suit_the_labels_is_named(table):
    X, Y = table
    with pytest.raises(
        ParameterError, match=r"`loss` parameter of L21Regressor must be a loss of num"
    ):
        L21Regressor(loss="logistic").fit(X, Y)
    with pytest.raises(ParameterError, match=r"Got 'hubert' instead\. Did you mean 'huber'"):
        L21Regressor(loss="hubert").fit(X, Y)
    with pytest.raises(DataError, match=r"`y` parameter of L21Regressor must be numbers from 0"):
        L21Regressor(loss="poisson").fit(X, -Y)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_rows_that_come_in_parts_give_the_model_of_all_rows(table, gaps, fit_intercept):
    X, Y = table
    tasks = np.repeat(["a", "b", "c"], 20)
    forms = [(Y, {}), (gaps, {}), (Y[:, 0], {"tasks": tasks})]
    for labels, own in forms:
        weights = np.random.default_rng(3).random(len(X))
        parts = L21Regressor(0.1, fit_intercept=fit_intercept, tol=1e-10)
        for rows in (slice(0, 25), slice(25, 31), slice(31, None)):
            some = {name: values[rows] for name, values in own.items()}
            every = {"all_tasks": ["a", "b", "c"]} if own and rows.start == 0 else {}
            parts.partial_fit(X[rows], labels[rows], sample_weight=weights[rows], **some, **every)
        whole = L21Regressor(0.1, fit_intercept=fit_intercept, tol=1e-10)
        whole.fit(X, labels, sample_weight=weights, **own)
        np.testing.assert_allclose(parts.coef_, whole.coef_, atol=1e-6)
        np.testing.assert_allclose(parts.intercept_, whole.intercept_, atol=1e-5)
    with pytest.raises(
        UnknownNameError, match=r"`tasks` parameter of L21Regressor .* Got 'd' .*by `all_tasks`\."
    ):
        parts.partial_fit(X[:1], Y[:1, 0], tasks=["d"])
    again = parts.fit(X, labels, **own).partial_fit(X[:40], labels[:40], tasks=tasks[:40])
    alone = L21Regressor(0.1, fit_intercept=fit_intercept, tol=1e-10)
    alone.fit(X[:40], labels[:40], tasks=tasks[:40])
    np.testing.assert_allclose(again.coef_, alone.coef_, atol=1e-6)
    assert not hasattr(L21Regressor(loss="huber"), "partial_fit")
    assert not hasattr(L21RegressorCV(), "partial_fit")


def test_a_path_by_sums_of_products_is_that_of_rows(table, gaps, monkeypatch):
    X, Y = table
    for labels in (Y, gaps):
        by_sums = L21RegressorCV(n_alphas=5, cv=3, tol=1e-9).fit(X, labels)
        with monkeypatch.context() as patch:
            patch.setattr("polytask.linear_model._path_search._MOST_FEATURES", 0)
            by_rows = L21RegressorCV(n_alphas=5, cv=3, tol=1e-9).fit(X, labels)
        np.testing.assert_allclose(by_sums.losses_, by_rows.losses_, rtol=1e-5)
        np.testing.assert_allclose(by_sums.coef_, by_rows.coef_, atol=1e-5)


def test_dependent_features_have_sums_of_products(table):
    X, Y = table
    wide = np.hstack([X, X[:, :2], np.ones((len(X), 1))])
    parts = (
        L21Regressor(0.1, tol=1e-9).partial_fit(wide[:30], Y[:30]).partial_fit(wide[30:], Y[30:])
    )
    whole = L21Regressor(0.1, tol=1e-9).fit(wide, Y)
    np.testing.assert_allclose(parts.predict(wide), whole.predict(wide), atol=1e-3)
