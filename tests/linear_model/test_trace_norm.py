"""The trace norm: optimality, ranks, and equality with plain proximal gradient descent."""

import numpy as np
import pytest
from scipy import sparse

from polytask.datafits import OwnRows, SharedRows, Squared
from polytask.linear_model import TraceNormClassifier, TraceNormRegressor
from polytask.penalties import TraceNorm
from polytask.solvers import AlternatingDirections, ProximalGradient


def table(n=40, p=12, seed=0):
    """Inputs and labels of six tasks whose coefficients have rank two."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, p)) + 1.0
    W = random.normal(size=(6, 2)) @ random.normal(size=(2, p))
    return X, X @ W.T + random.normal(size=(n, 6))


def rows(name):
    """Rows of six tasks in one of the forms that the solver treats apart."""
    X, Y = table(15, 30) if "wide" in name else table()
    if "own" in name:
        task = np.repeat(np.arange(6), len(X))
        return OwnRows(np.tile(X, (6, 1)), Y.T.ravel(), task)
    if "missing" in name:
        Y[np.random.default_rng(1).random(Y.shape) < 0.3] = np.nan
    return SharedRows(sparse.csr_array(X) if "sparse" in name else X, Y)


FORMS = ["shared", "shared wide", "missing", "missing wide", "own", "own wide", "sparse"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.5, 0.05])
def test_alternating_directions_solve_the_optimality_conditions(form, share):
    bound = Squared().bind(rows(form))
    alpha = share * TraceNorm(1.0).alpha_max(bound.cross)
    solution = AlternatingDirections(tol=1e-9).solve(bound, TraceNorm(alpha))
    slope, _ = bound.gradient(solution.coef, solution.intercept)
    assert np.linalg.norm(slope, 2) <= alpha * (1 + 1e-5)
    sizes = np.linalg.svd(solution.coef, compute_uv=False)
    assert -(slope * solution.coef).sum() == pytest.approx(alpha * sizes.sum(), rel=1e-5)
    assert solution.measure == "duality gap"
    assert solution.converged


@pytest.mark.parametrize("form", ["missing wide", "own"])
def test_alternating_directions_and_proximal_gradients_agree(form):
    bound = Squared().bind(rows(form))
    penalty = TraceNorm(0.1 * TraceNorm(1.0).alpha_max(bound.cross))
    ours = AlternatingDirections(tol=1e-10).solve(bound, penalty)
    other = ProximalGradient(tol=1e-10).solve(bound, penalty)
    assert ours.coef == pytest.approx(other.coef, abs=1e-4 * np.abs(other.coef).max())


def test_a_start_near_the_solution_saves_iterations():
    bound = Squared().bind(rows("own wide"))
    penalty = TraceNorm(0.1 * TraceNorm(1.0).alpha_max(bound.cross))
    first = AlternatingDirections(tol=1e-8).solve(bound, penalty)
    again = AlternatingDirections(tol=1e-8).solve(bound, penalty, first)
    assert again.n_iter < first.n_iter


def test_the_rank_is_exact_and_its_directions_span_the_coefficients():
    X, Y = table()
    model = TraceNormRegressor(alpha=2.0).fit(X, Y)
    assert model.rank_ == np.linalg.matrix_rank(model.coef_) == 2
    inside = model.coef_ @ model.components_.T @ model.components_
    assert inside == pytest.approx(model.coef_)


def test_strengths_from_the_largest_on_leave_nothing():
    X, Y = table()
    bound = Squared().bind(SharedRows(X, Y))
    largest = TraceNorm(1.0).alpha_max(bound.cross)
    with pytest.warns(UserWarning, match="All coefficients of TraceNormRegressor are 0"):
        model = TraceNormRegressor(alpha=1.001 * largest).fit(X, Y)
    assert model.rank_ == 0
    assert TraceNormRegressor(alpha=0.99 * largest).fit(X, Y).rank_ == 1


def test_too_few_iterations_are_said():
    X, Y = table()
    with pytest.warns(UserWarning, match="stopped after 3 iterations at a relative duality gap"):
        TraceNormRegressor(alpha=0.5, max_iter=3, tol=1e-9).fit(X, Y)


def test_classes_of_tasks_share_directions():
    X, Y = table(80, 5)
    labels = (np.median(Y, axis=0) < Y).astype(int)
    model = TraceNormClassifier(alpha=0.1).fit(X, labels)
    assert model.rank_ < 5
    assert model.dual_gap_ <= 1e-6
    assert model.score(X, labels) > 0.8
