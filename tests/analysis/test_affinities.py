"""Estimates of which tasks help each other."""

import numpy as np
import pytest
import torch

import polytask.analysis
from polytask._naming import public_classes
from polytask.analysis import (
    Affinity,
    AffinityRecord,
    ExplainedLabels,
    GradientCosine,
    GroupRuns,
    LookaheadAffinity,
    PredictionCorrelation,
    PredictionSimilarity,
)
from polytask.analysis._explained import _multiple_correlation
from polytask.analysis._lookahead_affinity import relative_changes
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, read
from polytask.exceptions import ParameterError

FROM_TASKS_ALONE = [PredictionSimilarity, ExplainedLabels, PredictionCorrelation]


@pytest.mark.parametrize("method", FROM_TASKS_ALONE)
def test_related_tasks_are_nearer_than_unrelated_ones(runs, method):
    matrix = method().estimate(runs).matrix
    np.fill_diagonal(matrix, -np.inf)
    assert matrix.argmax(axis=1).tolist() == [1, 0, 3, 2]


@pytest.mark.parametrize("method", FROM_TASKS_ALONE)
def test_the_opposite_of_a_task_is_as_near_as_its_equal(method):
    x = np.random.default_rng(0).normal(size=(120, 3))
    y = x[:, 0] + 0.2 * np.random.default_rng(1).normal(size=120)
    data = MultiTaskDataset.from_arrays(x, np.stack([y, -y], axis=1))
    runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=40))
    assert method().estimate(runs).matrix[0, 1] > 0.9


@pytest.mark.parametrize("method", FROM_TASKS_ALONE)
def test_the_validation_rows_of_a_split_alone_may_be_measured(runs, method):
    few = GroupRuns.of(
        runs.data, runs.network, split="random", folds=None, seeds=1, budget=Budget(steps=60)
    )
    matrix = method().estimate(few).matrix
    assert np.isfinite(matrix[0, 1])  # the others may not be learned alone from few rows


def test_tasks_of_several_kinds_are_compared():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3))
    table = {
        **{f"x{i}": x[:, i] for i in range(3)},
        "number": x[:, 0],
        "yes": (x[:, 0] > 0).astype(int),
        "colour": np.where(x[:, 1] > 0.5, "red", np.where(x[:, 1] < -0.5, "blue", "green")),
    }
    data = read(table, ["number:regression", "yes:binary", "colour:multiclass"])
    runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=60))
    matrix = PredictionSimilarity().estimate(runs).matrix
    assert matrix[0, 1] > 0.7 > np.nanmax([matrix[0, 2], matrix[1, 2]])


def test_a_task_that_is_not_learned_alone_has_no_similarity_and_the_record_says_so():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 2))
    targets = np.stack([x[:, 0], x[:, 0] + x[:, 1], rng.normal(size=100)], axis=1)
    data = MultiTaskDataset.from_arrays(x, targets)
    runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=40))
    record = PredictionSimilarity().estimate(runs)
    assert record.values[0][1] is not None
    assert record.values[0][2] is None
    assert record.notes == ("4 of 6 ordered pairs are not known, and count as not related",)


def test_tasks_of_sources_with_different_inputs_have_no_value():
    tables = {
        "red": {"acid": np.arange(40.0), "quality": np.arange(40.0) % 7},
        "white": {"sugar": np.arange(40.0), "taste": np.arange(40.0) % 5},
    }
    data = MultiTaskDataset.from_sources(tables, ["quality:regression", "taste:regression"])
    runs = GroupRuns.of(data, folds=2, seeds=1, budget=Budget(steps=2))
    assert all(np.isnan(m().estimate(runs).matrix).all() for m in FROM_TASKS_ALONE)


