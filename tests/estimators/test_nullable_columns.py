"""Labels in nullable columns of pandas, whose missing values are NA."""

import numpy as np
import pandas as pd
import pytest

from polytask.linear_model import L21Classifier, L21Regressor

X = np.random.default_rng(0).normal(size=(40, 3))
SIGNS = X[:, :2] > 0


def test_numbers_with_na_are_numbers_with_nan():
    plain = X[:, :2].copy()
    plain[3, 1] = np.nan
    frame = pd.DataFrame(plain, columns=["u", "v"])
    model = L21Regressor().fit(X, frame.astype("Float64"))
    assert list(model.tasks_) == ["u", "v"]
    np.testing.assert_array_equal(model.coef_, L21Regressor().fit(X, plain).coef_)


@pytest.mark.parametrize("kind", ["Int64", "boolean"])
def test_classes_with_na_are_classes_with_nan(kind):
    plain = SIGNS.astype(float)
    plain[3, 1] = np.nan
    frame = pd.DataFrame(SIGNS).astype(kind)
    frame.iloc[3, 1] = pd.NA
    model = L21Classifier().fit(X, frame)
    np.testing.assert_array_equal(model.coef_, L21Classifier().fit(X, plain).coef_)


@pytest.mark.parametrize(("kind", "plain"), [("Int64", "int64"), ("boolean", "bool")])
def test_classes_without_na_keep_their_kind(kind, plain):
    model = L21Classifier().fit(X, pd.Series(SIGNS[:, 0]).astype(kind))
    assert model.classes_.dtype == plain
    assert model.predict(X).dtype == plain


@pytest.mark.parametrize("absent", [pd.NA, np.nan, None])
def test_names_of_classes_may_be_missing(absent):
    frame = pd.DataFrame(np.where(SIGNS, "yes", "no")).astype("string")
    frame.iloc[3, 1] = absent
    model = L21Classifier().fit(X, frame)
    assert list(model.classes_) == ["no", "yes"]
    assert set(model.predict(X).ravel()) == {"no", "yes"}


def test_ids_of_tasks_may_be_nullable():
    ids = np.repeat([1, 2], 20)
    model = L21Regressor().fit(X, X[:, 0], tasks=pd.Series(ids).astype("Int64"))
    assert list(model.tasks_) == [1, 2]
    ours = model.predict(X, tasks=pd.Series(ids).astype("Int64"))
    np.testing.assert_array_equal(ours, model.predict(X, tasks=ids))


def test_inputs_may_be_nullable():
    frame = pd.DataFrame(X).astype("Float64")
    frame.columns = list("abc")
    np.testing.assert_allclose(
        L21Regressor().fit(frame, X[:, 0]).coef_, L21Regressor().fit(X, X[:, 0]).coef_
    )


def test_none_is_no_class():
    labels = np.where(SIGNS, "yes", "no").astype(object)
    labels[3, 1] = None
    assert list(L21Classifier().fit(X, labels).classes_) == ["no", "yes"]


def test_numbers_among_objects_are_numbers():
    labels = SIGNS.astype(int).astype(object)
    labels[3, 1] = pd.NA
    assert list(L21Classifier().fit(X, labels).classes_) == [0, 1]
    np.testing.assert_array_equal(
        L21Regressor().fit(X, labels).coef_,
        L21Regressor().fit(X, np.where(labels.astype(str) == "<NA>", np.nan, SIGNS)).coef_,
    )
