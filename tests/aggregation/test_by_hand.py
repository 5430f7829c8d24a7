"""Aggregators in somebody's own loop: states that travel, and copies that share nothing."""

import copy
import inspect

import pytest
import torch

from polytask import aggregation as room
from polytask.aggregation import Aggregator, AmortisedAggregator, Every
from polytask.exceptions import ParameterError
from polytask.gradients import Served

CLASSES = [getattr(room, name) for name in room.__all__ if inspect.isclass(getattr(room, name))]
PLAIN = [
    cls()
    for cls in CLASSES
    if issubclass(cls, Aggregator) and not inspect.isabstract(cls) and cls is not Every
]
CARRYING = [type(one)(amortised=True) for one in PLAIN if isinstance(one, AmortisedAggregator)]
WRAPPING = [Every(room.NashMTL(), n=2), Every(room.PIVRG(), n=2)]
METHODS = PLAIN + CARRYING + WRAPPING
KEPT_IN_MAIN_MEMORY = (room.GradVac, room.PIVRG)


def served(seed):
    return Served(torch.tensor([True, True, True]), torch.tensor([0.5, 2.0, 8.0 + seed]))


def gradients(seed):
    return torch.randn(3, 7, generator=torch.Generator().manual_seed(seed))


def started(method, device=None):
    one = copy.deepcopy(method)
    one.start(3, device=device, generator=torch.Generator().manual_seed(0))
    return one


def trained(method):
    one = started(method)
    for seed in range(12):
        one.aggregate(gradients(seed), served(seed))
    return one


def tensors(state):
    for value in state.values():
        if isinstance(value, dict):
            yield from tensors(value)
        elif isinstance(value, torch.Tensor):
            yield value


def of_name(method):
    return repr(method)


STATEFUL = [one for one in METHODS if list(tensors(trained(one).state_dict()))]


@pytest.mark.parametrize("method", STATEFUL, ids=of_name)
def test_a_saved_state_comes_to_where_training_goes_on(method):
    """Checkpoints are read into main memory, whatever trains."""
    elsewhere = started(method, torch.device("meta"))
    elsewhere.load_state_dict(trained(method).state_dict())
    inner = elsewhere.aggregator.state_dict() if isinstance(elsewhere, Every) else {}
    kept = isinstance(getattr(elsewhere, "aggregator", elsewhere), KEPT_IN_MAIN_MEMORY)
    own = {name: value for name, value in elsewhere.state_dict().items() if name != "aggregator"}
    expected = "cpu" if kept and not inner else "meta"
    assert {tensor.device.type for tensor in tensors(own)} == {expected}
    assert {tensor.device.type for tensor in tensors(inner)} <= {"cpu" if kept else "meta"}


@pytest.mark.parametrize("method", STATEFUL, ids=of_name)
def test_a_state_loaded_before_the_start_goes_on_too(method):
    one = trained(method)
    unstarted = copy.deepcopy(method)
    unstarted.load_state_dict(one.state_dict())
    if hasattr(one, "_generator"):
        unstarted._generator = torch.Generator()
        unstarted._generator.set_state(one._generator.get_state())
    for seed in (20, 21):
        wanted = one.aggregate(gradients(seed), served(seed))
        assert torch.equal(unstarted.aggregate(gradients(seed), served(seed)), wanted)


@pytest.mark.parametrize("method", STATEFUL, ids=of_name)
def test_a_copy_shares_nothing(method):
    one = trained(method)
    before = [tensor.clone() for tensor in tensors(one.state_dict())]
    other = copy.deepcopy(one)
    for seed in (30, 31):
        other.aggregate(gradients(seed), served(seed))
    for tensor, wanted in zip(tensors(one.state_dict()), before, strict=True):
        assert torch.equal(tensor, wanted)
    after = list(tensors(other.state_dict()))
    assert any(
        not torch.equal(tensor, wanted) for tensor, wanted in zip(after, before, strict=True)
    )


@pytest.mark.parametrize("method", [*CARRYING, room.MoDo()], ids=of_name)
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_slopes_that_are_not_finite_do_no_harm(method, bad):
    one = trained(method)
    before = [tensor.clone() for tensor in tensors(one.state_dict())]
    one.carried(served(0))
    one.move(torch.tensor([bad, 1.0, 1.0]), served(0))
    for tensor, wanted in zip(tensors(one.state_dict()), before, strict=True):
        assert torch.equal(tensor, wanted)


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("prepared", [started, trained])
@pytest.mark.parametrize("method", STATEFUL, ids=of_name)
def test_losses_of_another_number_of_tasks_are_refused(method, prepared, count):
    """No task takes over the state of another, and nothing moves."""
    one = prepared(method)
    before = [tensor.clone() for tensor in tensors(one.state_dict())]
    other = Served(torch.ones(count, dtype=torch.bool), torch.ones(count))
    words = rf"The `losses` parameter of {type(one).__name__} must be losses of 3 tasks, .*"
    with pytest.raises(ParameterError, match=rf"{words} Got {count} .* call start\({count}\)"):
        one.aggregate(torch.ones(count, 7), other)
    for tensor, wanted in zip(tensors(one.state_dict()), before, strict=True):
        torch.testing.assert_close(tensor, wanted, rtol=0, atol=0, equal_nan=True)
    one.start(count, generator=torch.Generator())
    assert one.aggregate(torch.ones(count, 7), other).isfinite().all()
