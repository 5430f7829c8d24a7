"""Arguments that were learned wrongly in silence, or failed deep inside."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from polytask.exceptions import DataError
from polytask.linear_model import L21Classifier, L21Regressor, L21RegressorCV

X = np.random.default_rng(0).normal(size=(30, 3))
Y = X @ np.random.default_rng(1).normal(size=(3, 3))
FRAME = pd.DataFrame(Y, columns=["a", "b", "c"])
TASKS = np.arange(30) % 3


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"y": FRAME.set_axis(["a", "a", "b"], axis=1)}, "`y` .* Two are named 'a'"),
        ({"y": Y[:, 0], "tasks": [1, "1", 2] * 10}, "`tasks` .* numbers or texts"),
        ({"y": Y[:, 0], "tasks": np.array([1, "1", 2] * 10, dtype=object)}, "`tasks` .* Got both"),
        ({"y": Y[:, 0], "tasks": ["a", np.nan, "b"] * 10}, "`tasks` .* no missing id"),
        ({"y": Y[:, 0], "tasks": pd.Series(["a", pd.NA, "b"] * 10)}, "`tasks` .* no missing id"),
        ({"y": Y[:, 0], "tasks": [1.0, np.inf, 2.0] * 10}, "`tasks` .* no missing id"),
        (
            {"y": Y[:, 0], "tasks": pd.to_datetime(["2020", None, "2021"] * 10)},
            "`tasks` .* no missing id",
        ),
        ({"y": Y[:, 0], "tasks": [[1], [1, 2], [2]] * 10}, "cannot read its arguments"),
        ({"y": [[1], [1, 2], [2]] * 10}, "cannot read its arguments"),
        ({"y": Y, "sample_weight": np.full(30, 1e-320)}, "`sample_weight` .* from 1e-100"),
        ({"y": Y, "sample_weight": np.full(30, 1e308)}, "`sample_weight` .* divide by"),
        ({"y": Y, "task_weights": {0: 1.0}}, "`task_weights` .* a number above 0"),
        ({"y": Y * 1e200}, "`y` .* squares are finite"),
        ({"X": X * -1e200, "y": Y}, "`X` .* squares are finite"),
        ({"X": sparse.csr_array(X * 1e200), "y": Y}, "`X` .* squares are finite"),
    ],
)
def test_what_would_be_learned_wrongly_is_refused(options, match):
    with pytest.raises(DataError, match=match):
        L21Regressor().fit(**{"X": X, **options})


def test_parts_have_the_columns_of_the_first_in_their_order():
    model = L21Regressor().partial_fit(X, FRAME)
    with pytest.raises(DataError, match=r"`y` .* order, a, b, c\. Got a, c, b instead"):
        model.partial_fit(X, FRAME[["a", "c", "b"]])
    model.partial_fit(X, FRAME)


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (L21Regressor(loss="huber"), r"only squared errors .* Got Huber: give all rows to `fit`"),
        (L21Regressor(loss="hubert"), r"`loss` parameter of L21Regressor .* 'hubert'"),
        (L21Classifier(), "classes are learned from all rows"),
        (L21RegressorCV(), "folds need all rows"),
    ],
    ids=repr,
)
def test_what_learns_no_parts_says_why(model, match):
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError, match=f"has no `partial_fit`: .*{match}"):
        model.partial_fit(X, Y)


def test_rows_of_one_task_may_come_after_a_table():
    model = L21Regressor(tol=1e-10).partial_fit(X[:15], Y[:15])
    labels, tasks = Y[15:][np.arange(15), TASKS[15:]], TASKS[15:]
    model.partial_fit(X[15:], labels, tasks=tasks)
    known = np.where(np.arange(3) == TASKS[:, None], Y, np.nan)
    known[:15] = Y[:15]
    np.testing.assert_allclose(model.coef_, L21Regressor(tol=1e-10).fit(X, known).coef_, atol=1e-6)
