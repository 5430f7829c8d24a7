"""What fitted networks have learned of relations, on relations that were planted."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import polytask
from polytask.analysis import LearnedRelations, learned_relations, linear_cka
from polytask.analysis._similarity import as_similarity, cka_similarity
from polytask.analysis._task_clusters import task_clusters
from polytask.architectures import PLE, HardSharing, MMoE, SoftSharing
from polytask.architectures._unstacked import unstacked
from polytask.bookkeeping import Budget
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import tiny_dataset

CLUSTERS = (("task_0", "task_1", "task_2"), ("task_3", "task_4", "task_5"))


@pytest.fixture(scope="module")
def data():
    return make_clustered_tasks(2, 3, n_rows=150, n_features=8, spread=0.3, noise=0.3)[0]


@pytest.fixture(scope="module")
def hard(data):
    return polytask.fit(data, HardSharing(MLP((16,))), budget=Budget(steps=150))


def test_equal_representations_are_alike_whatever_their_rotation_and_scale():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 5)) * [5, 3, 1, 1, 1]
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    assert linear_cka(x, 3 * x @ rotation + 7) == pytest.approx(1.0)
    assert linear_cka(x, x[:, ::-1]) == pytest.approx(1.0)
    assert np.isnan(linear_cka(x, np.ones((80, 2))))


@pytest.mark.parametrize(("n", "p", "q"), [(50, 10, 10), (200, 20, 5), (400, 8, 8)])
def test_independent_representations_are_as_alike_as_chance_makes_them(n, p, q):
    rng = np.random.default_rng(n)
    values = [linear_cka(rng.normal(size=(n, p)), rng.normal(size=(n, q))) for _ in range(40)]
    expected = np.sqrt(p * q / ((n + p) * (n + q)))
    assert np.mean(values) == pytest.approx(expected, rel=0.1)


@pytest.mark.usefixtures("unchecked_types")
def test_representations_of_different_rows_are_refused():
    with pytest.raises(ParameterError, match=r"must be features of 5 rows, as `first` has\. Got 4"):
        linear_cka(np.ones((5, 2)), np.ones((4, 2)))


@pytest.mark.parametrize("size", [3, 4, 10])
def test_planted_clusters_are_found_and_noise_has_none(size):
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(3), size)
    noise = 0.05 * rng.normal(size=(3 * size, 3 * size))
    planted = 0.6 * (label[:, None] == label) * rng.choice([-1, 1]) + noise
    clusters, separation = task_clusters(planted)
    assert [np.unique(label[c]).tolist() for c in clusters] == [[0], [1], [2]]
    assert separation > 0.4
    assert task_clusters(noise + noise.T) == ([list(range(3 * size))], None)


def test_heads_of_clustered_tasks_show_the_clusters(hard, data):
    found = learned_relations(hard, data)
    heads = found.similarities[0]
    assert (heads.name, heads.quantity) == ("heads", "cosine")
    weights = hard.model.network.heads[0].weight.detach().double().numpy()[:, 0]
    cosines = weights @ weights.T / np.outer(*[np.linalg.norm(weights, axis=1)] * 2)
    off = ~np.eye(6, dtype=bool)
    np.testing.assert_allclose(heads.matrix[off], cosines[off], rtol=1e-6)
    assert found.clusters == CLUSTERS
    assert "By heads (cosine), tasks form 2 clusters" in found.words
    assert [len(part.tasks) for part in found.parts] == [6, 1, 1, 1, 1, 1, 1]
    assert sum(part.n_parameters for part in found.parts) == hard.n_parameters
    one, two = (
        replace(found.similarities[0], values=v) for v in (((None, -0.5),) * 2, ((None, 0.5),) * 2)
    )
    opposed, alike = (
        replace(found, similarities=(one_,), separation=None).words for one_ in (one, two)
    )
    assert "(-0.50), in opposite directions." in opposed
    assert "the most alike are" in alike


def test_the_features_of_single_tasks_show_the_clusters_and_are_held_against_the_joint_ones(
    hard, data
):
    alone = MultiTaskNetwork(HardSharing(MLP((16,)))).single_task()
    apart = alone.fit(data, None, 0, Budget(steps=150))
    found = learned_relations(hard, data, alone=apart)
    own = found.similarities[-1]
    assert own.name == "features of single tasks"
    assert [len(c) for c in task_clusters(own.matrix)[0]] == [3, 3]
    assert set(found.own) == set(data.tasks.names)
    assert min(found.own.values()) > 5 * found.own_chance
    again = LearnedRelations.from_dict(found.to_dict())
    assert again == found
    assert "features of single tasks, linear CKA" in str(again)


def test_features_that_are_the_same_for_all_rows_are_alike_to_nothing(hard, data):
    apart = (
        MultiTaskNetwork(HardSharing(MLP((4,)))).single_task().fit(data, None, 0, Budget(steps=1))
    )
    for parameter in apart.model.network.parameters():
        parameter.detach().zero_()
    found = learned_relations(hard, data, alone=apart)
    assert found.own == {}
    assert found.own_chance is None


def test_gates_that_were_planted_are_read_out(data):
    fitted = polytask.fit(data, MMoE(MLP((12,)), n_experts=3), budget=Budget(steps=2))
    network = fitted.model.network
    chosen = torch.tensor([0, 0, 0, 1, 1, 1])

    def gates(states, batch):
        n_rows = len(next(iter(batch["table"].inputs.values())))
        return {"table": torch.eye(3)[chosen][:, None].expand(6, n_rows, 3)}

    network._gates = gates
    found = learned_relations(fitted, data)
    expected = np.eye(3)[chosen.numpy()]
    np.testing.assert_allclose(found.gates.matrix, expected)
    overlap = next(one for one in found.similarities if one.name == "gates")
    off = ~np.eye(6, dtype=bool)
    np.testing.assert_allclose(overlap.matrix[off], (expected @ expected.T)[off])
    # tasks that take the same expert have the same features
    features = next(one for one in found.similarities if one.name == "features")
    assert features.matrix[0, 1] == pytest.approx(1.0)
    assert features.matrix[0, 3] < 0.9
    assert found.clusters == CLUSTERS
    assert "Gates choose few experts" in found.words
    assert "shared 3 is hardly used" in found.words


def test_a_similarity_of_some_tasks_is_not_said_to_show_no_clusters(hard, data):
    found = learned_relations(hard, data, n_rows=20)
    heads = as_similarity("heads", "cosine", found.tasks[:2], np.full((2, 2), 0.5))
    few = replace(found, similarities=(heads,), separation=None)
    assert "No part of it compares all tasks" in few.words
    assert "by heads (cosine), the most alike are task_0 and task_1 (0.50)" in few.words
    assert "tasks form no clusters" not in few.words


def test_experts_that_are_equal_are_alike(data):
    fitted = polytask.fit(data, MMoE(MLP((12,)), n_experts=3), budget=Budget(steps=2))
    with torch.no_grad():
        for parameter in fitted.model.network.experts.parameters():
            parameter[1] = parameter[0]
    (experts,) = learned_relations(fitted, data).experts
    assert experts.labels == ("expert 1", "expert 2", "expert 3")
    assert experts.matrix[0, 1] == pytest.approx(1.0)
    assert experts.matrix[0, 2] < 0.95


def test_branches_are_a_tree_of_parts_and_stages(data):
    network = HardSharing(MLP((8, 8)), shared_stages=1)
    fitted = polytask.fit(data, network, budget=Budget(steps=2))
    found = learned_relations(fitted, data)
    assert [one.name for one in found.similarities] == [
        "stage 1"
    ]  # heads read features of their own
    assert [len(part.tasks) for part in found.parts] == [6, 1, 1, 1, 1, 1, 1]


def test_levels_of_experts_have_their_own_gates_and_experts(data):
    fitted = polytask.fit(data, PLE(MLP((6, 6))), budget=Budget(steps=2))
    found = learned_relations(fitted, data, n_rows=40)
    assert found.n_rows == 40
    assert found.gates.experts[0] == "own 1"
    assert "to the task's own" in found.words


def test_covariances_that_the_model_learns_are_correlations(data):
    network = SoftSharing(MLP((8,)), penalty="task_covariance")
    fitted = polytask.fit(data, network, budget=Budget(steps=20))
    found = learned_relations(fitted, data)
    learned = next(one for one in found.similarities if one.quantity == "correlation")
    covariance = fitted.relations()[learned.name].matrix
    expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert learned.values[0][1] == pytest.approx(expected)


@pytest.mark.parametrize(
    "data",
    [
        tiny_dataset(["regression", "binary", "multiclass"]),
        tiny_dataset(["regression"] * 3, own_rows=True),
        tiny_dataset(["regression", "binary"], own_tables=True),
    ],
    ids=["several kinds", "own rows", "own tables"],
)
def test_data_of_every_form_is_read(data):
    fitted = polytask.fit(data, MMoE(MLP((6,)), n_experts=2), budget=Budget(steps=2))
    found = learned_relations(fitted, data)
    assert found.gates is not None
    assert found.words
    assert bool(found.notes) == (len(data.sources) > 1)


@pytest.mark.parametrize("learner", ["linear", "single_task"])
def test_models_that_share_nothing_are_refused(data, learner):
    fitted = polytask.fit(data, learner, budget=Budget(steps=2))
    with pytest.raises(UnservedNeedError, match="reads a network that several tasks share"):
        learned_relations(fitted, data)


def test_tasks_own_networks_are_compared_after_each_stage():
    clusters, _ = make_clustered_tasks(2, 2, n_rows=120, n_features=6, spread=0.1, noise=0.1)
    learner = MultiTaskNetwork(HardSharing(MLP((12, 8))))
    joint, alone = (
        polytask.fit(clusters, one, budget=Budget(steps=60))
        for one in (learner, learner.single_task())
    )
    record = learned_relations(joint, clusters, alone=alone)
    by_name = {one.name: one for one in record.similarities}
    assert {"stage 1 of single tasks", "features of single tasks"} <= set(by_name)
    (source,) = clusters.sources
    network = alone.model.network.eval()
    first = {}
    for task in clusters.tasks.names:
        tower = unstacked(network, ["towers.0"]).towers[0].members[clusters.tasks.index(task)]
        rows = alone.model.tensors(replace(source, labels=None)).inputs
        first[task] = tower.trunk[0](tower.inputs(rows).values).detach().double().numpy()
    (i, j) = "task_0", "task_2"
    expected = linear_cka(first[i], first[j])
    assert by_name["stage 1 of single tasks"].matrix[0, 2] == pytest.approx(expected, abs=1e-6)
    assert "after stage 1, and" in record.words
    assert LearnedRelations.from_dict(record.to_dict()) == record


def test_cka_of_all_pairs_is_that_of_each_pair():
    rng = np.random.default_rng(0)
    features = [rng.normal(size=(70, size)) for size in (3, 5, 4)]
    features.append(np.ones((70, 2)))
    matrix = cka_similarity("a", list("abcd"), features, rng).matrix
    for i, j in ((0, 1), (2, 1)):
        assert matrix[i, j] == pytest.approx(linear_cka(features[i], features[j]))
    assert np.isnan(matrix[3]).all()
