"""Clipping of gradients task by task."""

import torch
from torch import nn

from polytask.architectures import MultiTaskModule, Owned
from polytask.tasks import TaskSet
from polytask.training._clipping import GradientClipping


class Stub(MultiTaskModule):
    replicated = True

    def __init__(self):
        nn.Module.__init__(self)
        self.stacked, self.free = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(4))
        self.stacked.grad = torch.tensor([[3.0, 0.0, 4.0], [0.3, 0.0, 0.4]])
        self.free.grad = torch.full((4,), 5.0)

    def owners(self):
        return [Owned(self.stacked, ("a", "b"), axis=0), Owned(self.free, ())]


def test_what_serves_no_task_is_clipped_by_itself():
    network = Stub()
    GradientClipping(network, TaskSet(["a", "b"]), 1.0).clip()
    norms = network.stacked.grad.norm(dim=1)
    torch.testing.assert_close(norms, torch.tensor([1.0, 0.5]))
    torch.testing.assert_close(network.free.grad.norm(), torch.tensor(1.0))
