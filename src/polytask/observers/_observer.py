"""Abstract base class of observers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from polytask._naming import snake_case
from polytask.gradients import Need
from polytask.observers._view import View

__all__ = ["BATCHES", "VALIDATION_ROWS", "Observer"]

BATCHES = "batches"
"""Need of observers that read training rows."""

VALIDATION_ROWS = "validation_rows"
"""Need of observers that read validation rows."""


class Observer(ABC):
    """A measurement of the training, made at every evaluation and kept in the epoch's record.

    An observer is a recipe, a frozen dataclass of its settings. It has no state: what it returns
    follows from the `View` alone, in which the earlier records stand too.

    An observer never changes a training, whatever it does to the network: `Trainer` puts back
    weights, buffers, gradients, modes and generators after each call. Leave them alone all the
    same, since nobody puts them back in a loop of your own;
    `polytask.testing.check_observer` tells whether an observer does.

    Attributes
    ----------
    needs : frozenset of str
        What must be served in the `View`: ``"gramian"`` (inner products of the tasks' gradients at
        shared parameters, as `polytask.gradients.Need`), ``"batches"`` (training rows) or
        ``"validation_rows"``. A training that cannot serve a need is refused before its first
        step.
    n_batches : int
        Training batches in the `View`, where they are needed.
    name : str
        Under which `EpochRecord.observed` keeps what is returned: the class's name in snake case.
        The observers of one training have different names.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from polytask.architectures import HardSharing
    >>> from polytask.observers import Observer
    >>> from polytask.testing import tiny_dataset
    >>> from polytask.training import Trainer
    >>> @dataclass(frozen=True)
    ... class Weights(Observer):
    ...     def observe(self, view):
    ...         return {"number": sum(p.numel() for p in view.network.parameters())}
    >>> trained = Trainer(steps=5, observers=(Weights(),)).fit(HardSharing(), tiny_dataset())
    >>> trained.history.epochs[0].observed["weights"]
    {'number': 69666}
    """

    needs: ClassVar[frozenset[str]] = frozenset()

    n_batches: int = 1

    @property
    def name(self) -> str:
        """Name under which the record keeps the values."""
        return snake_case(type(self).__name__)

    @property
    def needs_sharing(self) -> bool:
        """Whether it can be served only where tasks share parameters."""
        return Need.GRAMIAN in self.needs

    @abstractmethod
    def observe(self, view: View) -> Mapping[str, Any]:
        """Measure, and return plain values by name.

        Parameters
        ----------
        view : View

        Returns
        -------
        mapping of str to plain values
            Numbers, texts, truth values, None, and lists or mappings of these, at most 1,000 in
            all. Numbers that are not finite are recorded as None, which stands for no value. Of an
            empty mapping nothing is recorded: the network has not what is measured.
        """
