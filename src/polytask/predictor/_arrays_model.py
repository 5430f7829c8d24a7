"""Base class of models that are a few arrays: only `scores` must be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from safetensors.numpy import load, save

from polytask._files import write_bytes
from polytask._reason import reason
from polytask.data import Schema
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._model import Model
from polytask.tasks import TaskSet

__all__ = ["ArraysModel"]

_ARRAYS = "arrays.safetensors"


@dataclass(frozen=True, eq=False)
class ArraysModel(Model):
    """The base class of users' models whose state is arrays of numbers.

    Subclasses write `scores`; saving and loading are inherited. A subclass that relies on the
    shapes of its arrays checks them in ``__post_init__``, since files may come from someone else.

    Parameters
    ----------
    tasks : TaskSet
    schemas : mapping of source name to Schema
        Fitted on the training rows.
    arrays : mapping of str to array
        Numbers or booleans.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.predictor import ArraysModel
    >>> class OneNumber(ArraysModel):
    ...     def scores(self, sources):
    ...         return {
    ...             source.name: {
    ...                 task: np.full((len(source.rows_of(task)), 1), self.arrays[task])
    ...                 for task in source.tasks.names
    ...             }
    ...             for source in sources
    ...         }
    >>> OneNumber.__abstractmethods__
    frozenset()
    """

    tasks: TaskSet
    schemas: Mapping[str, Schema]
    arrays: Mapping[str, Shaped[np.ndarray, "..."]]

    @property
    def n_parameters(self) -> int:
        """Number of elements in all arrays."""
        return sum(array.size for array in self.arrays.values())

    def save(self, folder: Path) -> None:
        """Write ``arrays.safetensors``."""
        for name, array in self.arrays.items():
            if array.dtype.kind not in "biuf":
                sentence = f"{type(self).__name__} holds {name!r}, an array that is not of numbers."
                raise BundleError(sentence)
            if not np.isfinite(array).all():
                sentence = (
                    f"{type(self).__name__} holds {name!r}, an array with a number that is not "
                    "finite. Keep what is missing in an array of truth values beside it."
                )
                raise BundleError(sentence)
        arrays = {name: np.ascontiguousarray(array) for name, array in self.arrays.items()}
        write_bytes(folder / _ARRAYS, save(arrays))

    @classmethod
    def load(cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]) -> ArraysModel:
        """Read what `save` wrote; every number must be finite."""
        try:
            arrays = load(contents.read(_ARRAYS))
        except BundleError:
            raise
        except Exception as error:  # safetensors raises classes of its own
            sentence = f"{contents.path(_ARRAYS)} cannot be read ({reason(error, named=False)})."
            raise BundleError(sentence) from error
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                sentence = f"{contents.path(_ARRAYS)}: {name!r} holds a number that is not finite."
                raise BundleError(sentence)
        return cls(tasks, schemas, arrays)
