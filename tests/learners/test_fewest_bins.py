"""Fewer bins than 255 give the same boosted trees where columns hold few values."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from polytask.learners._fewest_bins import set_fewest_bins


def columns(n_rows, seed):
    """Counts, indicators and codes of categories, some of them missing."""
    rng = np.random.default_rng(seed)
    counts, codes = rng.integers(0, 17, (n_rows, 3)), rng.integers(0, 40, (n_rows, 1))
    X = np.hstack([counts, rng.integers(0, 2, (n_rows, 2)), codes]).astype(float)
    y = X[:, 0] + 3 * X[:, 3] + rng.normal(size=n_rows)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, y


@pytest.mark.parametrize(
    "boosting", [HistGradientBoostingRegressor, HistGradientBoostingClassifier]
)
@pytest.mark.parametrize("categorical", [None, [5]])
def test_the_model_is_the_same(boosting, categorical):
    classes = boosting is HistGradientBoostingClassifier
    X, y = columns(500, seed=0)
    y = np.digitize(y, [5.0, 10.0]) if classes else y
    new = columns(300, seed=1)[0]
    new[0, 5] = 60.0  # unknown in training
    answers = []
    for fewest in (False, True):
        model = boosting(max_iter=30, categorical_features=categorical)
        if fewest:
            set_fewest_bins(model, X)
            assert model.max_bins == 40
        model.fit(X, y)
        answers.append(model.predict_proba(new) if classes else model.predict(new))
    assert np.array_equal(*answers)


def test_bins_stay_where_a_column_holds_many_values():
    model = HistGradientBoostingRegressor()
    set_fewest_bins(model, np.hstack([columns(500, 0)[0], np.arange(500.0)[:, None]]))
    assert model.max_bins == 255


def test_a_number_of_bins_that_was_asked_for_is_not_raised():
    model = HistGradientBoostingRegressor(max_bins=8)
    set_fewest_bins(model, columns(500, 0)[0])
    assert model.max_bins == 8


@pytest.mark.parametrize("values", [np.zeros((9, 2)), np.full((9, 2), np.nan), np.zeros((9, 0))])
def test_columns_of_one_value_or_none_have_two_bins(values):
    model = HistGradientBoostingRegressor()
    set_fewest_bins(model, values)
    assert model.max_bins == 2


def test_other_estimators_are_left_alone():
    ridge = Ridge()
    set_fewest_bins(ridge, np.zeros((3, 2)))
    assert ridge.get_params() == Ridge().get_params()
