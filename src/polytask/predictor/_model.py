"""Abstract base class of fitted models inside a predictor."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from polytask._naming import subclasses
from polytask._recipes import import_path
from polytask._trust import in_script, is_own, named_code, trusted_here
from polytask.data import Schema, Source
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._forward_cost import ForwardCost
from polytask.tasks import TaskRelation, TaskSet

__all__ = ["Model", "model_class", "model_name", "models_loaded"]


class Model(ABC):
    """A fitted model: encoded rows → raw scores; saved in a folder without pickle."""

    routed_sources: Collection[str] = ()
    """Sources of rows of one task each for which `route` finds the task of others."""

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """Number of learned values, for the cost table."""

    @property
    def takes_preference(self) -> bool:
        """Whether `at` answers at a preference between tasks; False by default."""
        return False

    def forward_cost(self, sources: Sequence[Source]) -> ForwardCost | None:
        """What forward passes over the rows of sources cost; None, the default, if it is not known."""
        del sources
        return None

    def relations(self) -> Mapping[str, TaskRelation]:
        """What was learned of how tasks are related, by layer; none by default."""
        return {}

    @abstractmethod
    def scores(
        self, sources: Sequence[Source]
    ) -> Mapping[str, Mapping[str, Float32[np.ndarray, "m size"]]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order.

        A source may carry some of its tasks only; scores of others are not used. Where fitting had
        one task for each row, a source whose rows have none is scored for all its tasks.
        """

    def at(self, preference: Float32[np.ndarray, " n_tasks"]) -> Model:
        """The model that answers at a preference between all its tasks, with sum 1.

        Called where `takes_preference` alone.
        """
        raise NotImplementedError(f"{type(self).__name__} has no answers at {preference}.")

    def route(self, source: Source) -> Float32[np.ndarray, "m n_tasks"]:
        """Scores of the source's tasks for each row, whose softmax is the probability of each.

        Called for `routed_sources` alone.
        """
        raise NotImplementedError(f"{type(self).__name__} has no router for {source.name!r}.")

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model's files into an existing folder."""

    @classmethod
    @abstractmethod
    def load(cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]) -> Model:
        """Build the saved model from untrusted files.

        Whatever they hold, the result is a valid model or an error that says what is wrong.
        """


def model_name(model: Model) -> str:
    """A model's name in the manifest: a public class of this room, or the path of another one."""
    room, kind = import_module("polytask.predictor"), type(model)
    name = kind.__name__
    return name if getattr(room, name, None) is kind else import_path(kind)


def model_class(name: str) -> type[Model]:
    """Return the model class that a manifest names.

    Either a public one of this room, by its exact name, or a class of the user's own, by its
    path; the latter must be trusted.

    Raises
    ------
    UntrustedError
        If the name is the path of a class that is not trusted.
    BundleError
        If there is no such model.
    """
    if ":" in name:
        kind: Any = named_code(name, trusted_here())
    else:
        room = import_module("polytask.predictor")
        kind = getattr(room, name, None) if name in room.__all__ else None
    if inspect.isclass(kind) and issubclass(kind, Model) and not inspect.isabstract(kind):
        return kind
    raise BundleError(f"The saved model is a {name[:80]!r}, which this polytask does not know.")


def models_loaded(names: Iterable[str]) -> tuple[str, ...]:
    """Paths of the user's model classes that this process has loaded.

    Parameters
    ----------
    names : iterable of str
        Paths of the code that a recipe names, such as ``my_module:MyLearner``. A recipe without any
        is polytask's own, and so is every model that comes of it.
    """
    if not any(names):
        return ()
    loaded = [kind for kind in subclasses(Model) if "<" not in kind.__qualname__]
    for kind in loaded:
        if kind.__module__ == "__main__":
            in_script(kind.__qualname__, kind)  # a worker process has no such script to look in
    paths = (f"{kind.__module__}:{kind.__qualname__}" for kind in loaded)
    return tuple(dict.fromkeys(path for path in paths if not is_own(path)))
