"""Least squares with penalties: structures are reached exactly, and relations are learned on the way."""

import numpy as np
import pytest
import torch

from polytask.penalties import (
    L21,
    L1MeanDeviation,
    PairwiseL1,
    RelationGraph,
    Subspace,
    TaskCovariance,
    TraceNorm,
)

STEP = 0.5


def problem(weights, n_rows=60):
    """Covariances of inputs, and gradients of ½ mean (x·w − y)², of tasks with planted weights."""
    generator = np.random.default_rng(0)
    n_tasks, n_features = weights.shape
    inputs = generator.normal(size=(n_tasks, n_rows, n_features))
    targets = np.einsum("kij,kj->ki", inputs, weights) + 0.3 * generator.normal(
        size=(n_tasks, n_rows)
    )
    covariance = np.einsum("kij,kil->kjl", inputs, inputs) / n_rows
    correlation = np.einsum("kij,ki->kj", inputs, targets) / n_rows
    return covariance, correlation


def slope(weights, covariance, correlation):
    return np.einsum("kij,kj->ki", covariance, weights) - correlation


def loss(weights, covariance, correlation):
    quadratic = 0.5 * np.einsum("ki,kij,kj", weights, covariance, weights)
    return quadratic - (weights * correlation).sum()


def minimised(penalty, planted):
    """A fixed point of the proximal gradient step, which is the optimum."""
    given = problem(planted)
    weights = np.zeros_like(planted)
    for _ in range(300):
        before = weights
        weights = penalty.prox(weights - STEP * slope(weights, *given), STEP)
    assert np.abs(weights - before).max() < 1e-8
    return weights


def in_groups():
    return np.random.default_rng(2).normal(size=(2, 4))[[0, 0, 0, 1, 1, 1]]


def test_groups_of_equal_tasks_become_exactly_equal():
    weights = minimised(PairwiseL1(alpha=0.05), in_groups())
    assert (weights[:3] == weights[0]).all()
    assert (weights[3:] == weights[3]).all()
    apart = abs(in_groups()[0] - in_groups()[3]) > 1
    assert (weights[0, apart] != weights[3, apart]).all()
    assert apart.sum() == 3


def test_tasks_like_the_mean_become_exactly_equal_to_it():
    planted = np.tile(np.random.default_rng(2).normal(size=4), (7, 1))
    planted[0, 0] += 3.0
    planted[1, 0] -= 3.0
    weights = minimised(L1MeanDeviation(alpha=0.2), planted)
    assert (weights[2:] == weights[2]).all()
    assert (weights[:2, 1:] == weights[2, 1:]).all()
    assert (weights[:2, 0] != weights[2, 0]).all()


def test_features_without_use_are_exactly_zero():
    planted = np.random.default_rng(2).normal(size=(6, 5)) * [1, 1, 0, 0, 0]
    weights = minimised(L21(alpha=0.3), planted)
    assert ((weights != 0).all(axis=0) == [True, True, False, False, False]).all()


def test_the_planted_rank_is_found():
    generator = np.random.default_rng(2)
    planted = generator.normal(size=(6, 1)) @ generator.normal(size=(1, 5))
    assert np.linalg.matrix_rank(minimised(TraceNorm(alpha=0.4), planted), tol=1e-9) == 1


@pytest.mark.parametrize(
    "penalty", [RelationGraph(alpha=0.3), TaskCovariance(alpha=0.05), Subspace(alpha=0.3, k=2)]
)
def test_alternating_steps_never_increase_the_objective(penalty):
    planted = in_groups()
    given = problem(planted, n_rows=10)
    weights, state = np.zeros_like(planted), penalty.start(planted.shape)
    step, objective = 0.1, np.inf
    for _ in range(100):
        weights = penalty.prox(weights - step * slope(weights, *given), step, state)
        state = penalty.refit(weights, state)
        previous, objective = (
            objective,
            loss(weights, *given) + float(penalty.value(weights, state)),
        )
        assert objective <= previous + 1e-10
    alone = np.linalg.solve(given[0], given[1][..., None])[..., 0]
    assert np.linalg.norm(weights - planted) < np.linalg.norm(alone - planted)


def test_relations_are_learned_together_with_the_tasks():
    planted = in_groups()
    given, penalty = problem(planted, n_rows=12), RelationGraph(alpha=0.5, beta=0.5)
    weights, state = np.zeros_like(planted), penalty.start(planted.shape)
    for _ in range(200):
        weights = penalty.prox(weights - 0.1 * slope(weights, *given), 0.1, state)
        state = penalty.refit(weights, state)
    relations = state["relations"]
    within = relations[:3, :3].sum() + relations[3:, 3:].sum()
    assert within == pytest.approx(relations.sum())


@pytest.mark.parametrize(
    "penalty", [PairwiseL1(alpha=1.0), L1MeanDeviation(alpha=1.0), L21(alpha=1.0)]
)
def test_torch_reaches_the_same_equalities_in_single_precision(penalty):
    weights = torch.from_numpy(np.random.default_rng(0).normal(size=(6, 3, 4))).float()
    point = penalty.prox(weights, 0.4)
    wanted = penalty.prox(weights.numpy(), 0.4)
    np.testing.assert_allclose(point.numpy(), wanted, atol=1e-6)
    equal = np.unique(np.round(wanted.reshape(6, -1), 5), axis=0).size
    assert np.unique(point.numpy().reshape(6, -1), axis=0).size == equal
