"""Optuna: its import, its samplers with seeds of their own, its pruner and its storage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from polytask._reason import reason
from polytask.exceptions import DiskError, MissingDependencyError, StudyError

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import RDBStorage

__all__ = [
    "REDUCTION",
    "Pruner",
    "Sampler",
    "check_installed",
    "make_pruner",
    "seeded_sampler",
    "storage_at",
]

Sampler = Literal["tpe", "random"]
Pruner = Literal["halving"]

REDUCTION = 3
_MISSING = "Tuning needs Optuna, which is not installed. Install it: pip install 'polytask[tune]'."


def check_installed() -> None:
    """Raise `MissingDependencyError` unless Optuna can be imported."""
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(_MISSING) from error


def seeded_sampler(kind: Sampler, *key: object) -> BaseSampler:
    """A sampler whose seed is a digest of a key.

    Each setting of each trial has a sampler of its own, so that a search that goes on in a new
    process draws what it would have drawn.
    """
    from optuna.samplers import RandomSampler, TPESampler

    seed = int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:4], "big")
    return RandomSampler(seed) if kind == "random" else TPESampler(seed=seed, multivariate=False)


def make_pruner(kind: Pruner | None, first: int) -> BasePruner:
    """Successive halving from `first` steps on, or none."""
    from optuna.pruners import NopPruner, SuccessiveHalvingPruner

    if kind is None:
        return NopPruner()
    return SuccessiveHalvingPruner(min_resource=first, reduction_factor=REDUCTION)


@contextmanager
def storage_at(path: Path) -> Iterator[RDBStorage]:
    """Open or make Optuna's storage in a file of SQLite.

    It holds numbers, text and JSON: nothing in a file of others is executed or unpickled.

    Raises
    ------
    StudyError
        If the file is no storage of Optuna, or that of another version.
    DiskError
        If it can no longer be written or read.
    """
    import optuna
    from sqlalchemy.engine import URL
    from sqlalchemy.exc import SQLAlchemyError

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage: Any = None
    try:
        try:
            url = URL.create("sqlite", database=str(path)).render_as_string()
            storage = optuna.storages.RDBStorage(url)
        except (SQLAlchemyError, RuntimeError, ValueError) as error:
            sentence = (
                f"{path} cannot be read as Optuna's storage ({_first_line(error)}). "
                "Remove it, or choose another folder with `out`."
            )
            raise StudyError(sentence) from error
        try:
            yield storage
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            sentence = f"{path} cannot be written or read ({_first_line(error)}). Run it again."
            raise DiskError(sentence) from error
    finally:
        optuna.logging.set_verbosity(verbosity)
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()


def _first_line(error: Exception) -> str:
    return reason(error, named=False).splitlines()[0].rstrip(".")
