"""What belongs to a stopped task does not move; all else goes on."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn
from training_tables import mixed_table

from polytask.architectures import (
    Architecture,
    HardSharing,
    Heads,
    Inputs,
    MultiTaskModule,
    Owned,
    Stages,
    owned_by,
    seeded,
)
from polytask.encoders import MLP, State
from polytask.training import Trainer
from polytask.training._training_run import TrainingRun


class Hierarchical(MultiTaskModule):
    """The first task leaves after the trunk; the others share one more layer with batch norm."""

    def __init__(self, schemas, tasks):
        super().__init__(schemas, tasks)
        self.inputs = Inputs(MLP((6,)), schemas)
        self.trunk = Stages(MLP((6,)), self.inputs)
        self.upper = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Tanh())
        self.first = nn.Linear(6, 6)
        self.heads = Heads(self.blocks, tasks, (6,), per_task=True)

    def features(self, batch):
        return self.trunk(self.inputs(batch))

    def answer(self, features, batch):
        own = {}
        for source, state in features.items():
            upper = self.upper(state.values)
            layers = [self.first(state.values), *[upper] * (len(self.tasks) - 1)]
            own[source] = State(torch.stack(layers))
        return self.heads(own, batch)

    def owners(self):
        first, *rest = self.tasks.names
        mine = [*owned_by(self.first, [first]), *owned_by(self.upper, rest)]
        known = {id(owned.tensor) for owned in mine}
        return [*mine, *(o for o in super().owners() if id(o.tensor) not in known)]


@dataclass(frozen=True)
class Recipe(Architecture):
    def build(self, schemas, tasks, seed):
        with seeded(seed):
            return Hierarchical(schemas, tasks)


@pytest.fixture
def stop(monkeypatch):
    """Stop tasks at the first evaluation; return their tensors before and after."""

    def run(architecture, stopped, steps=8, **settings):
        seen = {}
        original = TrainingRun._evaluate

        def evaluate(self):
            record = original(self)
            if "before" not in seen:
                for name in stopped:
                    self.selection.active[self.tasks.index(name)] = False
                seen["run"] = self
                seen["before"] = tensors(self.network)
            seen["after"] = tensors(self.network)
            return record

        monkeypatch.setattr(TrainingRun, "_evaluate", evaluate)
        data = mixed_table()
        trainer = Trainer(
            steps=steps, batch_size=16, evaluate_every=4, task_patience=100, patience=None,
            learning_rate=0.05, weight_decay=0.1, **settings,
        )  # fmt: skip
        trainer.fit(architecture, data, data, seed=0)
        return seen["before"], seen["after"], seen["run"].network

    return run


def tensors(network):
    named = [*network.named_parameters(), *network.named_buffers()]
    return {name: tensor.detach().clone() for name, tensor in named}


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adamw"])
def test_a_plain_module_of_a_stopped_task_keeps_every_bit(stop, optimizer):
    options = {"momentum": 0.9} if optimizer == "sgd" else {}
    first, *_ = mixed_table().tasks.names
    before, after, network = stop(Recipe(), [first], optimizer=optimizer, optimizer_options=options)
    for name in ("first.weight", "first.bias"):
        assert torch.equal(before[name], after[name])
    (block,) = [b for b in network.blocks if first in b.tasks]
    place = f"heads.{network.blocks.index(block)}.weight"
    position = block.tasks.index(first)
    assert torch.equal(before[place][position], after[place][position])
    assert not torch.equal(before["upper.0.weight"], after["upper.0.weight"])
    assert not torch.equal(before["trunk.0.0.weight"], after["trunk.0.0.weight"])


def test_a_group_of_which_all_tasks_stopped_is_held_with_its_buffers(stop):
    _, *rest = mixed_table().tasks.names
    before, after, _ = stop(Recipe(), rest)
    held = [name for name in before if name.startswith("upper.")]
    assert any("running_mean" in name for name in held)
    for name in held:
        assert torch.equal(before[name], after[name]), name
    assert not torch.equal(before["first.weight"], after["first.weight"])


def test_a_balanced_network_holds_stopped_heads_too(stop):
    first, *_ = mixed_table().tasks.names
    before, after, network = stop(HardSharing(MLP((6,))), [first], aggregation="mgda")
    (block,) = [b for b in network.blocks if first in b.tasks]
    place, position = f"heads.{network.blocks.index(block)}.bias", block.tasks.index(first)
    assert torch.equal(before[place][position], after[place][position])
    assert not torch.equal(before["trunk.0.0.weight"], after["trunk.0.0.weight"])


def test_what_belongs_to_some_tasks_alone():
    stacked, whole = torch.zeros(2, 3), torch.zeros(3)
    assert Owned(stacked, ("a", "b"), axis=0).parts_of({"b", "c"}) == ([1],)
    assert Owned(stacked.T, ("a", "b"), axis=1).parts_of({"a"}) == (slice(None), [0])
    assert Owned(whole, ("a", "b")).parts_of({"a"}) is None
    assert Owned(whole, ("a", "b")).parts_of({"a", "b"}) is ...
    assert Owned(stacked, ("a", "b"), axis=0).parts_of({"c"}) is None
    feeding = Owned(stacked, ("a", "b"), axis=0, dependants=(("c",), ()))
    assert feeding.parts_of({"a", "b"}) == ([1],)
    assert feeding.parts_of({"a", "c"}) == ([0],)
    assert feeding.is_shared
    assert not Owned(stacked, ("a", "b"), axis=0, dependants=((), ())).is_shared
