"""Weightings in somebody's own loop: they start themselves and cost next to nothing."""

import inspect

import pytest
import torch

from polytask import weighting as room
from polytask.exceptions import ParameterError
from polytask.weighting import Weighting

ARGUMENTS = {"Static": {"task_weights": (1.0, 2.0, 0.5)}}
CLASSES = [getattr(room, name) for name in room.__all__]
METHODS = [cls for cls in CLASSES if not inspect.isabstract(cls) and cls is not Weighting]
LOSSES, ALL = torch.tensor([0.5, 2.0, 8.0]), torch.tensor([True, True, True])


def made(cls):
    return cls(**ARGUMENTS.get(cls.__name__, {}))


@pytest.mark.parametrize("cls", METHODS, ids=lambda cls: cls.__name__)
def test_a_weighting_starts_itself(cls):
    with torch.random.fork_rng(devices=[]):
        for first in ("weights", "scalarize", "learn"):
            weighting = made(cls)
            getattr(weighting, first)(LOSSES, ALL)
            assert weighting.weights(LOSSES, ALL).isfinite().all()


@pytest.mark.parametrize("cls", METHODS, ids=lambda cls: cls.__name__)
def test_the_scalar_trains_parameters_through_the_losses_alone(cls):
    """`scalarize` may be called on losses with a graph; its own numbers carry none."""
    weighting, leaf = made(cls), LOSSES.clone().requires_grad_()
    with torch.random.fork_rng(devices=[]):
        scalar = weighting.scalarize(leaf, ALL)
    torch.autograd.backward(scalar)
    assert leaf.grad.isfinite().all()
    state = weighting.state_dict().values()
    assert not any(isinstance(value, torch.Tensor) and value.requires_grad for value in state)


@pytest.mark.parametrize(
    ("cls", "attribute"),
    [
        ("UncertaintyWeighting", "log_variance_"),
        ("RevisedUncertaintyWeighting", "log_variance_"),
        ("IMTLL", "log_scale_"),
        ("DynamicWeightAverage", "epoch_losses_"),
        ("DynamicTaskPriority", "performance_"),
    ],
)
def test_a_saved_state_comes_to_where_training_goes_on(cls, attribute):
    """Checkpoints are read into main memory, whatever trains."""
    saved, elsewhere = made(getattr(room, cls)), made(getattr(room, cls))
    saved.start(3)
    saved.learn(LOSSES, ALL)
    saved.end_epoch(LOSSES)
    saved.end_epoch(LOSSES)
    elsewhere.start(3, device=torch.device("meta"))
    elsewhere.load_state_dict(saved.state_dict())
    assert getattr(elsewhere, attribute).device.type == "meta"
    unstarted = made(getattr(room, cls))
    unstarted.load_state_dict(saved.state_dict())
    assert torch.equal(getattr(unstarted, attribute), getattr(saved, attribute))


def weighed(cls):
    """Within a step, whose weights have been read."""
    weighting = made(cls)
    with torch.random.fork_rng(devices=[]):
        weighting.weights(LOSSES, ALL)
    return weighting


STATEFUL = [cls for cls in METHODS if weighed(cls).state_dict()]


def overrides(weighting, name):
    return getattr(type(weighting), name) is not getattr(Weighting, name)


def calls(weighting, count):
    """What takes losses, or something else of every task, and looks at the state."""
    losses, present = torch.ones(count), torch.ones(count, dtype=torch.bool)
    of_all = [(name, (losses, present)) for name in ("scalarize", "weights")]
    if not isinstance(weighting, room.RandomLossWeighting):
        of_all += [
            (name, (losses, present)) for name in ("learn", "after_step", "after_validation")
        ]
        of_all += [("before_step", (torch.eye(count), present)), ("end_epoch", (losses,))]
        of_all += [("after_product", (losses, losses, present))]
    own = [hook for hook in of_all if overrides(weighting, hook[0])]
    return [(getattr(weighting, name), given) for name, given in own]


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("cls", STATEFUL, ids=lambda cls: cls.__name__)
def test_losses_of_another_number_of_tasks_are_refused(cls, count):
    """No task takes over the state of another, and nothing moves."""
    weighting = weighed(cls)
    before = weighting.state_dict()
    words = rf"The `losses` parameter of {cls.__name__} must be losses of 3 tasks, .*"
    for call, given in calls(weighting, count):
        with pytest.raises(ParameterError, match=rf"{words} Got {count} .* start\({count}\)"):
            call(*given)
    for name, value in weighting.state_dict().items():
        assert torch.equal(torch.as_tensor(value), torch.as_tensor(before[name]))
    weighting.start(count, generator=torch.Generator())
    losses, present = torch.ones(count), torch.ones(count, dtype=torch.bool)
    assert weighting.weights(losses, present).isfinite().all()


@pytest.mark.parametrize("cls", STATEFUL, ids=lambda cls: cls.__name__)
def test_the_start_says_how_many_tasks_there_are(cls):
    weighting = made(cls)
    weighting.start(2)
    if weighting.state_dict():
        with pytest.raises(ParameterError, match=r"losses of 2 tasks, .* Got 3 "):
            weighting.scalarize(LOSSES, ALL)
