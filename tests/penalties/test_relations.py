"""Penalties on relations of tasks, known and learned."""

import numpy as np
import pytest
import torch

from polytask._recipes import from_json, to_json
from polytask.exceptions import ParameterError
from polytask.penalties import GraphLaplacian, MeanDeviation, RelationGraph, TaskCovariance
from polytask.testing import check_penalty

RELATIONS = ((0.0, 1.0, 2.0), (1.0, 0.0, 0.0), (2.0, 0.0, 0.0))
COVARIANCE = ((2.0, 1.0, 0.0), (1.0, 2.0, 0.5), (0.0, 0.5, 1.0))


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def learned(penalty, weights):
    (learned,) = penalty.refit(weights, penalty.start(weights.shape)).values()
    return learned


@pytest.mark.parametrize(
    "penalty",
    [
        MeanDeviation(alpha=1.0, groups=((0, 2), (1,))),
        GraphLaplacian(RELATIONS, alpha=1.0),
        RelationGraph(alpha=1.0, beta=0.1),
        RelationGraph(alpha=1.0, relations=RELATIONS, keep_zeros=True),
        TaskCovariance(alpha=1.0, covariance=COVARIANCE),
        TaskCovariance(alpha=1.0, covariance=COVARIANCE, learned=False),
    ],
)
def test_options_keep_the_contract(penalty):
    check_penalty(penalty)


def test_recipes_with_matrices_and_groups_go_through_json():
    for recipe in (
        GraphLaplacian(np.array(RELATIONS), alpha=1.0),
        RelationGraph(relations=[list(row) for row in RELATIONS]),
        TaskCovariance(covariance=COVARIANCE),
        MeanDeviation(groups=((0, 2), (1,))),
    ):
        assert from_json(to_json(recipe)) == recipe
        assert hash(recipe) == hash(from_json(to_json(recipe)))


def test_a_laplacian_is_the_sum_over_pairs():
    weights = drawn(3, 4)
    wanted = 0.5 * ((weights[0] - weights[1]) ** 2).sum() + ((weights[0] - weights[2]) ** 2).sum()
    assert GraphLaplacian(RELATIONS, alpha=1.0).value(weights) == pytest.approx(wanted)


def test_equal_relations_are_the_distance_to_the_mean():
    weights = drawn(4, 5)
    laplacian = GraphLaplacian(np.ones((4, 4)) / 4, alpha=0.3)
    assert laplacian.relations == ((0.25,) * 4,) * 4
    assert laplacian.value(weights) == pytest.approx(MeanDeviation(alpha=0.3).value(weights))


def clustered():
    """Tasks in groups of 2, 3 and 1, with noise."""
    centres = 2.0 * drawn(3, 20)
    return centres[[0, 0, 1, 1, 1, 2]] + 0.1 * drawn(6, 20, seed=1)


def test_planted_relations_are_recovered():
    relations = learned(RelationGraph(beta=2.0), clustered())
    group = np.array([0, 0, 1, 1, 1, 2])
    together = np.equal.outer(group, group) & ~np.eye(6, dtype=bool)
    assert relations[together].min() > 0.5
    assert (relations[~together] == 0).all()  # the last task is left alone
    np.testing.assert_allclose(relations, relations.T)
    assert relations.sum() == pytest.approx(6)


def test_a_large_beta_relates_all_tasks_alike():
    relations = learned(RelationGraph(beta=1e6), clustered())
    np.testing.assert_allclose(relations, (1 - np.eye(6)) / 5, atol=1e-3)


def test_learned_relations_are_optimal():
    """No other relations of the same sum have a lower value."""
    weights, penalty = drawn(5, 3), RelationGraph(alpha=1.0, beta=0.7)
    best = penalty.refit(weights, penalty.start(weights.shape))
    generator = np.random.default_rng(1)
    for _ in range(20):
        pairs = np.triu(generator.dirichlet(np.ones(25)).reshape(5, 5), 1)
        other = 5 * (pairs + pairs.T) / (2 * pairs.sum())
        for share in (1.0, 1e-3):
            state = {"relations": share * other + (1 - share) * best["relations"]}
            assert penalty.value(weights, state) >= penalty.value(weights, best) - 1e-12


def test_pairs_without_a_relation_may_stay_without():
    weights = np.zeros((3, 2))
    kept = learned(RelationGraph(relations=RELATIONS, keep_zeros=True), weights)
    np.testing.assert_allclose(kept, [[0, 0.75, 0.75], [0.75, 0, 0], [0.75, 0, 0]])
    assert learned(RelationGraph(relations=RELATIONS), weights)[1, 2] > 0


def test_given_relations_are_the_start():
    start = RelationGraph(relations=RELATIONS).start((3, 2))["relations"]
    np.testing.assert_allclose(start, 0.5 * np.array(RELATIONS))


