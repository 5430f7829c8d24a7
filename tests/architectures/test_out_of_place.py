"""Layers that work in place leave what others read."""

import numpy as np
import torch
from torch import nn

import polytask
from polytask.architectures import PLE, Copies, HardSharing, MMoE
from polytask.encoders import CustomEncoder
from polytask.training import Trainer

NUMBERS = np.random.default_rng(0).normal(size=(5, 60))
TABLE = dict(zip(["x1", "x2", "x3", "a", "b"], NUMBERS, strict=True))
DATA = polytask.read(TABLE, tasks=["a:regression", "b:regression"])


def in_place(shape):
    return nn.Sequential(nn.LeakyReLU(0.5, inplace=True), nn.Linear(shape[0], 4))


def out_of_place(shape):
    return nn.Sequential(nn.LeakyReLU(0.5), nn.Linear(shape[0], 4))


class Overwriting(nn.Module):
    """Changes its input by a function."""

    def __init__(self, shape):
        super().__init__()
        self.linear = nn.Linear(shape[0], 4)

    def forward(self, values):
        return self.linear(values.mul_(0.5))


class Halving(Overwriting):
    """The same on a tensor of its own."""

    def forward(self, values):
        return self.linear(values * 0.5)


def losses(architecture, encoder):
    recipe = architecture(CustomEncoder(encoder))
    trainer = Trainer(batch_size=16, steps=6, evaluate_every=2)
    history = trainer.fit(recipe, DATA, DATA, seed=1).history
    return [epoch.validation_losses for epoch in history.epochs]


def test_networks_are_those_of_layers_that_work_out_of_place():
    for architecture in (HardSharing, MMoE, PLE):
        assert losses(architecture, in_place) == losses(architecture, out_of_place)


def test_validation_rows_stay_as_they_are():
    assert losses(HardSharing, Overwriting) == losses(HardSharing, Halving)


def test_copies_on_common_rows_do_not_see_each_other():
    modules = [nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 2)) for _ in range(3)]
    rows = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    before = rows.clone()
    copies = Copies(modules, torch.zeros(2, 3))
    expected = torch.stack([module(rows) for module in modules])
    torch.testing.assert_close(copies(rows), expected)
    assert torch.equal(rows, before)
