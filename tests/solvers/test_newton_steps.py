"""Working sets and Newton's method reach the optimum that proximal gradients have."""

import numpy as np
import pytest
from scipy import sparse

from polytask.datafits import Datafit, Huber, Logistic, OwnRows, Poisson, SharedRows, SquaredHinge
from polytask.exceptions import ParameterError
from polytask.penalties import L21, LInf1, SparseGroup, SquaredL2, TraceNorm
from polytask.solvers import (
    ProximalGradient,
    ProximalNewton,
    Solution,
    WorkingSets,
    _proximal_newton,
    _working_sets,
)

N_TASKS = 3


def forms(loss, n=36, p=50):
    """Rows of one table, of one with gaps, and of each task, dense and sparse, by name."""
    random = np.random.default_rng(0)
    X, task = random.normal(size=(n, p)) + 0.5, np.arange(n) % N_TASKS
    scores = X[:, :2] @ random.normal(size=(2, N_TASKS)) + 0.5 * random.normal(size=(n, N_TASKS))
    Y = np.abs(np.round(scores)) if isinstance(loss, Poisson) else scores
    if loss.for_classes:
        Y = (np.median(scores, axis=0) < scores).astype(float)
    gaps = np.where(random.random(Y.shape) < 0.2, np.nan, Y)
    y = Y[np.arange(n), task]
    return {
        "shared": SharedRows(X, Y),
        "gaps": SharedRows(X, gaps, fit_intercept=False),
        "sparse gaps": SharedRows(sparse.csr_array(X), gaps, random.random(n) + 0.1),
        "own": OwnRows(X, y, task, random.random(n) + 0.1),
        "sparse own": OwnRows(sparse.csr_array(X), y, task),
    }


def strength(bound, share, penalty=L21):
    slope, _ = bound.gradient(np.zeros(bound.shape), bound.start())
    return penalty(alpha=share * penalty(alpha=1.0).alpha_max(slope))


@pytest.mark.parametrize(
    ("loss", "work"),
    [
        (Logistic(), 0.0),
        *((loss, np.inf) for loss in (Logistic(), SquaredHinge(), Huber(0.5), Poisson())),
    ],
    ids=repr,
)
def test_losses_on_any_rows_have_the_optimum_of_all_features(loss, work, monkeypatch):
    monkeypatch.setattr(_working_sets, "_NEWTON_WORK", work)
    monkeypatch.setattr(_working_sets, "_FEWEST", 5)
    for name, rows in forms(loss).items():
        bound = loss.bind(rows)
        penalty = strength(bound, 0.3)
        ours = WorkingSets(1e-8).solve(bound, penalty)
        assert ours.converged, name
        assert 1 < np.count_nonzero(ours.coef.any(axis=0)) < 50, name
        theirs = ProximalGradient(1e-8, 100_000).solve(bound, penalty)
        for solution in (ours, theirs):
            value = bound.value(solution.coef, solution.intercept) + penalty.value(solution.coef)
            dual = value - solution.gap * bound.scale()
            assert dual <= bound.value(theirs.coef, theirs.intercept) + penalty.value(theirs.coef)
        np.testing.assert_allclose(ours.coef, theirs.coef, atol=1e-3, err_msg=name)
        np.testing.assert_allclose(ours.intercept, theirs.intercept, atol=1e-3, err_msg=name)


@pytest.mark.parametrize(
    ("loss", "penalty"),
    [(Logistic(), TraceNorm), (Logistic(), LInf1), (Poisson(), SparseGroup)],
    ids=repr,
)
def test_norms_have_the_optimum_of_proximal_gradients_in_few_steps(loss, penalty, monkeypatch):
    monkeypatch.setattr(_proximal_newton, "_FIRST", 2)
    for name, rows in forms(loss, p=5).items():
        bound = loss.bind(rows)
        norm = strength(bound, 0.05, penalty)
        ours = ProximalNewton(1e-8).solve(bound, norm)
        assert ours.converged, name
        assert 2 < ours.n_iter < 15, name
        theirs = ProximalGradient(1e-8, 100_000).solve(bound, norm)
        np.testing.assert_allclose(ours.coef, theirs.coef, atol=1e-3, err_msg=name)
        np.testing.assert_allclose(ours.intercept, theirs.intercept, atol=1e-3, err_msg=name)


def test_a_solution_is_left_alone():
    bound = Logistic().bind(forms(Logistic())["own"])
    penalty = strength(bound, 0.3)
    cold = WorkingSets(1e-8).solve(bound, penalty)
    again = WorkingSets(1e-8).solve(bound, penalty, cold)
    assert again.n_iter == 0
    np.testing.assert_array_equal(again.coef, cold.coef)


def test_classes_that_can_be_separated_are_reached_by_few_steps_of_newton(monkeypatch):
    def refuse(*_arguments):
        raise AssertionError

    monkeypatch.setattr(ProximalGradient, "minimize", refuse)
    X = np.random.default_rng(0).normal(size=(60, 4))
    bound = Logistic().bind(SharedRows(X, (X[:, :2] > 0).astype(float)))
    solution = WorkingSets(1e-8).solve(bound, strength(bound, 1e-4))
    assert solution.converged
    assert isinstance(solution, Solution)


def test_what_is_missing_is_said():
    bound = Logistic().bind(forms(Logistic())["own"])
    with pytest.raises(ParameterError, match=r"WorkingSets needs a sum of norms .* Got TraceNorm"):
        WorkingSets().solve(bound, TraceNorm())

    class Plain(Datafit):
        def loss(self, scores, labels):
            return (scores - labels) ** 2

        def slope(self, scores, labels):
            return 2 * (scores - labels)

    with pytest.raises(ParameterError, match=r"WorkingSets needs a loss with .* Got Plain"):
        WorkingSets().solve(Plain().bind(bound.rows), L21())
    with pytest.raises(ParameterError, match=r"ProximalNewton needs a norm. Got SquaredL2"):
        ProximalNewton().solve(bound, SquaredL2())
