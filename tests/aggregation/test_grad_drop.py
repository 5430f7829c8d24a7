"""GradDrop against the paper's masks, coordinate by coordinate."""

from functools import partial

import pytest
import torch
from drawn_gradients import gradients as drawn

from polytask.aggregation import GradDrop, Sum
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served

gradients = partial(drawn, n_columns=50)


def update(jacobian, leak=0.0, seed=0, served=None):
    aggregator = GradDrop(leak)
    n_tasks = len(jacobian) if served is None else len(served.present)
    aggregator.start(n_tasks, generator=torch.Generator().manual_seed(seed))
    return aggregator.aggregate(jacobian, served)


@pytest.mark.parametrize("leak", [0.0, 0.3, 1.0, (0.0, 0.5, 1.0, 0.2)])
def test_the_update_is_torchjds(monkeypatch, leak):
    aggregation = pytest.importorskip("torchjd.aggregation")
    leaks = torch.as_tensor(leak, dtype=torch.float64).expand(4)
    rand = torch.rand
    for seed in range(20):
        jacobian = gradients(seed, 4)
        ours = update(jacobian, leak, seed)
        drawn = rand(50, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        with monkeypatch.context() as patch:
            patch.setattr(torch, "rand", lambda *_, drawn=drawn, **__: drawn)
            torch.testing.assert_close(ours, aggregation.GradDrop(leak=leaks)(jacobian))


def test_more_coordinates_than_are_worked_on_at_once():
    jacobian = gradients(0, 8, n_columns=200_000)
    drawn = torch.rand(200_000, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    purity = (1 + jacobian.sum(0) / jacobian.abs().sum(0)) / 2
    kept = torch.where(drawn < purity, jacobian > 0, jacobian < 0)
    torch.testing.assert_close(update(jacobian, 0.0, 3), (kept * jacobian).sum(0))


def test_the_sign_is_kept_as_often_as_its_share_of_the_mass():
    jacobian = torch.tensor([[3.0], [-1.0]]).expand(2, 20_000)
    kept = update(jacobian)
    assert set(kept.tolist()) == {3.0, -1.0}
    assert float((kept > 0).double().mean()) == pytest.approx(0.75, abs=0.02)


def test_coordinates_without_a_gradient_stay_zero():
    jacobian = gradients(0, 3)
    jacobian[:, :10] = 0.0
    result = update(jacobian)
    assert not result[:10].any()
    assert bool(result[10:].all())


def test_agreeing_gradients_are_summed():
    jacobian = gradients(0, 1) * torch.tensor([[1.0], [2.0], [1e-12]], dtype=torch.float64)
    assert torch.equal(update(jacobian), Sum().aggregate(jacobian))


def test_leaks_belong_to_tasks():
    assert Need.PRESENT in GradDrop((0.0, 1.0)).needs
    assert GradDrop(0.5).needs == frozenset({Need.JACOBIAN})
    jacobian = gradients(1, 2)
    present = torch.tensor([True, False, True])
    absent_left_out = update(jacobian, (0.1, 0.7, 0.4), served=Served(present))
    torch.testing.assert_close(absent_left_out, update(jacobian, (0.1, 0.4)))


@pytest.mark.usefixtures("unchecked_types")
def test_there_is_a_leak_for_every_task():
    with pytest.raises(ParameterError, match="a float or 3 of them, one per task"):
        GradDrop((0.1, 0.2)).start(3)
    with pytest.raises(ParameterError, match="a float or 3 of them, one per task"):
        GradDrop((0.1, 0.2)).combine(gradients(0, 3))
