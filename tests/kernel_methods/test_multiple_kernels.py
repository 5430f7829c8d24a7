"""Weights of several kernels per task against the dual problem and single kernels."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import pairwise_kernels

from polytask.exceptions import DataError
from polytask.kernel_methods import (
    MultipleKernelClassifier,
    MultipleKernelRegressor,
    MultiTaskKernelRidge,
    _multiple_kernel,
)

pytestmark = pytest.mark.usefixtures("unchecked_types")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.uniform(-2, 2, size=(40, 3))
Y = np.stack([X[:, 0], X[:, 0] - X[:, 1], np.sin(3 * X[:, 1]), np.sin(3 * X[:, 2])], axis=1)
Y += 0.1 * GENERATOR.normal(size=Y.shape) + 3.0
GAPS = np.where(GENERATOR.random(Y.shape) < 0.2, np.nan, Y)
NORMS = (1.0, 1.4, 2.0)


def matrices(model):
    """Kernels of all rows, as the model scales them."""
    pairs = zip(model.kernel_names_, model.kernel_gammas_, strict=True)
    settings = [(name, {} if gamma == 0 else {"gamma": gamma}) for name, gamma in pairs]
    kernels = [pairwise_kernels(X, metric=name, **each) for name, each in settings]
    return [kernel / size for kernel, size in zip(kernels, model.kernel_sizes_, strict=True)]


def norm(values, power):
    return np.linalg.norm(values, ord=power, axis=0)


@pytest.mark.parametrize("q", NORMS)
def test_the_objective_is_that_of_the_dual_problem(q):
    alpha = 0.02
    model = MultipleKernelRegressor(alpha, task_norm=q, tol=1e-7).fit(X, GAPS)
    known = ~np.isnan(GAPS)
    weight = known / known.sum(axis=0)
    residual = np.where(known, GAPS - model.predict(X), 0.0)
    dual = weight * residual
    assert np.abs(dual.sum(axis=0)).max() < 1e-10
    slopes = np.sqrt([np.einsum("ik,ij,jk->k", dual, kernel, dual) for kernel in matrices(model)]).T
    sizes = model.kernel_weights_ * slopes / alpha
    scale = 4 ** (-(2 - q) / q)
    losses = 0.5 * (weight * residual**2).sum()
    height = losses + 0.5 * alpha * scale * norm(sizes, q).sum() ** 2
    other = np.inf if q == 1 else q / (q - 1)
    bound = (dual * np.nan_to_num(GAPS)).sum() - losses
    bound -= norm(slopes, other).max() ** 2 / (2 * alpha * scale)
    unit = 0.5 * np.nanvar(GAPS, axis=0).sum()
    assert -1e-10 < (height - bound) / unit < 2e-7
    assert model.dual_gap_ <= 1e-7


@pytest.mark.parametrize("q", NORMS)
def test_no_other_weights_within_the_budget_are_better(q):
    model = MultipleKernelRegressor(0.02, gammas=(1.0,), task_norm=q, tol=1e-8).fit(X, Y)
    kernels = matrices(model)
    power = np.inf if q == 2 else q / (2 - q)

    def height(logs):
        weights = np.exp(logs.reshape(4, 2))
        weights = weights / (norm(weights, power) * 4 ** (-1 / power)).sum()
        total = 0.0
        for k in range(4):
            joint = sum(w * kernel for w, kernel in zip(weights[k], kernels, strict=True))
            system = np.block([[joint + 0.8 * np.eye(40), np.ones((40, 1))], [np.ones(40), 0.0]])
            dual = np.linalg.solve(system, np.append(Y[:, k], 0.0))[:-1]
            total += 0.01 * (dual @ joint @ dual + 0.8 * dual @ dual)
        return total

    start = np.log(np.maximum(model.kernel_weights_, 1e-12)).ravel()
    reached = height(start)
    found = minimize(height, np.zeros(8), method="Powell", options={"maxiter": 8}).fun
    assert reached <= found * (1 + 1e-6)
    assert reached < height(np.zeros(8))


def test_weights_are_those_that_the_norm_ties():
    same = MultipleKernelRegressor(0.02, task_norm=2.0).fit(X, Y)
    assert np.ptp(same.kernel_weights_, axis=0).max() == 0
    np.testing.assert_allclose(same.kernel_weights_.sum(axis=1), 1.0)
    free = MultipleKernelRegressor(0.02, task_norm=1.0).fit(X, Y)
    assert free.kernel_weights_.mean(axis=0).sum() == pytest.approx(1.0)
    linear = free.kernel_weights_[:, 0] / free.kernel_weights_.sum(axis=1)
    assert linear[:2].min() > 0.8
    assert linear[2:].max() < 0.2


@pytest.mark.parametrize("labels", [Y, GAPS], ids=["complete", "gaps"])
def test_a_single_kernel_is_kernel_ridge_of_each_task(labels):
    model = MultipleKernelRegressor(0.05, kernels=("rbf",), gammas=(0.7,), task_norm=2.0)
    model.fit(X, labels)
    (gamma,), (size,) = model.kernel_gammas_, model.kernel_sizes_
    alone = MultiTaskKernelRidge(0.05 * size, gamma=gamma, shared=0.0).fit(X, labels)
    np.testing.assert_allclose(model.predict(X), alone.predict(X), rtol=1e-8)


def test_a_classifier_has_the_scores_of_the_regression_of_its_labels():
    classes = np.where(np.isnan(GAPS), np.nan, GAPS > 3.0)
    model = MultipleKernelClassifier(0.02).fit(X, classes)
    twin = MultipleKernelRegressor(0.02).fit(X, 2 * classes - 1)
    np.testing.assert_allclose(model.decision_function(X), twin.predict(X), rtol=1e-10)
    assert ((model.predict_proba(X) > 0.5) == model.predict(X)).all()
    assert model.score(X, classes) > 0.9


def test_what_does_not_fit_is_named(monkeypatch):
    with pytest.warns(ConvergenceWarning, match=r"relative duality gap.*`max_iter`"):
        MultipleKernelRegressor(max_iter=2, tol=1e-9).fit(X, Y)
    monkeypatch.setattr(_multiple_kernel, "_MOST_ENTRIES", 100)
    with pytest.raises(DataError, match=r"4 kernel matrices of its 40 rows"):
        MultipleKernelRegressor().fit(X, Y)
