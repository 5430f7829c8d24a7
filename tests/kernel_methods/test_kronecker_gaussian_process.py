"""The Gaussian process on complete tables against the dense form of the same model."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal
from sklearn.utils import estimator_checks

from polytask._gaussian import Layout, Likelihood, kernel_of_scales
from polytask.exceptions import DataError, ParameterError
from polytask.kernel_methods import KroneckerGaussianProcessRegressor

pytestmark = pytest.mark.usefixtures("unchecked_types")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(12, 2))
Y = GENERATOR.normal(size=(12, 3))


def dense(vector, layout):
    scales, _, _, noise = layout.split(vector)
    kernel = kernel_of_scales(X, X, scales)
    return np.kron(kernel, layout.covariance(vector)) + np.diag(np.tile(np.exp(noise), 12))


@pytest.mark.parametrize("n_scales", [1, 2])
def test_the_likelihood_is_that_of_the_dense_matrix_and_has_its_slope(n_scales):
    layout = Layout(n_scales, 3, 2)
    vector = 0.5 * GENERATOR.normal(size=n_scales + 6 + 3 + 3)
    likelihood = Likelihood(X, Y)
    value, slope = likelihood(vector, layout)
    normal = multivariate_normal(np.zeros(36), dense(vector, layout))
    assert value == pytest.approx(normal.logpdf(Y.ravel()), rel=1e-10)
    numeric = approx_fprime(vector, lambda at: likelihood(at, layout)[0], 1e-6)
    np.testing.assert_allclose(slope, numeric, atol=2e-4)


def test_predictions_are_those_of_the_dense_matrix():
    model = KroneckerGaussianProcessRegressor().fit(X, 3 * Y + 1)
    new = GENERATOR.normal(size=(4, 2))
    scales = np.log(model.length_scale_)
    covariance, labels = model.task_covariance_, (3 * Y + 1 - model.intercept_).ravel()
    noise = np.diag(np.tile(model.noise_**2, 12))
    joint = np.kron(kernel_of_scales(X, X, scales), covariance) + noise
    cross = np.kron(kernel_of_scales(new, X, scales), covariance)
    mean, std = model.predict(new, return_std=True)
    wanted = (cross @ np.linalg.solve(joint, labels)).reshape(4, 3) + model.intercept_
    np.testing.assert_allclose(mean, wanted, rtol=1e-6)
    known = np.diag(cross @ np.linalg.solve(joint, cross.T)).reshape(4, 3)
    variance = np.diag(covariance) - known + model.noise_**2
    np.testing.assert_allclose(std, np.sqrt(variance), rtol=1e-5)
    low, high = model.predict_interval(new, 0.9)
    np.testing.assert_allclose(high - low, 2 * 1.6448536 * std, rtol=1e-6)


def test_a_planted_covariance_is_found_and_intervals_hold():
    generator = np.random.default_rng(1)
    inputs = generator.uniform(-3, 3, size=(150, 1))
    kernel = kernel_of_scales(inputs, inputs, np.zeros(1)) + 1e-9 * np.eye(150)
    covariance = np.array([[1.0, 0.9, -0.5], [0.9, 1.0, -0.5], [-0.5, -0.5, 1.0]])
    root = np.linalg.cholesky(covariance)
    function = np.linalg.cholesky(kernel) @ generator.normal(size=(150, 3)) @ root.T
    labels = function + [0.1, 0.2, 0.3] * generator.normal(size=(150, 3))
    model = KroneckerGaussianProcessRegressor(ard=True, restarts=2).fit(inputs[:60], labels[:60])
    low, high = model.predict_interval(inputs[60:], 0.9)
    held = ((labels[60:] > low) & (labels[60:] < high)).mean()
    assert 0.84 < held < 0.96
    assert np.abs(model.noise_ - [0.1, 0.2, 0.3]).max() < 0.06
    assert 0.6 < model.length_scale_[0] < 1.6
    assert model.task_covariance_[0, 1] > 0 > model.task_covariance_[0, 2]


def test_bad_arguments_are_named():
    with pytest.raises(DataError, match=r"KroneckerGaussianProcessRegressor.*NaN"):
        KroneckerGaussianProcessRegressor().fit(X, np.where(Y > 1, np.nan, Y))
    with pytest.raises(ParameterError, match=r"`rank`"):
        KroneckerGaussianProcessRegressor(rank=0).fit(X, Y)
    model = KroneckerGaussianProcessRegressor(max_iter=1)
    with pytest.warns(match="Raise `max_iter`"):
        model.fit(X, Y)
    with pytest.raises(ParameterError, match=r"`coverage`"):
        model.predict_interval(X, 1.0)


@pytest.mark.slow
def test_it_passes_the_checks_of_scikit_learn():
    model = KroneckerGaussianProcessRegressor()
    for result in estimator_checks.check_estimator(model, on_fail=None, on_skip=None):
        assert result["status"] != "failed", f"{result['check_name']}: {result['exception']}"