def test_planted_covariance_is_recovered():
    planted = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, -0.8], [-0.9, -0.8, 1.0]])
    weights = np.linalg.cholesky(planted) @ drawn(3, 400)
    # The matrix root of the covariance, by Zhang and Yeung's formula.
    sizes, axes = np.linalg.eigh(planted)
    root = (axes * np.sqrt(sizes)) @ axes.T
    covariance = learned(TaskCovariance(), weights)
    np.testing.assert_allclose(covariance, 3 * root / np.trace(root), atol=0.1)
    assert np.trace(covariance) == pytest.approx(3)


def test_a_learned_covariance_is_optimal():
    weights, penalty = drawn(4, 3), TaskCovariance(alpha=1.0)
    best = penalty.refit(weights, penalty.start(weights.shape))
    for seed in range(20):
        factor = drawn(4, 5, seed=seed)
        other = 4 * factor @ factor.T / np.trace(factor @ factor.T)
        for share in (1.0, 1e-3):
            state = {"covariance": share * other + (1 - share) * best["covariance"]}
            assert penalty.value(weights, state) >= penalty.value(weights, best) - 1e-10


def test_a_known_covariance():
    weights = drawn(3, 4)
    penalty = TaskCovariance(alpha=1.0, covariance=COVARIANCE, learned=False)
    wanted = 0.5 * np.trace(weights.T @ np.linalg.inv(COVARIANCE) @ weights)
    assert penalty.value(weights) == pytest.approx(wanted)
    np.testing.assert_array_equal(learned(penalty, weights), COVARIANCE)
    first = TaskCovariance(covariance=COVARIANCE).start((3, 4))["covariance"]
    np.testing.assert_allclose(first, 3 / 5 * np.array(COVARIANCE))


def test_tensors_that_share_a_relation_add_up():
    first, second = drawn(3, 4, 2), drawn(3, 5)
    joined = np.concatenate([first.reshape(3, 8), second], axis=1)
    for penalty in (TaskCovariance(), RelationGraph()):
        state = penalty.refit(joined, penalty.start(joined.shape))
        zero = penalty.value(np.zeros((3, 1)), state)
        parts = penalty.value(first, state) + penalty.value(second, state) - zero
        assert penalty.value(joined, state) == pytest.approx(parts)


def test_learned_quantities_on_a_device_of_another_precision():
    weights, penalty = torch.randn(3, 4, dtype=torch.float32), TaskCovariance()
    wide = {"covariance": torch.eye(3, dtype=torch.float64)}
    assert penalty.value(weights, wide).dtype == torch.float32


@pytest.mark.parametrize(
    ("penalty", "field"),
    [
        (GraphLaplacian(RELATIONS), "relations"),
        (RelationGraph(relations=RELATIONS), "relations"),
        (TaskCovariance(covariance=COVARIANCE), "covariance"),
    ],
)
def test_matrices_of_another_number_of_tasks(penalty, field):
    with pytest.raises(ParameterError) as caught:
        penalty.value(np.ones((4, 2)))
    sentence = str(caught.value)
    name = type(penalty).__name__
    start = f"The `{field}` parameter of {name} must be 4 × 4, since there are 4 tasks. Got (("
    assert sentence.startswith(start)
    assert sentence.endswith("It is 3 × 3: give a row and a column to each task, in their order.")


def test_a_state_of_another_number_of_tasks():
    penalty = RelationGraph()
    with pytest.raises(ParameterError) as caught:
        penalty.gradient(np.ones((4, 2)), penalty.start((3, 2)))
    assert str(caught.value) == (
        "The `state` parameter of RelationGraph must be a state of 4 tasks, as many as `weights` "
        "has rows. Got (3, 3) instead. `start((4, 2))` makes one."
    )


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    "covariance",
    [
        ((1.0, 2.0), (2.0, 1.0)),  # indefinite
        ((1.0, 1.0), (1.0, 1.0)),  # singular
        ((1.0, 0.5), (0.0, 1.0)),
        ((1.0, 0.5, 0.0), (0.5, 1.0, 0.0)),
        ((1.0, float("nan")), (float("nan"), 1.0)),
        (),
        "identity",
    ],
)
def test_covariances_that_are_not_positive_definite(covariance):
    words = (
        "The `covariance` parameter of TaskCovariance must be a symmetric positive definite "
        "matrix, one row per task or None. Got "
    )
    with pytest.raises(ParameterError) as caught:
        TaskCovariance(covariance=covariance)
    assert str(caught.value).startswith(words)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    "relations", [((0.0, -1.0), (-1.0, 0.0)), ((0.0, 1.0), (2.0, 0.0)), ((1.0, 0.0), (0.0, 1.0))]
)
def test_bad_relations(relations):
    for cls in (GraphLaplacian, RelationGraph):
        words = f"The `relations` parameter of {cls.__name__} must be a symmetric matrix of numbers"
        with pytest.raises(ParameterError, match=words):
            cls(relations=relations)
