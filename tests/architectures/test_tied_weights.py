"""Encoders whose layers share a weight, and modules that differ in more than their tensors."""

import pytest
import torch
from torch import nn
from training_tables import regression_table

from polytask.architectures import Copies, MMoE, SingleTask
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.training import Trainer, score, to_tensors

DATA = regression_table(n_tasks=2)
TRAINER = Trainer(steps=3, batch_size=32, patience=None)


class Tied(nn.Module):
    def __init__(self, n_inputs):
        super().__init__()
        self.entry = nn.Linear(n_inputs, 4)
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def forward(self, rows):
        return self.second(self.first(self.entry(rows)).relu())


def tied(shape):
    return Tied(shape[-1])


def tied_chain(shape):
    first, second = nn.Linear(shape[-1], shape[-1]), nn.Linear(shape[-1], shape[-1])
    second.weight = first.weight
    return nn.Sequential(first, nn.Tanh(), second)


def only(name):
    (source,) = DATA.sources
    frame = source.inputs.hstack(source.labels.frame)
    return MultiTaskDataset.from_table(frame, [DATA.tasks[name]], features=source.inputs.columns)


def scores(network, data):
    return score(
        network, to_tensors(encode(data.sources, data.tasks, fit_schemas(data), network.blocks))
    )


@pytest.mark.parametrize("encoder", [tied, tied_chain])
def test_a_network_with_tied_weights_learns_the_same_alone(encoder):
    together = TRAINER.fit(SingleTask(encoder), DATA).network
    (values,) = scores(together, DATA).values()
    for k, name in enumerate(DATA.tasks.names):
        data = only(name)
        (own,) = scores(TRAINER.fit(SingleTask(encoder), data).network, data).values()
        torch.testing.assert_close(values[:, k], own[:, 0], rtol=1e-4, atol=1e-5)


def test_experts_with_tied_weights_keep_them():
    experts = [Tied(4) for _ in range(3)]
    copies = Copies(experts, torch.zeros(2, 4))
    rows = torch.randn(5, 4)
    torch.testing.assert_close(copies(rows), torch.stack([expert(rows) for expert in experts]))
    copies(rows).sum().backward()
    assert all(member.second.weight is member.first.weight for member in copies.members)
    assert TRAINER.fit(MMoE(tied, n_experts=2), DATA).history.n_steps == 3


class Scaled(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor, self.layer = factor, nn.Linear(3, 2)

    def forward(self, rows):
        return self.factor * self.layer(rows)


def test_modules_that_one_pass_would_change_run_one_after_another():
    modules = [Scaled(1.0), Scaled(2.0)]
    modules[0].layer.eval()
    copies, rows = Copies(modules, torch.zeros(2, 3)), torch.randn(5, 3)
    assert not copies.stacked
    assert [module.layer.training for module in modules] == [False, True]
    torch.testing.assert_close(copies(rows), torch.stack([module(rows) for module in modules]))
    assert Copies([Scaled(2.0) for _ in range(2)], rows[:2]).stacked
