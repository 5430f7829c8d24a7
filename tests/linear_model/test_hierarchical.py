"""Hierarchical regression: likelihood, posterior, intervals and unknown tasks."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from polytask.exceptions import UnknownNameError
from polytask.linear_model import HierarchicalRegressor

pytestmark = pytest.mark.usefixtures("unchecked_types")

N_TASKS = 12


def drawn(n_tasks, rows_per_task, seed, noise=1.0):
    """Inputs, labels and tasks of a hierarchical model with two inputs."""
    random = np.random.default_rng(seed)
    tasks = np.repeat(np.arange(n_tasks), rows_per_task)
    X = random.normal(size=(len(tasks), 2)) * [1.0, 3.0] + [0.0, 2.0]
    root = np.array([[0.8, 0.0, 0.0], [0.2, 0.1, 0.0], [-0.5, 0.0, 1.5]])
    coef = np.array([1.0, -0.5, 4.0]) + random.normal(size=(n_tasks, 3)) @ root.T
    scores = (np.c_[X, np.ones(len(X))] * coef[tasks]).sum(axis=1)
    return X, scores + noise * random.normal(size=len(X)), tasks, coef


@pytest.fixture(scope="module")
def rows():
    return drawn(N_TASKS, 6, seed=0)[:3]


@pytest.fixture(scope="module")
def model(rows):
    X, y, tasks = rows
    return HierarchicalRegressor(prior_tasks=0.0, tol=1e-6, unknown_tasks="prior").fit(
        X, y, tasks=tasks
    )


def stacked(rows):
    """The design of the common mean (n, 3), and that of all deviations (n, 3 n_tasks)."""
    X, _, tasks = rows
    wide = np.c_[X, np.ones(len(X))]
    deviations = np.zeros((len(X), N_TASKS, 3))
    deviations[np.arange(len(X)), tasks] = wide
    return wide, deviations.reshape(len(X), -1)


def minus_restricted_likelihood(rows, covariance, noise):
    """Of all labels, as one dense normal distribution."""
    wide, deviations = stacked(rows)
    total = deviations @ np.kron(np.eye(N_TASKS), covariance) @ deviations.T
    total += noise**2 * np.eye(len(wide))
    inverse = np.linalg.inv(total)
    information = wide.T @ inverse @ wide
    mean = np.linalg.solve(information, wide.T @ inverse @ rows[1])
    left = rows[1] - wide @ mean
    logdets = np.linalg.slogdet(total)[1] + np.linalg.slogdet(information)[1]
    return 0.5 * (logdets + left @ inverse @ left)


def test_covariance_and_noise_maximise_the_restricted_likelihood(rows, model):
    def objective(flat):
        factor = np.zeros((3, 3))
        factor[np.tril_indices(3)] = flat[:-1]
        return minus_restricted_likelihood(rows, factor @ factor.T, np.exp(flat[-1]))

    start = np.append(np.linalg.cholesky(model.prior_covariance_)[np.tril_indices(3)], 0.0)
    best = minimize(objective, start + 0.05, method="L-BFGS-B")
    ours = minus_restricted_likelihood(rows, model.prior_covariance_, model.noise_)
    assert ours < best.fun + 0.03


def test_coefficients_and_their_covariance_are_those_of_the_dense_normal_distribution(rows, model):
    wide, deviations = stacked(rows)
    # A flat prior of the mean, and deviations of each task: one regression with known variances.
    design = np.hstack([wide, deviations])
    precision = np.zeros((design.shape[1], design.shape[1]))
    precision[3:, 3:] = np.kron(np.eye(N_TASKS), np.linalg.inv(model.prior_covariance_))
    covariance = np.linalg.inv(design.T @ design / model.noise_**2 + precision)
    mean = covariance @ design.T @ rows[1] / model.noise_**2
    np.testing.assert_allclose(model.prior_mean_, mean[:3], atol=1e-3)
    coef = np.c_[model.coef_, model.intercept_]
    np.testing.assert_allclose(coef, mean[:3] + mean[3:].reshape(N_TASKS, 3), atol=1e-3)
    take = np.hstack([np.eye(3), np.eye(3, 3 * N_TASKS, 3)])  # the mean plus deviations of task 1
    np.testing.assert_allclose(
        model.coef_covariance_[1], take @ covariance @ take.T, rtol=1e-3, atol=1e-6
    )


def test_unknown_tasks_are_answered_by_the_prior_if_that_is_set(rows, model):
    X, y, tasks = rows
    mean, deviation = model.predict(X[:3], tasks=[-1, 99, 1], return_std=True)
    inputs = np.c_[X[:2], np.ones(2)]
    np.testing.assert_allclose(mean[:2], inputs @ model.prior_mean_)
    of_prior = np.einsum("np,pq,nq->n", inputs, model.prior_covariance_, inputs)
    assert (deviation[:2] ** 2 > of_prior + model.noise_**2).all()
    assert mean[2] == model.predict(X[2:3], tasks=[1])[0]
    with pytest.raises(UnknownNameError, match="must name tasks that were learned"):
        HierarchicalRegressor().fit(X, y, tasks=tasks).predict(X[:1], tasks=[99])


@pytest.mark.parametrize("known", [True, False])
def test_intervals_hold_as_often_as_they_say(known):
    X, y, tasks, coef = drawn(300, 5, seed=1)
    model = HierarchicalRegressor(unknown_tasks="prior").fit(X, y, tasks=tasks)
    random = np.random.default_rng(2)
    fresh = np.arange(300)
    if not known:
        coef, fresh = drawn(300, 1, seed=3)[3], fresh + 1000
    inputs = random.normal(size=(300, 2)) * [1.0, 3.0] + [0.0, 2.0]
    labels = (np.c_[inputs, np.ones(300)] * coef).sum(axis=1) + random.normal(size=300)
    mean, deviation = model.predict(inputs, tasks=fresh, return_std=True)
    inside = np.abs(labels - mean) < 1.645 * deviation
    assert 0.85 < inside.mean() < 0.95  # 90 %, of 300 tasks
    assert deviation.min() > 0.9


def test_shared_rows_are_those_of_each_task_repeated():
    random = np.random.default_rng(0)
    X = random.normal(size=(15, 3))
    Y = X @ (1 + 0.5 * random.normal(size=(3, 5))) + random.normal(size=(15, 5))
    shared = HierarchicalRegressor().fit(X, Y)
    own = HierarchicalRegressor().fit(
        np.tile(X, (5, 1)), Y.T.ravel(), tasks=np.repeat(range(5), 15)
    )
    np.testing.assert_allclose(shared.coef_, own.coef_, atol=1e-8)
    of_all = shared.predict(X, return_std=True)[1]
    np.testing.assert_allclose(of_all[:, 3], own.predict(X, tasks=[3] * 15, return_std=True)[1])
    gaps = Y.copy()
    gaps[:2, 0] = np.nan
    assert np.isfinite(HierarchicalRegressor().fit(X, gaps).coef_).all()


def test_units_of_inputs_and_labels_do_not_matter(rows):
    X, y, tasks = rows
    plain = HierarchicalRegressor().fit(X, y, tasks=tasks)
    scaled = HierarchicalRegressor().fit(X * [1e3, 1.0] + 5.0, 1e-2 * y, tasks=tasks)
    np.testing.assert_allclose(scaled.coef_, 1e-2 * plain.coef_ / [1e3, 1.0], rtol=1e-6)
    np.testing.assert_allclose(scaled.noise_, 1e-2 * plain.noise_)


def test_collinear_and_constant_inputs_and_a_task_of_one_row_are_learned(rows):
    X, y, tasks = rows
    wide = np.c_[X, X[:, 0], np.ones(len(X))]
    few = np.append(np.flatnonzero(tasks > 0), 0)
    model = HierarchicalRegressor().fit(wide[few], y[few], tasks=tasks[few])
    deviation = model.predict(wide, tasks=tasks, return_std=True)[1]
    assert np.isfinite(deviation).all()
    assert deviation[tasks == 0].mean() > deviation[tasks == 1].mean()


def test_many_prior_tasks_make_coefficients_independent(rows):
    X, y, tasks = rows
    model = HierarchicalRegressor(prior_tasks=1e5).fit(X, y, tasks=tasks)
    centre = np.r_[X.mean(axis=0), 1.0]  # the intercept is independent at the mean of the inputs
    back = np.eye(3)
    back[2] = centre
    covariance = back @ model.prior_covariance_ @ back.T
    deviations = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(covariance / np.outer(deviations, deviations), np.eye(3), atol=1e-2)


def test_too_few_steps_are_said(rows):
    X, y, tasks = rows
    with pytest.warns(ConvergenceWarning, match="HierarchicalRegressor stopped after 1 steps"):
        HierarchicalRegressor(max_iter=1, tol=1e-9).fit(X, y, tasks=tasks)
