"""Mistakes of users with a loop of their own: said in a sentence, or harmless."""

import pytest
import torch
from torch import nn

from polytask.aggregation import MGDA, Every, GradDrop, Mean, MoDo
from polytask.exceptions import NonFiniteLossError, ParameterError
from polytask.gradients import backward
from polytask.weighting import FAMO, UncertaintyWeighting

pytestmark = pytest.mark.usefixtures("unchecked_types")


class Loop:
    """A trunk, three heads and their losses."""

    def __init__(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.trunk = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
            self.heads = nn.Linear(4, 3)
            self.inputs, self.targets = torch.randn(8, 3), torch.randn(8, 3)

    def losses(self) -> torch.Tensor:
        self.features = self.trunk(self.inputs)
        return (self.heads(self.features) - self.targets).square().mean(dim=0)

    def gradient(self) -> torch.Tensor:
        return torch.cat([p.grad.flatten() for p in self.trunk.parameters()])


def refused(match, *, losses=None, shared=None, aggregator=None, **options):
    loop = Loop()
    found = loop.losses()
    given = losses(found) if losses else found
    with pytest.raises(ParameterError, match=match) as caught:
        backward(
            given,
            shared(loop) if shared else loop.trunk.parameters(),
            aggregator or MGDA(),
            **options,
        )
    assert all(p.grad is None for p in loop.trunk.parameters())
    return str(caught.value)


@pytest.mark.parametrize(
    ("losses", "remedy"),
    [
        (lambda found: found.sum(), r"before they are summed"),
        (lambda found: found[None], r"mean\(dim=0\)"),
        (lambda found: {"a": found[0]}, r"list\(losses\.values\(\)\)"),
        (lambda found: [found[0], None], r"Entry 1 is None.*`present`"),
        (lambda found: [found[0], found[:2]], r"Entry 1 has the shape \(2,\)"),
        (lambda found: found.tolist(), r"Entry 0 is no tensor"),
        (lambda found: found[:0], r"one loss per task"),
        (iter, r"one loss per task"),
        (lambda found: found.detach(), r"no graph"),
    ],
)
def test_losses(losses, remedy):
    assert "`losses` parameter of backward" in refused(remedy, losses=losses)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("aggregator", [MGDA(), MGDA(amortised=True), GradDrop(), Mean()])
def test_infinite_losses(value, aggregator):
    loop = Loop()
    losses = loop.losses() * torch.tensor([1.0, value, 1.0])
    with pytest.raises(NonFiniteLossError, match=r"must be finite. Got (nan|inf) for task 1\. "):
        backward(losses, loop.trunk.parameters(), aggregator)


def test_the_mean_of_no_row_is_refused_unless_the_task_is_absent():
    loop = Loop()
    losses = [*loop.losses(), loop.heads(loop.features)[:0].mean()]
    with pytest.raises(NonFiniteLossError, match=r"Got nan for task 3\. .*`present`"):
        backward(losses, loop.trunk.parameters(), MGDA())
    present = torch.tensor([True, True, True, False])
    assert backward(losses, loop.trunk.parameters(), MGDA(), present=present)[3] == 0
    assert loop.gradient().isfinite().all()


def test_finite_losses_whose_sum_overflows():
    loop = Loop()
    losses = loop.losses() * 0 + torch.finfo(torch.float32).max
    assert backward(losses, loop.trunk.parameters(), Mean()).isfinite().all()


@pytest.mark.parametrize(
    ("shared", "remedy"),
    [
        (lambda loop: loop.trunk, r"`\.parameters\(\)`"),
        (lambda loop: loop.trunk[0], r"`\.parameters\(\)`"),
        (lambda loop: loop.trunk.parameters, r"Call it"),
        (lambda loop: loop.trunk.named_parameters(), r"parameters themselves"),
        (lambda loop: loop.trunk.state_dict(), r"parameters themselves"),
        (lambda loop: [list(loop.trunk.parameters())], r"parameters themselves"),
        (lambda loop: 3, r"those of the trunk"),
        (lambda loop: [loop.features], r"given as `features`"),
        (lambda loop: loop.trunk.state_dict().values(), r"Thaw them"),
        (lambda loop: iter([]), r"anew each time"),
    ],
)
def test_shared_parameters(shared, remedy):
    assert "`shared_parameters` parameter of backward" in refused(remedy, shared=shared)


def test_one_parameter_alone_is_a_list_of_it():
    loop, other = Loop(), Loop()
    weights = backward(loop.losses(), loop.trunk[0].weight, MGDA())
    assert weights.equal(backward(other.losses(), [other.trunk[0].weight], MGDA()))


@pytest.mark.parametrize(
    ("aggregator", "remedy"),
    [
        (MGDA, r"MGDA\(\)\."),
        ("mgda", r"Names are for the trainer"),
        (FAMO(), r"It is a weighting"),
        (UncertaintyWeighting(), r"It is a weighting"),
    ],
)
def test_aggregators(aggregator, remedy):
    assert "`aggregator` parameter of backward" in refused(remedy, aggregator=aggregator)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("engine", ["fast", None]),
        ("heads", ["equal"]),
        ("scale", [0.0, -1.0, float("nan"), float("inf"), "2", None, torch.tensor(0.0)]),
        ("memory_limit", [0, -1, "2", None]),
        ("features", [[None], nn.Linear(1, 1), {"a": torch.ones(8, 4)}]),
        ("task_of_row", [[0, 1, 2], torch.ones(8)]),
        (
            "present",
            [[True, False, True], torch.tensor([0, 2, 1]), torch.tensor([0, 2]), torch.ones(3)],
        ),
    ],
)
@pytest.mark.parametrize("aggregator", [MGDA(), MGDA(amortised=True), GradDrop()])
def test_options(name, values, aggregator):
    for value in values:
        refused(
            rf"The `{name}` parameter of backward must be .* Got",
            aggregator=aggregator,
            **{name: value},
        )


