"""Losses of groups from regressions on projected gradients."""

from itertools import permutations, product

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from polytask._seeds import derived_seed
from polytask.analysis import GroupRuns, HeadSimilarity, ProjectedGradients
from polytask.analysis._joint_trainings import joint_trainings
from polytask.analysis._linearized_losses import random_directions
from polytask.analysis._linearized_network import LinearizedNetwork
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import MLP, CustomEncoder
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
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


def linear_encoder(shape):
    return nn.Linear(shape[0], 3)


@pytest.fixture(scope="module")
def straight(few):
    """Runs of a network that is linear in the parameters that its tasks share."""
    network = MultiTaskNetwork(HardSharing(CustomEncoder(linear_encoder)))
    return GroupRuns(few.data, network, few.rounds, Budget(steps=30))


def test_affinities_are_mean_gains_of_ridge_regressions_on_projected_gradients(
    straight, monkeypatch
):
    monkeypatch.setattr("polytask.analysis._projected_gradients._MOST_PAIRED", 3)
    method = ProjectedGradients(n_dimensions=7, ridge=0.5, steps=60, n_groups=3, group_size=3)
    (joint,) = joint_trainings(straight)
    linear = LinearizedNetwork(joint, 7, n_rows=1000, seed=method.seed)
    directions = random_directions(joint.network, 7, derived_seed(method.seed, "directions"))
    losses = RidgeLosses(joint.network, linear.train.batch, linear.measured.batch, directions, 0.5)
    groups = [[straight.tasks.index(name) for name in g] for g in method._groups(straight.tasks)]
    gains = {i: [] for i in product(range(4), repeat=2)}
    for group in groups:
        assert len(group) == 3
        together = losses.of(group)
        for i, j in permutations(group, 2):
            gains[i, j].append(1 - together[i] / losses.of([i])[i])
    expected = [
        [np.mean(gains[i, j]) if gains[i, j] else np.nan for j in range(4)] for i in range(4)
    ]
    np.testing.assert_allclose(method.measure(straight), expected, rtol=1e-3, atol=1e-5)


class RidgeLosses:
    """Losses by the formula, from gradients by hand and a network that is moved."""

    def __init__(self, network, train, measured, directions, ridge):
        self.network, self.directions = network, directions
        self.train, self.measured = train["table"], measured
        weights = dict(network.named_parameters())
        heads = weights["heads.0.weight"][:, 0].detach().double().numpy()[self.train.task]
        inputs = next(iter(self.train.inputs.values())).double().numpy()
        by_weight = (heads[:, :, None] * inputs[:, None, :]).reshape(len(heads), -1)
        matrix = torch.stack([torch.cat([p.flatten() for p in d.values()]) for d in directions], 1)
        self.features = np.hstack([by_weight, heads]) @ matrix.double().numpy()
        self.strength = ridge * np.linalg.eigvalsh(self.features.T @ self.features).mean()
        self.strength /= len(self.features)
        self.labels, self.task = labels_of(self.train), self.train.task.numpy()
        self.constants = np.array([self.labels[self.task == k].mean() for k in range(4)])

    def of(self, group):
        scale = sum((self.task == k) / np.sum(self.task == k) for k in group)
        moments = 2 * self.features.T @ (scale[:, None] * self.features)
        residual = scale * (self.labels - self.constants[self.task])
        w = np.linalg.solve(moments + self.strength * np.eye(7), 2 * self.features.T @ residual)
        moved = {
            name: value
            + sum(float(w_i) * d[name] for w_i, d in zip(w, self.directions, strict=True))
            for name, value in self.network.named_parameters()
            if name in self.directions[0]
        }
        rows = self.measured["table"]
        with torch.no_grad():
            change = functional_call(self.network, moved, (self.measured,))
            before = self.network(self.measured)
        task, (key,) = rows.task.numpy(), before
        scores = self.constants[task] + (change[key] - before[key]).double().numpy().ravel()
        errors = (labels_of(rows) - scores) ** 2
        return [errors[task == k].mean() for k in range(4)]


def labels_of(rows):
    return next(iter(rows.targets.values())).values.double().numpy().ravel()


def test_with_an_endless_ridge_the_losses_are_those_of_constants(joint):
    linear = LinearizedNetwork(joint, n_dimensions=5, n_rows=1000, seed=0)
    losses, labels = linear.losses(torch.ones(1, 4, dtype=torch.bool), ridge=1e12, steps=5)
    train, rows = linear.train.batch["table"], linear.measured.batch["table"]
    means = [labels_of(train)[train.task == k].mean() for k in range(4)]
    expected = [np.mean((labels_of(rows)[rows.task == k] - means[k]) ** 2) for k in range(4)]
    np.testing.assert_allclose(losses[0], expected, rtol=1e-4)
    assert labels.sum() == len(linear.measured.values)


def test_tasks_of_a_cluster_gain_more_from_each_other(few, trained, monkeypatch):
    name = "polytask.analysis._projected_gradients.joint_trainings"
    monkeypatch.setattr(name, lambda runs: trained)
    matrix = ProjectedGradients(n_dimensions=100).measure(few)
    within = [matrix[0, 1], matrix[1, 0], matrix[2, 3], matrix[3, 2]]
    assert min(within) > max(0.0, np.max(matrix[:2, 2:]), np.max(matrix[2:, :2]))


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
    own = GroupRuns(runs.data, MultiTaskNetwork(network), runs.rounds[:1], Budget(steps=2))
    assert np.isnan(HeadSimilarity().measure(own)).all()


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
