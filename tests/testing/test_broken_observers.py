"""The check of an observer finds what is broken, one promise at a time."""

import itertools
import random
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from polytask.observers import Observer
from polytask.testing import check_observer

COUNTER = itertools.count()
PRIVATE = random.Random()


class Returns(Observer):
    """Returns what its subclass says."""

    def values(self):
        return {"value": 1.0}

    def observe(self, view):
        return self.values()


class Nothing(Returns):
    def values(self):
        return None


class Number(Returns):
    def values(self):
        return 0.5


class Tensors(Returns):
    def values(self):
        return {"norms": [torch.ones(2)]}


class Arrays(Returns):
    def values(self):
        return {"norms": np.ones(2)}


class Keys(Returns):
    def values(self):
        return {"by position": {0: 1.0}}


class TooMany(Returns):
    def values(self):
        return {"all": [0.0] * 6000}


class TooDeep(Returns):
    def values(self):
        return {"deep": eval("[" * 30 + "]" * 30)}


class Nameless(Returns):
    name = ""


class NeedsGold(Returns):
    needs = frozenset({"gold"})


class NoBatches(Returns):
    needs = frozenset({"batches"})
    n_batches = 0


class Fails(Observer):
    def observe(self, view):
        return {"share": 1 / 0}


@dataclass(frozen=True)
class LooksForLosses(Observer):
    def observe(self, view):
        return {"first": view.validation_losses["task0"]}


class Draws(Returns):
    def observe(self, view):
        torch.rand(1)
        return {}


class DrawsArrays(Returns):
    def observe(self, view):
        np.random.rand(1)  # noqa: NPY002 - it is broken
        return {}


class DrawsNumbers(Returns):
    def observe(self, view):
        return {"draw": random.random()}


class LeavesMode(Returns):
    def observe(self, view):
        view.network.train()
        return {}


class Steps(Returns):
    def observe(self, view):
        with torch.no_grad():
            for parameter in view.network.parameters():
                parameter.add_(1e-3)
        return {}


class MovesBuffers(Returns):
    def observe(self, view):
        for buffer in view.network.buffers():
            buffer.zero_()
        return {}


class LeavesGradients(Returns):
    def observe(self, view):
        sum(p.sum() for p in view.network.parameters()).backward()
        return {}


class Freezes(Returns):
    def observe(self, view):
        view.network.requires_grad_(False)
        return {}


class StopsGraphs(Returns):
    def observe(self, view):
        torch.set_grad_enabled(False)
        return {}


class EditsRows(Returns):
    needs = frozenset({"batches"})

    def observe(self, view):
        for rows in view.batches[0].values():
            for array in rows.inputs.values():
                array.zero_()
        return {}


class Counts(Returns):
    def __init__(self):
        self.calls = 0

    def observe(self, view):
        self.calls += 1
        return {}


class CountsElsewhere(Returns):
    def observe(self, view):
        return {"calls": next(COUNTER)}


class Unseeded(Returns):
    def observe(self, view):
        return {"draw": PRIVATE.random()}


@dataclass(frozen=True)
class Hooks(Returns):
    def observe(self, view):
        view.network.register_forward_hook(
            lambda module, inputs, raw: {key: 2 * scores for key, scores in raw.items()}
        )
        return {}


BROKEN = [
    (Nothing, "must return a mapping of names to plain values"),
    (Number, "must return a mapping of names to plain values"),
    (Tensors, r"tensor.*in \['norms'\]\[0\]\..*with `\.item\(\)` or `\.tolist\(\)`"),
    (Arrays, r"array.*in \['norms'\]\. Turn tensors and arrays"),
    (Keys, r"mappings whose keys are texts. Got 0 instead, in \['by position'\]"),
    (TooMany, "at most 1,000 values per evaluation. Got 6,000 instead"),
    (TooDeep, "nested less than 20 levels deep"),
    (Nameless, "The `name` of Nameless must be a text"),
    (NeedsGold, "NeedsGold needs gold, which Trainer does not serve to observers"),
    (NoBatches, "`n_batches` parameter of NoBatches must be an int in"),
    (Fails, r"The observer 'fails' failed at evaluation 1 \(ZeroDivisionError"),
    (LooksForLosses, r"failed at evaluation 1 \(KeyError: 'task0', "),
    (Draws, "changes torch's global generator"),
    (DrawsArrays, "changes numpy's global generator"),
    (DrawsNumbers, "a second training with one seed is seen otherwise"),
    (LeavesMode, "changes the network's modes"),
    (Steps, "changes the network's weights or buffers"),
    (MovesBuffers, "changes the network's weights or buffers"),
    (LeavesGradients, "changes the network's gradients"),
    (Freezes, "changes which parameters are trained"),
    (StopsGraphs, "changes torch's gradient mode"),
    (EditsRows, "changes rows of the data"),
    (Counts, "changes its own settings"),
    (CountsElsewhere, "a second training with one seed is seen otherwise"),
    (Unseeded, "a second training with one seed is seen otherwise"),
    (Hooks, "a training with it differs from one without"),
]


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("observer", "words"), BROKEN, ids=lambda one: getattr(one, "__name__", "")
)
def test_what_is_broken_is_found(observer, words):
    with pytest.raises(AssertionError, match=words):
        check_observer(observer())


def test_every_broken_one_is_tried():
    fakes = {
        thing
        for thing in globals().values()
        if isinstance(thing, type) and issubclass(thing, Observer) and thing is not Observer
    }
    assert fakes - {Returns} == {observer for observer, _ in BROKEN}
