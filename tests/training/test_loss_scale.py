"""Half precision scales losses by a factor that engines are told."""

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from polytask.training._engine_hints import loss_scale


def test_without_a_scaler_losses_stay():
    assert loss_scale(Fabric(accelerator="cpu", devices=1)) == 1.0


def test_a_scaler_that_scaled_nothing_else_can_step():
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    half = MixedPrecision("16-mixed", device="cpu", scaler=scaler)
    fabric = Fabric(accelerator="cpu", devices=1, plugins=half)
    point = torch.nn.Parameter(torch.ones(()))
    optimizer = fabric.setup_optimizers(torch.optim.SGD([point], lr=1.0))
    scale = loss_scale(fabric)
    assert scale == 8.0
    point.grad = torch.tensor(0.5 * scale)
    optimizer.step()
    assert point.item() == 0.5