def test_the_correlation_is_that_of_least_squares_less_what_chance_explains():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 1)), rng.normal(size=(50, 1))
    r2 = np.corrcoef(x[:, 0], y[:, 0])[0, 1] ** 2
    adjusted = max(0.0, 1 - (1 - r2) * 49 / 48)
    assert _multiple_correlation(y, x) == pytest.approx(np.sqrt(adjusted))
    assert np.isnan(_multiple_correlation(y[:5], x[:5]))


def test_cosines_of_gradients_take_one_joint_network_per_seed(runs):
    record = GradientCosine(n_batches=2).estimate(runs)
    assert record.n_networks == 2
    np.testing.assert_allclose(record.matrix, record.matrix.T)
    assert np.nanmax(np.abs(record.matrix)) <= 1
    assert record.matrix[0, 1] > record.matrix[0, 2]


@pytest.mark.parametrize("present", [True, False])
def test_looking_ahead_is_the_relative_change_of_a_loss_that_is_worked_out_by_hand(present):
    s = torch.nn.Parameter(torch.tensor(1.0))

    def losses():
        return torch.stack([(2 * s - 1) ** 2, (-s) ** 2]), torch.tensor([True, present])

    found = relative_changes(losses, [s], 0.1)
    # losses (2s − 1)² = 1 and s² = 1 at s = 1; a step for the first ends at 0.6, for the second at 0.8
    expected = np.array([[1 - 0.04, 1 - 0.36], [1 - 0.36, 1 - 0.64]])
    if not present:
        expected[:, 1] = expected[1] = np.nan
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)
    assert s.item() == 1.0


def test_looking_ahead_takes_one_joint_network_per_seed_and_has_a_direction(runs):
    record = LookaheadAffinity(n_batches=2).estimate(runs)
    assert record.n_networks == 2
    assert record.matrix[0, 1] > record.matrix[0, 2]
    assert record.matrix[0, 1] != record.matrix[1, 0]
    further = LookaheadAffinity(n_batches=2, learning_rate=1e-2).estimate(runs)
    assert further.matrix[0, 1] > 5 * record.matrix[0, 1] > 0


def test_networks_are_counted_where_they_are_trained(runs):
    runs.train([name] for name in runs.tasks)
    record = PredictionSimilarity().estimate(runs)
    assert record.n_networks == 0
    assert record.name == "prediction_similarity"
    assert record.threshold == 0.5


def test_every_public_affinity_says_what_it_needs():
    methods = public_classes("polytask.analysis", Affinity)
    assert methods
    assert all(isinstance(method.needs, str) and method.needs for method in methods.values())
    assert set(methods) <= set(polytask.analysis.__all__)


def test_agreement_is_a_rank_correlation_over_pairs_that_both_know():
    values = ((None, 1.0, 2.0), (3.0, None, 4.0), (5.0, None, None))
    record = AffinityRecord("x", ("a", "b", "c"), values, 0.0, 0.0, 0)
    negative = tuple(tuple(None if v is None else -v for v in row) for row in values)
    other = AffinityRecord("y", ("a", "b", "c"), negative, 0.0, 0.0, 0)
    assert record.agreement(record) == pytest.approx(1.0)
    assert record.agreement(other) == pytest.approx(-1.0)
    flat = AffinityRecord("z", ("a", "b"), ((None, 1.0), (1.0, None)), 0.0, 0.0, 0)
    assert flat.agreement(flat) is None
    with pytest.raises(ParameterError, match=r"a record of the tasks \['a', 'b', 'c'\]"):
        record.agreement(flat)


def test_a_record_must_be_square():
    with pytest.raises(ParameterError, match="must be 2 rows of 2 values, one per task"):
        AffinityRecord("x", ("a", "b"), ((None, 1.0),), 0.0, 0.0, 0)


def test_looking_ahead_says_that_it_measures_no_more_than_30_tasks():
    assert LookaheadAffinity().notes(np.full((30, 30), 1.0)) == ()
    (note,) = LookaheadAffinity().notes(np.full((31, 31), np.nan))
    assert note.startswith("not measured for more than 30 tasks")
