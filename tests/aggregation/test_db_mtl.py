"""DB-MTL against the authors' formulas on gradients of real log-losses."""

import pytest
import torch

from polytask.aggregation import DBMTL
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served, backward


def losses_at(point, step):
    draw = torch.Generator().manual_seed(step)
    goals = torch.randn(3, 4, generator=draw, dtype=torch.float64)
    scales = torch.tensor([0.1, 1.0, 30.0], dtype=torch.float64)
    return scales * ((point - goals) ** 2).sum(dim=1)


def gradients_of(function, point):
    return torch.autograd.functional.jacobian(function, point)


def textbook(point, steps, beta, beta_sigma):
    """As the authors write it: b ← g + β/t^σ (b − g), then every b as long as the longest."""
    buffer = torch.zeros(3, 4, dtype=torch.float64)
    for step in range(1, steps + 1):
        gradients = gradients_of(lambda at, step=step: losses_at(at, step).log(), point)
        buffer = gradients + beta / step**beta_sigma * (buffer - gradients)
        lengths = buffer.norm(dim=-1)
        update = sum(lengths.max() / lengths[k] * buffer[k] for k in range(3))
        yield update


@pytest.mark.parametrize(("beta", "beta_sigma"), [(0.9, 0.0), (0.5, 0.5), (0.0, 0.0)])
def test_updates_are_those_of_the_authors(beta, beta_sigma):
    point = torch.tensor([0.3, -1.0, 0.5, 2.0], dtype=torch.float64)
    method = DBMTL(beta=beta, beta_sigma=beta_sigma)
    for step, wanted in enumerate(textbook(point, 4, beta, beta_sigma), start=1):
        jacobian = gradients_of(lambda at, step=step: losses_at(at, step), point)
        served = Served(torch.ones(3, dtype=torch.bool), losses_at(point, step))
        got = method.aggregate(jacobian, served)
        torch.testing.assert_close(got, wanted, rtol=1e-6, atol=0)


def test_both_ways_agree_where_nothing_is_kept():
    method = DBMTL(beta=0.0)
    draw = torch.Generator().manual_seed(0)
    jacobian = torch.randn(3, 5, generator=draw)
    served = Served(torch.ones(3, dtype=torch.bool), torch.tensor([0.5, 1.0, 3.0]))
    weights = method.weights(jacobian @ jacobian.T, served)
    torch.testing.assert_close(weights @ jacobian, method.combine(jacobian, served))


def test_gradients_are_needed_as_they_are_only_if_they_are_averaged():
    assert Need.JACOBIAN in DBMTL().needs
    assert Need.JACOBIAN not in DBMTL(beta=0.0).needs


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_it_descends_through_the_engine(beta):
    point = torch.nn.Parameter(torch.zeros(4, dtype=torch.float64))
    method = DBMTL(beta=beta)
    before = losses_at(point, 0).log().sum()
    for _ in range(20):
        point.grad = None
        backward(losses_at(point, 0), [point], method)
        with torch.no_grad():
            point -= 0.05 * point.grad / point.grad.norm()
    assert losses_at(point, 0).log().sum() < before - 0.1


def test_an_absent_task_keeps_its_average_and_its_count():
    method = DBMTL(beta=0.5, beta_sigma=0.5)
    everyone, one = torch.tensor([True, True]), torch.tensor([False, True])
    method.combine(torch.eye(2), Served(everyone, torch.ones(2)))
    kept = method.gradient_.clone()
    update = method.combine(torch.tensor([[3.0, 0.0]]), Served(one, torch.tensor([0.0, 1.0])))
    torch.testing.assert_close(method.gradient_[0], kept[0])
    assert method.step_.tolist() == [1, 2]
    beta = 0.5 / 2**0.5
    torch.testing.assert_close(update, beta * kept[1] + (1 - beta) * torch.tensor([3.0, 0.0]))


def test_losses_are_asked_for():
    for method in (DBMTL(), DBMTL(beta=0.0)):
        with pytest.raises(ParameterError, match="`served` parameter of DBMTL"):
            method.aggregate(torch.eye(2))
