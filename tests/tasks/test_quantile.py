"""Quantiles: their order, averages, estimators and levels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from lightgbm import LGBMRegressor
from scipy.stats import norm
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge
from sklearn.metrics import mean_pinball_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from polytask.exceptions import DataError, ParameterError
from polytask.losses import PinballLoss
from polytask.tasks import Quantile, Task

LEVELS = (
    st.lists(
        st.floats(1e-6, 1 - 1e-6),
        min_size=1,
        max_size=6,
        unique_by=lambda level: round(level, 5),
    )
    .map(lambda levels: tuple(sorted(levels)))
    .filter(lambda levels: not levels[1:] or np.diff(levels).min() > 1e-6)
)


def fitted(kind):
    return kind.fit("price", {"price": np.array([-3.0, 1.0, 7.0, 20.0])})


@st.composite
def levels_and_scores(draw, *, limit=100):
    levels = draw(LEVELS)
    shape = (draw(st.integers(1, 5)), len(levels))
    elements = st.floats(-limit, limit, width=32)
    return levels, draw(arrays.arrays(np.float32, shape, elements=elements))


def test_scores_of_zero_are_the_quantiles_of_a_normal_distribution():
    levels = (0.001, 0.3, 0.5, 0.999)
    kind = Quantile(levels)
    target = fitted(kind)
    response = kind.response(np.zeros((1, 4), dtype=np.float32), target)
    center, scale = target.learned["center"][0], target.learned["scale"][0]
    np.testing.assert_allclose(response[0], norm(center, scale).ppf(levels), rtol=1e-9)


@given(case=levels_and_scores())
def test_quantiles_never_cross(case):
    levels, raw = case
    kind = Quantile(levels)
    target = fitted(kind)
    for scores in (raw, raw * 100):
        assert (np.diff(kind.response(scores, target), axis=1) >= 0).all()
    averaged = kind.average(np.stack([raw, -raw, raw[::-1]]))
    assert (np.diff(kind.response(averaged, target), axis=1) >= 0).all()


@given(case=levels_and_scores(limit=10))
def test_an_ensemble_answers_the_mean_quantiles(case):
    levels, raw = case
    kind = Quantile(levels)
    target, members = fitted(kind), np.stack([raw, -raw, raw[::-1]])
    expected = np.mean([kind.response(member, target) for member in members], axis=0)
    averaged = kind.average(members)
    np.testing.assert_allclose(kind.response(averaged, target), expected, rtol=1e-4, atol=1e-3)
    tensor = kind.average(torch.from_numpy(members))
    np.testing.assert_allclose(tensor.numpy(), averaged, rtol=1e-4, atol=1e-4)


@given(case=levels_and_scores(limit=10), seed=st.integers(0, 99))
def test_the_loss_is_the_mean_pinball_loss(case, seed):
    levels, raw = case
    kind, loss = Quantile(levels), PinballLoss()
    target = fitted(kind)
    truth = np.random.default_rng(seed).normal(5.0, 9.0, len(raw))
    values = torch.from_numpy(kind.encode([truth], target)).double()
    constants = {name: each.double() for name, each in loss.constants([target]).items()}
    rows = loss.rowwise(torch.from_numpy(raw).double(), values, values > 99, constants)
    answers = kind.response(raw, target).T
    expected = np.mean(
        [
            mean_pinball_loss(truth, answer, alpha=level)
            for level, answer in zip(levels, answers, strict=True)
        ]
    )
    found = rows.mean().item() * target.learned["scale"][0]
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_equal_and_crossing_quantiles_have_scores():
    kind = Quantile()
    target = fitted(kind)
    response = np.array([[1.0, 1.0, 1.0], [3.0, 2.0, 5.0]])
    raw = kind.raw(response, target)
    assert np.isfinite(raw).all()
    np.testing.assert_allclose(
        kind.response(raw, target), [[1.0, 1.0, 1.0], [3.0, 3.0, 6.0]], rtol=1e-5
    )


def test_the_decision_is_the_quantile_nearest_the_median():
    response = np.array([[1.0, 2.0, 3.0]])
    for levels, decision in (((0.1, 0.5, 0.9), 2.0), ((0.1, 0.2, 0.4), 3.0), ((0.7, 0.8, 0.9), 1)):
        kind = Quantile(levels)
        assert kind.decide(response, fitted(kind)) == decision


@settings(max_examples=30)
@given(values=st.lists(st.integers(-5, 5), min_size=1, max_size=30), levels=LEVELS, data=st.data())
def test_the_mean_response_has_the_smallest_pinball_loss_of_constants(values, levels, data):
    truth = np.array(values, dtype=np.float64)
    weights = st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values))
    weight = np.array(data.draw(weights), dtype=np.float64)
    weight[0] = 1.0
    constant = Quantile(levels).mean_response(truth, fitted(Quantile(levels)), weight)
    assert (np.diff(constant) >= 0).all()
    for level, answer in zip(levels, constant, strict=True):
        losses = {
            rival: mean_pinball_loss(
                truth, np.full(len(truth), rival), alpha=level, sample_weight=weight
            )
            for rival in (answer, *values)
        }
        assert losses[answer] <= min(losses.values()) + 1e-12


def test_names_of_predictions():
    kind = Quantile((0.025, 0.5))
    columns = kind.prediction_columns("price", np.array([[1.0, 2.0]]), fitted(kind))
    assert [name for name, _ in columns] == ["price", "price_q0.025", "price_q0.5"]
    assert [values.tolist() for _, values in columns] == [[2.0], [1.0], [2.0]]


BOOSTING = [
    HistGradientBoostingRegressor(max_iter=20, min_samples_leaf=5),
    LGBMRegressor(n_estimators=20, min_child_samples=5, verbose=-1),
    GradientBoostingRegressor(n_estimators=20, max_depth=2),
    QuantileRegressor(alpha=0.001),
    make_pipeline(StandardScaler(), QuantileRegressor(alpha=0.001)),
]


@pytest.mark.parametrize("estimator", BOOSTING, ids=lambda one: type(one).__name__)
def test_estimators_learn_a_level_each(estimator):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = X[:, 0] + rng.exponential(size=300)
    kind, before = Quantile((0.1, 0.5, 0.9)), repr(estimator.get_params())
    target = kind.fit("y", {"y": y})
    assert kind.estimator_rank(estimator) == 1
    labels, factor = kind.estimator_labels([y], target, standardized=True)
    assert factor is None
    answers = [
        each.fit(X, labels[:, 0]) for each in kind.estimators(kind.suited(estimator), target)
    ]
    assert repr(estimator.get_params()) == before
    assert len(answers) in kind.estimator_counts(target)
    assert all(map(kind.estimator_rank, answers))
    response = kind.response(kind.from_estimator(answers, X, target), target)
    assert (np.diff(response, axis=1) >= 0).all()
    np.testing.assert_allclose((y[:, None] <= response).mean(axis=0), kind.levels, atol=0.06)


def test_other_estimators_learn_no_quantiles():
    others = (
        Ridge(),
        LogisticRegression(),
        HistGradientBoostingRegressor(loss="poisson"),
        GradientBoostingRegressor(loss="huber"),
        LGBMRegressor(objective="poisson"),
    )
    assert not any(map(Quantile().estimator_rank, others))


def test_answers_of_estimators_that_cross_are_sorted():
    class Answer:
        def __init__(self, value):
            self.value = value

        def predict(self, inputs):
            return np.full(len(inputs), self.value)

    kind = Quantile()
    target = fitted(kind)
    raw = kind.from_estimator([Answer(2.0), Answer(-1.0), Answer(0.5)], np.zeros((2, 1)), target)
    center, scale = target.learned["center"][0], target.learned["scale"][0]
    expected = np.array([-1.0, 0.5, 2.0]) * scale + center
    np.testing.assert_allclose(kind.response(raw, target)[0], expected, rtol=1e-5)


def test_forged_targets():
    kind = Quantile()
    target = fitted(kind)
    assert kind.accepts(target)
    assert not Quantile((0.2, 0.5, 0.9)).accepts(target)
    assert not Quantile((0.1, 0.5)).accepts(target)


def test_levels_in_text():
    assert Task("y", "quantile").kind == Quantile()
    assert Task("y", "quantile:0.05,.5, 0.95").kind == Quantile((0.05, 0.5, 0.95))
    assert Quantile([0.5]) == Quantile((0.5,))


@pytest.mark.parametrize(
    "text", ["", "0.5,0.1", "0.1,0.1", "0,0.5", "0.5,1", "low", "nan", "0.1<0.9", "0.3,0.3000001"]
)
def test_bad_levels_in_text(text):
    said = f"between 0 and 1 in ascending order, with commas between them, .* Got '{text}' instead"
    with pytest.raises(ParameterError, match=said):
        Task("y", f"quantile:{text}")


NEAR = [(0.3, float(np.nextafter(0.3, 1))), (0.3, 0.3 + 1e-13), (0.3, 0.3 + 9e-7)]


@pytest.mark.parametrize("levels", NEAR, ids=repr)
def test_levels_that_are_nearly_equal(levels):
    with pytest.raises(ParameterError, match="in ascending order and at least 1e-6 apart"):
        Quantile(levels)


@pytest.mark.parametrize("levels", [(0.1, 0.100001), (5e-324, 1e-6), (0.999998, 0.999999)])
def test_levels_with_small_gaps(levels):
    kind = Quantile(levels)
    target = fitted(kind)
    response = kind.response(np.zeros((1, 2), dtype=np.float32), target)
    assert np.isfinite(response).all()
    assert response[0, 0] < response[0, 1]
    names = [name for name, _ in kind.prediction_columns("y", response, target)]
    assert len(set(names)) == 3


@pytest.mark.parametrize("levels", [(), (0.5, 0.1), (0.1, 0.1), (0, 0.5), (0.5, 1), 0.5, ("a",)])
def test_bad_levels(levels, unchecked_types):
    said = "The `levels` parameter of Quantile must be a tuple of at least 1 level, each a float in"
    with pytest.raises(ParameterError, match=said):
        Quantile(levels)


def test_two_columns():
    said = r"Task 'p' is quantile and must have one target column\. Got \['y', 'z'\] instead"
    with pytest.raises(DataError, match=said):
        Quantile().fit("p", {"y": np.arange(3.0), "z": np.arange(3.0)})


def test_text():
    with pytest.raises(DataError, match="The target column 'y' of a quantile holds text"):
        Quantile().fit("p", {"y": np.array(["a", "b"], dtype=object)})


def test_without_a_median_the_decision_lies_between_its_neighbours():
    response = np.array([[1.0, 5.0, 9.0]])
    target = Quantile((0.1, 0.3, 0.7)).fit("y", {"y": np.arange(9.0)})
    assert Quantile((0.1, 0.3, 0.7)).decide(response, target).tolist() == [7.0]
    assert Quantile((0.1, 0.2, 0.3)).decide(response, target).tolist() == [9.0]
    assert Quantile((0.6, 0.7, 0.8)).decide(response, target).tolist() == [1.0]
