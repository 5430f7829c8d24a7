"""Invariance of learners to the units of a target."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Lasso, PoissonRegressor, Ridge, SGDRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR

import polytask
from polytask.data import MultiTaskDataset
from polytask.learners import GradientBoosting, Linear, PerTaskEstimator, PooledEstimator
from polytask.learners._estimators import learns_standardized
from polytask.tasks import Task


def made(scale=1.0, shift=0.0):
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 4))
    Y = np.abs(X[:, :2] * X[:, 1:3]) + 0.3 * generator.normal(size=(120, 2)) ** 2
    return MultiTaskDataset.from_arrays(
        X, Y * scale + shift, [Task("a", "regression"), Task("b", "regression")]
    )


@pytest.mark.parametrize(
    "learner",
    [
        GradientBoosting(max_iter=60),
        Linear(),
        PerTaskEstimator(RandomForestRegressor(20)),
        PerTaskEstimator(SVR()),
        PerTaskEstimator(Lasso()),
        PerTaskEstimator(SGDRegressor()),
        PooledEstimator(Ridge()),
    ],
    ids=lambda learner: learner.name,
)
@pytest.mark.parametrize(
    ("scale", "shift"), [(1e-12, 0.0), (1e12, 0.0), (1e12, 1e15), (2.0**-30, 0.0), (1e60, 0.0)]
)
def test_scale_and_shift_of_the_target(learner, scale, shift):
    plain, other = (polytask.fit(data, learner) for data in (made(), made(scale, shift)))
    for task in ("a", "b"):
        wanted = plain.predict(made())[task].response
        found = (other.predict(made())[task].response - shift) / scale
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "estimator",
    [PoissonRegressor(), HistGradientBoostingRegressor(loss="poisson", max_iter=10)],
    ids=["linear", "trees"],
)
def test_estimators_for_positive_targets_get_the_users_units(estimator):
    assert not learns_standardized(estimator)
    assert not learns_standardized(make_pipeline(estimator))
    assert learns_standardized(SVR(gamma="scale"))
    model = polytask.fit(made(1000.0), PerTaskEstimator(estimator))
    response = model.predict(made())["a"].response
    assert (response > 0).all()
    assert 300 < response.mean() < 3000
