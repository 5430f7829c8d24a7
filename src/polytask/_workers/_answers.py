"""Results of jobs as bytes, errors among them."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from typing import Any

__all__ = ["answered"]


def answered(job: Callable[[], Any], where: str) -> bytes:
    """A pickled pair: whether a job succeeded, and its result or error.

    Parameters
    ----------
    job : callable
    where : str
        Begins the note that an error gets with its traceback, such as "In a worker process".
    """
    import cloudpickle

    try:
        return cloudpickle.dumps((True, job()))
    except BaseException as error:  # noqa: BLE001 - the caller raises it
        error.add_note(f"{where}:\n{traceback.format_exc()}")
        return _packed_error(error)


def _packed_error(error: BaseException) -> bytes:
    """The error, or its text if its class cannot be pickled and read back."""
    import cloudpickle

    try:
        packed = cloudpickle.dumps((False, error))
        pickle.loads(packed)  # noqa: S301 - our own pickle
    except Exception:  # noqa: BLE001 - whatever a user's class may raise
        return cloudpickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return packed
