"""CAGrad against a slow solver, the authors' values, and what it carries when amortised."""

import numpy as np
import pytest
import scipy.optimize
import torch

from polytask.aggregation import CAGrad, Mean, Property
from polytask.gradients import Served


def jacobian_of(seed, n_tasks, width):
    draws = np.random.default_rng(seed).normal(size=(n_tasks, width))
    return torch.from_numpy(draws + 0.1)


def slow(jacobian, c):
    """The paper's dual problem by sequential quadratic programming, without rescaling."""
    mean, rows = jacobian.mean(0).numpy(), jacobian.numpy()
    reach = c * np.linalg.norm(mean)

    def objective(shares):
        return shares @ rows @ mean + reach * np.linalg.norm(shares @ rows)

    n_tasks = len(rows)
    found = scipy.optimize.minimize(
        objective,
        np.full(n_tasks, 1 / n_tasks),
        bounds=[(0, 1)] * n_tasks,
        constraints={"type": "eq", "fun": lambda shares: shares.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    combination = found.x @ rows
    return torch.from_numpy(mean + reach / np.linalg.norm(combination) * combination)


@pytest.mark.parametrize("c", [0.1, 0.4, 1.0, 2.5])
@pytest.mark.parametrize("n_tasks", [2, 3, 7])
def test_the_same_as_a_slow_solver(n_tasks, c):
    jacobian = jacobian_of(n_tasks, n_tasks, 20)
    got = CAGrad(c, rescale=0).aggregate(jacobian)
    torch.testing.assert_close(got, slow(jacobian, c), rtol=0, atol=1e-5)


def test_golden_values():
    # TorchJD's CAGrad(c=0.5)(jacobian), of its tests; it does not rescale.
    jacobian = torch.tensor([[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]], dtype=torch.float64)
    wanted = torch.tensor([0.1835, 1.2041, 1.2041], dtype=torch.float64)
    got = CAGrad(c=0.5, rescale=0).aggregate(jacobian)
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-3)


def test_rescaling():
    jacobian = jacobian_of(1, 4, 9)
    plain, by_square, by_sum = (CAGrad(0.5, rescale).aggregate(jacobian) for rescale in (0, 1, 2))
    torch.testing.assert_close(by_square, plain / 1.25)
    torch.testing.assert_close(by_sum, plain / 1.5)


def test_without_a_ball_it_is_the_mean():
    jacobian = jacobian_of(2, 4, 9)
    torch.testing.assert_close(CAGrad(0.0).aggregate(jacobian), Mean().aggregate(jacobian))


@pytest.mark.parametrize("c", [1.0, 1.7])
def test_no_loss_grows_where_the_ball_holds_the_origin(c):
    for seed in range(20):
        jacobian = jacobian_of(seed, 5, 6)
        assert float((jacobian @ CAGrad(c).aggregate(jacobian)).min()) >= -1e-9


def test_where_the_average_vanishes_so_does_the_update():
    jacobian = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])
    assert torch.equal(CAGrad().aggregate(jacobian), torch.zeros(2))


def carried_error(carrying, exact, jacobian, steps):
    carrying.start(len(jacobian))
    for _ in range(steps):
        update = carrying.aggregate(jacobian)
    return float((update - exact).norm() / exact.norm())


@pytest.mark.slow
@pytest.mark.parametrize("c", [0.2, 0.4, 0.9])
def test_carried_weights_reach_the_solution(c):
    jacobian = jacobian_of(3, 5, 200) * torch.tensor([1.0, 2.0, 0.5, 1.0, 1.5])[:, None]
    exact = CAGrad(c).aggregate(jacobian)
    assert carried_error(CAGrad(c, amortised=True), exact, jacobian, 302) < 1e-2
    assert carried_error(CAGrad(c, amortised=True), exact, jacobian, 1502) < 1e-3


def test_every_tenth_update_is_the_average():
    jacobian = jacobian_of(4, 3, 8)
    carrying = CAGrad(amortised=True)
    updates = [carrying.aggregate(jacobian) for _ in range(11)]
    mean = jacobian.mean(0)
    assert [step for step in range(11) if torch.allclose(updates[step], mean)] == [0, 10]


def test_the_gradients_size_does_not_matter_to_what_is_carried():
    jacobian = jacobian_of(5, 4, 8)
    one, other = CAGrad(amortised=True), CAGrad(amortised=True)
    for _ in range(25):
        update = one.aggregate(jacobian)
        torch.testing.assert_close(other.aggregate(jacobian * 2.0**-40) * 2.0**40, update)


def test_absent_tasks_keep_their_weight_and_the_others_sum_to_one():
    jacobian = jacobian_of(6, 4, 8)
    carrying = CAGrad(amortised=True)
    for _ in range(15):
        carrying.aggregate(jacobian)
    present = torch.tensor([True, False, True, True])
    before = carrying.weights_.clone()
    for _ in range(3):
        carrying.aggregate(jacobian[present], Served(present))
    after = carrying.weights_
    assert after[1] == before[1]
    assert not torch.equal(after, before)
    assert float(after.sum()) == pytest.approx(1.0)


def test_a_saved_state_goes_on_exactly():
    jacobian = jacobian_of(7, 4, 8)
    one, other = CAGrad(amortised=True), CAGrad(amortised=True)
    for _ in range(13):
        one.aggregate(jacobian)
    other.start(4)
    other.load_state_dict(one.state_dict())
    for _ in range(12):
        assert torch.equal(one.aggregate(jacobian), other.aggregate(jacobian))


def test_carried_weights_are_state():
    assert Property.STATELESS in CAGrad().properties
    assert Property.STATELESS not in CAGrad(amortised=True).properties
