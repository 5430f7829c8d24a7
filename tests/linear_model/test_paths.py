"""Paths of strengths: their losses are those of models on folds, and the best model is that of all rows."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.linear_model import LassoCV, Ridge
from sklearn.model_selection import KFold

import polytask.linear_model as room
from polytask.datafits import Squared
from polytask.estimators import MultiTaskEstimator, MultiTaskRegressor
from polytask.exceptions import DataError, ParameterError, UnknownNameError
from polytask.linear_model import (
    CalibratedRegressor,
    DirtyModelRegressor,
    IndependentRidgeRegressor,
    L21Regressor,
    LInf1Classifier,
    MeanRegularizedRegressor,
    PathEstimator,
    PathSearchCV,
    PenalizedEstimator,
    RobustLowRankRegressor,
    SparseGroupRegressor,
)
from polytask.penalties import L1
from polytask.testing import check_estimator

PENALISED = [
    cls
    for cls in map(room.__dict__.get, room.__all__)
    if issubclass(cls, PenalizedEstimator)
    and issubclass(cls, MultiTaskEstimator)
    and not issubclass(cls, PathEstimator)
    and not inspect.isabstract(cls)
]


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(42, 5)) + 2.0
    Y = X[:, :3] @ generator.normal(size=(3, 3)) + generator.normal(size=(42, 3)) + 5.0
    Y[generator.random(Y.shape) < 0.2] = np.nan
    return X, Y


def folds(n, k=3):
    return list(KFold(k).split(np.zeros((n, 1))))


@pytest.mark.parametrize(
    ("model", "grid"),
    [
        (RobustLowRankRegressor(tol=1e-9), {"own_ratio": [0.3, 0.7]}),
        (MeanRegularizedRegressor(), {"mean_alpha": [1e-3, 1.0]}),
        (SparseGroupRegressor(loss="huber", tol=1e-9), {"l1_ratio": [0.5]}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_losses_are_those_of_models_of_each_fold(table, model, grid):
    X, Y = table
    search = PathSearchCV(model, grid, alphas=[0.5, 0.05], cv=folds(len(X))).fit(X, Y)
    assert search.settings_ == [{name: v} for name, values in grid.items() for v in values]
    datafit = Squared() if model.loss == "auto" else model.datafit()
    for position, setting in enumerate(search.settings_):
        for place, alpha in enumerate([0.5, 0.05]):
            for fold, (train, test) in enumerate(folds(len(X))):
                alone = clone(model).set_params(alpha=alpha, **setting).fit(X[train], Y[train])
                losses = datafit.loss(alone.predict(X[test]), Y[test])
                wanted = np.nanmean(losses, axis=0).sum()
                assert search.losses_[position, place, fold] == pytest.approx(wanted, rel=0.01)
    best = np.unravel_index(search.losses_.mean(axis=2).argmin(), search.alphas_.shape)
    assert search.setting_ == search.settings_[best[0]]
    assert search.alpha_ == search.alphas_[best]


def test_a_calibrated_model_is_judged_by_root_mean_squared_errors(table):
    X, Y = table
    ((train, test),) = folds(len(X), 2)[:1]
    search = PathSearchCV(CalibratedRegressor(), alphas=[0.1], cv=[(train, test)]).fit(X, Y)
    alone = CalibratedRegressor(0.1).fit(X[train], Y[train])
    wanted = np.sqrt(np.nanmean((alone.predict(X[test]) - Y[test]) ** 2, axis=0)).sum()
    assert search.losses_.item() == pytest.approx(wanted, rel=1e-2)


def test_of_one_task_it_is_scikit_learns_path_of_the_lasso(table):
    X = table[0]
    y = X[:, 0] - X[:, 1] + np.random.default_rng(1).normal(size=len(X))
    ours = PathSearchCV(SparseGroupRegressor(l1_ratio=1.0), n_alphas=6, cv=KFold(3)).fit(X, y)
    theirs = LassoCV(alphas=6, eps=1e-3, cv=KFold(3), tol=1e-8).fit(X, y)
    np.testing.assert_allclose(ours.alphas_[0], theirs.alphas_, rtol=1e-9)
    np.testing.assert_allclose(2 * ours.losses_[0], theirs.mse_path_, rtol=0.02)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)


def test_the_largest_strength_of_squares_leaves_little_and_the_smallest_little_out(table):
    X, Y = table
    search = PathSearchCV(IndependentRidgeRegressor(), n_alphas=3, cv=2).fit(X, Y)
    largest, _, smallest = search.alphas_[0]
    free = IndependentRidgeRegressor(0.0).fit(X, Y).coef_
    assert np.abs(IndependentRidgeRegressor(largest).fit(X, Y).coef_).max() < 0.03
    np.testing.assert_allclose(IndependentRidgeRegressor(smallest).fit(X, Y).coef_, free, atol=0.01)


@pytest.mark.parametrize("cls", PENALISED, ids=lambda cls: cls.__name__)
def test_every_penalised_model_is_searched(table, cls):
    X, Y = table
    if is_classifier(cls()):
        Y = np.where(np.isnan(Y), np.nan, np.nanmedian(Y, axis=0) < Y)
    coarse = {"tol": 1e-4} if "tol" in cls().get_params() else {}
    search = PathSearchCV(cls(**coarse), alphas=[0.1, 0.03], cv=2, random_state=0).fit(X, Y)
    alone = cls(search.alpha_, **coarse).fit(X, Y)
    np.testing.assert_allclose(search.coef_, alone.coef_, atol=0.05)
    assert {name for name in vars(alone) if name.endswith("_")} <= set(vars(search))


def test_a_model_of_ones_own_is_searched(table):
    class SparseRegressor(MultiTaskRegressor, PenalizedEstimator):
        def penalty(self):
            return L1(self.strength)

    X, Y = table
    search = PathSearchCV(SparseRegressor(), n_alphas=4, cv=2).fit(X, Y)
    assert search.alphas_[0, 0] == pytest.approx(SparseRegressor().alpha_max(X, Y))


@pytest.mark.usefixtures("unchecked_types")
def test_a_search_of_a_classifier_is_a_classifier():
    search = PathSearchCV(LInf1Classifier(tol=1e-4), n_alphas=2, eps=0.05, cv=2)
    assert is_classifier(search)
    assert not hasattr(PathSearchCV(LInf1Classifier(loss="squared_hinge")), "predict_proba")
    check_estimator(search)


def test_a_second_fit_forgets_the_first(table):
    X, Y = table
    search = PathSearchCV(L21Regressor(), n_alphas=2, cv=2).fit(X, Y)
    assert "support_" in vars(search)
    search.set_params(estimator=IndependentRidgeRegressor()).fit(X, Y[:, 1:])
    assert "support_" not in vars(search)
    assert search.predict(X).shape == (42, 2)


def test_where_no_strength_helps_that_is_said(table):
    X = table[0]
    y = np.random.default_rng(5).normal(size=(len(X), 2))
    with pytest.warns(UserWarning, match=r"are 0: alpha=.* No lower strength has a lower loss"):
        PathSearchCV(L21Regressor(), n_alphas=3, cv=3).fit(X, y)


def test_bad_grids_and_folds_are_named(table):
    X, Y = table
    with pytest.raises(UnknownNameError, match=r"`grid` parameter of PathSearchCV .* 'l1_ratio'"):
        PathSearchCV(SparseGroupRegressor(), {"l1ratio": [0.5]}).fit(X, Y)
    with pytest.raises(ParameterError, match=r"`grid` .* Got 'loss' .* have no common measure"):
        PathSearchCV(SparseGroupRegressor(), {"loss": ["squared", "huber"]}).fit(X, Y)
    with pytest.raises(ParameterError, match=r"`grid` .* Got 'alpha' .* given by `alphas`"):
        PathSearchCV(SparseGroupRegressor(), {"alpha": [0.1, 0.2]}).fit(X, Y)
    with pytest.raises(ParameterError, match=r"`l1_ratio` parameter of SparseGroupRegressor"):
        PathSearchCV(SparseGroupRegressor(), {"l1_ratio": [0.5, 2.0]}).fit(X, Y)
    with pytest.raises(ParameterError, match=r"a penalised estimator such as"):
        PathSearchCV(Ridge()).fit(X, Y)
    tasks = np.where(np.arange(len(X)) < 3, "few", "many")
    with pytest.raises(
        DataError, match=r"`cv` parameter of PathSearchCV .* Task 'few' has 3 samples"
    ):
        PathSearchCV(DirtyModelRegressor()).fit(X, X[:, 0], tasks=tasks)