@pytest.mark.parametrize("second", [torch.ones(3), torch.ones(2, requires_grad=True), "no", [None]])
def test_second_losses(second):
    refused(r"The `second` parameter of backward must be", aggregator=MoDo(), second=second)


@pytest.mark.parametrize("aggregator", [MGDA(), GradDrop(), Every(MGDA(), n=2)])
def test_a_graph_that_is_consumed(aggregator):
    loop = Loop()
    losses = loop.losses()
    backward(losses, loop.trunk.parameters(), aggregator)
    with pytest.raises(ParameterError, match="compute the losses anew in every step") as caught:
        backward(losses, loop.trunk.parameters(), aggregator)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_other_errors_within_a_pass_are_left_alone():
    loop = Loop()
    losses = loop.losses()

    def fail(gradient):
        raise RuntimeError("my own hook")

    loop.features.register_hook(fail)
    with pytest.raises(RuntimeError, match="my own hook"):
        backward(losses, loop.trunk.parameters(), MGDA())


@pytest.mark.parametrize("aggregator", [MGDA(), MGDA(amortised=True), GradDrop()])
def test_it_works_under_no_grad_as_a_backward_pass_does(aggregator):
    loop, other = Loop(), Loop()
    for one, switch in ((loop, False), (other, True)):
        aggregator.start(3, generator=torch.Generator().manual_seed(0))
        losses = list(one.losses())
        with torch.set_grad_enabled(switch):
            backward(losses, one.trunk.parameters(), aggregator, scale=2.0)
    assert loop.gradient().equal(other.gradient())
    assert loop.heads.weight.grad.equal(other.heads.weight.grad)


@pytest.mark.parametrize(
    "aggregator", [MGDA(), GradDrop(), MGDA(amortised=True)], ids=["gramian", "jacobian", "product"]
)
def test_finite_losses_with_gradients_that_are_not(aggregator):
    point = torch.nn.Parameter(torch.tensor([0.0, 1.0]))
    losses = [point.sum(), point[0].sqrt() + point[1]]
    with pytest.raises(NonFiniteLossError, match=r"of task .*1 are not, though the losses are"):
        backward(losses, [point], aggregator)
