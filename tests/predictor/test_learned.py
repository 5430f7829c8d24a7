import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from polytask.predictor._learned import n_learned

X = np.random.default_rng(0).normal(size=(80, 4))
y = X[:, 0] + 0.1 * X[:, 1]


def test_coefficients_and_intercepts():
    assert n_learned(LogisticRegression().fit(X, y > 0)) == 5
    assert n_learned(Ridge().fit(X, np.column_stack([y, y]))) == 10
    assert n_learned(Ridge().fit(X, y)) == 5


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
