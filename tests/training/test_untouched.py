"""A network is put back whatever code does to it."""

import torch
from torch import nn

from polytask.training._process_checks import _compared
from polytask.training._untouched import untouched
from polytask.weighting import Static


class Moving(nn.Module):
    """Keeps a moving mean by putting a new tensor in the place of its buffer."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.register_buffer("mean", torch.zeros(2))

    def forward(self, inputs):
        self.mean = 0.9 * self.mean + 0.1 * inputs.mean(dim=0)
        return self.layer(inputs)


def test_buffers_that_were_replaced_come_back():
    network = Moving()
    before = network.mean
    with untouched(network, torch.device("cpu")):
        network(torch.ones(3, 2))
        assert network.mean is not before
    assert network.mean is before
    assert network.mean.tolist() == [0.0, 0.0]


def test_the_dtype_comes_back():
    network = Moving()
    network.layer.weight.grad = torch.ones(2, 2)
    before = network.layer.weight.detach().clone()
    with untouched(network, torch.device("cpu")):
        network.double()
    assert network.layer.weight.dtype == network.mean.dtype == torch.float32
    assert torch.equal(network.layer.weight, before)
    assert torch.equal(network.layer.weight.grad, torch.ones(2, 2))


def test_settings_are_compared_by_what_they_hold():
    assert _compared(Static((1.0, 2.0))) == _compared(Static((1.0, 2.0)))
    assert _compared(Static((1.0, 2.0))) != _compared(Static((2.0, 1.0)))
    assert _compared({"lr_lambda": lambda step: step}) == _compared({"lr_lambda": lambda _: 1})
