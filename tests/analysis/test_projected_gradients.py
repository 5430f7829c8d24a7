"""Losses of groups from regressions on projected gradients."""

import numpy as np
import pytest
import torch

from polytask.analysis import GroupRuns, HeadSimilarity, ProjectedGradients
from polytask.analysis._joint_trainings import joint_trainings
from polytask.analysis._linearized_network import LinearizedNetwork
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.testing import tiny_dataset


@pytest.fixture(scope="module")
def few(runs):
    """The same tasks, of one training of few steps."""
    return GroupRuns(runs.data, runs.network, runs.rounds[:1], Budget(steps=5))


@pytest.fixture(scope="module")
def joint(few):
    return joint_trainings(few)[0]


@pytest.fixture(scope="module")
def trained(runs):
    """Networks that have learned the clusters."""
    return joint_trainings(GroupRuns(runs.data, runs.network, runs.rounds, Budget(steps=200)))


def test_for_squared_losses_the_regression_is_a_ridge_regression(joint):
    linear = LinearizedNetwork(joint, n_dimensions=7, n_rows=1000, seed=0)
    members = torch.tensor([[True, True, False, False]])
    losses, labels = linear.losses(members, ridge=0.5, steps=100)
    slopes = linear.train.slopes.double().numpy()
    # every row has one task, so that a score is a row of the regression
    rows = linear.train.batch["table"]
    block = next(iter(rows.targets.values()))
    truth, task = block.values.double().numpy().ravel(), rows.task.numpy()
    residual = truth - linear.train.values.double().numpy()
    scale = 2 * np.isin(task, [0, 1]) / linear.train.counts.double().numpy()[task]
    strength = 0.5 * np.trace(slopes.T @ slopes) / len(slopes) / slopes.shape[1]
    moments = slopes.T @ (scale[:, None] * slopes) + strength * np.eye(7)
    w = np.linalg.solve(moments, slopes.T @ (scale * residual))
    measured = linear.measured.at(torch.tensor(w[None], dtype=torch.float32))[0].numpy()
    np.testing.assert_allclose(losses[0], measured, rtol=1e-3)
    assert labels.sum() == len(linear.measured.values)


def test_without_a_step_the_losses_are_those_of_the_network(joint):
    linear = LinearizedNetwork(joint, n_dimensions=5, n_rows=1000, seed=0)
    losses, _ = linear.losses(torch.ones(1, 4, dtype=torch.bool), ridge=1e12, steps=5)
    np.testing.assert_allclose(
        losses[0], linear.measured.at(torch.zeros(1, 5))[0].numpy(), rtol=1e-4
    )


def test_tasks_of_a_cluster_gain_more_from_each_other(few, trained, monkeypatch):
    name = "polytask.analysis._projected_gradients.joint_trainings"
    monkeypatch.setattr(name, lambda runs: trained)
    matrix = ProjectedGradients(n_dimensions=100).measure(few)
    within = np.mean([matrix[0, 1], matrix[1, 0], matrix[2, 3], matrix[3, 2]])
    assert within > max(np.mean(matrix[:2, 2:]), np.mean(matrix[2:, :2]))


def test_one_joint_network_is_trained_per_seed_for_all_that_read_it(few):
    fresh = GroupRuns(few.data, few.network, few.rounds, Budget(steps=2))
    methods = ProjectedGradients(n_dimensions=5), HeadSimilarity()
    assert [method.estimate(fresh).n_networks for method in methods] == [1, 0]


def test_gains_of_any_groups_are_estimated_and_those_alone_are_zero(few):
    method = ProjectedGradients(n_dimensions=20)
    alone, three = method.gains(few, [("task_1",), ("task_2", "task_0", "task_1")])
    assert alone == {"task_1": 0.0}
    assert list(three) == ["task_0", "task_1", "task_2"]
    with pytest.raises(ParameterError, match="nobody"):
        method.gains(few, [("nobody",)])


def test_tasks_of_several_kinds_are_estimated_by_their_own_losses():
    data = tiny_dataset(["regression", "binary", "multiclass"], n_rows=60, missing=0.2)
    runs = GroupRuns.of(data, HardSharing(MLP((6,))), folds=2, seeds=1, budget=Budget(steps=10))
    matrix = ProjectedGradients(n_dimensions=10, n_rows=25).estimate(runs).matrix
    assert np.isfinite(matrix[~np.eye(3, dtype=bool)]).all()


def test_many_tasks_are_estimated_from_random_groups(few, monkeypatch):
    monkeypatch.setattr("polytask.analysis._projected_gradients._MOST_PAIRED", 3)
    two = ProjectedGradients(n_dimensions=10, n_groups=1, group_size=2).estimate(few)
    assert np.isfinite(two.matrix).sum() == 2
    assert "10 of 12 ordered pairs are not known" in two.notes[0]
    all_of_them = ProjectedGradients(n_dimensions=10, n_groups=1, group_size=10).estimate(few)
    assert np.isfinite(all_of_them.matrix).sum() == 12


def test_heads_of_joint_networks_show_the_clusters(few, trained, monkeypatch):
    monkeypatch.setattr("polytask.analysis._head_similarity.joint_trainings", lambda runs: trained)
    matrix = HeadSimilarity().measure(few)
    np.fill_diagonal(matrix, -np.inf)
    assert matrix.argmax(axis=1).tolist() == [1, 0, 3, 2]


def test_heads_that_read_features_of_their_own_are_not_compared(runs):
    network = HardSharing(MLP((6, 6)), shared_stages=1)
    own = GroupRuns(runs.data, network_of(network), runs.rounds[:1], Budget(steps=2))
    assert np.isnan(HeadSimilarity().measure(own)).all()


def network_of(architecture):
    from polytask.neural_network import MultiTaskNetwork

    return MultiTaskNetwork(architecture)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"n_dimensions": 0}, "`n_dimensions` parameter of ProjectedGradients"),
        ({"ridge": 0.0}, "`ridge` parameter of ProjectedGradients"),
        ({"group_size": 1}, "`group_size` parameter of ProjectedGradients"),
    ],
)
def test_settings_out_of_range_are_refused(setting, sentence):
    with pytest.raises(ParameterError, match=sentence):
        ProjectedGradients(**setting)
