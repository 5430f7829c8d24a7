"""Common check of observers."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from polytask.architectures import Architecture, HardSharing, SingleTask
from polytask.bookkeeping import EpochRecord
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, PolytaskError
from polytask.observers import Observer, View
from polytask.observers._observer import VALIDATION_ROWS
from polytask.testing._require import require, require_instance
from polytask.testing._tiny_dataset import tiny_dataset
from polytask.training import Trained, Trainer

__all__ = ["check_observer"]

_ENCODER = MLP((8,), dropout=0.3, normalization="batch")
_TRAINING: dict[str, Any] = {
    "steps": 12,
    "batch_size": 16,
    "evaluate_every": 4,
    "weighting": "uncertainty_weighting",
    "optimizer": "rmsprop",
    "clip_norm": 1.0,
}


def check_observer(observer: Observer) -> None:
    """Check that an observer keeps the promises of `polytask.observers.Observer`.

    Small networks with dropout and batch norm are trained with and without it: on a table, on a
    table per task (without validation rows unless it needs some), and each task alone.

    Parameters
    ----------
    observer : Observer

    Raises
    ------
    AssertionError
        If it needs what nobody serves, fails, or returns other than plain values by name; if it
        touches the network (weights, buffers, gradients, modes), a global generator or its own
        settings; if a training with it differs from one without in any bit; if a second
        training, or one that was killed and went on, observes something else; or if it is
        served or refused against its `needs_sharing` where tasks share nothing.

    Examples
    --------
    >>> from polytask.observers import GradientConflict
    >>> from polytask.testing import check_observer
    >>> check_observer(GradientConflict(n_batches=2))
    """
    name = type(observer).__name__
    require_instance("check_observer", "observer", observer, Observer)
    called = isinstance(observer.name, str) and observer.name
    require(called, f"The `name` of {name} must be a text. Got {observer.name!r}.")
    numbers = random.getstate()
    try:
        for what, architecture, data, options in _cases():
            if observer.needs_sharing and not architecture.shares:
                _check_refused(name, observer, architecture, data)
            else:
                _Case(f"{name} on {what}", observer, architecture, data, options).check()
    finally:
        random.setstate(numbers)


def _cases() -> Iterator[tuple[str, Architecture, MultiTaskDataset, dict[str, Any]]]:
    joint, alone = HardSharing(_ENCODER), SingleTask(_ENCODER)
    table = tiny_dataset(["regression", "binary", "multiclass"], missing=0.5)
    yield "a table", joint, table, {**_TRAINING, "task_patience": 1}
    own_tables = tiny_dataset(["regression", "binary"], own_tables=True)
    yield "a table per task", joint, own_tables, {**_TRAINING, "sampler": "round_robin"}
    yield "single tasks", alone, table, {**_TRAINING, "weighting": None}


def _check_refused(
    name: str, observer: Observer, architecture: Architecture, data: MultiTaskDataset
) -> None:
    try:
        Trainer(steps=1, observers=(observer,)).fit(architecture, data, data)
    except ParameterError:
        return
    sentence = f"{name} needs what tasks share, but is served where they share nothing."
    raise AssertionError(sentence)


class _Case:
    """Trainings of one network on one data set, with and without an observer."""

    def __init__(
        self,
        what: str,
        observer: Observer,
        architecture: Architecture,
        data: MultiTaskDataset,
        options: Mapping[str, Any],
    ) -> None:
        self.what, self.observer, self.architecture, self.data = what, observer, architecture, data
        self.options = options
        self.n_trainings = 0

    def check(self) -> None:
        plain, watched = self._trained(()), self._trained((self.observer,))
        self._check_touches_nothing()
        self._require_alike(plain, watched, "a training with it differs from one without")
        wanted = _observed(watched)
        again = _observed(self._trained((self.observer,)))
        require(again == wanted, f"{self.what}: a second training with one seed is seen otherwise.")
        self._check_resume(watched)

    def _trained(self, observers: tuple[Observer, ...], **arguments: Any) -> Trained:
        self.n_trainings += 1
        random.seed(self.n_trainings)  # what is observed may not follow from Python's generator
        trainer = Trainer(observers=observers, **self.options)
        unseen = len(self.data.sources) > 1 and VALIDATION_ROWS not in self.observer.needs
        validation = None if unseen else self.data
        try:
            return trainer.fit(self.architecture, self.data, validation, seed=3, **arguments)
        except PolytaskError as error:
            raise AssertionError(f"{self.what}: {error}") from error

    def _check_touches_nothing(self) -> None:
        watch = _Watch(self.observer)
        self._trained((watch,))
        require(not watch.touched, f"{self.what}: `observe` changes {', '.join(watch.touched)}.")

    def _require_alike(self, wanted: Trained, got: Trained, sentence: str) -> None:
        states = [_contents(trained.network) for trained in (wanted, got)]
        require(states[0] == states[1], f"{self.what}: {sentence}, in the network's state.")
        histories = [_losses(trained) for trained in (wanted, got)]
        require(histories[0] == histories[1], f"{self.what}: {sentence}, in its history.")

    def _check_resume(self, wanted: Trained) -> None:
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = {"checkpoint": Path(folder) / "state", "checkpoint_seconds": 0.0}
            with suppress(_KilledError):
                self._trained((self.observer,), on_epoch=_kill, **checkpoint)
            got = self._trained((self.observer,), **checkpoint)
        self._require_alike(wanted, got, "a killed training that went on differs from a whole one")
        same = _observed(got) == _observed(wanted)
        require(same, f"{self.what}: a killed training that went on is seen otherwise.")


class _KilledError(Exception):
    pass


def _kill(record: EpochRecord) -> None:
    if record.epoch == 2:
        raise _KilledError


class _Watch(Observer):
    """An observer that wraps another one and records what that one changes."""

    def __init__(self, observer: Observer) -> None:
        self.observer, self.touched = observer, list[str]()

    def __deepcopy__(self, memo: object) -> _Watch:
        return self

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override]
        return self.observer.needs

    @property
    def n_batches(self) -> int:  # type: ignore[override]
        return self.observer.n_batches

    @property
    def name(self) -> str:
        return self.observer.name

    def observe(self, view: View) -> Mapping[str, Any]:
        before = {what: contents_of(self.observer, view) for what, contents_of in _WATCHED.items()}
        returned = self.observer.observe(view)
        for what, contents_of in _WATCHED.items():
            if contents_of(self.observer, view) != before[what] and what not in self.touched:
                self.touched.append(what)
        return returned


def _contents(network: nn.Module) -> dict[str, bytes]:
    return {name: _bytes(tensor) for name, tensor in network.state_dict().items()}


def _bytes(tensor: torch.Tensor | None) -> bytes:
    return b"" if tensor is None else tensor.detach().cpu().numpy().tobytes()


def _rows(view: View) -> list[bytes]:
    batches = [*view.batches, *([view.validation] if view.validation else [])]
    arrays = [
        array for batch in batches for rows in batch.values() for array in rows.inputs.values()
    ]
    return [_bytes(array) for array in arrays]


def _numpy_state() -> tuple[bytes, int]:
    _, keys, position, *_ = np.random.get_state()  # noqa: NPY002 - watched
    return np.asarray(keys).tobytes(), int(position)


_WATCHED: Mapping[str, Callable[[Any, View], object]] = {
    "the network's weights or buffers": lambda _, view: _contents(view.network),
    "the network's gradients": lambda _, view: [_bytes(p.grad) for p in view.network.parameters()],
    "which parameters are trained": lambda _, view: [
        p.requires_grad for p in view.network.parameters()
    ],
    "the network's modes": lambda _, view: [m.training for m in view.network.modules()],
    "rows of the data": lambda _, view: _rows(view),
    "torch's global generator": lambda *_: _bytes(torch.get_rng_state()),
    "numpy's global generator": lambda *_: _numpy_state(),
    "torch's gradient mode": lambda *_: torch.is_grad_enabled(),
    "its own settings": lambda observer, _: repr(vars(observer)),
}
"""What an observer must leave alone, and how it is looked at."""


def _observed(trained: Trained) -> str:
    return json.dumps([record.observed for record in trained.history.epochs], allow_nan=False)


def _losses(trained: Trained) -> str:
    history = trained.history.to_dict()
    epochs = [{**epoch, "seconds": 0.0, "observed": {}} for epoch in history["epochs"]]
    return json.dumps({**history, "epochs": epochs, "seconds": 0.0})
