import numpy as np
import pytest
import scipy.sparse
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from users_estimator import Mean

from polytask.predictor._n_learned import n_learned

X = np.random.default_rng(0).normal(size=(80, 4))
y = X[:, 0] + 0.1 * X[:, 1]


def test_coefficients_and_intercepts():
    assert n_learned(LogisticRegression().fit(X, y > 0)) == 5
    assert n_learned(Ridge().fit(X, np.column_stack([y, y]))) == 10
    assert n_learned(Ridge().fit(X, y)) == 5
    assert n_learned(Mean().fit(X, y)) == 1


def test_estimators_inside_count():
    inside = make_pipeline(StandardScaler(), Ridge()).fit(X, y)
    assert n_learned(inside) == 5 + sum(
        a.size for a in (inside[0].mean_, inside[0].var_, inside[0].scale_)
    )


def test_nodes_of_trees():
    tree = DecisionTreeRegressor(max_depth=1).fit(X, y)
    assert n_learned(tree) == 3
    forest = RandomForestRegressor(3, max_depth=1).fit(X, y)
    assert n_learned(forest) == 9
    boosting = HistGradientBoostingRegressor(max_iter=4, max_leaf_nodes=2).fit(X, y)
    assert n_learned(boosting) == 12


def test_nearest_neighbours_keep_their_rows():
    assert n_learned(KNeighborsRegressor().fit(X, y)) == X.size + len(y)
    sparse = scipy.sparse.csr_array(np.where(X > 0, X, 0.0))
    assert n_learned(KNeighborsRegressor().fit(sparse, y)) == sparse.nnz + len(y)


def test_nodes_of_boosters():
    lightgbm, xgboost = map(pytest.importorskip, ("lightgbm", "xgboost"))
    quick = {"n_estimators": 4, "n_jobs": 1}
    light = lightgbm.LGBMRegressor(verbose=-1, num_leaves=2, min_child_samples=1, **quick)
    assert n_learned(light) == 0
    assert n_learned(light.fit(X, y)) == 12
    assert n_learned(xgboost.XGBRegressor(max_depth=1, **quick).fit(X, y)) == 12
    linear = xgboost.XGBRegressor(booster="gblinear", **quick).fit(X, y)
    assert n_learned(linear) == X.shape[1] + 1
