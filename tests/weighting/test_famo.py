"""FAMO: the authors' path, losses of zero, and logits that stay where losses stall."""

import pytest
import torch
from torch import tensor

from polytask.exceptions import ParameterError
from polytask.gradients import Need
from polytask.weighting import FAMO

ALL = tensor([True, True, True])
FALL = tensor([0.9, 0.97, 0.8])

# Written by the class FAMO of the authors' famo.py (github.com/Cranial-XIX/FAMO) with 3 tasks,
# driven as `follow` drives ours: the gradient of its weighted loss, and its w after `update`.
AUTHORS = [
    ([0.7619047164916992, 0.1904761791229248, 0.0476190447807312],
     [0.024999946355819702, 0.024999991059303284, -0.024999991059303284]),
    ([0.7699165344238281, 0.1785888969898224, 0.051494576036930084],
     [0.047701794654130936, 0.045557890087366104, -0.049224719405174255]),
    ([0.7772708535194397, 0.1669255495071411, 0.05580367520451546],
     [0.07042118161916733, 0.052115071564912796, -0.0715063288807869]),
    ([0.7853729724884033, 0.15398485958576202, 0.06064222753047943],
     [0.09339338541030884, 0.044706810265779495, -0.08988377451896667]),
    ([0.7937636375427246, 0.14007800817489624, 0.06615841388702393],
     [0.11668706685304642, 0.030225904658436775, -0.10189920663833618]),
    ([0.8011655807495117, 0.12631838023662567, 0.07251603901386261],
     [0.14033348858356476, 0.012166446074843407, -0.10593795776367188]),
]  # fmt: skip


def started(n_tasks=3, **options):
    weighting = FAMO(**options)
    weighting.start(n_tasks)
    return weighting


def step(weighting, before, after, present=None):
    present = torch.ones(len(before), dtype=torch.bool) if present is None else present
    weights = weighting.weights(before, present)
    weighting.learn(before, present)
    weighting.after_step(after, present)
    return weights


def test_it_follows_the_authors_code():
    weighting = started()
    for turn, (weights, logits) in enumerate(AUTHORS):
        losses = tensor([0.5, 2.0, 8.0]) * FALL**turn
        after = losses * FALL * (1 + 0.05 * turn * tensor([1.0, -1.0, 1.0]))
        torch.testing.assert_close(step(weighting, losses, after), tensor(weights))
        torch.testing.assert_close(weighting.logits_, tensor(logits), rtol=1e-4, atol=1e-6)


def test_two_stalled_losses_keep_equal_logits():
    weighting, stalled = started(2), tensor([0.2, 2.0])
    for _ in range(300):
        step(weighting, stalled, stalled)
    assert weighting.logits_.softmax(dim=0).tolist() == [0.5, 0.5]


@pytest.mark.filterwarnings("ignore:FAMO has given weights")  # its hooks are not called, on purpose
def test_logits_that_learn_from_the_scalar_itself_would_drift_to_the_easy_task():
    weighting, stalled = started(2, gamma=0.0), tensor([0.2, 2.0])
    logits = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.025)
    for _ in range(300):
        weighting.logits_ = logits
        optimizer.zero_grad()
        weighting.scalarize(stalled, tensor([True, True])).backward()
        optimizer.step()
    assert float(logits.detach().softmax(dim=0)[0]) > 0.95


def test_the_task_that_falls_slowest_gains():
    weighting, losses = started(gamma=0.0), tensor([1.0, 1.0, 1.0])
    for _ in range(10):
        step(weighting, losses, losses * tensor([0.5, 0.99, 0.7]))
    assert weighting.logits_.argmax() == 1
    assert weighting.logits_.argmin() == 0


@pytest.mark.parametrize("present", [[True, True], [True, False], [False, False]])
@pytest.mark.parametrize("min_losses", [None, (0.5, 0.0)])
def test_losses_of_zero_are_served(present, min_losses):
    weighting, present = started(2, min_losses=min_losses), tensor(present)
    zeros, some = torch.zeros(2), tensor([0.0, 1.0])
    for before, after in ((zeros, zeros), (zeros, some), (some, zeros)):
        weights = step(weighting, before, after, present)
        assert bool(torch.isfinite(weights).all())
        assert float(weights.sum()) == pytest.approx(float(present.any()))
    assert bool(torch.isfinite(weighting.logits_).all())


def test_bounds_are_subtracted():
    weights = started(2, min_losses=(1.0, 0.0)).weights(tensor([1.5, 2.0]), tensor([True, True]))
    assert weights.tolist() == pytest.approx([0.8, 0.2])
    with pytest.raises(ParameterError, match="`min_losses` parameter of FAMO must be 3 numbers"):
        FAMO(min_losses=(1.0, 0.0)).start(3)


def test_to_first_order_both_forms_agree():
    """Along a small step of gradient descent the change of the logarithms is its slope's."""
    generator = torch.Generator().manual_seed(0)
    jacobian = torch.randn(3, 5, generator=generator)
    losses = tensor([0.5, 2.0, 8.0])
    size = 1e-4
    plain, exact = started(), started(exact=True, step_size=size)
    assert plain.needs == {Need.LOSSES_AFTER_STEP}
    assert exact.needs == {Need.PRODUCT}
    for _ in range(5):
        weights = exact.weights(losses, ALL)
        slopes = jacobian @ (weights @ jacobian)
        exact.after_product(slopes, losses, ALL)
        step(plain, losses, losses - size * slopes)
    torch.testing.assert_close(exact.logits_, plain.logits_, rtol=1e-2, atol=1e-4)


def test_an_absent_task_stands_still():
    weighting, losses = started(), tensor([0.5, 2.0, 8.0])
    step(weighting, losses, losses * FALL)
    kept = weighting.logits_.clone()
    present = tensor([True, False, True])
    weights = step(weighting, losses * present, losses * FALL * present, present)
    assert float(weights.sum()) == pytest.approx(1.0)
    assert weighting.logits_[1] == kept[1]
    assert weighting.logits_[0] != kept[0]
