"""Mistakes in calls of `gramian` and `per_task_jacobian`, and callables of a wrong shape."""

import pytest
import torch
from torch import nn

from polytask.exceptions import ParameterError
from polytask.gradients import as_aggregator, backward, gramian, per_task_jacobian

pytestmark = pytest.mark.usefixtures("unchecked_types")


def trunk_and_losses():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        trunk = nn.Linear(3, 2)
        return trunk, trunk(torch.randn(5, 3)).square().mean(dim=0)


def test_a_gramian_of_losses_without_a_graph():
    trunk, losses = trunk_and_losses()
    with pytest.raises(ParameterError, match=r"`losses` parameter of gramian .* no graph"):
        gramian(losses.detach(), trunk.parameters())


@pytest.mark.parametrize(
    ("shared", "sentence"),
    [
        (lambda trunk: [], r"`shared_parameters` parameter of gramian .* Thaw them"),
        (lambda trunk: trunk, r"`shared_parameters` parameter of gramian .* `\.parameters\(\)`"),
        (
            lambda trunk: nn.Linear(3, 2).parameters(),
            r"`losses` parameter of gramian must depend on `shared_parameters`\. No loss does",
        ),
    ],
)
def test_a_gramian_on_other_parameters(shared, sentence):
    trunk, losses = trunk_and_losses()
    with pytest.raises(ParameterError, match=sentence):
        gramian(losses, shared(trunk))


@pytest.mark.parametrize(
    "options",
    [
        {"present": [True, False]},
        {"present": torch.tensor([0, 1])},
        {"present": torch.ones(3, dtype=torch.bool)},
        {"engine": "fast"},
    ],
)
def test_options_of_a_gramian(options):
    trunk, losses = trunk_and_losses()
    (name,) = options
    with pytest.raises(ParameterError, match=rf"`{name}` parameter of gramian must be .* Got"):
        gramian(losses, trunk.parameters(), **options)


def test_a_gramian_of_losses_of_another_shape():
    trunk, losses = trunk_and_losses()
    with pytest.raises(ParameterError, match=r"`losses` parameter of gramian .* are summed"):
        gramian(losses.sum(), trunk.parameters())


def test_a_gramian_of_a_consumed_graph():
    trunk, losses = trunk_and_losses()
    losses.sum().backward()
    with pytest.raises(ParameterError, match=r"of gramian must have their whole graph"):
        gramian(losses, trunk.parameters())


def test_a_gramian_of_no_task_is_zero_and_one_under_no_grad_is_not():
    trunk, losses = trunk_and_losses()
    nobody = torch.zeros(2, dtype=torch.bool)
    assert not gramian(losses.detach(), trunk.parameters(), present=nobody).any()
    apart = list(losses)
    with torch.no_grad():
        inner = gramian(apart, trunk.parameters())
    assert bool((inner.diagonal() > 0).all())


def test_parameters_of_a_jacobian_may_be_a_generator():
    trunk, losses = trunk_and_losses()
    expected = per_task_jacobian(losses, list(trunk.parameters()))
    assert expected.any(dim=1).all()
    assert per_task_jacobian(losses, trunk.parameters()).equal(expected)


def test_a_jacobian_of_losses_without_a_graph():
    trunk, losses = trunk_and_losses()
    with pytest.raises(ParameterError, match=r"of per_task_jacobian must depend on `parameters`"):
        per_task_jacobian(losses.detach(), list(trunk.parameters()))


def of_a_gramian(gramian):
    return gramian


@pytest.mark.parametrize(
    ("method", "expected", "got"),
    [
        (lambda J: J.sum(), r"\(2, 8\) to a tensor of shape \(8,\)", r"the shape \(\)"),
        (lambda J: J, r"\(2, 8\) to a tensor of shape \(8,\)", r"the shape \(2, 8\)"),
        (lambda J: None, r"\(2, 8\) to a tensor of shape \(8,\)", r"no tensor"),
        (of_a_gramian, r"\(2, 2\) to a tensor of shape \(2,\)", r"the shape \(2, 2\)"),
    ],
)
def test_callables_whose_result_has_another_shape(method, expected, got):
    trunk, losses = trunk_and_losses()
    sentence = rf"`aggregator` parameter of backward must be .*{expected}\. Got .*{got}\."
    with pytest.raises(ParameterError, match=sentence):
        backward(losses, trunk.parameters(), method)
    with pytest.raises(ParameterError, match="`aggregator` parameter of backward"):
        as_aggregator(method).aggregate(torch.ones(2, 8))


def test_a_callable_of_the_right_shape():
    trunk, losses = trunk_and_losses()
    backward(losses, trunk.parameters(), lambda J: J.sum(dim=0))
    found = torch.cat([one.grad.flatten() for one in trunk.parameters()])
    fresh, again = trunk_and_losses()
    rows = per_task_jacobian(again, fresh.parameters())
    torch.testing.assert_close(found, rows.sum(dim=0))
