"""Transformed targets of regressions: constants, inverses, bad cells, and every way of learning them."""

import json

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import skew
from sklearn.linear_model import Ridge
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

import polytask
from polytask import Task
from polytask._recipes import from_json, to_json
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import DataError, ParameterError
from polytask.tasks import FittedTarget, Regression, named_kind
from polytask.testing import check_kind

NAMES = ("log1p", "yeo_johnson", "quantile_normal")
RNG = np.random.default_rng(0)
X = RNG.normal(size=300)
PRICE = np.expm1(2 + X + 0.3 * RNG.normal(size=300)).clip(0)
COLUMNS = {"price": np.where(np.arange(300) % 5, PRICE, np.nan), "change": np.sinh(2 * X)}

every_transform = pytest.mark.parametrize("name", NAMES)


def test_kinds_of_before_write_no_transform():
    assert "transform" not in json.dumps(to_json(Regression()))
    assert from_json(to_json(Regression("log1p"))) == Regression("log1p")


@every_transform
def test_common_checks(name):
    check_kind(Regression(name))
    columns = COLUMNS if name != "log1p" else {"price": COLUMNS["price"]}
    check_kind(Regression(name), columns=columns)


def test_yeo_johnson_is_that_of_scikit_learn():
    for values in (PRICE, COLUMNS["change"], -PRICE, RNG.normal(size=200)):
        reference = PowerTransformer().fit(values[:, None])
        target = Regression("yeo_johnson").fit("y", {"y": values})
        assert target.learned["transform_0"][0] == pytest.approx(reference.lambdas_[0], abs=1e-3)
        encoded = Regression("yeo_johnson").encode([values], target)
        np.testing.assert_allclose(encoded, reference.transform(values[:, None]), atol=5e-3)


def test_normal_quantiles_are_those_of_scikit_learn_half_a_step_inside():
    values = COLUMNS["change"]
    n = len(values)
    reference = QuantileTransformer(n_quantiles=n).fit(values[:, None])
    expected = ndtri(0.5 / n + reference.transform(values[:, None]) * (1 - 1 / n))
    target = Regression("quantile_normal").fit("y", {"y": values})
    center, scale = target.learned["center"], target.learned["scale"]
    encoded = Regression("quantile_normal").encode([values], target)
    np.testing.assert_allclose(encoded, (expected - center) / scale, atol=1e-5)
    many = Regression("quantile_normal").fit("y", {"y": RNG.normal(size=3000)})
    assert len(many.learned["transform_0"]) == 1000


def test_equal_values_have_the_rank_in_their_middle():
    kind, values = Regression("quantile_normal"), np.array([0.0] * 40 + [*range(1, 22)])
    target = kind.fit("y", {"y": values})
    center, scale = target.learned["center"], target.learned["scale"]
    expected = (ndtri(0.5 / 61 + 39 / 2 / 60 * 60 / 61) - center) / scale
    assert kind.encode([values], target)[0, 0] == pytest.approx(expected, rel=0.02)


@every_transform
def test_skewed_numbers_become_even(name):
    target = Regression(name).fit("y", {"y": PRICE})
    assert abs(skew(Regression(name).encode([PRICE], target)[:, 0])) < 0.3 < skew(PRICE)


@every_transform
def test_values_come_back_and_extremes_stay_near_them(name):
    kind = Regression(name)
    for values in (PRICE, 1e-9 * PRICE, 1e12 * PRICE, np.full(9, 3.0), np.array([2000.0, 2001.0])):
        target = kind.fit("y", {"y": values})
        assert kind.accepts(target)
        back = kind.response(kind.encode([values], target), target)
        np.testing.assert_allclose(back, values, rtol=1e-4, atol=1e-4 * np.abs(values).max())
        low, high = values.min(), values.max()
        for score in (-1e4, 1e4):
            extreme = kind.response(np.full((1, 1), score, dtype=np.float32), target)[0]
            assert 2 * low - high <= extreme <= 2 * high - low
            assert np.isfinite(kind.raw(np.array([extreme]), target)).all()


@pytest.mark.parametrize("values", [PRICE + 1e6, PRICE - 1e9, 1e70 * PRICE, -1e70 * PRICE])
def test_where_rounding_leaves_no_power_yeo_johnson_changes_little(values):
    kind = Regression("yeo_johnson")
    target = kind.fit("y", {"y": values})
    back = kind.response(kind.encode([values], target), target)
    np.testing.assert_allclose(back, values, atol=1e-3 * np.ptp(values))


def test_learned_numbers_need_not_all_rows():
    values = RNG.permutation(np.exp(RNG.normal(size=30_000)))
    power = Regression("yeo_johnson").fit("y", {"y": values}).learned["transform_0"][0]
    reference = PowerTransformer().fit(values[:, None]).lambdas_[0]
    assert power == pytest.approx(reference, abs=0.01)


