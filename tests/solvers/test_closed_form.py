"""Closed forms of quadratic problems equal dense solutions."""

import numpy as np
import pytest

from polytask.datafits import Logistic, OwnRows, SharedRows, Squared
from polytask.exceptions import ParameterError
from polytask.penalties import (
    L21,
    GraphLaplacian,
    MeanDeviation,
    SquaredL2,
    TaskCovariance,
)
from polytask.solvers import ClosedForm, ProximalGradient, QuasiNewton, _quadratic_equations

N_TASKS = 5


def penalties():
    random = np.random.default_rng(1)
    relations = random.random((N_TASKS, N_TASKS))
    factor = random.normal(size=(N_TASKS, N_TASKS))
    return [
        SquaredL2(0.3),
        SquaredL2(0.0),
        MeanDeviation(0.2),
        MeanDeviation(0.2, groups=((0, 1), (2, 3, 4))),
        GraphLaplacian(relations + relations.T, alpha=0.1),
        TaskCovariance(0.05, covariance=factor @ factor.T + 0.1 * np.eye(N_TASKS)),
    ]


def tables():
    """Rows by name; in the singular ones features are collinear, or there are fewer rows."""
    random = np.random.default_rng(0)
    found = {}
    for name, n, p in (("", 40, 6), (", singular", 12, 9)):
        X, Y = random.normal(size=(n, p)), random.normal(size=(n, N_TASKS))
        if name:
            X[:, -1] = X[:, 0]
        gaps = np.where(random.random(Y.shape) < 0.3, np.nan, Y)
        task = np.concatenate([np.arange(n) % N_TASKS, np.arange(n) % 3])
        weights = random.random(2 * n) + 0.1
        found[f"shared{name}"] = SharedRows(X, Y, weights[:n])
        found[f"gaps{name}"] = SharedRows(X, gaps)
        found[f"gaps, no intercepts{name}"] = SharedRows(X, gaps, fit_intercept=False)
        found[f"own{name}"] = OwnRows(np.tile(X, (2, 1)), random.normal(size=2 * n), task, weights)
    found["fewer rows"] = SharedRows(X[:5], Y[:5])
    return found


def dense(bound, penalty):
    """The least-norm solution of all equations at once."""
    n_tasks, p = bound.shape
    precision = penalty.alpha * penalty.task_precision(n_tasks, penalty.start(bound.shape))
    system = np.kron(precision, np.eye(p)).reshape(n_tasks, p, n_tasks, p)
    tasks = np.arange(n_tasks)
    system[tasks, :, tasks, :] += bound.rows.gram()
    flat = system.reshape(n_tasks * p, n_tasks * p)
    return np.linalg.lstsq(flat, bound.cross.ravel(), rcond=1e-12)[0].reshape(n_tasks, p)


@pytest.mark.parametrize("name", tables())
def test_the_closed_form_is_the_least_norm_solution(name):
    bound = Squared().bind(tables()[name])
    for penalty in penalties():
        solution = ClosedForm().solve(bound, penalty)
        assert solution.measure == "exact"
        assert solution.gap < 1e-12
        np.testing.assert_allclose(solution.coef, dense(bound, penalty), atol=1e-10)


@pytest.mark.parametrize("name", ["gaps", "own", "own, singular"])
def test_conjugate_gradients_reach_the_solution_of_larger_systems(name, monkeypatch):
    monkeypatch.setattr(_quadratic_equations, "_DENSE", 0)
    bound = Squared().bind(tables()[name])
    penalty = penalties()[4]
    solution = ClosedForm(tol=1e-11).solve(bound, penalty)
    assert solution.measure == "residual"
    assert solution.gap < 1e-11
    assert solution.n_iter > 5
    np.testing.assert_allclose(solution.coef, dense(bound, penalty), atol=1e-6)


def test_too_few_conjugate_gradients_are_not_called_converged(monkeypatch):
    monkeypatch.setattr(_quadratic_equations, "_DENSE", 0)
    bound = Squared().bind(tables()["own"])
    solution = ClosedForm(max_iter=2).solve(bound, penalties()[4])
    assert not solution.converged
    assert solution.gap > 1e-6


def test_other_losses_and_penalties_are_refused_by_name():
    rows = SharedRows(np.eye(2), np.eye(2))
    with pytest.raises(ParameterError, match=r"needs squared errors\. Got Logistic"):
        ClosedForm().solve(Logistic().bind(rows), SquaredL2())
    with pytest.raises(ParameterError, match=r"ClosedForm needs a quadratic penalty\. Got L21"):
        ClosedForm().solve(Squared().bind(rows), L21())
    with pytest.raises(ParameterError, match=r"QuasiNewton needs a quadratic penalty\. Got L21"):
        QuasiNewton().solve(Logistic().bind(rows), L21())


@pytest.mark.parametrize("number", [0, 2, 4])
def test_quasi_newton_and_proximal_gradients_agree_on_log_losses(number):
    rows = tables()["own"]
    rows.labels = (rows.labels > 0).astype(float)
    penalty = penalties()[number]
    newton = QuasiNewton(tol=1e-9).solve(Logistic().bind(rows), penalty)
    steps = ProximalGradient(tol=1e-9).solve(Logistic().bind(rows), penalty)
    assert newton.converged
    np.testing.assert_allclose(newton.coef, steps.coef, atol=1e-6)
    np.testing.assert_allclose(newton.intercept, steps.intercept, atol=1e-6)


def test_quasi_newton_takes_a_step_from_the_closed_form_at_most():
    bound = Squared().bind(tables()["own"])
    solution = QuasiNewton(tol=1e-10).solve(bound, penalties()[2])
    assert solution.n_iter == 1
    np.testing.assert_allclose(solution.coef, dense(bound, penalties()[2]), atol=1e-10)
