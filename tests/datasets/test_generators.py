"""The relations that generators state hold in what they make."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from polytask.datasets import (
    make_branched_tasks,
    make_clustered_tasks,
    make_conflicting_tasks,
    make_related_regression,
)
from polytask.datasets._related_regression import coefficients
from polytask.exceptions import ParameterError

GENERATORS = (make_related_regression, make_clustered_tasks, make_conflicting_tasks)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)


def targets(dataset):
    (source,) = dataset.sources
    labels = source.labelled()
    return [next(iter(labels.columns(name).values())) for name in dataset.tasks.names]


@given(n_tasks=sizes, extra=st.integers(0, 5), relatedness=st.floats(0, 1), seed=seeds)
def test_related_tasks_have_the_correlation_asked_for(n_tasks, extra, relatedness, seed):
    dataset, truth = make_related_regression(
        n_tasks, 10, n_tasks + extra, relatedness=relatedness, seed=seed
    )
    expected = np.full((n_tasks, n_tasks), relatedness)
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(truth.coef @ truth.coef.T, expected, atol=1e-7)
    np.testing.assert_array_equal(truth.task_covariance, truth.coef @ truth.coef.T)
    assert len(dataset.tasks) == n_tasks


@pytest.mark.slow
@given(
    root=arrays.arrays(np.float64, (4, 4), elements=st.floats(-3, 3, allow_subnormal=False)),
    seed=seeds,
)
def test_related_tasks_have_the_covariance_asked_for(root, seed):
    covariance = root @ root.T
    _, truth = make_related_regression(4, 5, 7, relatedness=covariance, seed=seed)
    np.testing.assert_allclose(truth.task_covariance, covariance, atol=1e-6)


def test_more_tasks_than_features_are_drawn_from_the_covariance():
    expected = np.full((30, 30), 0.6)
    np.fill_diagonal(expected, 1)
    generator = np.random.default_rng(0)
    draws = [coefficients(generator, expected, 10) for _ in range(500)]
    mean = np.mean([coef @ coef.T for coef in draws], axis=0)
    np.testing.assert_allclose(mean, expected, atol=0.1)
    _, truth = make_related_regression(30, 2, 10)
    assert truth.coef.shape == (30, 10)


def test_opposite_clusters_have_coefficients_of_the_other_sign():
    _, truth = make_clustered_tasks(3, 2, 5, 20, spread=0.3, opposite=True, seed=1)
    centre = np.sqrt(1 - 0.3**2)
    cosines = truth.task_covariance
    assert (cosines[:2, 2:4] < -(centre**2) + 0.3**2).all()
    assert (np.abs(cosines[:4, 4:]) < 0.3**2 + 1e-9).all()


@pytest.mark.slow
@given(
    n_clusters=sizes, per_cluster=sizes, extra=st.integers(1, 5), spread=st.floats(0, 1), seed=seeds
)
def test_clustered_tasks_are_as_near_to_their_centre_as_stated(
    n_clusters, per_cluster, extra, spread, seed
):
    _, truth = make_clustered_tasks(
        n_clusters, per_cluster, 5, n_clusters + extra, spread=spread, seed=seed
    )
    assert truth.clusters.tolist() == sorted([*range(n_clusters)] * per_cluster)
    np.testing.assert_allclose(np.diag(truth.task_covariance), 1, atol=1e-9)
    # Centres are orthogonal to what departs from them, so inner products tell all:
    # 1 − s² + s² cos(u, v) within a cluster, s² cos(u, v) across.
    within = truth.clusters[:, None] == truth.clusters
    departure = truth.task_covariance - (1 - spread**2) * within
    assert (np.abs(departure) <= spread**2 + 1e-9).all()
    assert np.linalg.eigvalsh(departure)[0] >= -1e-9


def test_tasks_of_one_cluster_are_closer_than_tasks_of_two():
    _, truth = make_clustered_tasks(3, 4, 5, 20, spread=0.3, seed=1)
    within = truth.clusters[:, None] == truth.clusters
    assert truth.task_covariance[within].min() > 0.8
    assert np.abs(truth.task_covariance[~within]).max() < 0.1


@given(share=st.floats(0, 1), n_tasks=st.integers(2, 6), extra=st.integers(0, 4), seed=seeds)
def test_conflicting_tasks_stand_at_the_angle_asked_for(share, n_tasks, extra, seed):
    widest = np.degrees(np.arccos(-1 / (n_tasks - 1)))
    _, truth = make_conflicting_tasks(share * widest, n_tasks, 5, n_tasks + extra, seed=seed)
    cosines = truth.task_covariance[~np.eye(n_tasks, dtype=bool)]
    np.testing.assert_allclose(cosines, np.cos(np.radians(share * widest)), atol=1e-7)


def test_opposite_tasks_are_negatives_of_each_other():
    _, truth = make_conflicting_tasks(180, 2, 5, 8)
    np.testing.assert_allclose(truth.coef[0], -truth.coef[1], atol=1e-9)


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("own_rows", [False, True])
def test_targets_are_the_linear_functions_they_are_said_to_be(generator, own_rows):
    dataset, truth = generator(n_rows=30, noise=0.0, own_rows=own_rows)
    (source,) = dataset.sources
    n_tasks = len(dataset.tasks)
    assert source.n_rows == 30 * (n_tasks if own_rows else 1)
    X = source.inputs.to_numpy()
    for position, name in enumerate(dataset.tasks.names):
        (y,) = source.labelled().columns(name).values()
        rows = source.labelled().rows(name)
        assert len(rows) == 30
        np.testing.assert_allclose(y, X[rows] @ truth.coef[position], atol=1e-9)
    assert [task.known_kind.name for task in dataset.tasks] == ["regression"] * n_tasks


@pytest.mark.parametrize("generator", GENERATORS)
def test_noise_has_the_stated_deviation(generator):
    dataset, truth = generator(n_rows=4000, noise=0.7, seed=3)
    residuals = np.stack(targets(dataset), 1) - dataset.sources[0].inputs.to_numpy() @ truth.coef.T
    np.testing.assert_allclose(residuals.std(axis=0), 0.7, rtol=0.05)
    assert truth.noise == 0.7


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_seed_makes_the_same_tasks_and_another_others(generator):
    assert generator(seed=5)[0].digest() == generator(seed=5)[0].digest()
    assert generator(seed=5)[0].digest() != generator(seed=6)[0].digest()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: make_related_regression(relatedness=1.5),
            r"The `relatedness` parameter of make_related_regression must be a float in \[0, 1\]\.",
        ),
        (
            lambda: make_related_regression(2, relatedness=np.array([[1.0, 2.0], [2.0, 1.0]])),
            r"must be a float in \[0, 1\] or a symmetric \(2, 2\) matrix without negative eigen",
        ),
        (
            lambda: make_related_regression(3, relatedness=np.eye(2)),
            r"symmetric \(3, 3\) matrix",
        ),
        (
            lambda: make_related_regression(noise=-1.0),
            "The `noise` parameter of make_related_regression",
        ),
        (
            lambda: make_clustered_tasks(n_clusters=5, n_features=5),
            r"The `n_features` parameter of make_clustered_tasks must be an int in \[6,",
        ),
        (
            lambda: make_clustered_tasks(spread=1.1),
            r"The `spread` parameter of make_clustered_tasks must be a float in \[0, 1\]",
        ),
        (
            lambda: make_conflicting_tasks(150, n_tasks=3),
            r"must be at most 120 for 3 tasks\. Got 150 instead\. Make fewer tasks\.",
        ),
        (
            lambda: make_conflicting_tasks(n_tasks=0),
            r"The `n_tasks` parameter of make_conflicting_tasks must be an int in \[1,",
        ),
    ],
)
def test_impossible_requests_are_refused_in_words(call, sentence):
    with pytest.raises(ParameterError, match=sentence):
        call()


def test_branched_tasks_of_a_leaf_are_sums_of_as_many_features_as_a_node_has():
    _, truth = make_branched_tasks((1, 2), tasks_per_leaf=4, n_rows=60, width=3, spread=0.8, seed=2)
    names = [name for group in truth.groups[0] for name in group]
    assert [len(group) for group in truth.groups[1]] == [4, 4]
    assert set(names) == {name for group in truth.groups[1] for name in group}
    for group in truth.groups[1]:
        own = truth.signals[:, [int(name.removeprefix("task_")) for name in group]]
        assert np.linalg.matrix_rank(own, tol=1e-8) == 3
    assert np.linalg.matrix_rank(truth.signals, tol=1e-8) == 6
    np.testing.assert_allclose(truth.signals.std(axis=0), 1.0)


def test_branched_tasks_without_spread_are_equal_in_a_leaf_and_noisy():
    dataset, truth = make_branched_tasks(
        (1, 3), tasks_per_leaf=2, n_rows=4000, spread=0.0, noise=0.5, seed=1
    )
    same = np.abs(np.corrcoef(truth.signals.T)) > 1 - 1e-9
    assert same.sum(axis=0).tolist() == [2] * 6
    noise = np.stack(targets(dataset), axis=1) - truth.signals
    np.testing.assert_allclose(noise.std(axis=0), 0.5, rtol=0.06)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"branches": ()}, "`branches` parameter of make_branched_tasks"),
        ({"n_features": 3}, "at least the width of a node, 4. Got 3"),
        ({"spread": 2.0}, "`spread` parameter of make_branched_tasks"),
    ],
)
def test_branches_that_cannot_be_made(bad, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make_branched_tasks(**bad)
