"""Twins: a network of one architecture per task, each as it would be alone."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import torch
from torch import nn
from training_tables import mixed_table, regression_table

from polytask._naming import public_classes
from polytask._seeds import derived_seed
from polytask.architectures import (
    AITM,
    Architecture,
    Branching,
    EncoderArchitecture,
    HardSharing,
    MMoE,
    Separate,
    SingleTask,
    SoftSharing,
)
from polytask.architectures._hard_sharing import HardSharingNetwork
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP, PackedMLP, ResidualMLP
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import GraphLaplacian, MeanDeviation
from polytask.testing import check_architecture, tiny_dataset
from polytask.testing._batches import encoded_for
from polytask.training import Trainer, score, to_tensors


def only(data, name):
    (source,) = data.sources
    frame = source.inputs.hstack(source.labels.frame)
    return MultiTaskDataset.from_table(frame, [data.tasks[name]], features=source.inputs.columns)


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_a_task_learns_what_its_architecture_learns_alone(normalization):
    train, validation = mixed_table(seed=0), mixed_table(seed=1)
    trainer = Trainer(steps=12, batch_size=16, evaluate_every=4, clip_norm=1.0, weight_decay=1e-3)
    recipe = Separate(HardSharing(MLP((8,), normalization=normalization)))
    together = trainer.fit(recipe, train, validation, seed=5)
    for name in train.tasks.names:
        alone = trainer.fit(recipe, only(train, name), only(validation, name), seed=5)
        ours = [epoch.validation_losses[name] for epoch in together.history.epochs]
        theirs = [epoch.validation_losses[name] for epoch in alone.history.epochs]
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_it_is_the_network_of_the_architecture():
    data = regression_table(n_tasks=3)
    schemas = fit_schemas(data)
    network = Separate(HardSharing(MLP((6,)))).build(schemas, data.tasks, seed=0)
    assert network.networks[0].stacked
    joint = HardSharing(MLP((6,))).build(schemas, data.tasks, seed=0)
    trunk = sum(p.numel() for p in joint.trunk.parameters())
    heads = sum(p.numel() for p in joint.heads.parameters())
    assert sum(p.numel() for p in network.parameters()) == 3 * trunk + heads


def test_sources_of_a_task_meet_in_its_network():
    data = tiny_dataset(["regression", "binary"], own_tables=True)
    check_architecture(Separate(HardSharing(ResidualMLP(width=4))), [data])


class Anchored(HardSharingNetwork):
    """A network with every kind of regulariser, and a buffer that is learned in closed form."""

    calls: ClassVar[Counter[str]] = Counter()

    def __init__(self, encoder, schemas, tasks):
        super().__init__(encoder, schemas, tasks)
        self.register_buffer("size", torch.zeros(()))

    def penalty(self):
        self.calls["penalty"] += 1
        return self.heads[0].weight.square().sum()

    def batch_penalty(self, features, raw, batch):
        self.calls["batch_penalty"] += self.training
        return sum(state.values.square().mean() for state in features.values())

    def proximal_step(self, step):
        self.calls["proximal_step"] += 1
        with torch.no_grad():
            self.heads[0].weight.mul_(1 - step)

    def refit(self):
        self.size.copy_(self.heads[0].weight.detach().abs().sum())


@dataclass(frozen=True)
class Anchor(EncoderArchitecture):
    def network(self, encoder, schemas, tasks):
        return Anchored(encoder, schemas, tasks)


def test_each_network_has_its_own_penalties_and_updates():
    data = mixed_table()
    schemas = fit_schemas(data)
    recipe = Separate(Anchor(MLP((4,))))
    check_architecture(recipe)
    start = recipe.build(schemas, data.tasks, seed=0)
    Anchored.calls.clear()
    trained = Trainer(steps=6, batch_size=16, evaluate_every=3).fit(recipe, data, seed=0).network
    of_each = ("penalty", "batch_penalty", "proximal_step")
    assert Anchored.calls == dict.fromkeys(of_each, 6 * len(data.tasks))
    for copies, before in zip(trained.networks, start.networks, strict=True):
        for member, untrained in zip(copies.members, before.members, strict=True):
            weight = member.network.heads[0].weight
            torch.testing.assert_close(member.network.size, weight.detach().abs().sum())
            assert not torch.equal(weight, untrained.network.heads[0].weight)


class Counted(HardSharingNetwork):
    """A network with dropout and batch norm that counts its passes in training."""

    seen: ClassVar[list[str]] = []

    def __init__(self, encoder, schemas, tasks, penalized):
        super().__init__(encoder, schemas, tasks)
        self.penalized = penalized

    def features(self, batch):
        self.seen.extend(["pass"] * self.training)
        return super().features(batch)

    @property
    def has_batch_penalty(self):
        return self.penalized

    def batch_penalty(self, features, raw, batch):
        for name, state in features.items():
            ((_, scores),) = raw.items()
            (rows,) = batch.values()
            assert len(rows.inputs["numeric"]) == len(state.values) == len(scores)
            torch.testing.assert_close(self.answer(features, batch)[next(iter(raw))], scores)
            self.seen.append(name)
        return torch.stack([state.values.square().mean() for state in features.values()]).sum()


@dataclass(frozen=True)
class Count(EncoderArchitecture):
    penalized: bool = True

    def network(self, encoder, schemas, tasks):
        return Counted(encoder, schemas, tasks, self.penalized)


def test_each_network_with_a_penalty_of_its_batch_runs_once_per_step():
    encoder = MLP((4,), dropout=0.5, normalization="batch")
    trainer = Trainer(steps=3, batch_size=16, evaluate_every=3)
    Counted.seen.clear()
    trained = trainer.fit(
        Separate(Count(encoder)), tiny_dataset(["regression", "binary"], missing=0.0), seed=0
    )
    assert Counted.seen == ["pass", "rows"] * 6
    for copies in trained.network.networks:
        for member in copies.members:
            (norm,) = (m for m in member.network.modules() if isinstance(m, nn.BatchNorm1d))
            assert norm.num_batches_tracked == 3


TREE = ((("task0", "task1"),), (("task0",), ("task1",)))


@pytest.mark.parametrize(
    ("recipe", "plain"),
    [
        (Branching(MLP((6, 5)), groups=TREE), Branching(MLP((6, 5)))),
        (
            SoftSharing(MLP((6,)), penalty=GraphLaplacian(relations=((0.0, 1.0), (1.0, 0.0)))),
            SoftSharing(MLP((6,)), penalty=MeanDeviation(alpha=0.0)),
        ),
    ],
    ids=["groups", "relations"],
)
def test_the_twin_of_a_recipe_that_knows_its_tasks_knows_none(recipe, plain):
    data = tiny_dataset(["regression", "regression"])
    assert recipe.alone() == plain
    assert HardSharing().alone() == HardSharing()
    twin = recipe.twin()
    assert twin.name == f"separate({recipe.name})"
    assert recipe.refuses(data.tasks) is twin.refuses(data.tasks) is None
    schemas = fit_schemas(data)
    network = twin.build(schemas, data.tasks, seed=1)
    wanted = Separate(plain).build(schemas, data.tasks, seed=1).state_dict()
    assert network.state_dict().keys() == wanted.keys()
    assert all(torch.equal(tensor, wanted[n]) for n, tensor in network.state_dict().items())
    Trainer(steps=2, batch_size=8).fit(twin, data)


def test_the_twin_is_tuned_as_its_network_is():
    twin = MultiTaskNetwork(MMoE("tab_m")).twin()
    assert twin.tuned == MultiTaskNetwork(MMoE("tab_m")).tuned
    assert set(twin.tuned) <= set(twin.search_space())


def test_ensembles_with_a_penalty_of_the_batch_score_every_row():
    data = tiny_dataset(["binary", "binary"])
    twin = AITM(PackedMLP(members=3, widths=(6,), numbers="standardized")).twin()
    network = Trainer(steps=2, batch_size=8).fit(twin, data).network
    sources = encoded_for(network, data, fit_schemas(data))
    raw = score(network, sources)
    assert all(len(scores) == sources[source].n_rows for (source, _), scores in raw.items())


def test_what_shares_nothing_has_no_twin():
    assert SingleTask().twin() is None
    assert Separate().twin() is None
    with pytest.raises(
        ParameterError, match=r"`architecture` parameter of Separate must be an Archit"
    ):
        Separate(SingleTask())


def test_scores_of_own_rows_are_those_of_the_rows_task():
    data = tiny_dataset(["regression"] * 3, own_rows=True)
    schemas = fit_schemas(data)
    network = Separate(HardSharing(MLP((4,)))).build(schemas, data.tasks, seed=0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    (source,) = rows
    (scores,) = score(network, rows).values()
    task = rows[source].task
    for position, name in enumerate(data.tasks.names):
        own = data.tasks.subset([name])
        alone = Separate(HardSharing(MLP((4,)))).build({source: schemas[source]}, own, seed=0)
        (expected,) = score(alone, {source: type(rows[source])(rows[source].inputs)}).values()
        mine = task == position
        torch.testing.assert_close(scores[mine], expected[mine][:, 0])


FAMILIES = public_classes("polytask.architectures", Architecture)


@pytest.mark.parametrize("name", sorted(name for name, cls in FAMILIES.items() if cls.shares))
def test_the_twin_of_every_family_scores_as_its_network_alone(name):
    recipe = FAMILIES[name]()
    data = tiny_dataset(["regression", "regression"])
    schemas = fit_schemas(data)
    twin = recipe.twin().build(schemas, data.tasks, seed=3)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, twin.blocks))
    (scores,) = score(twin, rows).values()
    for position, task in enumerate(data.tasks.names):
        own = {source: replace(s, targets={task: s.targets[task]}) for source, s in schemas.items()}
        alone = recipe.build(own, data.tasks.subset([task]), derived_seed(3, task))
        (expected,) = score(alone, rows).values()
        torch.testing.assert_close(scores[:, position], expected[:, 0])
