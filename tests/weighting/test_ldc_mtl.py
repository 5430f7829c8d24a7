"""LDC-MTL: the authors' objective, and weighted losses that come together."""

import pytest
import torch
from torch import tensor

from polytask.weighting import LDCMTL

LOSSES = tensor([0.5, 2.0, 8.0])
ALL = tensor([True, True, True])


def authors_objective(logits, losses, penalty):
    """As in the authors' CelebA experiment: a sigmoid of free numbers, one Adam step on φ."""
    sigma = torch.sigmoid(logits)
    weighted = sigma * losses
    mean = weighted.sum() / sigma.sum().detach()
    return mean + penalty * torch.abs(weighted[:-1] - weighted[1:]).sum()


def normalized(losses, initial, normalization):
    return {
        "none": losses,
        "rescaled": losses / (initial / initial.min()),
        "log": torch.log(losses / initial),
    }[normalization]


@pytest.mark.parametrize("normalization", ["none", "rescaled", "log"])
def test_it_follows_the_authors_objective(normalization):
    weighting = LDCMTL(penalty=0.05, learning_rate=0.05, normalization=normalization)
    weighting.start(3)
    logits = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.05)
    for turn in range(10):
        losses = (LOSSES * tensor([0.9, 0.97, 0.6]) ** turn).requires_grad_()
        objective = authors_objective(logits, normalized(losses, LOSSES, normalization), 0.05)
        optimizer.zero_grad()
        objective.backward()
        ours = weighting.weights(losses.detach(), ALL)
        torch.testing.assert_close(ours, losses.grad, rtol=1e-4, atol=1e-6)
        weighting.learn(losses.detach(), ALL)
        optimizer.step()
        torch.testing.assert_close(weighting.logits_, logits.detach(), rtol=1e-4, atol=1e-5)


def test_rescaled_losses_do_not_depend_on_units():
    one, two = (LDCMTL(normalization="rescaled") for _ in range(2))
    units = tensor([1.0, 10.0, 0.3])
    for turn in range(5):
        losses = LOSSES * tensor([0.9, 0.97, 0.6]) ** turn
        first = one.weights(losses, ALL)
        second = two.weights(losses * units, ALL)
        one.learn(losses, ALL)
        two.learn(losses * units, ALL)
        ratio = second * units / first
        assert ratio.tolist() == pytest.approx([float(ratio[0])] * 3, rel=1e-4)


def test_the_discrepancy_falls_where_losses_stand():
    weighting = LDCMTL(penalty=1.0, learning_rate=0.05, normalization="none")
    weighting.start(3)

    def gap():
        weighted = torch.sigmoid(weighting.logits_) * tensor([1.0, 1.5, 2.0])
        return float((weighted[1:] - weighted[:-1]).abs().sum())

    before = gap()
    for _ in range(200):
        weighting.learn(tensor([1.0, 1.5, 2.0]), ALL)
    assert gap() < 0.1 * before


def test_neighbours_are_the_tasks_present_and_absent_ones_stand_still():
    present = tensor([True, False, True])
    weighting = LDCMTL(normalization="none", penalty=0.05)
    weighting.start(3)
    weights = weighting.weights(LOSSES * present, present)
    alone = LDCMTL(normalization="none", penalty=0.05).weights(LOSSES[present], ALL[:2])
    torch.testing.assert_close(weights[present], alone)
    weighting.learn(LOSSES * present, present)
    assert weighting.logits_[1] == 1.0
    assert weighting.initial_losses_.tolist() == [0.5, 0.0, 8.0]
    weighting.learn(LOSSES * 0.5, ALL)
    assert weighting.initial_losses_.tolist() == [0.5, 1.0, 8.0]


@pytest.mark.parametrize("normalization", ["none", "rescaled", "log"])
def test_losses_of_zero_are_served(normalization):
    weighting = LDCMTL(normalization=normalization)
    for losses in (torch.zeros(3), LOSSES, tensor([0.0, 2.0, 8.0])):
        assert bool(torch.isfinite(weighting.weights(losses, ALL)).all())
        weighting.learn(losses, ALL)
    assert bool(torch.isfinite(weighting.logits_).all())


def test_it_resumes_exactly():
    one, two = (LDCMTL(normalization="rescaled") for _ in range(2))
    one.start(3)
    two.start(3)
    one.learn(LOSSES, ALL)
    two.load_state_dict(one.state_dict())
    for weighting in (one, two):
        weighting.learn(0.3 * LOSSES, ALL)
    assert torch.equal(one.weights(LOSSES, ALL), two.weights(LOSSES, ALL))
