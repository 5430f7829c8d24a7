"""Soft sharing: a network per task, coupled by penalties on parameters and features."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import polytask
from polytask import MultiTaskDataset
from polytask.architectures import SoftSharing
from polytask.bookkeeping import Budget
from polytask.data import SourceBatch, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import (
    L1MeanDeviation,
    MeanDeviation,
    PairwiseL1,
    RelationGraph,
    Subspace,
    TaskCovariance,
    TraceNorm,
)
from polytask.testing import check_architecture, tiny_dataset
from polytask.testing._batches import encoded_for
from polytask.training import Trainer

WITH_CATEGORIES = tiny_dataset(["regression"] * 3, n_rows=60)


def planted(groups, n_rows=200, n_features=6, noise=0.1, seed=0):
    """Linear tasks that share coefficients within a group."""
    generator = np.random.default_rng(seed)
    coefficients = generator.normal(size=(len(set(groups)), n_features))
    inputs = generator.normal(size=(n_rows, n_features)).astype(np.float32)
    targets = inputs @ coefficients[list(groups)].T
    targets += noise * generator.normal(size=targets.shape)
    names = [f"t{k}" for k in range(len(groups))]
    return MultiTaskDataset.from_arrays(inputs, {n: targets[:, k] for k, n in enumerate(names)})


def trained(recipe, data, steps=150, **options):
    settings = {"learning_rate": 0.05, "batch_size": 64, "patience": None, "weight_decay": 0.0}
    trainer = Trainer(steps=steps, **{**settings, **options})
    return trainer.fit(recipe, data, None, seed=0, progress=False).network


def built(recipe, data):
    return recipe.build(fit_schemas(data), data.tasks, 0)


@pytest.mark.parametrize(
    "penalty", [TaskCovariance(), TraceNorm(), L1MeanDeviation(), PairwiseL1(), RelationGraph()]
)
def test_any_penalty_keeps_the_contract(penalty):
    recipe = SoftSharing(MLP((8,)), penalty=penalty, biases=True, representation=0.1)
    check_architecture(recipe, [tiny_dataset(["regression"] * 3), WITH_CATEGORIES])


def test_every_stage_is_coupled_or_those_that_are_named():
    every = built(SoftSharing(MLP((8, 4))), WITH_CATEGORIES)
    stages = {name.partition("/")[0] for name in every.coupled}
    assert stages >= {"1", "2", "3"}
    heads = built(SoftSharing(MLP((8, 4)), stages=(-1,)), WITH_CATEGORIES)
    assert list(heads.coupled) == ["3/weight"]
    assert len(built(SoftSharing(MLP((8,)), biases=True), WITH_CATEGORIES).coupled) > len(
        built(SoftSharing(MLP((8,))), WITH_CATEGORIES).coupled
    )


def test_a_strong_penalty_makes_tasks_equal_and_none_leaves_them_apart():
    data = planted((0, 1))
    apart = trained(SoftSharing(MLP(()), penalty=MeanDeviation(alpha=0.0)), data)
    together = trained(SoftSharing(MLP(()), penalty=MeanDeviation(alpha=100.0)), data)

    def spread(network):
        weight = network.heads[0].weight.detach()
        return float((weight[0] - weight[1]).abs().max())

    assert spread(apart) > 0.5
    assert spread(together) < 0.02


def test_without_strength_tasks_do_not_touch_each_other():
    data = planted((0, 1, 0))
    network = built(SoftSharing(MLP((4,)), penalty=MeanDeviation(alpha=0.0)), data)
    assert not network.shared_parameters()
    assert float(network.penalty().detach()) == 0.0


def test_proximal_steps_make_tasks_exactly_equal():
    data = planted((0, 0, 1, 1))
    network = trained(SoftSharing(MLP(()), penalty=PairwiseL1(alpha=0.05)), data, optimizer="sgd")
    weight = network.heads[0].weight.detach()[:, 0]
    same = [torch.equal(weight[0], weight[1]), torch.equal(weight[2], weight[3])]
    assert all(same) or (weight[0] == weight[1]).sum() + (weight[2] == weight[3]).sum() >= 8
    assert not torch.isclose(weight[0], weight[2], atol=0.05).all()


def test_proximal_steps_reach_low_rank():
    data = planted((0, 0, 0, 1), noise=0.5)
    recipe = SoftSharing(MLP(()), penalty=TraceNorm(alpha=0.2))
    network = trained(recipe, data, optimizer="sgd", batch_size=256)
    assert torch.linalg.matrix_rank(network.heads[0].weight.detach()[:, 0], atol=1e-5) == 2


def test_a_planted_relation_is_recovered():
    groups = (0, 0, 0, 1, 1, 1)
    data = planted(groups)
    network = trained(SoftSharing(MLP(()), penalty=RelationGraph(alpha=0.1)), data)
    ((layer, learned),) = network.relations().items()
    assert (layer, learned.tasks) == ("heads, weight", data.tasks.names)
    relation = torch.tensor(learned.values)
    same = torch.tensor([[a == b for b in groups] for a in groups])
    inside = relation[same & ~torch.eye(6, dtype=torch.bool)]
    assert inside.min() > 5 * relation[~same].abs().max()


def test_the_covariance_of_equal_tasks_is_recovered():
    data = planted((0, 0))
    network = trained(SoftSharing(MLP(()), penalty=TaskCovariance(alpha=0.05)), data)
    (learned,) = network.relations().values()
    assert learned.quantity == "covariance"
    covariance = learned.values
    assert covariance[0, 1] > 0.9 * covariance[0, 0]


def test_a_planted_subspace_is_recovered():
    generator = np.random.default_rng(1)
    basis = np.linalg.qr(generator.normal(size=(8, 2)))[0]
    inputs = generator.normal(size=(300, 8)).astype(np.float32)
    targets = inputs @ basis @ generator.normal(size=(2, 6))
    data = MultiTaskDataset.from_arrays(inputs, {f"t{k}": targets[:, k] for k in range(6)})
    network = trained(SoftSharing(MLP(()), penalty=Subspace(alpha=0.1, k=2)), data)
    assert network.relations() == {}
    (coupled,) = network.coupled.values()
    learned = coupled.state["basis"].double().numpy()
    learned = learned if learned.shape[0] == 8 else learned.T
    cosines = np.linalg.svd(basis.T @ np.linalg.qr(learned)[0])[1]
    assert cosines.min() > 0.99


def test_the_penalty_on_features_brings_them_together():
    data = planted((0, 1))

    def spread(representation):
        recipe = SoftSharing(
            MLP((8,)), penalty=MeanDeviation(alpha=0.0), representation=representation
        )
        network = trained(recipe, data, steps=60)
        rows = torch.randn(50, 6)
        batch = {network.sources[0]: SourceBatch({"numeric": rows})}
        values = next(iter(network.features(batch).values())).values
        return float((values - values.mean(dim=0)).detach().square().mean())

    assert spread(10.0) < 0.1 * spread(0.0)


def test_a_batch_without_rows_has_no_penalty_on_features():
    network = built(SoftSharing(MLP((8,)), representation=1.0), planted((0, 1)))
    none = {network.sources[0]: SourceBatch({"numeric": torch.zeros(0, 6)})}
    assert network.batch_penalty(network.features(none), {}, none) == 0


def test_features_are_not_drawn_to_those_of_stopped_tasks():
    network = built(SoftSharing(MLP((8,)), representation=2.0), planted((0, 1, 0)))
    batch = {network.sources[0]: SourceBatch({"numeric": torch.randn(5, 6)})}
    features = network.features(batch)
    (state,) = features.values()
    network.stopped = frozenset({"t1"})
    half = (state.values[0] - state.values[2]) / 2
    wanted = 2.0 * 2 * half.square().sum() / 5
    torch.testing.assert_close(network.batch_penalty(features, {}, batch), wanted)
    network.stopped = frozenset(network.tasks.names)
    assert network.batch_penalty(features, {}, batch) == 0


def test_rows_of_one_task_each_go_through_their_tasks_network_only():
    data = tiny_dataset(["regression"] * 3, own_rows=True)
    recipe = SoftSharing(MLP((8,)))
    network = built(recipe, data)
    rows = encoded_for(network, data, fit_schemas(data))
    (source,) = rows
    task = rows[source].task
    own = network.features(rows)[source].values
    dense = network.features({source: replace(rows[source], task=None)})[source].values
    assert own.shape == (len(task), 8)
    torch.testing.assert_close(own, dense[task, torch.arange(len(task))])


@pytest.mark.usefixtures("unchecked_types")
def test_penalties_have_names():
    assert SoftSharing(penalty="trace_norm") == SoftSharing(penalty=TraceNorm())
    with pytest.raises(UnknownNameError, match="no penalty named 'tracenrm'"):
        SoftSharing(penalty="tracenrm")
    with pytest.raises(ParameterError, match="`penalty` parameter of SoftSharing must be"):
        SoftSharing(penalty=3)


def test_one_task_of_copies_run_one_by_one_is_a_matrix_of_one_row():
    data = tiny_dataset(["regression"])
    network = built(SoftSharing(MLP((4,), normalization="batch")), data)
    assert all(part.weights().shape[0] == 1 for part in network.coupled.values())
    assert float(network.penalty().detach()) == pytest.approx(0.0, abs=1e-12)


def test_heads_of_each_block_are_coupled():
    mixed = tiny_dataset(["regression", "binary", "regression"])
    network = built(SoftSharing(MLP(())), mixed)
    heads = [p for name, p in network.coupled.items() if name.startswith("1/")]
    assert [part.weights().shape[0] for part in heads] == [2]


def test_a_named_stage_that_couples_nothing_is_refused():
    mixed = tiny_dataset(["regression", "binary"])
    with pytest.raises(ParameterError, match="Got 1 instead: no block of equal kind"):
        built(SoftSharing(MLP(()), stages=(-1,)), mixed)


def test_a_relation_of_other_tasks_is_refused_before_training():
    recipe = SoftSharing(MLP((4,)), penalty=TaskCovariance(covariance=((1.0, 0.0), (0.0, 1.0))))
    assert "3" in recipe.refuses(tiny_dataset(["regression"] * 3).tasks)
    assert recipe.refuses(tiny_dataset(["regression"] * 2).tasks) is None
    assert recipe.alone().penalty == MeanDeviation(alpha=0.0)
    assert SoftSharing(penalty=TraceNorm()).alone() == SoftSharing(penalty=TraceNorm())


def test_a_stage_beyond_the_heads_is_refused():
    sentence = r"stages between 0, the entry, and 2, the heads. Got 5 instead; the encoder has 1"
    with pytest.raises(ParameterError, match=sentence):
        built(SoftSharing(MLP((8,)), stages=(1, 5)), WITH_CATEGORIES)


@pytest.mark.parametrize("penalty", [TaskCovariance(), TraceNorm()])
def test_a_trained_network_saves_what_it_learned(tmp_path, penalty):
    data = planted((0, 0, 1))
    learner = MultiTaskNetwork(SoftSharing(MLP((4,)), penalty=penalty), Trainer(steps=20))
    model = polytask.fit(data, learner, validation=data)
    model.save(tmp_path / "model")
    again = polytask.load(tmp_path / "model")
    for name, tensor in model.model.network.state_dict().items():
        assert torch.equal(again.model.network.state_dict()[name], tensor)


def test_variants_stand_side_by_side_in_a_comparison(tmp_path):
    data = planted((0, 1))
    learners = [SoftSharing(MLP((4,)), penalty=p) for p in ("mean_deviation", "task_covariance")]
    result = polytask.compare(
        data, learners, seeds=1, budget=Budget(steps=5), out=tmp_path / "study", quiet=True
    )
    names = str(result)
    assert "soft_sharing" in names
    assert "task_covariance" in names


def test_groups_by_names_are_in_the_order_of_the_tasks():
    recipe = SoftSharing(
        MLP((4,)), penalty=MeanDeviation(alpha=1.0, groups=(("t2", "t0"), ("t1",)))
    )
    network = built(recipe, planted((0, 1, 0), n_rows=20))
    weights = [part.weights() for part in network.coupled.values()]
    pairs = [(w[0] - w[2]).square().sum() / 4 for w in weights]
    torch.testing.assert_close(network.penalty(), torch.stack(pairs).sum())
    assert recipe.alone().penalty == MeanDeviation(alpha=0.0)


def test_groups_of_other_tasks_are_refused():
    recipe = SoftSharing(penalty=MeanDeviation(groups=(("t0", "t1"),)))
    sentence = (
        "The `groups` parameter of MeanDeviation must name every task once. It leaves out 't2'."
    )
    assert recipe.refuses(planted((0, 1, 0)).tasks) == sentence


def test_the_heads_are_named_once():
    recipe = SoftSharing(MLP((4,)), stages=(-1, 2))
    with pytest.raises(ParameterError, match="Got -1 and 2, which both mean the heads; leave out"):
        built(recipe, planted((0, 1), n_rows=20))
