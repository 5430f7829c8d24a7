"""What workers of a Ray cluster do: one job, and the versions that they have."""

from __future__ import annotations

import os
import pickle
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from polytask._local_modules import import_modules_of, local_folders
from polytask._workers import answered

__all__ = ["Sender", "answer", "installed"]

_PACKAGES = ("polytask", "numpy", "polars", "scikit-learn", "scipy", "torch")

_HELD: dict[str, Any] = {}
"""What all jobs share, by its key: that of the last run alone."""


class Sender(NamedTuple):
    """Where the process that sends jobs finds its modules and files.

    Attributes
    ----------
    folder : str
        The current folder, by which relative paths are meant.
    path : tuple of str
        The search path for modules.
    folders : mapping of str to str
        Those of modules that were found in the current folder.
    """

    folder: str
    path: tuple[str, ...]
    folders: Mapping[str, str]

    @classmethod
    def here(cls) -> Sender:
        """That of this process."""
        return cls(str(Path.cwd()), tuple(sys.path), local_folders())

    def enter(self) -> None:
        """Take it over, as far as this machine has it."""
        if Path(self.folder).is_dir():
            os.chdir(self.folder)
        sys.path.extend(p for p in self.path if p not in sys.path and Path(p).exists())
        import_modules_of(self.folders)


def answer(sender: Sender, key: str, shared: Sequence[Any], request: bytes) -> bytes:
    """Do one job; the pickled pair of `polytask._workers.answered`.

    Parameters
    ----------
    sender : Sender
    key : str
        Of what the jobs share, which is fetched once per worker.
    shared : sequence of one ObjectRef
        In a sequence, so that Ray does not fetch it for every job.
    request : bytes
        The pickled function and job.
    """
    import ray

    packed = None if key in _HELD else ray.get(shared[0])

    def job() -> Any:
        if packed is not None:
            _HELD.clear()
            sender.enter()
            _HELD[key] = pickle.loads(packed)  # noqa: S301 - from the user's own process
        work, given = pickle.loads(request)  # noqa: S301 - the same
        return work(given, _HELD[key])

    return answered(job, f"On {platform.node()}, in the Ray cluster")


def installed() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    found = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