def test_numbers_that_log1p_does_not_take_name_their_row():
    table = {"x": X, "y": np.where(np.arange(300) == 7, -1.0, PRICE)}
    sentence = r"Task 'y': column 'y' holds -1 in row 7, and log1p takes numbers above -1\. Choose"
    with pytest.raises(DataError, match=sentence):
        polytask.read(table, "y:regression:log1p")
    with pytest.raises(DataError, match=r"holds -1, and log1p"):
        Regression("log1p").fit("y", {"y": table["y"]})


@pytest.mark.usefixtures("unchecked_types")
def test_texts():
    assert named_kind("regression:Yeo-Johnson") == Regression("yeo_johnson")
    assert named_kind("regression") == Regression()
    sentence = "must be log1p, yeo_johnson or quantile_normal. Got 'log2' instead"
    with pytest.raises(ParameterError, match=sentence):
        named_kind("regression:log2")
    with pytest.raises(ParameterError, match="The `transform` parameter of Regression must be"):
        Regression("sqrt")


@pytest.mark.parametrize(
    "change",
    [
        {"transform_0": (9.0,)},
        {"transform_0": ()},
        {"transform_0": (1.0, 1.0)},
        {"low": (5.0,), "high": (1.0,)},
        {"deviation": (0.0,)},
        {"high": (1e80,)},
        {"more": (1.0,)},
    ],
)
def test_forged_numbers_are_refused(change):
    kind = Regression("yeo_johnson")
    target = kind.fit("y", {"y": PRICE})
    assert kind.accepts(target)
    assert not kind.accepts(FittedTarget(("y",), learned={**target.learned, **change}))
    assert not Regression().accepts(target)


def test_forged_quantiles_are_refused():
    kind = Regression("quantile_normal")
    learned = kind.fit("y", {"y": PRICE}).learned
    for quantiles in ((), (1.0,), (2.0, 1.0), (-1e308, 1e308), (0.0,) * 1001):
        assert not kind.accepts(FittedTarget(("y",), learned={**learned, "transform_0": quantiles}))


@pytest.mark.parametrize(
    "learner",
    ["hard_sharing", pytest.param("single_task", marks=pytest.mark.slow), Ridge(), "constant"],
)
def test_learned_measured_and_kept_in_the_users_units(learner, tmp_path):
    table = {"x": X, "price": COLUMNS["price"], "other": PRICE + 1, "plain": X}
    tasks = [Task(name, Regression(name), ["price", "other"]) for name in NAMES]
    data = polytask.read(table, [*tasks, "plain:regression", "other:regression:log1p"])
    model = polytask.fit(data, learner, budget=Budget(steps=30))
    predictions = model.predict({"x": X[:20]})
    for name in NAMES:
        error = np.log1p(predictions[name].response[:, 1]) - np.log1p(PRICE[:20] + 1)
        assert np.median(np.abs(error)) < (2 if learner == "constant" else 1)
    model.save(tmp_path / "model")
    again = polytask.load(tmp_path / "model").predict({"x": X[:20]})
    for name, prediction in predictions.items():
        np.testing.assert_array_equal(again[name].response, prediction.response)


@pytest.mark.parametrize("read", ["sources", "long", "per_task"])
def test_several_sources_and_rows_of_their_own(read):
    kind = Regression("log1p")
    if read == "sources":
        tables = {"a": {"x": X, "y": PRICE}, "b": {"x": X, "z": 100 * PRICE}}
        data = MultiTaskDataset.from_sources(tables, [Task("y", kind), Task("z", kind)])
    elif read == "long":
        table = {"x": X, "y": PRICE, "shop": np.where(X > 0, "first", "second")}
        data = polytask.read(table, "y:regression:log1p", task_column="shop")
    else:
        pairs = {"y": (X[:, None], PRICE), "z": (X[:, None], 100 * PRICE)}
        data = MultiTaskDataset.from_per_task(pairs, kinds=kind)
    assert [task.kind for task in data.tasks] == [kind, kind]
    model = polytask.fit(data, "linear")
    for name, prediction in model.predict(data).items():
        size = 700 if name == "z" else 7
        assert size / 3 < np.median(prediction.response) < 3 * size


def test_estimators_learn_transformed_numbers():
    table = {"x": X, "y": PRICE}
    plain, logs = (
        polytask.fit(polytask.read(table, f"y:regression{text}"), Ridge()).predict({"x": X})
        for text in ("", ":log1p")
    )
    errors = [np.abs(each["y"].response - PRICE).mean() for each in (plain, logs)]
    assert errors[1] < 0.7 * errors[0]
