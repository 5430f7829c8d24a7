"""Products of gradients with directions, against gradients one by one."""

import pytest
import torch
from torch import nn
from torch.func import functional_call

from polytask.gradients import per_task_jacobian, projected_gradients


class Recurrent(nn.Module):
    """A layer without a derivative in forward mode."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 2, batch_first=True)

    def forward(self, rows):
        return self.lstm(rows[:, None].repeat(1, 2, 1))[0].flatten()


@pytest.mark.parametrize("network", [nn.Linear(3, 2), Recurrent()], ids=["forward", "backward"])
def test_slopes_are_gradients_times_directions_however_they_are_found(network, monkeypatch):
    monkeypatch.setattr("polytask.gradients._projected_gradients._AT_ONCE", 30)
    torch.manual_seed(0)
    rows = torch.randn(20, 3)
    parameters = dict(network.named_parameters())
    directions = [{name: torch.randn_like(p) for name, p in parameters.items()} for _ in range(4)]

    def function(at):
        return functional_call(network, dict(at), (rows,)).flatten()

    values, slopes = projected_gradients(function, parameters, directions)
    outputs = function(parameters)
    jacobian = per_task_jacobian(outputs, parameters.values())
    matrix = torch.stack([torch.cat([d[n].flatten() for n in parameters]) for d in directions], 1)
    torch.testing.assert_close(values, outputs.detach())
    torch.testing.assert_close(slopes, jacobian @ matrix, rtol=1e-4, atol=1e-5)
    assert not values.requires_grad
    assert all(p.grad is None for p in parameters.values())
