"""Quantiles of transformed targets: inverses, order, bad cells, texts and saved models."""

import json

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import QuantileRegressor

import polytask
from polytask import Task
from polytask._recipes import from_json, to_json
from polytask.bookkeeping import Budget
from polytask.data.sources._digest import _written
from polytask.exceptions import DataError, ParameterError
from polytask.tasks import FittedTarget, Quantile, Regression, named_kind
from polytask.testing import check_kind

LEVELS = (0.1, 0.5, 0.9)
NAMES = ("log1p", "yeo_johnson", "quantile_normal")
RNG = np.random.default_rng(0)
X = RNG.normal(size=300)
PRICE = np.exp(2 + X + 0.3 * RNG.normal(size=300))

every_transform = pytest.mark.parametrize("name", NAMES)


def test_kinds_of_before_write_and_learn_no_transform():
    assert "transform" not in json.dumps(to_json(Quantile()))
    kind = Quantile(LEVELS, transform="log1p")
    assert from_json(to_json(kind)) == kind
    assert _written(Quantile()) == "Quantile(levels=(0.1, 0.5, 0.9))"
    assert set(Quantile().fit("y", {"y": PRICE}).learned) == {"center", "scale", "levels"}


@every_transform
def test_common_checks(name):
    check_kind(Quantile(LEVELS, name))


@every_transform
def test_responses_are_the_inverse_of_transformed_quantiles(name):
    kind = Quantile(LEVELS, name)
    target = kind.fit("y", {"y": PRICE})
    transformed = Regression(name)
    own = transformed.fit("y", {"y": PRICE})
    plain = FittedTarget(("t",), learned={"center": (0.0,), "scale": (1.0,), "levels": LEVELS})
    raw = RNG.normal(size=(50, 3)).astype(np.float32)
    expected = [
        transformed.response(column[:, None].astype(np.float32), own)
        for column in Quantile(LEVELS).response(raw, plain).T
    ]
    np.testing.assert_allclose(kind.response(raw, target).T, expected, rtol=1e-5)


@every_transform
def test_quantiles_come_back_and_never_cross(name):
    kind = Quantile(LEVELS, name)
    for values in (PRICE, 1e12 * PRICE, np.full(9, 3.0)):
        target = kind.fit("y", {"y": values})
        assert kind.accepts(target)
        quantiles = np.quantile(values, LEVELS)[None]
        back = kind.response(kind.raw(quantiles, target), target)
        np.testing.assert_allclose(back, quantiles, rtol=1e-4)
        for size in (1, 100, 1e4):
            raw = (size * RNG.normal(size=(50, 3))).astype(np.float32)
            response = kind.response(raw, target)
            assert (np.diff(response, axis=1) >= 0).all()
            width = (1 + 1e-12) * np.ptp(values)
            assert response.min() >= values.min() - width
            assert response.max() <= values.max() + width


@every_transform
def test_the_constant_answers_the_quantiles_of_its_rows(name):
    kind = Quantile(LEVELS, name)
    target = kind.fit("y", {"y": PRICE})
    constant = kind.mean_response(PRICE, target, np.ones(300))
    np.testing.assert_array_equal(constant, np.quantile(PRICE, LEVELS, method="inverted_cdf"))
    again = kind.response(kind.raw(constant[None], target), target)[0]
    np.testing.assert_allclose(again, constant, rtol=1e-4)


def test_constant_learners_answer_as_without_a_transform():
    tasks = [Task("plain", Quantile(), ["y"]), Task("logs", Quantile(transform="log1p"), ["y"])]
    data = polytask.read({"x": X, "y": PRICE}, tasks)
    predictions = polytask.fit(data, "constant").predict({"x": X[:1]})
    plain, logs = (predictions[name].response for name in ("plain", "logs"))
    np.testing.assert_allclose(logs, plain, rtol=1e-4)


def test_numbers_that_log1p_does_not_take_name_their_row():
    table = {"x": X, "y": np.where(np.arange(300) == 7, -1.0, PRICE)}
    sentence = r"Task 'y': column 'y' holds -1 in row 7, and log1p takes numbers above -1\. Choose"
    with pytest.raises(DataError, match=sentence):
        polytask.read(table, "y:quantile:0.1,0.9,log1p")
    with pytest.raises(DataError, match=r"holds -1, and log1p"):
        Quantile(transform="log1p").fit("y", {"y": table["y"]})
    with pytest.raises(DataError, match="The target column 'y' of a quantile holds text"):
        polytask.read({"x": X[:3], "y": ["a", "b", "c"]}, "y:quantile:log1p")


@pytest.mark.usefixtures("unchecked_types")
def test_texts():
    assert named_kind("quantile:0.2,0.5, Yeo-Johnson") == Quantile((0.2, 0.5), "yeo_johnson")
    assert named_kind("quantile:log1p") == Quantile(transform="log1p")
    for text in ("0.1,log2", "log1p,0.1", ",log1p", "0.9,0.1,log1p", "log1p,log1p"):
        with pytest.raises(ParameterError, match=f"yeo_johnson or quantile_normal.* Got '{text}'"):
            named_kind(f"quantile:{text}")
    with pytest.raises(ParameterError, match="The `transform` parameter of Quantile must be"):
        Quantile(transform="sqrt")


@pytest.mark.parametrize(
    "change",
    [
        {"transform_0": (9.0,)},
        {"transform_0": ()},
        {"low": (5.0,), "high": (1.0,)},
        {"deviation": (0.0,)},
        {"high": (1e80,)},
        {"levels": (0.1, 0.9)},
        {"more": (1.0,)},
    ],
)
def test_forged_numbers_are_refused(change):
    kind = Quantile(transform="yeo_johnson")
    target = kind.fit("y", {"y": PRICE})
    assert kind.accepts(target)
    assert not kind.accepts(FittedTarget(("y",), learned={**target.learned, **change}))
    assert not Quantile().accepts(target)
    missing = {name: numbers for name, numbers in target.learned.items() if name != "levels"}
    assert not kind.accepts(FittedTarget(("y",), learned=missing))


@pytest.mark.parametrize(
    "learner", ["hard_sharing", QuantileRegressor(alpha=0.001), "constant"], ids=str
)
def test_learned_and_kept_in_the_users_units(learner, tmp_path):
    data = polytask.read({"x": X, "y": PRICE}, "y:quantile:0.1,0.5,0.9,log1p")
    model = polytask.fit(data, learner, budget=Budget(steps=60))
    response = model.predict({"x": X})["y"].response
    assert (np.diff(response, axis=1) >= 0).all()
    error = np.median(np.abs(np.log1p(response[:, 1]) - np.log1p(PRICE)))
    assert error < (1.5 if learner == "constant" else 0.5)
    model.save(tmp_path / "model")
    again = polytask.load(tmp_path / "model").predict({"x": X})["y"].response
    np.testing.assert_array_equal(again, response)


def test_estimators_learn_transformed_numbers():
    kind = Quantile((0.5,), "log1p")
    target = kind.fit("y", {"y": PRICE})
    for standardized in (True, False):
        labels, factor = kind.estimator_labels([PRICE], target, standardized=standardized)
        assert factor is None
        np.testing.assert_array_equal(labels, kind.encode([PRICE], target))
    estimators = kind.estimators(GradientBoostingRegressor(loss="quantile"), target)
    answers = [each.fit(X[:, None], labels[:, 0]) for each in estimators]
    response = kind.response(kind.from_estimator(answers, X[:, None], target), target)
    assert np.median(np.abs(np.log(response[:, 0] / PRICE))) < 0.3
