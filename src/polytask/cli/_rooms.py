"""Rooms of methods that options name, in the order in which `polytask methods` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator

from polytask._naming import fold, public_classes, snake_case
from polytask.aggregation import Aggregator
from polytask.architectures import Architecture
from polytask.augmentation import Augmentation
from polytask.encoders import Encoder, NumericEmbedding
from polytask.learners import Learner, joint_methods, method_name
from polytask.losses import Loss
from polytask.merging import Merging
from polytask.metrics import Metric
from polytask.observers import Observer
from polytask.penalties import Penalty
from polytask.sampling import Sampler
from polytask.tasks import Kind
from polytask.weighting import Weighting

__all__ = ["ROOMS", "Room", "room_of_class", "rooms_named"]


@dataclass(frozen=True)
class Room:
    """A room of methods.

    Parameters
    ----------
    slot : str
        What one of its methods is called: ``weighting``.
    module : str
        Its import path.
    base : type
        What its methods extend.
    title : str
        What several of its methods are called.
    what : str
        What they decide.
    use : str
        How the command line names one, with ``{}`` for its name.
    prefix : str or None
        What stands before a setting's name in its path; None where ``--set`` reaches none.
    words : tuple of str
        Other titles.
    model : str
        The model whose methods these are, as the command line names it.
    """

    slot: str
    module: str
    base: type
    title: str
    what: str
    use: str
    prefix: str | None
    words: tuple[str, ...] = ()
    model: str = ""

    def methods(self) -> Mapping[str, Any]:
        """Public concrete methods by name."""
        return public_classes(self.module, self.base)

    def name_of(self, method: Any) -> str:
        """The name of a method as users write it."""
        own, name = getattr(method, "name", None), method.__name__
        named = isinstance(own, str) and own and (self.base is Learner or fold(own) == fold(name))
        return str(own) if named else snake_case(name)

    def classes_of(self, method: Any) -> tuple[Any, ...]:
        """The public classes of a method."""
        return (method,)

    def module_of(self, method: Any) -> str:
        """Where a method is imported from."""
        del method
        return self.module


@dataclass(frozen=True)
class EstimatorRoom(Room):
    """Joint estimators, of which a regressor and a classifier make one method."""

    def methods(self) -> Mapping[str, Any]:
        """The regressor of each method, or its classifier where that is all, by the method's name."""
        return {name: classes[0] for name, classes in joint_methods().items()}

    def name_of(self, method: Any) -> str:
        """The name of an estimator's method."""
        return method_name(method)

    def classes_of(self, method: Any) -> tuple[Any, ...]:
        """The regressor and the classifier."""
        return joint_methods().get(method_name(method), (method,))

    def module_of(self, method: Any) -> str:
        """The public room of an estimator."""
        module: str = method.__module__
        return module.partition("._")[0]


CLASSICAL = EstimatorRoom(
    "classical model",
    "polytask.linear_model",
    BaseEstimator,
    "classical models",
    "joint estimators on numpy, which learn several tasks together",
    "--model {}",
    "",
    (
        "learners",
        "model",
        "models",
        "kernel_methods",
        "tree_models",
        "gaussian_processes",
        "linear models",
    ),
)
ROOMS = (
    Room(
        "architecture",
        "polytask.architectures",
        Architecture,
        "architectures",
        "how the networks of the tasks share parameters",
        "--model {}",
        "",
        ("model", "models"),
    ),
    Room(
        "penalty",
        "polytask.penalties",
        Penalty,
        "penalties",
        "what couples the networks of soft_sharing",
        "--set penalty={}",
        "penalty.",
        model="--model soft_sharing",
    ),
    Room(
        "encoder",
        "polytask.encoders",
        Encoder,
        "encoders",
        "how networks make features of a row's inputs",
        "--encoder {}",
        "encoder.",
    ),
    Room(
        "numeric embedding",
        "polytask.encoders",
        NumericEmbedding,
        "numeric embeddings",
        "how encoders of tables read numbers",
        "--set numbers={}",
        "numbers.",
        ("numbers",),
    ),
    Room(
        "learner",
        "polytask.learners",
        Learner,
        "other models",
        "linear models, boosted trees and a constant",
        "--model {}",
        "",
        ("learners", "model", "models"),
    ),
    CLASSICAL,
    Room(
        "search",
        "polytask.search",
        Learner,
        "models that search",
        "which tasks share a network, found out before training",
        "--model {}",
        "",
        ("model", "models"),
    ),
    Room(
        "merging",
        "polytask.merging",
        Merging,
        "merging methods",
        "how copies fine-tuned per task become one network",
        "--model {}",
        "merging.",
        ("model", "models"),
    ),
    Room(
        "weighting",
        "polytask.weighting",
        Weighting,
        "weightings",
        "how the tasks' losses are weighted",
        "--weighting {}",
        "weighting.",
    ),
    Room(
        "aggregation",
        "polytask.aggregation",
        Aggregator,
        "aggregators",
        "how the tasks' gradients make one update",
        "--aggregation {}",
        "aggregation.",
        ("aggregations", "aggregator"),
    ),
    Room(
        "sampler",
        "polytask.sampling",
        Sampler,
        "samplers",
        "how rows of several sources are mixed in a batch",
        "--sampler {}",
        "sampler.",
    ),
    Room(
        "observer",
        "polytask.observers",
        Observer,
        "observers",
        "what is measured at every evaluation of a training",
        "--observer {}",
        "observers.",
    ),
    Room(
        "augmentation",
        "polytask.augmentation",
        Augmentation,
        "augmentations",
        "how training rows are changed at random",
        "--augmentation {}",
        "augmentation.",
    ),
    Room(
        "loss",
        "polytask.losses",
        Loss,
        "losses",
        "what networks minimise for a task",
        "--loss TASK={}",
        None,
    ),
    Room(
        "metric",
        "polytask.metrics",
        Metric,
        "metrics",
        "how a task is measured",
        "--metric TASK={}",
        None,
    ),
    Room(
        "kind",
        "polytask.tasks",
        Kind,
        "kinds",
        "what a target is",
        "--target COLUMN:{}",
        None,
        ("tasks",),
    ),
)


def rooms_named(name: str) -> tuple[Room, ...]:
    """The rooms that a word such as ``penalties`` means, in any spelling."""
    return tuple(
        room
        for room in ROOMS
        if fold(name)
        in map(fold, (room.slot, room.title, room.module.rpartition(".")[2], *room.words))
    )


def room_of_class(cls: type) -> Room | None:
    """The room in which a class of the user's own would lie, by what it extends."""
    return next((room for room in ROOMS if issubclass(cls, room.base)), None)
